r"""Bounds on the policy gradient of a tabular softmax for binary rewards.

m arms are correct and n wrong, p is the pass rate and q = p(1-p) the reward variance.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.arguments import as_bandit, like, ratio, unify
from vas_theory.foundation.precision import sqrt
from vas_theory.policy.reward_moments import reward_variance

__all__ = [
    "binary_gradient_excess",
    "binary_gradient_floor",
    "binary_gradient_supremum",
    "effective_counts",
]


def binary_gradient_floor(probs: ArrayLike, rewards: ArrayLike) -> NDArray[Any]:
    r"""Return a lower bound on the squared tabular gradient for binary rewards, :math:`q^2 (1/m + 1/n)`.

    m arms are correct and n wrong, q = p(1-p). Both classes must have an arm.

    Args:
        probs: (..., K) probabilities.
        rewards: (..., K) rewards in {0, 1}, not constant.

    Returns:
        (...) bounds.
    """
    pi, r = as_bandit(probs, rewards)
    q = reward_variance(pi, r)
    return q**2 * (1 / r.sum(-1) + 1 / (1 - r).sum(-1))


def binary_gradient_excess(probs: ArrayLike, rewards: ArrayLike) -> NDArray[Any]:
    r"""Return by how much the squared tabular gradient exceeds :func:`binary_gradient_floor`, as a sum of squares.

    .. math:: \frac{(1-p)^2}{m} \sum_{i<j\ \text{correct}} (\pi_i - \pi_j)^2
              + \frac{p^2}{n} \sum_{i<j\ \text{wrong}} (\pi_i - \pi_j)^2

    Args:
        probs: (..., K) probabilities.
        rewards: (..., K) rewards in {0, 1}, not constant.

    Returns:
        (...) differences.
    """
    pi, r = as_bandit(probs, rewards)
    p = (pi * r).sum(-1)
    squares = (pi[..., :, None] - pi[..., None, :]) ** 2

    def spread(member: NDArray[Any]) -> NDArray[Any]:  # every pair is counted twice
        pairs: NDArray[Any] = (squares * member[..., :, None] * member[..., None, :]).sum(-1).sum(-1) / 2
        return pairs / member.sum(-1)

    excess: NDArray[Any] = (1 - p) ** 2 * spread(r) + p**2 * spread(1 - r)
    return excess


def binary_gradient_supremum(variance: ArrayLike) -> NDArray[Any]:
    r"""Return the largest tabular gradient norm at a variance for binary rewards, :math:`v \sqrt 2`.

    Args:
        variance: (...) reward variance v = p(1-p) in [0, 1/4].

    Returns:
        (...) norms.
    """
    (v,) = unify(variance)
    v, root = unify(v, sqrt(like([2], v)))
    return v * root[0]


def effective_counts(probs: ArrayLike, rewards: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    r"""Return the effective numbers of correct and of wrong arms, :math:`(N_c, N_w)`.

    :math:`N = (\sum \pi)^2 / \sum \pi^2` within the class (inverse Simpson index); for a binary reward
    :math:`|\nabla V|^2 = q^2 (1/N_c + 1/N_w)`, q = p(1-p). A class without mass counts 0.

    Args:
        probs: (..., K) probabilities.
        rewards: (..., K) rewards in {0, 1}.

    Returns:
        Two arrays (...).
    """
    pi, r = as_bandit(probs, rewards)

    def count(weights: NDArray[Any]) -> NDArray[Any]:
        return ratio(weights.sum(-1) ** 2, (weights**2).sum(-1))

    return count(pi * r), count(pi * (1 - r))
