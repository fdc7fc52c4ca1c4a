r"""Groups with binary rewards: everything that depends on the pass rate alone.

A group of G rollouts has k correct ones, k binomial. Expectations of functions of k are Bernstein polynomials
in the pass rate p; de Casteljau's recursion evaluates them with positive weights only, so they are accurate
to a few units in the last place at every p in [0, 1], the ends and 5e-324 included, in any arithmetic.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.arguments import as_group_size, as_pass_rates, check_ddof_eps, like, unify
from vas_theory.foundation.precision import sqrt
from vas_theory.groups.advantages import AdvantageKind, check_kind

__all__ = [
    "arcsine_gain",
    "bernstein",
    "expected_group_std",
    "group_gain",
    "silent_group_probability",
    "whitening_factors",
]


def bernstein(coefficients: ArrayLike, x: ArrayLike, *, complement: ArrayLike | None = None) -> NDArray[Any]:
    r"""Return a Bernstein polynomial, :math:`\sum_k c_k \binom{n}{k} x^k (1-x)^{n-k}`, the mean of c at Bin(n, x).

    Args:
        coefficients: (..., n + 1) values c at k = 0..n.
        x: (...) points in [0, 1].
        complement: (...) 1 - x, where it is known better than by subtraction (x near 1).

    Returns:
        (...) values.
    """
    c, point = unify(coefficients, x)
    rest = 1 - point if complement is None else unify(complement, point)[0]
    point, rest = point[..., None], np.asarray(rest)[..., None]
    c = np.broadcast_to(c, (*np.broadcast_shapes(c.shape[:-1], point.shape[:-1]), c.shape[-1]))
    while c.shape[-1] > 1:
        c = rest * c[..., :-1] + point * c[..., 1:]
    value: NDArray[Any] = c[..., 0][()]
    return value


def whitening_factors(
    group_size: int, *, kind: AdvantageKind = "grpo", ddof: int = 0, eps: ArrayLike = 0.0, arithmetic: ArrayLike = 0.0
) -> NDArray[Any]:
    r"""Return what multiplies :math:`r_i - \bar r` in a group with k = 1..G-1 correct rollouts.

    .. math:: c_k = 1/(s_k + \varepsilon)\ (\text{grpo}), \quad 1\ (\text{dr\_grpo}), \quad G/(G-1)\ (\text{rloo}),
              \qquad s_k = \sqrt{k (G-k) / (G (G-\mathrm{ddof}))}

    Args:
        group_size: G.
        kind: which advantage.
        ddof: 0 or 1.
        eps: (...) constant added to the standard deviation.
        arithmetic: any array of the arithmetic wanted (see :func:`vas_theory.foundation.arguments.unify`).

    Returns:
        (..., G - 1) factors.
    """
    check_kind(kind)
    size = as_group_size(group_size)
    added, example = unify(eps, arithmetic)
    if kind != "grpo":
        factor = Fraction(1) if kind == "dr_grpo" else Fraction(size, size - 1)
        return like([factor] * (size - 1), example)
    spread = sqrt(like([Fraction(k * (size - k), size * (size - ddof)) for k in range(1, size)], example))
    factors: NDArray[Any] = 1 / (spread + added[..., None])
    return factors


def group_gain(
    p: ArrayLike, group_size: int, *, kind: AdvantageKind = "grpo", ddof: int = 0, eps: ArrayLike = 0.0
) -> NDArray[Any]:
    r"""Return how much the expected group update exceeds the gradient of the pass rate, :math:`w_G(p)`.

    .. math:: E[\hat g] = w_G(p)\,\nabla p, \qquad
              w_G(p) = E\!\left[\frac{(G-1)/G}{s_{J+1} + \varepsilon}\right],\ J \sim \mathrm{Bin}(G-2, p)

    Without eps, with the population deviation, it is convex in p with minimum at 1/2 and tends to
    :math:`\sqrt{G-1}` at p = 0 and 1, which are the values returned there. dr_grpo gives 1 - 1/G, rloo 1.

    Args:
        p: (...) pass rates in [0, 1].
        group_size: G >= 2.
        kind: which advantage.
        ddof: 0 for the population and 1 for the sample standard deviation.
        eps: constant added to the standard deviation, in units of the reward.

    Returns:
        (...) gains.

    Raises:
        ArgumentError: an argument is out of range.

    Source:
        First moment and arcsine limit: Davis and Recht 2510.13651.
    """
    rate = as_pass_rates("p", p)
    check_ddof_eps(ddof, eps)
    size = as_group_size(group_size)
    factors = whitening_factors(size, kind=kind, ddof=ddof, eps=eps, arithmetic=rate)
    share = like([Fraction(size - 1, size)], factors)[0]
    return bernstein(factors * share, rate)


def expected_group_std(p: ArrayLike, group_size: int, *, ddof: int = 0) -> NDArray[Any]:
    r"""Return the mean standard deviation of a group, :math:`E[s_k]`, k ~ Bin(G, p).

    With ddof 0 it equals :math:`p (1-p) w_G(p)`: the expected push of whitened advantages, the Bernstein
    polynomial of degree G of :math:`\sqrt{x (1-x)}`. The factor p(1-p) is taken out of the polynomial, so that
    the relative accuracy survives down to the smallest p.

    Args:
        p: (...) pass rates in [0, 1].
        group_size: G >= 2.
        ddof: 0 for the population and 1 for the sample standard deviation.

    Returns:
        (...) mean standard deviations.
    """
    rate = as_pass_rates("p", p)
    check_ddof_eps(ddof, 0.0)
    size = as_group_size(group_size)
    inner = [Fraction(size * (size - 1) ** 2, (size - ddof) * k * (size - k)) for k in range(1, size)]
    return rate * (1 - rate) * bernstein(sqrt(like(inner, rate)), rate)


def silent_group_probability(p: ArrayLike, group_size: int) -> NDArray[Any]:
    r"""Return the probability that all rewards of a group are equal, :math:`p^G + (1-p)^G`.

    Args:
        p: (...) pass rates in [0, 1].
        group_size: G >= 2.

    Returns:
        (...) probabilities.
    """
    rate = as_pass_rates("p", p)
    size = as_group_size(group_size)
    probability: NDArray[Any] = rate**size + (1 - rate) ** size
    return probability


def arcsine_gain(p: ArrayLike) -> NDArray[Any]:
    r"""Return the limit of whitened :func:`group_gain` for large groups, :math:`1 / \sqrt{p (1-p)}`, inside (0, 1).

    It is the derivative of :math:`2 \arcsin \sqrt p`.

    Args:
        p: (...) pass rates in (0, 1).

    Returns:
        (...) gains; infinite at 0 and 1.

    Source:
        Davis and Recht 2510.13651.
    """
    rate = as_pass_rates("p", p)
    root = sqrt(rate * (1 - rate))
    if rate.dtype == object:
        inverse: NDArray[Any] = 1 / root
        return inverse
    with np.errstate(divide="ignore"):
        return 1.0 / np.asarray(root)[()]
