r"""Lower and upper bounds on the norm of the policy gradient, in terms of the reward variance.

Notation: Var the reward variance, V the mean reward, :math:`\rho = |r - \bar r|_2` with the unweighted mean
:math:`\bar r`, :math:`\Delta = \max r - \min r`. Every function takes leading axes of instances.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.arguments import as_bandit, as_scored_bandit, like, unify
from vas_theory.errors import ArgumentError
from vas_theory.gradients import explained_variance, fisher_matrix
from vas_theory.precision import maximum, minimum, sqrt
from vas_theory.reward_moments import advantages, reward_variance
from vas_theory.score_moments import between_class_dispersion

__all__ = [
    "between_class_bound",
    "binary_gradient_excess",
    "binary_gradient_floor",
    "binary_gradient_supremum",
    "centred_reward_norm",
    "effective_counts",
    "fisher_bounds",
    "gradient_l1_bound",
    "gradient_supremum",
    "length_bound",
    "mei_gradient_bound",
    "minimum_gradient",
    "probability_order_bound",
    "razin_gradient_bound",
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
    return _ratio(variance, rho)


def gradient_l1_bound(probs: ArrayLike, rewards: ArrayLike) -> NDArray[Any]:
    r"""Return a lower bound on the l1 norm of the tabular gradient, :math:`|\nabla V|_1 \ge 2\,\mathrm{Var} / \Delta`.

    Args:
        probs: (..., K) probabilities.
        rewards: (..., K) rewards.

    Returns:
        (...) bounds; 0 for a constant reward.
    """
    pi, r = as_bandit(probs, rewards)
    return _ratio(2 * reward_variance(pi, r), reward_range(r))


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
    (root,) = unify(sqrt(like([Fraction(arms, (arms // 2) * ((arms + 1) // 2))], v)))
    return _product(v, root[0])


def gradient_supremum(variance: ArrayLike) -> NDArray[Any]:
    r"""Return the largest tabular gradient norm at a reward variance, :math:`\sqrt{v/2}`, attained at K = 2 only.

    Args:
        variance: (...) reward variance v in [0, 1/4].

    Returns:
        (...) norms.
    """
    (v,) = unify(variance)
    return sqrt(v / 2)


def binary_gradient_supremum(variance: ArrayLike) -> NDArray[Any]:
    r"""Return the largest tabular gradient norm at a variance for binary rewards, :math:`v \sqrt 2`.

    Args:
        variance: (...) reward variance v = p(1-p) in [0, 1/4].

    Returns:
        (...) norms.
    """
    (v,) = unify(variance)
    return _product(v, sqrt(like([2], v))[0])


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
        return _ratio(weights.sum(-1) ** 2, (weights**2).sum(-1))

    return count(pi * r), count(pi * (1 - r))


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


def length_bound(jacobian_norm: ArrayLike, length: ArrayLike, variance: ArrayLike) -> NDArray[Any]:
    r"""Return an upper bound on the gradient of an autoregressive policy, :math:`\gamma \sqrt{L/2}\,\mathrm{STD}(R)`.

    Args:
        jacobian_norm: (...) largest spectral norm of a reachable context's Jacobian of logits, gamma.
        length: (...) number of tokens L; the mean number where the length is random.
        variance: (...) reward variance.

    Returns:
        (...) bounds, attained for every L by one shared logit with two tokens and R the token count.
    """
    gamma, tokens, v = unify(jacobian_norm, length, variance)
    root: NDArray[Any] = sqrt(tokens * v / 2)
    gamma, root = unify(gamma, root)
    return gamma * root


def razin_gradient_bound(jacobian_norm: ArrayLike, length: ArrayLike, variance: ArrayLike) -> NDArray[Any]:
    r"""Return the bound :math:`6 L \gamma\,\mathrm{Var}^{1/3}` for rewards in [-1, 1].

    Args:
        jacobian_norm: (...) largest spectral norm of a context's Jacobian of logits, gamma.
        length: (...) number of tokens L.
        variance: (...) reward variance.

    Returns:
        (...) bounds.

    Source:
        Razin et al. 2310.20703, theorem 1 (restated as proposition 2 with M = 1 in Razin et al. 2503.15477).
    """
    gamma, tokens, v = unify(jacobian_norm, length, variance)
    return 6 * tokens * gamma * _cube_root(v)


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


def _ratio(numerator: NDArray[Any], denominator: NDArray[Any]) -> NDArray[Any]:
    """Divide, with 0 where the denominator is 0."""
    top, bottom = unify(numerator, denominator)
    zero = bottom == 0
    ratio: NDArray[Any] = np.where(zero, 0, top / np.where(zero, 1, bottom))[()]
    return ratio


def _product(left: NDArray[Any], right: Any) -> NDArray[Any]:
    first, second = unify(left, right)
    return first * second


def _cube_root(x: NDArray[Any]) -> NDArray[Any]:
    if x.dtype != object:
        return np.cbrt(x)
    import mpmath

    roots = np.empty(x.shape, dtype=object)
    for index, value in np.ndenumerate(unify(x, mpmath.mpf(1))[0]):
        roots[index] = mpmath.cbrt(value)
    return roots


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
