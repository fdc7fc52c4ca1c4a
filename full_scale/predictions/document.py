"""Predictions: on which prompts, in which form, and sealed on disk before anything is measured.

What is predicted is in :mod:`full_scale.predictions.prompt_laws` (single prompts) and
:mod:`full_scale.predictions.training_laws`.
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
from vas_theory.foundation.errors import DataError, IntegrityError
from vas_theory.provenance.tables import write_json

__all__ = ["choose_prompts", "fit_pool", "interval", "prediction", "read_predictions", "write_predictions"]

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


def interval(draws: Array, coverage: float) -> dict[str, float]:
    """Return the median of predictive draws and the interval between their tails."""
    tail = (1 - coverage) / 2
    low, middle, high = np.quantile(draws, [tail, 0.5, 1 - tail])
    return {"predicted": float(middle), "low": float(low), "high": float(high)}


def prediction(name: str, quantity: str, statement: str, no_effect: float | None, **values: Any) -> dict[str, Any]:
    """Return one prediction.

    Args:
        name: its id; the part before the first slash is its group, P1 to P7.
        quantity: which measurement it is held against.
        statement: what is predicted and from what.
        no_effect: the value that would mean that there is nothing to see, if there is one.
        values: predicted, low and high, and what else the measurement has to know (prompt_key, arm, seeds_needed).
    """
    about = {"id": name, "quantity": quantity, "statement": statement, "no_effect": no_effect}
    return {"prompt_key": "", "arm": "", "seeds_needed": None, **about, **values}


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
