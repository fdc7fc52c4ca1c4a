"""Predictions held against measurements: a table in which failures stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from full_scale.probe import Estimate
from full_scale.streams import stream

__all__ = ["validate", "verdict"]

RESAMPLES = 1000


def verdict(prediction: Mapping[str, Any], measured: Estimate) -> str:
    """Return ``held``, ``failed`` or ``uninformative``.

    ``failed``: the two intervals do not meet. ``uninformative``: the predicted or the measured interval contains the
    value that stands for no effect, or they meet but the measured value lies outside the prediction, so that the
    measurement is too coarse to tell. ``held``: the rest.
    """
    low, high, nothing = prediction["low"], prediction["high"], prediction["no_effect"]
    if not np.isfinite([measured.value, measured.low, measured.high]).all():
        return "uninformative"
    if measured.high < low or measured.low > high:
        return "failed"
    if nothing is not None and (low <= nothing <= high or measured.low <= nothing <= measured.high):
        return "uninformative"
    return "held" if low <= measured.value <= high else "uninformative"


def _bootstrap(columns: list[np.ndarray], statistic: Any, coverage: float, seed: int) -> Estimate:
    draw, count = stream(seed, "validation bootstrap"), len(columns[0])
    rows = draw.integers(count, size=(RESAMPLES, count))
    values = [statistic(*(column[row] for column in columns)) for row in rows if len(np.unique(row)) > 2]
    low, high = np.nanquantile(values, [(1 - coverage) / 2, (1 + coverage) / 2])
    return Estimate(float(statistic(*columns)), float(low), float(high))


def _pool_measurement(quantity: str, content: Mapping[str, Any], probe: pd.DataFrame, seed: int) -> Estimate:
    by_key = probe.set_index("prompt_key")
    if quantity == "bound_ratio":
        limits = by_key.index.map(content["norm_at_most"]).to_numpy(float)
        columns = ("gradient_norm", "gradient_norm_low", "gradient_norm_high")
        return Estimate(*(float((by_key[column] / limits).max()) for column in columns))
    if quantity == "exponent":
        by_key = by_key.loc[content["informative"]]
        by_key = by_key[by_key.gradient_norm > 0]
        if len(by_key) < 4:
            return Estimate(float("nan"), float("nan"), float("nan"))
    variance = by_key.index.map(content["pilot_variance"]).to_numpy(float)
    norm = by_key.gradient_norm.to_numpy(float)
    if quantity == "rank_correlation":
        return _bootstrap([variance, norm], lambda x, y: stats.spearmanr(x, y).statistic, content["coverage"], seed)
    logs = [np.log(variance), np.log(norm)]
    return _bootstrap(logs, lambda x, y: float(np.polyfit(x, y, 1)[0]), content["coverage"], seed)


def _mixed_share(content: Mapping[str, Any], prompts: pd.DataFrame, uniform: str) -> Estimate:
    rows = prompts[(prompts.arm == uniform) & (prompts.seed == prompts.seed.min())]
    rows = rows.sort_values(["step", "slot"]).head(content["groups"])
    mixed = int(((rows.successes > 0) & (rows.successes < rows.group_size)).sum())
    interval = stats.binomtest(mixed, len(rows)).proportion_ci(content["coverage"], method="wilson")
    return Estimate(mixed / len(rows), float(interval.low), float(interval.high))


def validate(
    content: Mapping[str, Any], probe: pd.DataFrame, prompts: pd.DataFrame, uniform: str, seed: int
) -> pd.DataFrame:
    """Compare every prediction with its measurement; the columns are those of ``validation`` (see tables).

    Args:
        content: predictions as read from their file.
        probe: the probe table of the predicted prompts.
        prompts: the ``training_prompts`` table.
        uniform: name of the arm that samples uniformly; predictions about it are skipped if it is empty.
        seed: of the bootstrap.
    """
    by_key = probe.set_index("prompt_key")
    rows = []
    for item in content["predictions"]:
        if item["quantity"] == "gradient_norm":
            row = by_key.loc[item["prompt_key"]]
            measured = Estimate(row.gradient_norm, row.gradient_norm_low, row.gradient_norm_high)
        elif item["quantity"] == "mixed_share":
            if not uniform:
                continue
            measured = _mixed_share(content, prompts, uniform)
        else:
            measured = _pool_measurement(item["quantity"], content, probe, seed)
        rows.append(
            {
                "id": item["id"],
                "quantity": item["quantity"],
                "prompt_key": item["prompt_key"],
                "statement": item["statement"],
                "predicted": item["predicted"],
                "predicted_low": item["low"],
                "predicted_high": item["high"],
                "measured": measured.value,
                "measured_low": measured.low,
                "measured_high": measured.high,
                "no_effect": np.nan if item["no_effect"] is None else item["no_effect"],
                "verdict": verdict(item, measured),
            }
        )
    return pd.DataFrame(rows)
