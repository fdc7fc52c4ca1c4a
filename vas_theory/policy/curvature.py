r"""Curvature of the expected reward of a tabular softmax: Lipschitz and gradient-relative constants."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.arguments import as_bandit, like, unify
from vas_theory.foundation.errors import ArgumentError
from vas_theory.foundation.precision import sqrt
from vas_theory.policy.gradients import policy_gradient

__all__ = ["KAPPA_POLYNOMIAL", "curvature_bound", "kappa", "mei_smoothness", "smoothness"]

KAPPA_POLYNOMIAL = (10, -38, 30, -1)
r"""Coefficients of the cubic whose largest root is :math:`\kappa^2`."""


def smoothness(reward_range: ArrayLike) -> NDArray[Any]:
    r"""Return the least upper bound on the Hessian's spectral norm, :math:`|H| \le \Delta / (3 \sqrt 3)`.

    It is attained with two arms at :math:`p = (3 \pm \sqrt 3)/6`, and is the supremum for every non-constant
    reward vector with range :math:`\Delta`.

    Args:
        reward_range: (...) :math:`\Delta`.

    Returns:
        (...) bounds.
    """
    (delta,) = unify(reward_range)
    delta, root = unify(delta, sqrt(like([27], delta)))
    return delta / root[0]


def mei_smoothness(reward_range: ArrayLike) -> NDArray[Any]:
    r"""Return the smoothness constant 5/2 of a bandit with rewards in [0, 1], scaled to the range.

    Args:
        reward_range: (...) :math:`\Delta`.

    Returns:
        (...) bounds.

    Source:
        Mei et al. 2005.06392, lemma 2.
    """
    (delta,) = unify(reward_range)
    return 5 * delta / 2


@lru_cache(maxsize=256)
def _kappa(arms: int | None, precision: int) -> Any:
    import mpmath

    if arms is None:
        return mpmath.sqrt(max(mpmath.re(root) for root in mpmath.polyroots(KAPPA_POLYNOMIAL)))
    rest = arms - 2
    # the derivative of the ratio vanishes at y = 1 and at the zeros of a cubic: one is negative, one lies in (0, 1/2),
    # and one beyond 1; of two arms the first coefficient vanishes
    cubic = [2 * rest, -2 * (arms - 1), -2 * (arms - 1), arms - 1]
    y = min(root for root in map(mpmath.re, mpmath.polyroots(cubic if rest else cubic[1:])) if root > 0)
    top = arms - 1 + 2 * rest * (y**4 - y**2)
    bottom = arms - 1 + 2 * rest * (y**2 - y)
    return mpmath.sqrt(arms * top) / bottom


def kappa(arms: int | None = None) -> Any:
    r"""Return the least constant with :math:`|H| \le \kappa_K |\nabla V|` for K arms, at mpmath's working precision.

    Near a vertex of the simplex H is a weighted star graph's Laplacian, and the constant is

    .. math:: \kappa_K^2 = \max_y \frac{1 + (K-2) y^4 - (1 + (K-2) y^2)^2 / K}
                                      {\left(1 + (K-2) y^2 - (1 + (K-2) y)^2 / K\right)^2}

    It is approached at the vertex and attained nowhere. It grows with K, from :math:`\sqrt 2` and 3/2 to the
    root of the largest zero of :math:`10 y^3 - 38 y^2 + 30 y - 1`, 1.6444905...

    Args:
        arms: K >= 2, or None for the supremum over all K.

    Returns:
        An ``mpmath.mpf``.

    Raises:
        ArgumentError: fewer than two arms.
    """
    if arms is not None and arms < 2:
        raise ArgumentError("arms", "be None or at least 2", arms)
    import mpmath

    return +_kappa(arms, mpmath.mp.prec)


def curvature_bound(probs: ArrayLike, rewards: ArrayLike, *, arms: int | None = None) -> NDArray[Any]:
    r"""Return the upper bound on the Hessian's spectral norm from the gradient, :math:`|H| \le \kappa |\nabla V|`.

    Args:
        probs: (..., K) probabilities.
        rewards: (..., K) rewards.
        arms: use the constant of this many arms instead of the supremum over all.

    Returns:
        (...) bounds.
    """
    pi, r = as_bandit(probs, rewards)
    norm = sqrt((policy_gradient(pi, r) ** 2).sum(-1))
    constant = kappa(arms)
    bound: NDArray[Any] = norm * (constant if pi.dtype == object else float(constant))
    return bound
