r"""What theory predicts for the real model, written down before it is measured.

For binary rewards :math:`|\nabla J| = p(1-p)\,|\mu_1 - \mu_0|` exactly, so the open question is how far the distance
between the classes varies from prompt to prompt. It is measured on calibration prompts; the pass rate of a predicted
prompt comes from its pilot rollouts alone. Neither has seen the rollouts that the prediction is held against.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, stats

from full_scale.streams import stream
from vas_theory.errors import DataError, IntegrityError
from vas_theory.storage import write_json

__all__ = ["choose_prompts", "fit_pool", "predict", "read_predictions", "write_predictions"]

DRAWS = 20_000
Array = NDArray[np.float64]


def fit_pool(successes: Array, rollouts: Array) -> tuple[float, float]:
    """Return (a, b) of the Beta distribution of pass rates over the pool, by maximum beta-binomial likelihood."""

    def loss(logs: Array) -> float:
        return -float(np.sum(stats.betabinom.logpmf(successes, rollouts, *np.exp(logs))))

    bounds = [(-5.0, 5.0)] * 2
    found = optimize.minimize(loss, np.log([0.5, 0.5]), method="L-BFGS-B", bounds=bounds)
    a, b = np.exp(found.x)
    return float(a), float(b)


def choose_prompts(pilot: pd.DataFrame, calibration: int, measured: int, seed: int) -> tuple[list[str], list[str]]:
    """Choose disjoint prompts to calibrate on and to measure, both spread evenly over the pilot's pass rates.

    The calibration prompts have shown each outcome at least twice. Of the measured ones an eighth may be silent in
    the pilot: there the prediction is that there is next to nothing to measure, and a few are enough to see it.
    """
    order = pilot.assign(tie=stream(seed, "choose prompts").random(len(pilot)))
    order = order.sort_values(["successes", "tie"], ignore_index=True)
    right, wrong = order.successes.to_numpy(), (order.rollouts - order.successes).to_numpy()
    rarer = np.minimum(right, wrong)
    keys = order.prompt_key.to_numpy()
    taken = _spread(np.flatnonzero(rarer >= 2), min(calibration, int((rarer >= 2).sum())))
    others = np.setdiff1d(np.arange(len(keys)), taken)
    taken = np.append(taken, _spread(others, calibration - len(taken)))
    rest = np.setdiff1d(np.arange(len(keys)), taken)
    mixed, silent = rest[rarer[rest] > 0], rest[rarer[rest] == 0]
    loud = min(len(mixed), measured - min(measured // 8, len(silent)))
    chosen = np.append(_spread(mixed, loud), _spread(silent, measured - loud))
    return keys[taken].tolist(), keys[chosen].tolist()


def _spread(places: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return ``count`` of the places, evenly spaced."""
    return places[np.linspace(0, len(places) - 1, count).round().astype(np.int64)]


def _interval(draws: Array, coverage: float) -> dict[str, float]:
    tail = (1 - coverage) / 2
    low, middle, high = np.quantile(draws, [tail, 0.5, 1 - tail])
    return {"predicted": float(middle), "low": float(low), "high": float(high)}


def predict(
    pilot: pd.DataFrame,
    calibration: pd.DataFrame,
    measured_keys: list[str],
    *,
    group_size: int,
    groups: int,
    coverage: float,
    seed: int,
) -> dict[str, Any]:
    """Return the predictions as JSON-serialisable values.

    Args:
        pilot: columns prompt_key, rollouts, successes; a sample of the training pool.
        calibration: rows of the probe table for the calibration prompts.
        measured_keys: prompts to predict; none of them is in ``calibration``.
        group_size: rollouts a group in training.
        groups: groups of the uniform arm that the mixed share is measured on.
        coverage: of the prediction intervals.
        seed: of the Monte Carlo draws.

    Raises:
        DataError: fewer than three calibration prompts show both classes twice.
    """
    usable = calibration[calibration.mu_distance > 0]
    if len(usable) < 3:
        raise DataError(
            f"only {len(usable)} calibration prompts have two right and two wrong rollouts; "
            "raise probe.rollouts or probe.calibration_prompts"
        )
    draw = stream(seed, "predictions")
    a, b = fit_pool(pilot.successes.to_numpy(float), pilot.rollouts.to_numpy(float))
    logs = np.log(usable.mu_distance.to_numpy(float))
    centre, spread, n = logs.mean(), logs.std(ddof=1), len(logs)
    score = float(calibration.score_norm.max())
    counts = pilot.set_index("prompt_key").loc[measured_keys]
    right, wrong = counts.successes.to_numpy(float), (counts.rollouts - counts.successes).to_numpy(float)
    pass_rates = draw.beta(a + right, b + wrong, (DRAWS, len(counts)))
    # one draw of a new prompt's distance: Student's t, because mean and spread are estimated from n prompts
    distance = np.exp(centre + spread * np.sqrt(1 + 1 / n) * draw.standard_t(n - 1, (DRAWS, len(counts))))
    variance = pass_rates * (1 - pass_rates)
    norms = variance * distance
    items = [
        {
            "id": f"P1/gradient-norm/{key}",
            "quantity": "gradient_norm",
            "prompt_key": key,
            "statement": "|grad J| = p(1-p) |mu_1 - mu_0|, p from the pilot, |mu_1 - mu_0| from other prompts",
            "no_effect": 0.0,
            **_interval(norms[:, index], coverage),
        }
        for index, key in enumerate(measured_keys)
    ]
    mean_variance = variance.mean(axis=0)
    informative = np.flatnonzero((right > 0) & (wrong > 0))
    if len(informative) >= 4:
        x = np.log(mean_variance[informative])
        slopes = np.array([np.polyfit(x, row, 1)[0] for row in np.log(norms[:2000, informative])])
        items.append(
            {
                "id": "P1/exponent",
                "quantity": "exponent",
                "prompt_key": "",
                "statement": "log |grad J| grows by 1 with log Var if the class distance does not depend on Var; "
                "a gain linear in Var would need 1/2",
                "no_effect": 0.0,
                **_interval(slopes, coverage),
            }
        )
        ranks = 1 - 6 * ((stats.rankdata(norms[:2000], axis=1) - stats.rankdata(mean_variance)) ** 2).sum(axis=1) / (
            len(measured_keys) * (len(measured_keys) ** 2 - 1)
        )
        items.append(
            {
                "id": "P1/rank-correlation",
                "quantity": "rank_correlation",
                "prompt_key": "",
                "statement": "rank correlation of measured |grad J| with the pilot's p(1-p)",
                "no_effect": 0.0,
                **_interval(ranks, coverage),
            }
        )
    # Cauchy-Schwarz: |grad J| <= STD(R) sqrt(E|score|^2); here with the pilot's largest plausible STD of each prompt
    largest_std = np.sqrt(np.quantile(variance, (1 + coverage) / 2, axis=0))
    items.append(
        {
            "id": "P1/bound",
            "quantity": "bound_ratio",
            "prompt_key": "",
            "statement": "largest |grad J| / (STD(R) sqrt(E|score|^2)) over the prompts is at most 1; STD from the "
            "pilot, the score's norm the largest over the calibration prompts",
            "no_effect": None,
            "predicted": 1.0,
            "low": 0.0,
            "high": 1.0,
        }
    )
    pool = draw.beta(a, b, (DRAWS, groups))
    mixed = draw.random((DRAWS, groups)) < 1 - pool**group_size - (1 - pool) ** group_size
    items.append(
        {
            "id": "P3/mixed-share",
            "quantity": "mixed_share",
            "prompt_key": "",
            "statement": "share of groups with both outcomes under uniform sampling, first steps of training",
            "no_effect": None,
            **_interval(mixed.mean(axis=1), coverage),
        }
    )
    return {
        "coverage": coverage,
        "groups": groups,
        "pool": {"a": a, "b": b, "prompts": len(pilot)},
        "class_distance": {"mean_log": float(centre), "sd_log": float(spread), "prompts": n},
        "pilot_variance": dict(zip(measured_keys, mean_variance.tolist(), strict=True)),
        "informative": [measured_keys[index] for index in informative],
        "norm_at_most": dict(zip(measured_keys, (largest_std * score).tolist(), strict=True)),
        "predictions": items,
    }


def _seal(content: Mapping[str, Any]) -> str:
    kept = {key: value for key, value in content.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(kept, sort_keys=True, allow_nan=False).encode()).hexdigest()


def write_predictions(path: Path, content: Mapping[str, Any], about: Mapping[str, Any]) -> None:
    """Write predictions with the time, what they were made from, and a hash over all of it."""
    stamped = {**content, "about": dict(about), "written": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    write_json(path, {**stamped, "sha256": _seal(stamped)})


def read_predictions(path: Path) -> dict[str, Any]:
    """Read predictions and verify their hash.

    Raises:
        DataError: there is no such file, or it is not JSON.
        IntegrityError: it was changed after it was written.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; run `python -m full_scale predict` first") from None
    except ValueError as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    if content.get("sha256") != _seal(content):
        raise IntegrityError(f"{path} was changed after it was written")
    return content
