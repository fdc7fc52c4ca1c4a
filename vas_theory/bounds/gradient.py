r"""Lower and upper bounds on the norm of the policy gradient, in terms of the reward variance.

Notation: Var the reward variance, V the mean reward, :math:`\rho = |r - \bar r|_2` with the unweighted mean
:math:`\bar r`, :math:`\Delta = \max r - \min r`. Every function takes leading axes of instances.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.arguments import as_bandit, as_scored_bandit, like, ratio, unify
from vas_theory.foundation.errors import ArgumentError
from vas_theory.foundation.precision import maximum, minimum, sqrt
from vas_theory.policy.gradients import explained_variance, fisher_matrix
from vas_theory.policy.reward_moments import advantages, reward_variance
from vas_theory.policy.score_moments import between_class_dispersion

__all__ = [
    "between_class_bound",
    "centred_reward_norm",
    "fisher_bounds",
    "gradient_l1_bound",
    "gradient_supremum",
    "mei_gradient_bound",
    "minimum_gradient",
    "probability_order_bound",
    "reward_range",
    "variance_over_rho",
]


def reward_range(rewards: ArrayLike) -> NDArray[Any]:
    r"""Return :math:`\Delta = \max r - \min r` along the last axis, (...) for rewards (..., K)."""
    (r,) = unify(rewards)
    low = high = r[..., 0]
    for arm in range(1, r.shape[-1]):
        low, high = minimum(low, r[..., arm]), maximum(high, r[..., arm])
    return high - low


def centred_reward_norm(rewards: ArrayLike) -> NDArray[Any]:
    r"""Return :math:`\rho = |r - \bar r|_2`, the distance of the rewards to their unweighted mean.

    It is at most :math:`\Delta \sqrt K / 2`.

    Args:
        rewards: (..., K) rewards.

    Returns:
        (...) distances.
    """
    (r,) = unify(rewards)
    share = like([Fraction(1, r.shape[-1])], r)[0]
    return sqrt(((r - r.sum(-1, keepdims=True) * share) ** 2).sum(-1))


def variance_over_rho(probs: ArrayLike, rewards: ArrayLike) -> NDArray[Any]:
    r"""Return a lower bound on the gradient norm of a tabular softmax, :math:`|\nabla V| \ge \mathrm{Var} / \rho`.

    It holds because :math:`\nabla V \cdot (r - \bar r) = \mathrm{Var}`, and is an equality exactly where the
    gradient is parallel to :math:`r - \bar r`. A constant reward gives 0.

    Args:
        probs: (..., K) probabilities.
        rewards: (..., K) rewards.

    Returns:
        (...) bounds.
    """
    pi, r = as_bandit(probs, rewards)
    variance, rho = unify(reward_variance(pi, r), centred_reward_norm(r))
    return ratio(variance, rho)


def gradient_l1_bound(probs: ArrayLike, rewards: ArrayLike) -> NDArray[Any]:
    r"""Return a lower bound on the l1 norm of the tabular gradient, :math:`|\nabla V|_1 \ge 2\,\mathrm{Var} / \Delta`.

    Args:
        probs: (..., K) probabilities.
        rewards: (..., K) rewards.

    Returns:
        (...) bounds; 0 for a constant reward.
    """
    pi, r = as_bandit(probs, rewards)
    return ratio(2 * reward_variance(pi, r), reward_range(r))


def minimum_gradient(variance: ArrayLike, arms: int) -> NDArray[Any]:
    r"""Return the least tabular gradient norm at a reward variance, over policies and rewards in [0, 1].

    .. math:: \min |\nabla V| = v \sqrt{\frac{K}{\lfloor K/2 \rfloor \lceil K/2 \rceil}}

    It is attained by binary rewards with half of the arms correct and uniform classes.

    Args:
        variance: (...) reward variance v in [0, 1/4].
        arms: K >= 2.

    Returns:
        (...) norms.
    """
    (v,) = unify(variance)
    if arms < 2:
        raise ArgumentError("arms", "be at least 2", arms)
    v, root = unify(v, sqrt(like([Fraction(arms, (arms // 2) * ((arms + 1) // 2))], v)))
    return v * root[0]


def gradient_supremum(variance: ArrayLike) -> NDArray[Any]:
    r"""Return the largest tabular gradient norm at a reward variance, :math:`\sqrt{v/2}`, attained at K = 2 only.

    Args:
        variance: (...) reward variance v in [0, 1/4].

    Returns:
        (...) norms.
    """
    (v,) = unify(variance)
    return sqrt(v / 2)


def between_class_bound(probs: ArrayLike, scores: ArrayLike, rewards: ArrayLike) -> NDArray[Any]:
    r"""Return an upper bound on the squared gradient of any policy, :math:`|\nabla V|^2 \le \mathrm{Var}\,\Gamma_B`.

    It is an equality for binary rewards, and otherwise exactly where E[g|R] is affine in R.

    Args:
        probs: (..., K) probabilities.
        scores: (..., K, d) score function, mean zero.
        rewards: (..., K) rewards.

    Returns:
        (...) bounds.
    """
    pi, g, r = as_scored_bandit(probs, scores, rewards)
    return reward_variance(pi, r) * between_class_dispersion(pi, g, r)


def fisher_bounds(probs: ArrayLike, scores: ArrayLike, rewards: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    r"""Return bounds on the squared gradient from the extreme positive Fisher eigenvalues.

    .. math:: \lambda^{+}_{\min}(F)\,R^2\,\mathrm{Var} \le |\nabla V|^2 \le \lambda_{\max}(F)\,R^2\,\mathrm{Var}

    Eigenvalues are squared singular values of :math:`\sqrt{\pi_i} g_i`, in float64 only; those below
    ``max(K, d) * 2.2e-16`` of the largest score are null directions (see :func:`natural_gradient`). Object
    arrays use ``mpmath.eigsy`` at the working precision.

    Args:
        probs: (..., K) probabilities.
        scores: (..., K, d) score function, mean zero.
        rewards: (..., K) rewards.

    Returns:
        Lower and upper bounds (...).
    """
    pi, g, r = as_scored_bandit(probs, scores, rewards)
    explained = explained_variance(pi, g, r) * reward_variance(pi, r)
    low, high = _extreme_eigenvalues(pi, g)
    return low * explained, high * explained


def probability_order_bound(probs: ArrayLike, rewards: ArrayLike) -> NDArray[Any]:
    r"""Return a lower bound on the squared tabular gradient, :math:`|\nabla V|^2 \ge \pi_{\min}\,\mathrm{Var}`.

    It follows from :math:`\pi_{(1)} \le \lambda_2(F) \le \pi_{(2)}`, the two smallest probabilities.

    Args:
        probs: (..., K) probabilities.
        rewards: (..., K) rewards.

    Returns:
        (...) bounds.
    """
    pi, r = as_bandit(probs, rewards)
    least = pi[..., 0]
    for arm in range(1, pi.shape[-1]):
        least = minimum(least, pi[..., arm])
    return least * reward_variance(pi, r)


def mei_gradient_bound(probs: ArrayLike, rewards: ArrayLike) -> NDArray[Any]:
    r"""Return the non-uniform Lojasiewicz bound of a bandit, :math:`|\nabla V| \ge \pi_{a^*} (r_{a^*} - V)`.

    Of several best arms the most probable one is used, which gives the largest bound.

    Args:
        probs: (..., K) probabilities.
        rewards: (..., K) rewards.

    Returns:
        (...) bounds.

    Source:
        Mei et al. 2005.06392, lemma 3.
    """
    pi, r = as_bandit(probs, rewards)
    pi, gain = np.broadcast_arrays(pi, advantages(pi, r))
    top = gain[..., 0]
    for arm in range(1, gain.shape[-1]):
        top = maximum(top, gain[..., arm])
    best = np.where(gain == np.asarray(top)[..., None], pi, 0)
    mass = best[..., 0]
    for arm in range(1, best.shape[-1]):
        mass = maximum(mass, best[..., arm])
    return mass * top


def _extreme_eigenvalues(pi: NDArray[Any], g: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the least positive and the largest Fisher eigenvalue (0 and 0 if the scores vanish)."""
    if g.dtype != object:
        cutoff = max(g.shape[-2:]) * np.finfo(np.float64).eps * np.abs(g).max((-2, -1))
        singular = np.linalg.svd(np.sqrt(pi)[..., None] * g, compute_uv=False)
        positive = np.where(singular > cutoff[..., None], singular, np.inf).min(-1)
        return np.where(np.isinf(positive), 0.0, positive) ** 2, singular[..., 0] ** 2
    import mpmath

    matrices = unify(fisher_matrix(pi, g), mpmath.mpf(1))[0]
    low, high = np.empty(matrices.shape[:-2], dtype=object), np.empty(matrices.shape[:-2], dtype=object)
    for index in np.ndindex(matrices.shape[:-2]):
        values = list(mpmath.eigsy(mpmath.matrix(matrices[index].tolist()), eigvals_only=True))
        high[index] = max(values)
        cutoff = high[index] * mpmath.mpf(10) ** (10 - mpmath.mp.dps)
        low[index] = min((value for value in values if value > cutoff), default=mpmath.mpf(0))
    return low, high
