"""Bandit worlds whose pass rates begin, move and stay as those of a real run did."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from simulations.running.bandit_worlds import world_settings
from simulations.running.equal_budget import EqualBudgetConfig
from simulations.world.learner import Learner, LearnerConfig
from simulations.world.pass_traces import TraceFit
from simulations.world.pool import PoolConfig, build_pool
from vas_theory.foundation.errors import DataError
from vas_theory.selection.contract.driver import SelectionDriver
from vas_theory.selection.contract.strategy import SelectionSetting
from vas_theory.selection.strategies import make_strategy

__all__ = ["FITTED", "fit_world", "fitted_world", "read_world", "start_rates"]

_QUANTILES = 256
_RATES = (0.0125, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8)
_COUPLINGS = ("none", "shared", "interference")
_BATCH = 64

FITTED: dict[str, dict[str, Any]] = {
    "math-1.5b": {
        "source": "github.com/ypwang61/One-Shot-RLVR, acc_step_500.json (Apache-2.0): Qwen2.5-Math-1.5B, 500 steps",
        "start": [0.3369, 0.6537],
        "batch_size": 64,
        "group_size": 8,
        "visits": 44,
        "coupling": "shared",
        "learning_rate": 0.025,
        "distance": 0.0336,
        "end": {"mean": [0.4643, 0.4604], "all wrong": [0.2809, 0.2674], "all right": [0.2184, 0.162]},
    },
}
"""Worlds by name, as :func:`fit_world` returned them; each names the source of the trace, which is not kept here."""


def start_rates(a: float, b: float) -> tuple[float, ...]:
    """Return 256 quantiles of a Beta distribution, which a pool resamples."""
    from scipy.stats import beta

    middles = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    return tuple(float(rate) for rate in np.round(beta(a, b).ppf(middles), 5))


def fit_world(fit: TraceFit) -> dict[str, Any]:
    """Return the world in which uniform sampling leaves pass rates most like those at the end of a trace.

    Its prompts begin with the trace's Beta distribution. For each coupling and learning rate uniform sampling makes as
    many visits of each prompt as the trace has; compared are the mean pass rate and the shares of groups that are all
    wrong and all right, all at the end.

    Returns:
        ``source``, ``start`` (a, b), ``coupling``, ``learning_rate``, ``batch_size``, ``group_size``, ``visits``,
        ``end`` (each measure in the trace and here) and ``distance`` (root mean square of the three differences).
    """
    size = max(2, fit.rollouts)
    prompts = min(fit.prompts, 1200)
    best: dict[str, Any] | None = None
    wanted = np.array([fit.mean[1], fit.silent_wrong[1], fit.silent_right[1]])
    for coupling in _COUPLINGS:
        for rate in _RATES:
            found = _end_of_uniform(fit, coupling, rate, prompts, size)
            distance = float(np.sqrt(np.mean(np.square(found - wanted))))
            if best is None or distance < best["distance"]:
                best = {"coupling": coupling, "learning_rate": rate, "distance": distance, "found": found.tolist()}
    assert best is not None
    return {
        "source": fit.source,
        "start": [round(value, 4) for value in fit.start],
        "batch_size": _BATCH,
        "group_size": size,
        "visits": fit.visits,
        "coupling": best["coupling"],
        "learning_rate": best["learning_rate"],
        "distance": round(best["distance"], 4),
        "end": {
            name: [round(float(theirs), 4), round(float(ours), 4)]
            for name, theirs, ours in zip(("mean", "all wrong", "all right"), wanted, best["found"], strict=True)
        },
    }


def _end_of_uniform(fit: TraceFit, coupling: str, rate: float, prompts: int, size: int) -> np.ndarray:
    """Mean pass rate and silent shares after uniform sampling, in the last visits."""
    pool = build_pool(_pool(fit.start, coupling, prompts, 0), np.random.default_rng([0, 0]))
    budget = prompts * fit.visits * size
    setting = SelectionSetting(prompts, _BATCH, size, budget)
    driver = SelectionDriver(make_strategy("uniform", setting))
    learner = Learner(pool, LearnerConfig(learning_rate=rate), 0, budget)
    while (groups := driver.collect(learner.generate)) is not None:
        learner.update(groups, driver.generated)
    rates = learner.pass_rates()[:prompts]
    return np.array([rates.mean(), ((1 - rates) ** fit.rollouts).mean(), (rates**fit.rollouts).mean()])


def _pool(start: tuple[float, float] | list[float], coupling: str, prompts: int, held_out: int) -> PoolConfig:
    return PoolConfig(
        prompts=prompts,
        held_out=held_out,
        rewards="bernoulli",
        arms=2,
        difficulty="measured",
        measured=start_rates(*start),
        coupling=coupling,
    )


def read_world(path: Path | str) -> dict[str, Any]:
    """Read a world that ``python -m simulations fit`` wrote.

    Raises:
        DataError: the file is missing or not such a world.
    """
    try:
        values = json.loads(Path(path).read_text(encoding="utf-8"))
        settings = {key: values["world"][key] for key in ("start", "coupling", "batch_size", "group_size", "visits")}
        a, b = settings["start"]
        _pool((float(a), float(b)), settings["coupling"], 10, 0)
    except FileNotFoundError:
        raise DataError(f"world {path} does not exist; make it with: python -m simulations fit TRACE") from None
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"world {path} is not what python -m simulations fit writes ({error!r})") from None
    return settings


def fitted_world(
    name: str,
    *,
    learning_rate: float = 0.2,
    scale: float = 1.0,
    evaluations: int = 8,
    fits: Mapping[str, Mapping[str, Any]] = FITTED,
) -> EqualBudgetConfig:
    """Return a fitted world: 2,000 prompts and as many visits as its trace had, ten at most.

    Args:
        name: of the world.
        learning_rate: of the learner.
        scale: multiplies pool and budget alike.
        evaluations: rows of the learning curve after the first.
        fits: the worlds, by name.

    Raises:
        UnknownNameError: there is no such world.
        ArgumentError: the scale is not in (0, 1].
    """
    values = world_settings({place: dict(fit) for place, fit in fits.items()}, name, scale)
    prompts = round(2000 * scale)
    return EqualBudgetConfig(
        pool=_pool(values["start"], values["coupling"], prompts, round(500 * scale)),
        learner=LearnerConfig(learning_rate=learning_rate),
        batch_size=values["batch_size"],
        group_size=values["group_size"],
        budget=prompts * values["group_size"] * min(values["visits"], 10),
        evaluations=evaluations,
    )
