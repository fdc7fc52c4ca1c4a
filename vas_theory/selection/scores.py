"""Scores of prompts: outcome variance, trajectory diversity, their sum, and the expected group signal.

Scale of the terms: the outcome variance score of 0/1 rewards lies in [0, 1/4], the trajectory diversity score in
[0, 1]. With equal coefficients diversity therefore weighs up to four times as much, unless the terms are
normalised by their largest values.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.errors import ArgumentError
from vas_theory.foundation.refusals import refuse_all_but_numbers
from vas_theory.selection.group_moments import binomial_expectation, check_group_size, mixed_values, signal_values

__all__ = [
    "expected_group_signal",
    "group_diversity",
    "mixed_group_probability",
    "outcome_variance_score",
    "reward_variance_score",
    "trajectory_diversity_score",
    "variance_promotion_score",
]

Array = NDArray[np.float64]


def outcome_variance_score(successes: ArrayLike, num_rollouts: ArrayLike, *, unbiased: bool = False) -> Array:
    """Variance of a 0/1 reward from counts: m/K (1 - m/K), times K/(K - 1) if unbiased.

    The plug-in form has expectation (K - 1)/K * p (1 - p) over K rollouts.

    Args:
        successes: m, rollouts that were right, any shape.
        num_rollouts: K, rollouts in all, >= 1, or >= 2 if unbiased.
        unbiased: whether to correct by K/(K - 1).

    Returns:
        Scores in [0, 1/4] (plug-in) or [0, 1/2] (unbiased, reached at K = 2).

    Raises:
        ArgumentError: a count is out of range.

    Source:
        arXiv 2509.21268, section 3 (plug-in); the correction is Bessel's.
    """
    refuse_all_but_numbers(successes=successes, num_rollouts=num_rollouts)
    right, size = np.broadcast_arrays(np.asarray(successes, dtype=np.float64), np.asarray(num_rollouts, np.float64))
    least = 2 if unbiased else 1
    if not (size >= least).all():
        raise ArgumentError("num_rollouts", f"be {least} or more", float(size[~(size >= least)].flat[0]))
    fits = (right >= 0) & (right <= size)
    if not fits.all():
        raise ArgumentError("successes", "lie in [0, num_rollouts]", float(right[~fits].flat[0]))
    rate = right / size
    score = rate * (1.0 - rate)
    return score * size / (size - 1.0) if unbiased else score


def reward_variance_score(rewards: ArrayLike, *, ddof: int = 0) -> Array:
    """Variance over the last axis of the scalar rewards that were actually given.

    Equals the outcome variance score where rewards are 0/1. Rewards that are all the same give exactly 0.

    Args:
        rewards: shape (..., K), finite.
        ddof: 0 for the plug-in form, 1 for the unbiased one.

    Returns:
        Shape (...).

    Raises:
        ArgumentError: a reward is not finite, or K <= ddof.
    """
    refuse_all_but_numbers(rewards=rewards)
    values = np.asarray(rewards, dtype=np.float64)
    if values.ndim == 0 or values.shape[-1] <= ddof or ddof not in (0, 1):
        raise ArgumentError("rewards", f"have more than ddof = {ddof} (0 or 1) rollouts on the last axis", values.shape)
    if not np.isfinite(values).all():
        raise ArgumentError("rewards", "be finite", float(values[~np.isfinite(values)][0]))
    # a common offset drops out before any rounding: 0.1 repeated has variance 0, not 1e-34
    return np.asarray((values - values[..., :1]).var(-1, ddof=ddof))


def trajectory_diversity_score(similarity: ArrayLike) -> Array:
    """Diversity as 1 - similarity, for measures such as self-BLEU; distinct-n is a diversity already.

    Args:
        similarity: in [0, 1], any shape.

    Returns:
        Scores in [0, 1].

    Source:
        arXiv 2509.21268, section 3 (inverse self-BLEU).
    """
    values = np.asarray(similarity, dtype=np.float64)
    fits = (values >= 0) & (values <= 1)
    if not fits.all():
        raise ArgumentError("similarity", "lie in [0, 1]", float(values[~fits].flat[0]))
    return 1.0 - values


def group_diversity(tokens: ArrayLike, offsets: ArrayLike, group_size: int) -> Array:
    """Trajectory diversity 1 - self-BLEU of each group of rollouts.

    Args:
        tokens: of all rollouts in one flat array; rollouts of a group lie together.
        offsets: where each of the N rollouts begins, and the end, shape (N + 1,).
        group_size: G, rollouts of a group.

    Returns:
        Scores in [0, 1], shape (N / G,).
    """
    from vas_theory.selection.diversity import self_bleu_groups

    groups = np.arange(0, np.size(offsets), group_size, dtype=np.int64)
    return trajectory_diversity_score(self_bleu_groups(tokens, offsets, groups))


def variance_promotion_score(
    outcome_variance: ArrayLike,
    diversity: ArrayLike,
    *,
    alpha: float,
    beta: float,
    largest_variance: float | None = None,
) -> Array:
    """VPS = alpha * OVS + beta * TDS, or alpha * OVS / largest_variance + beta * TDS.

    Args:
        outcome_variance: OVS >= 0, any shape; at most 1/4 for 0/1 rewards.
        diversity: TDS in [0, 1], same shape.
        alpha: coefficient >= 0 of the outcome variance.
        beta: coefficient >= 0 of the diversity.
        largest_variance: the largest possible OVS (1/4 for 0/1 rewards), to bring both terms to [0, 1].

    Returns:
        Scores, in [0, alpha/4 + beta] for 0/1 rewards, or [0, alpha + beta] if normalised.

    Raises:
        ArgumentError: a value is out of range.

    Source:
        arXiv 2509.21268, section 3.
    """
    for name, value in (("alpha", alpha), ("beta", beta)):
        if not 0 <= value < np.inf:
            raise ArgumentError(name, "be a number >= 0", value)
    variance, spread = np.asarray(outcome_variance, np.float64), np.asarray(diversity, np.float64)
    if not (variance >= 0).all():
        raise ArgumentError("outcome_variance", "be >= 0", float(variance[~(variance >= 0)].flat[0]))
    fits = (spread >= 0) & (spread <= 1)
    if not fits.all():
        raise ArgumentError("diversity", "lie in [0, 1]", float(spread[~fits].flat[0]))
    if largest_variance is not None:
        if not largest_variance > 0:
            raise ArgumentError("largest_variance", "be > 0", largest_variance)
        variance = variance / largest_variance
    return np.asarray(alpha * variance + beta * spread)


def expected_group_signal(pass_rate: ArrayLike, group_size: int) -> Array:
    """E[sigma_hat_G] at a known pass rate: the mean of sqrt(m (G - m)) / G for m ~ Binomial(G, p).

    Args:
        pass_rate: p in [0, 1], any shape.
        group_size: G >= 2.

    Returns:
        Values in [0, 1/2), of the shape of ``pass_rate``.
    """
    return binomial_expectation(pass_rate, signal_values(check_group_size(group_size)))


def mixed_group_probability(pass_rate: ArrayLike, group_size: int) -> Array:
    """Probability 1 - p^G - (1 - p)^G that a group holds both right and wrong rollouts.

    Args:
        pass_rate: p in [0, 1], any shape.
        group_size: G >= 2.

    Returns:
        Values in [0, 1), of the shape of ``pass_rate``.
    """
    return binomial_expectation(pass_rate, mixed_values(check_group_size(group_size)))
