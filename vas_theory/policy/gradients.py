r"""Exact gradient, Hessian and Fisher geometry of the expected reward.

Notation: probabilities :math:`\pi`, rewards r, mean reward :math:`V = \pi \cdot r`, advantages
:math:`A = r - V`, score function g (rows are arms) with :math:`E g = 0`. Leading axes are instances.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.arguments import as_bandit, as_scored_bandit, unify
from vas_theory.policy.reward_moments import advantages, expected_reward, reward_variance
from vas_theory.policy.score_moments import (
    between_class_dispersion,
    class_score_means,
    score_second_moment,
    weighted_second_moment,
    within_class_traces,
)

__all__ = [
    "advantages",
    "between_class_dispersion",
    "class_score_means",
    "estimator_variance",
    "expected_reward",
    "explained_variance",
    "fisher_matrix",
    "hessian",
    "natural_gradient",
    "optimal_baseline",
    "policy_gradient",
    "policy_gradient_from_scores",
    "reward_variance",
    "score_second_moment",
    "weighted_second_moment",
    "within_class_traces",
]


def policy_gradient(probs: ArrayLike, rewards: ArrayLike) -> NDArray[Any]:
    r"""Return the gradient of V by the logits of a tabular softmax, :math:`\partial_i V = \pi_i A_i`.

    Args:
        probs: (..., K) probabilities.
        rewards: (..., K) rewards.

    Returns:
        (..., K) gradients.
    """
    pi, r = as_bandit(probs, rewards)
    return pi * advantages(pi, r)


def policy_gradient_from_scores(probs: ArrayLike, scores: ArrayLike, rewards: ArrayLike) -> NDArray[Any]:
    r"""Return the gradient of V for any differentiable policy, :math:`\nabla V = \sum_i \pi_i A_i g_i`.

    Args:
        probs: (..., K) probabilities.
        scores: (..., K, d) score function, :math:`\sum_i \pi_i g_i = 0`.
        rewards: (..., K) rewards.

    Returns:
        (..., d) gradients.
    """
    pi, g, r = as_scored_bandit(probs, scores, rewards)
    gradient: NDArray[Any] = ((pi * advantages(pi, r))[..., None] * g).sum(-2)
    return gradient


def hessian(probs: ArrayLike, rewards: ArrayLike) -> NDArray[Any]:
    r"""Return the Hessian of V by the logits of a tabular softmax.

    .. math:: H_{ij} = \delta_{ij} \pi_i A_i - \pi_i \pi_j (A_i + A_j)

    Args:
        probs: (..., K) probabilities.
        rewards: (..., K) rewards.

    Returns:
        (..., K, K) symmetric matrices.
    """
    pi, r = as_bandit(probs, rewards)
    push = pi * advantages(pi, r)
    cross = push[..., :, None] * pi[..., None, :]
    result: NDArray[Any] = push[..., None] * np.eye(push.shape[-1], dtype=int) - cross - np.swapaxes(cross, -1, -2)
    return result


def estimator_variance(probs: ArrayLike, scores: ArrayLike, rewards: ArrayLike, baseline: ArrayLike) -> NDArray[Any]:
    r"""Return the total variance of the one-sample gradient :math:`g (r - b)`.

    .. math:: \mathrm{tr\,Var} = \sum_i \pi_i |g_i|^2 (r_i - b)^2 - |\nabla V|^2

    Args:
        probs: (..., K) probabilities.
        scores: (..., K, d) score function, :math:`\sum_i \pi_i g_i = 0`.
        rewards: (..., K) rewards.
        baseline: (...) constant b.

    Returns:
        (...) total variances.
    """
    pi, g, r, b = unify(probs, scores, rewards, baseline)
    as_scored_bandit(pi, g, r)
    second = (pi * (g**2).sum(-1) * (r - b[..., None]) ** 2).sum(-1)
    variance: NDArray[Any] = second - (policy_gradient_from_scores(pi, g, r) ** 2).sum(-1)
    return variance


def optimal_baseline(probs: ArrayLike, scores: ArrayLike, rewards: ArrayLike) -> NDArray[Any]:
    r"""Return the constant baseline of least total variance, :math:`b^* = E[|g|^2 r] / E|g|^2`.

    Args:
        probs: (..., K) probabilities.
        scores: (..., K, d) score function, not zero everywhere.
        rewards: (..., K) rewards.

    Returns:
        (...) baselines.

    Source:
        Greensmith, Bartlett and Baxter, JMLR 5 (2004), constant baseline.
    """
    pi, g, r = as_scored_bandit(probs, scores, rewards)
    weight = pi * (g**2).sum(-1)
    baseline: NDArray[Any] = (weight * r).sum(-1) / weight.sum(-1)
    return baseline


def fisher_matrix(probs: ArrayLike, scores: ArrayLike) -> NDArray[Any]:
    r"""Return the Fisher information, :math:`F = \sum_i \pi_i g_i g_i^\top`.

    Args:
        probs: (..., K) probabilities.
        scores: (..., K, d) score function.

    Returns:
        (..., d, d) symmetric positive semi-definite matrices.
    """
    pi, g, _ = as_scored_bandit(probs, scores)
    matrix: NDArray[Any] = np.swapaxes(pi[..., None] * g, -1, -2) @ g
    return matrix


def natural_gradient(probs: ArrayLike, scores: ArrayLike, rewards: ArrayLike) -> NDArray[Any]:
    r"""Return the natural gradient of least norm, :math:`w = F^{+} \nabla V`.

    It is the least-squares fit of the advantages by the scores under :math:`\pi`. In float64 it is solved in
    that form, which squares neither the conditioning nor the error: directions of score norm below
    ``max(K, d) * 2.2e-16`` of the largest score count as null, Fisher eigenvalues down to 1e-28 do not.
    Object arrays go through ``mpmath.eigsy`` at the working precision; eigenvalues below ten digits above
    its unit count as null. Symbolic entries have no eigenvalues and are refused by mpmath.

    Args:
        probs: (..., K) probabilities.
        scores: (..., K, d) score function.
        rewards: (..., K) rewards.

    Returns:
        (..., d) natural gradients.
    """
    pi, g, r = as_scored_bandit(probs, scores, rewards)
    if g.dtype != object:
        root = np.sqrt(pi)[..., None]
        cutoff = max(g.shape[-2:]) * np.finfo(np.float64).eps * np.abs(g).max((-2, -1))
        left, singular, right = np.linalg.svd(root * g, full_matrices=False)
        keep = singular > cutoff[..., None]
        inverse = np.where(keep, 1.0 / np.where(keep, singular, 1.0), 0.0)
        target = (left * (root * advantages(pi, r)[..., None])).sum(-2)
        result: NDArray[Any] = (right * (inverse * target)[..., None]).sum(-2)
        return result
    matrices = fisher_matrix(pi, g)
    gradients = policy_gradient_from_scores(pi, g, r)
    shape = np.broadcast_shapes(matrices.shape[:-1], gradients.shape)
    matrices, gradients = np.broadcast_to(matrices, (*shape, shape[-1])), np.broadcast_to(gradients, shape)
    solved = np.empty(shape, dtype=object)
    for index in np.ndindex(shape[:-1]):
        solved[index] = _pseudo_solve(matrices[index], gradients[index])
    return solved


def _pseudo_solve(matrix: NDArray[Any], vector: NDArray[Any]) -> NDArray[Any]:
    import mpmath

    values, vectors = mpmath.eigsy(mpmath.matrix(unify(matrix, mpmath.mpf(1))[0].tolist()))
    cutoff = max(values) * mpmath.mpf(10) ** (10 - mpmath.mp.dps)
    basis = np.array(vectors.tolist(), dtype=object).reshape(matrix.shape)
    (rhs, _) = unify(vector, mpmath.mpf(1))
    inverse = np.array([1 / value if value > cutoff else mpmath.mpf(0) for value in values], dtype=object)
    solution: NDArray[Any] = (basis * (inverse * (basis * rhs[:, None]).sum(0))).sum(-1)
    return solution


def explained_variance(probs: ArrayLike, scores: ArrayLike, rewards: ArrayLike) -> NDArray[Any]:
    r"""Return the share of the reward variance that the scores explain.

    .. math:: R^2 = \frac{\sum_i \pi_i (w \cdot g_i)^2}{\mathrm{Var}}, \qquad w = F^{+} \nabla V

    It lies in [0, 1], is 1 for a tabular softmax, and :math:`\nabla V^\top F^{+} \nabla V = R^2\,\mathrm{Var}`.
    A reward without variance counts as explained (1).

    Args:
        probs: (..., K) probabilities.
        scores: (..., K, d) score function, :math:`\sum_i \pi_i g_i = 0`.
        rewards: (..., K) rewards.

    Returns:
        (...) shares.
    """
    pi, g, r = as_scored_bandit(probs, scores, rewards)
    fit = (g * natural_gradient(pi, g, r)[..., None, :]).sum(-1)
    explained = (pi * fit**2).sum(-1)
    variance = reward_variance(pi, r)
    constant = variance == 0
    share: NDArray[Any] = np.where(constant, 1, explained / np.where(constant, 1, variance))[()]
    return share
