"""A number with an interval, and the intervals that several parts of the project use.

Shares get Wilson's interval, means of independent values Student's; the bootstrap takes percentiles.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["UNKNOWN", "Estimate", "percentile_interval", "student", "wilson"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A number with an interval; NaN where the data say nothing."""

    value: float
    low: float
    high: float

    def root(self) -> Estimate:
        """Return the interval of the square root; negative estimates of a square count as 0."""
        value, low, high = (float(np.sqrt(max(x, 0.0))) if np.isfinite(x) else x for x in vars(self).values())
        return Estimate(value, low, high)


UNKNOWN = Estimate(float("nan"), float("nan"), float("nan"))


def percentile_interval(draws: ArrayLike, coverage: float) -> tuple[float, float]:
    """Return the two quantiles between which the middle ``coverage`` of the draws lies; NaN draws are left out."""
    low, high = np.nanquantile(np.asarray(draws, np.float64), [(1 - coverage) / 2, (1 + coverage) / 2])
    return float(low), float(high)


def student(values: Array, coverage: float) -> Estimate:
    """Return the mean of independent values with Student's interval; NaN bounds for fewer than two.

    Args:
        values: (N,) values; those that are not finite are left out.
        coverage: of the interval, in (0, 1).
    """
    from scipy import stats

    values = values[np.isfinite(values)]
    if len(values) < 2:
        return Estimate(float(values.mean()) if len(values) else float("nan"), float("nan"), float("nan"))
    reach = stats.t.ppf((1 + coverage) / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return Estimate(float(values.mean()), float(values.mean() - reach), float(values.mean() + reach))


def wilson(successes: int, trials: int, coverage: float) -> Estimate:
    """Return an observed share with Wilson's score interval.

    Args:
        successes: number of trials that succeeded.
        trials: number of independent trials; with 0 the estimate is unknown.
        coverage: of the interval, in (0, 1).

    Source:
        Wilson, JASA 22 (1927) 209.
    """
    from scipy.stats import binomtest

    if not trials:
        return UNKNOWN
    limits = binomtest(successes, trials).proportion_ci(coverage, method="wilson")
    return Estimate(successes / trials, float(limits.low), float(limits.high))
