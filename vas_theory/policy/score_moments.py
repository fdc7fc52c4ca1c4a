r"""Moments of the score function, overall and within the reward levels.

Notation: probabilities :math:`\pi`, rewards r, mean reward :math:`V = \pi \cdot r`, advantages
:math:`A = r - V`, score function g (rows are arms) with :math:`E g = 0`. Leading axes are instances.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.arguments import as_scored_bandit
from vas_theory.foundation.errors import ArgumentError
from vas_theory.policy.reward_moments import advantages

__all__ = [
    "between_class_dispersion",
    "class_score_means",
    "score_second_moment",
    "weighted_second_moment",
    "within_class_traces",
]


def score_second_moment(probs: ArrayLike, scores: ArrayLike) -> NDArray[Any]:
    r"""Return :math:`\Gamma = \sum_i \pi_i |g_i|^2`, the trace of the Fisher matrix.

    Args:
        probs: (..., K) probabilities.
        scores: (..., K, d) score function.

    Returns:
        (...) second moments.
    """
    pi, g, _ = as_scored_bandit(probs, scores)
    moment: NDArray[Any] = (pi * (g**2).sum(-1)).sum(-1)
    return moment


def weighted_second_moment(probs: ArrayLike, scores: ArrayLike, rewards: ArrayLike) -> NDArray[Any]:
    r"""Return :math:`M = \sum_i \pi_i |g_i|^2 A_i^2`, the second moment of the one-sample gradient.

    Args:
        probs: (..., K) probabilities.
        scores: (..., K, d) score function.
        rewards: (..., K) rewards.

    Returns:
        (...) second moments.
    """
    pi, g, r = as_scored_bandit(probs, scores, rewards)
    moment: NDArray[Any] = (pi * (g**2).sum(-1) * advantages(pi, r) ** 2).sum(-1)
    return moment


def between_class_dispersion(probs: ArrayLike, scores: ArrayLike, rewards: ArrayLike) -> NDArray[Any]:
    r"""Return the dispersion of the score's mean between reward levels.

    .. math:: \Gamma_B = \mathrm{tr\,Cov}(E[g \mid R]) = \sum_\ell P_\ell |E[g \mid \ell]|^2 - |E g|^2

    For binary rewards it is :math:`p (1-p) |E[g|1] - E[g|0]|^2`.

    Args:
        probs: (..., K) probabilities.
        scores: (..., K, d) score function.
        rewards: (..., K) rewards; arms with equal rewards form a level.

    Returns:
        (...) dispersions.
    """
    pi, g, r = as_scored_bandit(probs, scores, rewards)
    same_level = (r[..., :, None] == r[..., None, :]).astype(int)
    mass = (same_level * pi[..., None, :]).sum(-1, keepdims=True)
    weighted = pi[..., None] * g
    level_mean = (same_level @ weighted) / np.where(mass == 0, 1, mass)
    deviation = level_mean - weighted.sum(-2, keepdims=True)
    dispersion: NDArray[Any] = (pi * (deviation**2).sum(-1)).sum(-1)
    return dispersion


def class_score_means(probs: ArrayLike, scores: ArrayLike, rewards: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    r"""Return the score's means among correct and among wrong arms, :math:`(E[g \mid 1], E[g \mid 0])`.

    The mean of a class without mass does not exist and is returned as zero.

    Args:
        probs: (..., K) probabilities.
        scores: (..., K, d) score function.
        rewards: (..., K) rewards in {0, 1}.

    Returns:
        Two arrays (..., d).

    Raises:
        ArgumentError: a reward is neither 0 nor 1.
    """
    pi, g, r = as_scored_bandit(probs, scores, rewards)
    _check_binary(r)
    return _class_mean(pi * r, g), _class_mean(pi * (1 - r), g)


def within_class_traces(probs: ArrayLike, scores: ArrayLike, rewards: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    r"""Return the traces of the score's covariance among correct and among wrong arms, :math:`(\tau_1, \tau_0)`.

    The trace of a class without mass is returned as zero.

    Args:
        probs: (..., K) probabilities.
        scores: (..., K, d) score function.
        rewards: (..., K) rewards in {0, 1}.

    Returns:
        Two arrays (...).

    Raises:
        ArgumentError: a reward is neither 0 nor 1.
    """
    pi, g, r = as_scored_bandit(probs, scores, rewards)
    _check_binary(r)

    def trace(weights: NDArray[Any]) -> NDArray[Any]:
        deviation = g - _class_mean(weights, g)[..., None, :]
        mass = weights.sum(-1)
        total: NDArray[Any] = (weights * (deviation**2).sum(-1)).sum(-1) / np.where(mass == 0, 1, mass)
        return total

    return trace(pi * r), trace(pi * (1 - r))


def _class_mean(weights: NDArray[Any], g: NDArray[Any]) -> NDArray[Any]:
    mass = weights.sum(-1, keepdims=True)
    mean: NDArray[Any] = (weights[..., None] * g).sum(-2) / np.where(mass == 0, 1, mass)
    return mean


def _check_binary(r: NDArray[Any]) -> None:
    if r.dtype != object and not ((r == 0) | (r == 1)).all():
        raise ArgumentError("rewards", "be 0 or 1", r)
