r"""Moments of the reward under a policy.

Notation: probabilities :math:`\pi`, rewards r, mean reward :math:`V = \pi \cdot r`, advantages
:math:`A = r - V`, score function g (rows are arms) with :math:`E g = 0`. Leading axes are instances.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.arguments import as_bandit

__all__ = ["advantages", "expected_reward", "reward_variance"]


def expected_reward(probs: ArrayLike, rewards: ArrayLike) -> NDArray[Any]:
    r"""Return the mean reward, :math:`V = \sum_i \pi_i r_i`.

    Args:
        probs: (..., K) probabilities.
        rewards: (..., K) rewards.

    Returns:
        (...) mean rewards.
    """
    pi, r = as_bandit(probs, rewards)
    value: NDArray[Any] = (pi * r).sum(-1)
    return value


def advantages(probs: ArrayLike, rewards: ArrayLike) -> NDArray[Any]:
    r"""Return the exact advantages, :math:`A_i = r_i - V`.

    In float64 rewards are first measured from the reward of the most probable arm. Near a vertex of the
    simplex this keeps A's relative accuracy, which :math:`r_i - V` would lose to cancellation.

    Args:
        probs: (..., K) probabilities.
        rewards: (..., K) rewards.

    Returns:
        (..., K) advantages.
    """
    pi, r = as_bandit(probs, rewards)
    if r.dtype != object:
        pi, r = np.broadcast_arrays(pi, r)
        r = r - np.take_along_axis(r, pi.argmax(-1)[..., None], -1)
    result: NDArray[Any] = r - (pi * r).sum(-1, keepdims=True)
    return result


def reward_variance(probs: ArrayLike, rewards: ArrayLike) -> NDArray[Any]:
    r"""Return the reward variance, :math:`\mathrm{Var} = \sum_i \pi_i A_i^2`.

    Args:
        probs: (..., K) probabilities.
        rewards: (..., K) rewards.

    Returns:
        (...) variances.
    """
    pi, r = as_bandit(probs, rewards)
    variance: NDArray[Any] = (pi * advantages(pi, r) ** 2).sum(-1)
    return variance
