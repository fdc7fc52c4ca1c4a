"""Means over seeds with their intervals, and the logit scale of pass rates, for figures of the laboratory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["INTERVAL", "logit", "means_over_seeds", "show_pass_rates"]

INTERVAL = "95% t intervals over seeds"


def means_over_seeds(frame: pd.DataFrame, by: Sequence[str], values: Sequence[str]) -> pd.DataFrame:
    """Return one row a group: the mean over seeds of each value, with ``_low`` and ``_high`` ends of its interval.

    Rows of one seed in a group are averaged first: only seeds are independent.

    Args:
        frame: rows with a column ``seed``.
        by: columns that make the groups.
        values: columns to average.
    """
    from scipy.stats import t

    by, values = list(by), list(values)
    each = frame.groupby([*by, "seed"], sort=False)[values].mean().groupby(by, sort=False)
    means, seeds = each.mean(), each.size()
    # a single seed has no interval, and says so with NaN
    reach = each.std().mul(pd.Series(t.ppf(0.975, np.maximum(seeds - 1, 1)), seeds.index) / np.sqrt(seeds), axis=0)
    ends = [(means - reach).add_suffix("_low"), (means + reach).add_suffix("_high")]
    joined = pd.concat([means, *ends], axis=1)
    order = [name + end for name in values for end in ("", "_low", "_high")]
    return joined[order].assign(seeds=seeds).reset_index()


def logit(rates: pd.Series) -> pd.Series:
    """Return log p/(1-p)."""
    return np.log(rates) - np.log1p(-rates)


def show_pass_rates(axis: Axes, smallest: float) -> None:
    """Label a horizontal axis of logits with pass rates from the smallest to 1 minus it."""
    low = [rate for rate in (0.001, 0.01, 0.1) if rate >= 0.999 * smallest]
    rates = [*low, 0.5, *(1 - rate for rate in reversed(low))]
    axis.set_xticks([float(np.log(rate / (1 - rate))) for rate in rates], [f"{rate:g}" for rate in rates])
    axis.set_xlabel("pass rate $p$ (logit scale)")
