"""What the probe says about each prediction on prompts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from full_scale.measuring.probe import Estimate
from full_scale.predictions.prompt_laws import row_correlations
from full_scale.streams import stream

__all__ = ["UNKNOWN", "bootstrap", "measure_prompts"]

RESAMPLES = 1000
UNKNOWN = Estimate(float("nan"), float("nan"), float("nan"))


def bootstrap(frame: pd.DataFrame, statistic: Callable[[pd.DataFrame], float], coverage: float, seed: int) -> Estimate:
    """Return a statistic of independent rows with its percentile bootstrap interval.

    Samples in which fewer than three different rows came are drawn in vain: no correlation or slope is in them.
    """
    draw = stream(seed, "validation bootstrap")
    rows = draw.integers(len(frame), size=(RESAMPLES, len(frame)))
    values = [statistic(frame.iloc[row]) for row in rows if len(np.unique(row)) > 2]
    if len(values) < RESAMPLES / 2:
        return UNKNOWN
    low, high = np.nanquantile(values, [(1 - coverage) / 2, (1 + coverage) / 2])
    return Estimate(float(statistic(frame)), float(low), float(high))


def _rank_correlation(left: str, right: str) -> Callable[[pd.DataFrame], float]:
    def statistic(frame: pd.DataFrame) -> float:
        x, y = frame[left].to_numpy(float), frame[right].to_numpy(float)
        return float(row_correlations(x[None], y)[0]) if np.ptp(x) > 0 and np.ptp(y) > 0 else float("nan")

    return statistic


def _slope(frame: pd.DataFrame) -> float:
    return float(np.polyfit(np.log(frame.pilot_variance), np.log(frame.gradient_norm), 1)[0])


def _gain(*sizes: int) -> Callable[[pd.DataFrame], float]:
    def statistic(frame: pd.DataFrame) -> float:
        squares = [frame[f"whitened_squared_{size}"].sum() for size in sizes]
        below = frame.plain_squared.sum() if len(sizes) == 1 else squares[1]
        return float(np.sqrt(squares[0] / below)) if min(squares[0], below) > 0 else float("nan")

    return statistic


def measure_prompts(
    item: Mapping[str, Any], content: Mapping[str, Any], probe: pd.DataFrame, recount: pd.DataFrame, seed: int
) -> Estimate | None:
    """Return the measurement that a prediction is held against, or ``None`` if it is not about prompts.

    Args:
        item: the prediction.
        content: all of them, as read from their file.
        probe: the probe table of the predicted prompts.
        recount: fresh counts of the pilot's prompts.
        seed: of the bootstrap.
    """
    quantity, coverage = item["quantity"], content["coverage"]
    frame = probe.assign(
        pilot_variance=probe.prompt_key.map(content["pilot_variance"]),
        pilot_diversity=probe.prompt_key.map(content["pilot_diversity"]),
    )
    mixed = frame[frame.prompt_key.isin(content["informative"])]
    if quantity == "gradient_norm":
        row = frame.set_index("prompt_key").loc[item["prompt_key"]]
        return Estimate(row.gradient_norm, row.gradient_norm_low, row.gradient_norm_high)
    if quantity.startswith("bound_"):
        limits = frame.prompt_key.map(content["norm_at_most"][quantity.removeprefix("bound_")])
        columns = ("gradient_norm", "gradient_norm_low", "gradient_norm_high")
        return Estimate(*(float((frame[column] / limits).max()) for column in columns))
    if quantity == "exponent":
        positive = mixed[mixed.gradient_norm > 0]
        return bootstrap(positive, _slope, coverage, seed) if len(positive) >= 4 else UNKNOWN
    if quantity == "diversity_distance_correlation":
        known = frame.dropna(subset=["mu_distance"])
        statistic = _rank_correlation("pilot_diversity", "mu_distance")
        return bootstrap(known, statistic, coverage, seed) if len(known) >= 4 else UNKNOWN
    gain = re.fullmatch(r"whitening_gain_(\d+)(?:_over_(\d+))?", quantity)
    if gain is not None:
        return bootstrap(frame, _gain(*(int(size) for size in gain.groups() if size)), coverage, seed)
    pool = recount.assign(
        pilot_diversity=recount.prompt_key.map(content["diversity"]), weight=recount.prompt_key.map(content["weights"])
    )
    rate = pool.successes / pool.rollouts
    pool["variance"] = rate * (1 - rate) * pool.rollouts / (pool.rollouts - 1)
    if quantity == "diversity_variance_correlation":
        return bootstrap(pool, _rank_correlation("pilot_diversity", "variance"), coverage, seed)
    if quantity.startswith("batch_variance_"):
        ratio = float(quantity.removeprefix("batch_variance_"))
        return bootstrap(pool, lambda rows: _variance_gain(rows, ratio), coverage, seed)
    correlated = {
        "variance_norm_correlation": ("pilot_variance", "gradient_norm"),
        "diversity_norm_correlation": ("pilot_diversity", "gradient_norm"),
    }
    if quantity in correlated:
        return bootstrap(frame, _rank_correlation(*correlated[quantity]), coverage, seed)
    return None


def _variance_gain(pool: pd.DataFrame, mixture_ratio: float) -> float:
    """Return the expected variance of a prompt drawn by the pilot's weights over that of a uniform one."""
    uniform, total = pool.variance.mean(), pool.weight.sum()
    if not total or not uniform:
        return float("nan")
    weighted = float((pool.weight * pool.variance).sum() / total)
    return (mixture_ratio * weighted + (1 - mixture_ratio) * uniform) / uniform
