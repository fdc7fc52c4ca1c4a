"""Statistics of runs with several seeds: robust means, intervals, paired comparisons, times to a target.

Scores of one arm have shape (worlds, seeds): worlds are strata that are not resampled, seeds are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.errors import ArgumentError
from vas_theory.foundation.intervals import bootstrap_draws, percentile_interval

__all__ = [
    "Interval",
    "bootstrap_interval",
    "holm",
    "interquartile_mean",
    "noninferiority_p_value",
    "probability_of_improvement",
    "restricted_mean_time",
    "time_to_target",
]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval."""

    estimate: float
    low: float
    high: float


def _scores(argument: str, values: ArrayLike) -> Array:
    scores = np.asarray(values, dtype=np.float64)
    if scores.ndim != 2 or not scores.size:
        raise ArgumentError(argument, "have shape (worlds, seeds), both at least 1", scores.shape)
    if np.isnan(scores).any():
        raise ArgumentError(argument, "have no missing value", values)
    return scores


def interquartile_mean(values: ArrayLike, axis: int | None = None) -> Any:
    """Return the mean of the middle half of the values: the lowest and highest quarter are left out.

    Args:
        values: scores, any shape.
        axis: axis to average over, all of them by default.
    """
    from scipy.stats import trim_mean

    return trim_mean(np.asarray(values, dtype=np.float64), 0.25, axis=axis)


def bootstrap_interval(
    statistic: Callable[..., Any],
    *scores_WS: ArrayLike,
    seed: int,
    resamples: int = 2000,
    confidence: float = 0.95,
    vectorized: bool = False,
) -> Interval:
    """Return a statistic with its percentile interval from a stratified bootstrap over seeds.

    In every resample each world draws its own seeds with replacement; all arms draw the same ones, so that
    differences keep the pairing of common random numbers.

    Args:
        statistic: maps as many (worlds, seeds) arrays as are given to a number; a vectorized one maps arrays with
            resamples before these axes to one number a resample.
        scores_WS: (worlds, seeds) scores, one array an arm, paired by position.
        seed: of the resampling.
        resamples: number of resamples.
        confidence: coverage aimed at.
        vectorized: whether the statistic takes many resamples at once.

    Returns:
        The statistic of the data and its interval.

    Raises:
        ArgumentError: shapes differ, a score is missing, or the confidence is not inside (0, 1).
    """
    if not 0 < confidence < 1:
        raise ArgumentError("confidence", "lie inside (0, 1)", confidence)
    arms = [_scores("scores_WS", scores) for scores in scores_WS]
    if len({scores.shape for scores in arms}) != 1:
        raise ArgumentError("scores_WS", "be at least one array, all of one shape", [s.shape for s in arms])

    def of_positions(drawn: NDArray[np.int64]) -> Any:
        resampled = [np.take_along_axis(scores[None], drawn, axis=2) for scores in arms]
        return statistic(*(resampled if vectorized else (scores[0] for scores in resampled)))

    chunk = 250 if vectorized else 1  # as many as fit the cache
    draws = bootstrap_draws(of_positions, arms[0].shape, np.random.default_rng(seed), resamples, chunk)
    return Interval(float(statistic(*arms)), *percentile_interval(draws, confidence))


def probability_of_improvement(better_WS: ArrayLike, worse_WS: ArrayLike) -> float:
    """Return how often the first arm scores higher, seed by seed; a tie counts one half.

    Args:
        better_WS: (worlds, seeds) scores of the arm in question.
        worse_WS: (worlds, seeds) scores of the other, paired by seed.

    Returns:
        The mean over worlds of the share of seeds.
    """
    x, y = _scores("better_WS", better_WS), _scores("worse_WS", worse_WS)
    if x.shape != y.shape:
        raise ArgumentError("worse_WS", f"have the shape {x.shape} of better_WS", y.shape)
    return float(((x > y) + 0.5 * (x == y)).mean())


def time_to_target(rollouts: ArrayLike, scores: ArrayLike, target: float) -> tuple[float, bool]:
    """Return when a learning curve first reaches a target, interpolated linearly between measurements.

    Args:
        rollouts: (N,) what was spent at each measurement, increasing.
        scores: (N,) the curve.
        target: the score to reach.

    Returns:
        The rollouts and True; or, for a miss, all rollouts spent and False: the true time is censored there.
    """
    spent, curve = np.asarray(rollouts, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    if spent.ndim != 1 or spent.shape != curve.shape or not len(spent) or not (np.diff(spent) > 0).all():
        raise ArgumentError("rollouts", "increase and be as many as scores", spent)
    reached = np.flatnonzero(curve >= target)
    if not len(reached):
        return float(spent[-1]), False
    first = int(reached[0])
    if first == 0:
        return float(spent[0]), True
    share = (target - curve[first - 1]) / (curve[first] - curve[first - 1])
    return float(spent[first - 1] + share * (spent[first] - spent[first - 1])), True


def restricted_mean_time(times: ArrayLike, reached: ArrayLike, budget: float) -> float:
    """Return the mean time to a target, counting up to the budget: E[min(T, budget)].

    With all misses censored at the budget this is the area under the Kaplan-Meier curve, and unlike the mean
    of the hits it cannot be improved by missing.

    Args:
        times: (N,) times, at most the budget where reached.
        reached: (N,) whether the target was reached.
        budget: rollouts every run had; runs that missed count as this, even if they ended a few rollouts early.
    """
    spent, hit = np.asarray(times, dtype=np.float64), np.asarray(reached, dtype=bool)
    if spent.shape != hit.shape or not spent.size or spent.max() > budget:
        raise ArgumentError("times", f"be as many as reached, at least one, and at most {budget}", times)
    return float(np.where(hit, spent, budget).mean())


def noninferiority_p_value(ours: ArrayLike, theirs: ArrayLike, margin: float) -> float:
    """Return the one-sided paired t-test's p-value against "ours is worse by the margin or more".

    Args:
        ours: (seeds,) scores.
        theirs: (seeds,) scores of the other arm, paired by seed.
        margin: difference that would matter, at least 0.
    """
    from scipy.stats import ttest_1samp

    difference = np.asarray(ours, dtype=np.float64) - np.asarray(theirs, dtype=np.float64)
    if difference.ndim != 1 or len(difference) < 2 or margin < 0:
        raise ArgumentError("ours", "be at least two scores, with a margin of 0 or more", (ours, margin))
    if np.ptp(difference) == 0:  # no spread: the t statistic is infinite, of the sign of the difference
        return 0.0 if difference[0] > -margin else 1.0
    return float(ttest_1samp(difference, -margin, alternative="greater").pvalue)


def holm(p_values: ArrayLike) -> Array:
    """Return p-values adjusted for several tests by Holm's step-down rule.

    Args:
        p_values: (N,) raw p-values.

    Returns:
        (N,) adjusted ones: the k-th smallest times N - k + 1, made monotone and cut at 1.
    """
    raw = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(raw)
    steps = np.maximum.accumulate(raw[order] * np.arange(len(raw), 0, -1))
    adjusted = np.empty_like(raw)
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted
