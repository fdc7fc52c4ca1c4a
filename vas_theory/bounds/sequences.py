r"""Bounds on the policy gradient of an autoregressive policy, from the length of its sequences."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.arguments import unify
from vas_theory.foundation.precision import sqrt

__all__ = [
    "length_bound",
    "razin_gradient_bound",
]


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


def _cube_root(x: NDArray[Any]) -> NDArray[Any]:
    if x.dtype != object:
        return np.cbrt(x)
    import mpmath

    roots = np.empty(x.shape, dtype=object)
    for index, value in np.ndenumerate(unify(x, mpmath.mpf(1))[0]):
        roots[index] = mpmath.cbrt(value)
    return roots
