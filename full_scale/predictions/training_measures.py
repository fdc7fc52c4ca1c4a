"""What training says about each prediction on pools, arms and dynamics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from full_scale.measuring.probe import Estimate
from full_scale.predictions.dynamics import BINS, success_drift, transitions
from full_scale.predictions.prompt_measures import UNKNOWN

__all__ = ["measure_training", "student"]

Array = NDArray[np.float64]


def student(values: Array, coverage: float) -> Estimate:
    """Return the mean of independent values with Student's interval; NaN bounds for fewer than two."""
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return Estimate(float(values.mean()) if len(values) else float("nan"), float("nan"), float("nan"))
    reach = stats.t.ppf((1 + coverage) / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return Estimate(float(values.mean()), float(values.mean() - reach), float(values.mean() + reach))


def measure_training(
    item: Mapping[str, Any], content: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]
) -> Estimate | None:
    """Return the measurement that a prediction is held against, or ``None`` if it is not about training.

    Args:
        item: the prediction.
        content: all of them, as read from their file.
        tables: ``training_steps``, ``training_prompts`` and ``evaluation_prompts``.
    """
    quantity, coverage, uniform = item["quantity"], content["coverage"], content["uniform"]
    groups = tables["training_prompts"]
    trained = groups[groups.trained & (groups.group_size > 0)]
    if quantity == "posterior_calibration":
        return _calibration(trained[trained.arm == item["arm"]], coverage)
    own = trained[trained.arm == uniform]
    if quantity == "mixed_share":
        return _mixed_share(own, content["groups"], coverage)
    if quantity.startswith("stay_"):
        counts = transitions(own.assign(run=own.seed), "prompt_key")[BINS.index(quantity.removeprefix("stay_"))]
        return _share(int(counts[BINS.index(quantity.removeprefix("stay_"))]), int(counts.sum()), coverage)
    if quantity == "success_drift":
        drift = [success_drift(frame, content["steps"]) for _, frame in own.groupby("seed")]
        return student(np.array(drift), coverage)
    by_run = {
        "accuracy_gain": _accuracy,
        "mixed_groups_ratio": lambda tables: _per_run(tables, "mixed_groups", "sum"),
        "gradient_norm_ratio": lambda tables: _per_run(tables, "gradient_norm", "mean"),
        "clip_fraction_ratio": lambda tables: _per_run(tables, "clip_fraction", "mean"),
    }
    if quantity not in by_run:
        return None
    values = by_run[quantity](tables)
    if not {uniform, item["arm"]} <= set(values.index.get_level_values("arm")):
        return UNKNOWN
    pair = values.loc[values.index.get_level_values("arm").isin([uniform, item["arm"]])].unstack("arm").dropna()
    if quantity == "accuracy_gain":
        return student((pair[item["arm"]] - pair[uniform]).to_numpy(), coverage)
    logs = student(np.log(pair[item["arm"]] / pair[uniform]).to_numpy(), coverage)
    return Estimate(*(float(np.exp(value)) for value in (logs.value, logs.low, logs.high)))


def _per_run(tables: Mapping[str, pd.DataFrame], column: str, how: str) -> pd.Series:
    steps = tables["training_steps"]
    taken = steps[(steps.step > 0) & (steps.groups > 0)]
    values = taken[column].astype(float).fillna(0.0)  # a batch without gradient clips nothing
    return values.groupby([taken.arm, taken.seed]).agg(how)


def _accuracy(tables: Mapping[str, pd.DataFrame]) -> pd.Series:
    frame = tables["evaluation_prompts"]
    return frame.assign(rate=frame.successes / frame.rollouts).groupby(["arm", "seed"])["rate"].mean()


def _share(hits: int, total: int, coverage: float) -> Estimate:
    if not total:
        return UNKNOWN
    limits = stats.binomtest(hits, total).proportion_ci(coverage, method="wilson")
    return Estimate(hits / total, float(limits.low), float(limits.high))


def _mixed(groups: pd.DataFrame) -> pd.Series:
    return (groups.successes > 0) & (groups.successes < groups.group_size)


def _mixed_share(groups: pd.DataFrame, count: int, coverage: float) -> Estimate:
    first = groups[groups.seed == groups.seed.min()].sort_values(["step", "slot"]).head(count)
    return _share(int(_mixed(first).sum()), len(first), coverage)


def _calibration(groups: pd.DataFrame, coverage: float) -> Estimate:
    """Return observed over expected mixed groups; the interval treats groups as independent given what was expected."""
    known = groups.dropna(subset=["expected_mixed"])
    expected = known.expected_mixed.to_numpy(float)
    if not len(known):
        return UNKNOWN
    ratio = float(_mixed(known).sum() / expected.sum())
    reach = stats.norm.ppf((1 + coverage) / 2) * np.sqrt((expected * (1 - expected)).sum()) / expected.sum()
    return Estimate(ratio, ratio - float(reach), ratio + float(reach))
