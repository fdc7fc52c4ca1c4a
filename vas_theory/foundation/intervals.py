"""A number with an interval, and the intervals that several parts of the project use.

Shares get Wilson's interval, means of independent values Student's; the bootstrap takes percentiles.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["UNKNOWN", "Estimate", "bootstrap_draws", "percentile_interval", "student", "wilson"]

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


def bootstrap_draws(
    statistic: Callable[[NDArray[np.int64]], ArrayLike],
    shape: tuple[int, ...],
    generator: np.random.Generator,
    resamples: int,
    at_once: int = 1,
) -> Array:
    """Return a statistic of resamples with replacement.

    Args:
        statistic: maps positions (B, ...) of B resamples, with ``shape`` behind the first axis, to B numbers.
        shape: units to draw from on the last axis; axes before it are strata, each of which draws on its own.
        generator: of the resampling.
        resamples: number of resamples.
        at_once: resamples that are handed to the statistic together; the numbers do not depend on it.

    Returns:
        (resamples,) values of the statistic.
    """
    values = np.empty(resamples)
    for start in range(0, resamples, at_once):
        part = values[start : start + at_once]
        part[:] = statistic(generator.integers(shape[-1], size=(len(part), *shape)))
    return values


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


def wilson(share: float, trials: int, coverage: float) -> Estimate:
    """Return an observed share with Wilson's score interval.

    scipy's ``binomtest`` gives the same interval for whole numbers of successes alone; means of other values in [0, 1]
    need it too.

    Args:
        share: observed, in [0, 1].
        trials: independent trials behind it; with 0 the estimate is unknown.
        coverage: of the interval, in (0, 1).

    Source:
        Wilson, JASA 22 (1927) 209.
    """
    from scipy.special import ndtri

    if not trials:
        return UNKNOWN
    z2 = float(ndtri(0.5 + coverage / 2)) ** 2
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    reach = np.sqrt(z2 * (share * (1 - share) / trials + z2 / (4 * trials**2))) / (1 + z2 / trials)
    return Estimate(share, max(0.0, float(centre - reach)), min(1.0, float(centre + reach)))
