r"""What prompt sampling and whitening make training ascend.

In expectation and continuous time, a prompt with pass rate p that is drawn with weight u(p) and updated with
gain w(p) pushes its parameters along :math:`u(p)\,w(p)\,\nabla p`. If u depends on the prompt's own pass rate
alone (up to a factor common to all prompts, which only changes the speed), training ascends the sum over the
prompts of a potential W(p) with :math:`W' = u w`:

========= ==================== ============================ =======================
weights    plain gradient       whitened, G to infinity      whitened, finite G
========= ==================== ============================ =======================
uniform    p                    :math:`2 \arcsin \sqrt p`    integral of :math:`w_G`
VAS        p^2/2 - p^3/3        integral of sqrt(p(1-p))     integral of :math:`E s_G`
========= ==================== ============================ =======================

VAS means weights proportional to p(1-p). A mix of both kinds of weights has no potential.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.arguments import as_group_size, as_pass_rates, check_ddof_eps, like, ratio, unify
from vas_theory.foundation.errors import ArgumentError, UnknownNameError
from vas_theory.foundation.precision import sqrt
from vas_theory.foundation.refusals import refuse_all_but_numbers, refuse_empty
from vas_theory.groups.pass_rate_laws import bernstein, group_gain, whitening_factors

__all__ = [
    "Weights",
    "beta_pool_gain",
    "flow",
    "integrability_defect",
    "mixture_expected_variance",
    "plain_potential",
    "sampling_weights",
    "whitened_limit_potential",
    "whitened_potential",
]

Weights = Literal["uniform", "vas"]


def _check_weights(weights: str) -> None:
    if weights not in get_args(Weights):
        raise UnknownNameError("kind of weights", weights, get_args(Weights))


def _check_mixture_ratio(mixture_ratio: float) -> None:
    refuse_all_but_numbers(mixture_ratio=mixture_ratio)
    if not 0 <= mixture_ratio <= 1:
        raise ArgumentError("mixture_ratio", "lie in [0, 1]", mixture_ratio)


def plain_potential(p: ArrayLike, weights: Weights) -> NDArray[Any]:
    r"""Return the potential of the plain policy gradient: p (uniform) or :math:`p^2/2 - p^3/3` (VAS).

    Args:
        p: (...) pass rates.
        weights: ``uniform`` or ``vas``.

    Returns:
        (...) values, 0 at p = 0.
    """
    _check_weights(weights)
    rate = as_pass_rates("p", p)
    if weights == "uniform":
        return rate
    value: NDArray[Any] = rate**2 * (3 - 2 * rate) / 6
    return value


def whitened_limit_potential(p: ArrayLike, weights: Weights) -> NDArray[Any]:
    r"""Return the potential of whitened updates as the group grows.

    .. math:: 2 \arcsin \sqrt p\ (\text{uniform}), \qquad
              \tfrac14 \left(\arcsin \sqrt p - (1 - 2p) \sqrt{p (1-p)}\right)\ (\text{VAS})

    Args:
        p: (...) pass rates.
        weights: ``uniform`` or ``vas``.

    In float64 the VAS form is evaluated as an incomplete beta function, which does not cancel near p = 0.

    Returns:
        (...) values, 0 at p = 0.

    Source:
        Uniform: Davis and Recht 2510.13651.
    """
    _check_weights(weights)
    rate = as_pass_rates("p", p)
    if weights == "vas" and rate.dtype != object:
        from scipy.special import betainc

        incomplete: NDArray[Any] = betainc(1.5, 1.5, rate) * (np.pi / 8)
        return incomplete
    angle = _arcsine(sqrt(rate))
    if weights == "uniform":
        return 2 * angle
    angle, root = unify(angle, (1 - 2 * rate) * sqrt(rate * (1 - rate)))
    value: NDArray[Any] = (angle - root) / 4
    return value


def whitened_potential(
    p: ArrayLike, group_size: int, weights: Weights, *, ddof: int = 0, eps: float = 0.0
) -> NDArray[Any]:
    r"""Return the potential of whitened updates with groups of G: the integral of w_G, or of :math:`p (1-p) w_G`.

    Both are polynomials: the integral of a Bernstein polynomial of degree n has the running sums of its
    coefficients, divided by n + 1, as Bernstein coefficients of degree n + 1. For uniform weights and G in
    {2, 3} the potential is a multiple of p. With ddof 0 and eps 0 the VAS integrand is the mean group deviation.

    Args:
        p: (...) pass rates.
        group_size: G >= 2.
        weights: ``uniform`` or ``vas``.
        ddof: 0 for the population and 1 for the sample standard deviation.
        eps: constant added to the standard deviation.

    Returns:
        (...) values, 0 at p = 0.
    """
    _check_weights(weights)
    check_ddof_eps(ddof, eps)
    rate = as_pass_rates("p", p)
    size = as_group_size(group_size)
    factors = whitening_factors(size, ddof=ddof, eps=eps, arithmetic=rate)
    if weights == "uniform":
        coefficients = factors * like([Fraction(size - 1, size)], factors)[0]
    else:
        inner = factors * like([Fraction(k * (size - k), size**2) for k in range(1, size)], factors)
        coefficients = np.concatenate([0 * inner[:1], inner, 0 * inner[:1]])
    sums = np.concatenate([0 * coefficients[:1], np.cumsum(coefficients)])
    return bernstein(sums * like([Fraction(1, len(coefficients))], factors)[0], rate)


def sampling_weights(p: ArrayLike, mixture_ratio: float) -> NDArray[Any]:
    r"""Return the probability of each prompt of a pool, :math:`\lambda V_x / \sum V + (1-\lambda)/P`, V = p(1-p).

    A pool without any variance is sampled uniformly.

    Args:
        p: (..., P) pass rates of the pool.
        mixture_ratio: lambda in [0, 1], the share drawn in proportion to the outcome variance.

    Returns:
        (..., P) probabilities.
    """
    rate = as_pass_rates("p", p)
    refuse_empty("p", rate)
    _check_mixture_ratio(mixture_ratio)
    share, uniform = like([mixture_ratio, Fraction(1, rate.shape[-1])], rate)
    variance = rate * (1 - rate)
    total = variance.sum(-1, keepdims=True)
    weighted = np.where(total == 0, uniform, ratio(variance, total))
    mix: NDArray[Any] = share * weighted + (1 - share) * uniform
    return mix


def flow(
    p: ArrayLike,
    *,
    mixture_ratio: float = 0.0,
    group_size: int | None = None,
    whitened: bool = True,
    ddof: int = 0,
    eps: float = 0.0,
) -> NDArray[Any]:
    r"""Return the velocity of every prompt's logit under expected training, prompts with one logit each.

    .. math:: \dot z_x = u_x\, w(p_x)\, p_x (1 - p_x)

    with the probabilities u of :func:`sampling_weights` and the gain w of the update: 1 for the plain gradient
    (``whitened=False``), :math:`w_G` for whitened groups of G, and :math:`1/\sqrt{p(1-p)}` for their limit
    (``group_size=None``). The pass rate itself moves with :math:`\dot p_x = p_x (1-p_x) \dot z_x`.

    Args:
        p: (..., P) pass rates of the pool.
        mixture_ratio: lambda in [0, 1].
        group_size: G >= 2, or None for the limit of large groups.
        whitened: divide advantages by the group's standard deviation.
        ddof: 0 for the population and 1 for the sample standard deviation.
        eps: constant added to the standard deviation (finite groups only).

    Returns:
        (..., P) velocities.
    """
    rate = as_pass_rates("p", p)
    variance = rate * (1 - rate)
    if not whitened:
        push = variance
    elif group_size is None:
        push = sqrt(variance)
    else:
        push = variance * group_gain(rate, group_size, ddof=ddof, eps=eps)
    weights, push = unify(sampling_weights(rate, mixture_ratio), push)
    return weights * push


def integrability_defect(p: ArrayLike, mixture_ratio: float) -> NDArray[Any]:
    r"""Return :math:`F \cdot (\nabla \times F)` of the plain mixed flow F of three prompts, in their logits.

    A field has a potential up to a change of time (:math:`F = c \nabla \Phi` with a positive function c) only
    where this vanishes (Frobenius). With :math:`F_x = q_x (\lambda q_x / S + (1-\lambda)/3)`,
    :math:`q = p (1-p)`, :math:`S = \sum q` and :math:`q' = q (1 - 2p)` it is

    .. math:: \frac{\lambda (1-\lambda)}{3 S^2}
              \sum_{cyclic} q_1 (q_2^2 q_3' - q_3^2 q_2')

    which is 0 for lambda 0 and 1, and generally not in between: there the mix of uniform and
    variance-proportional sampling ascends no function at all.

    Args:
        p: (..., 3) pass rates, inside (0, 1).
        mixture_ratio: lambda in [0, 1].

    Returns:
        (...) defects.

    Raises:
        ArgumentError: not three prompts, or ``mixture_ratio`` out of range.
    """
    rate = as_pass_rates("p", p)
    if rate.ndim == 0 or rate.shape[-1] != 3:
        raise ArgumentError("p", "hold three pass rates on its last axis", rate.shape)
    _check_mixture_ratio(mixture_ratio)
    share, third = like([mixture_ratio, Fraction(1, 3)], rate)
    q = rate * (1 - rate)
    slope = q * (1 - 2 * rate)
    following, last = np.roll(q, -1, -1), np.roll(q, -2, -1)
    turn = (q * (following**2 * np.roll(slope, -2, -1) - last**2 * np.roll(slope, -1, -1))).sum(-1)
    defect: NDArray[Any] = share * (1 - share) * third * turn / q.sum(-1) ** 2
    return defect


def mixture_expected_variance(variances: ArrayLike, mixture_ratio: float) -> NDArray[Any]:
    r"""Return the mean variance of a drawn prompt, :math:`E V\,(1 + \lambda\,\mathrm{CV}^2)`.

    Prompts are drawn with replacement, a share lambda in proportion to their variance and the rest uniformly;
    the moments are the pool's own. A pool without any variance gives 0.

    Args:
        variances: (..., P) outcome variances of the prompts.
        mixture_ratio: lambda in [0, 1].

    Returns:
        (...) mean variances.
    """
    refuse_all_but_numbers(variances=variances)
    (v,) = unify(variances)
    refuse_empty("variances", v)
    _check_mixture_ratio(mixture_ratio)
    share, each = like([mixture_ratio, Fraction(1, v.shape[-1])], v)
    mean = v.sum(-1) * each
    square = (v**2).sum(-1) * each
    mixed: NDArray[Any] = share * ratio(square, mean) + (1 - share) * mean
    return mixed


def beta_pool_gain(a: ArrayLike, b: ArrayLike) -> NDArray[Any]:
    r"""Return :math:`1 + \mathrm{CV}^2` of the outcome variance when pass rates are Beta(a, b).

    .. math:: \frac{(a+1)(b+1)\, s (s+1)}{a b (s+2)(s+3)}, \qquad s = a + b

    Args:
        a: (...) first parameter, > 0.
        b: (...) second parameter, > 0.

    Returns:
        (...) factors: the gain in expected variance at lambda = 1 (1.2 for the uniform prior).
    """
    refuse_all_but_numbers(a=a, b=b)
    first, second = unify(a, b)
    if first.dtype != object and not ((first > 0) & (second > 0)).all():
        raise ArgumentError("a, b", "be positive", (a, b))
    s = first + second
    gain: NDArray[Any] = (first + 1) * (second + 1) * s * (s + 1) / (first * second * (s + 2) * (s + 3))
    return gain


def _arcsine(x: ArrayLike) -> NDArray[Any]:
    array = np.asarray(x)
    if array.dtype != object:
        angle: NDArray[Any] = np.arcsin(array)
        return angle
    angles = np.empty(array.shape, dtype=object)
    for index, value in np.ndenumerate(array):
        if type(value).__module__.startswith("sympy."):
            import sympy

            angles[index] = sympy.asin(value)
        else:
            import mpmath

            angles[index] = mpmath.asin(unify(value, mpmath.mpf(1))[0].item())
    return angles
