r"""What one logit step of a tabular softmax gains, exactly: deterministic, one-sample and group steps.

With :math:`A = r - V` the gain of a step :math:`\delta` is
:math:`V(\theta + \delta) - V(\theta) = E_\pi[A (e^\delta - 1)] / E_\pi[e^\delta]`. In this form it keeps its
relative accuracy for short steps and near-deterministic policies. Random steps are averaged by enumeration:
over the sampled arm, or over the arm counts of a group.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from math import factorial, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.bounds import KAPPA_POLYNOMIAL, kappa
from vas_theory.claims.lib.domains.groups import by_group_size
from vas_theory.foundation.arguments import like, unify
from vas_theory.foundation.precision import exp, sqrt
from vas_theory.policy.reward_moments import advantages

__all__ = [
    "KAPPA_ROUNDED_UP",
    "expm1",
    "gradient_squared",
    "group_gain_of_step",
    "group_updates",
    "kappa_exceeds_its_root",
    "kappa_like",
    "kappa_term",
    "kernel_by_series",
    "one_sample_gain",
    "remainder_kernel",
    "step_gain",
]

KAPPA_ROUNDED_UP = "1.644491"
"""Constant of |H| <= kappa |grad| for a tabular softmax, rounded up (claim B46): what thresholds are checked with."""


def kappa_like(example: NDArray[Any]) -> Any:
    """Return the constant kappa of claim B46 in the arithmetic of ``example``."""
    constant = kappa()
    return constant if example.dtype == object else float(constant)


def kappa_term() -> str:
    """Return kappa to 30 digits, as Rocq reads it."""
    import mpmath

    with mpmath.workdps(40):
        decimal = Fraction(mpmath.nstr(kappa(), 30))
    return f"({decimal.numerator}/{decimal.denominator})"


def kappa_exceeds_its_root() -> bool:
    """Check by Sturm's theorem that the largest root of the cubic of kappa^2 lies just below 1.644491^2."""
    import sympy

    y = sympy.Symbol("y")
    polynomial = sympy.Poly(KAPPA_POLYNOMIAL, y)
    rounded = sympy.Rational(KAPPA_ROUNDED_UP)
    above, below = rounded**2, (rounded - sympy.Rational(1, 10**6)) ** 2
    return bool(polynomial.count_roots(above, None) == 0 and polynomial.count_roots(below, above) == 1)


def expm1(x: Any) -> Any:
    """Return e^x - 1, without cancellation on floats; objects carry spare digits instead."""
    array = np.asarray(x)
    return np.expm1(array) if array.dtype != object else exp(array) - 1


def remainder_kernel(x: NDArray[Any]) -> Any:
    """Return phi(x) = int_0^1 (1 - s) e^(xs) ds = (e^x - 1 - x)/x^2 for x > 0."""
    return (expm1(x) - x) / x**2


def kernel_by_series(x: NDArray[Any]) -> NDArray[Any]:
    """Return the same kernel from its series, sum_n x^n/(n+2)!, for x up to 10."""
    term = 0 * x + like([Fraction(1, 2)], x)[0]
    total = term
    for n in range(1, 100):
        term = term * x / (n + 2)
        total = total + term
    return total


def gradient_squared(probs: NDArray[Any], rewards: NDArray[Any]) -> Any:
    """Return |grad V|^2 by the logits."""
    pi, r = unify(probs, rewards)
    return ((pi * advantages(pi, r)) ** 2).sum(-1)


def step_gain(probs: NDArray[Any], rewards: NDArray[Any], step: NDArray[Any]) -> Any:
    """Return V(theta + step) - V(theta); the step (..., K) is added to the logits."""
    pi, r, delta = unify(probs, rewards, step)
    growth = pi * expm1(delta)
    return (growth * advantages(pi, r)).sum(-1) / (1 + growth.sum(-1))


def one_sample_gain(probs: NDArray[Any], rewards: NDArray[Any], eta: NDArray[Any], baseline: NDArray[Any]) -> Any:
    """Return the expected gain of the step eta (r_y - baseline) (e_y - pi) with y drawn from pi."""
    pi, r, rate, level = unify(probs, rewards, eta, baseline)
    scores = np.eye(pi.shape[-1], dtype=int) - pi[..., None, :]
    steps = (rate[..., None] * (r - level[..., None]))[..., None] * scores
    return (pi * step_gain(pi[..., None, :], r[..., None, :], steps)).sum(-1)


@cache
def _arm_counts(arms: int, group_size: int) -> tuple[NDArray[np.int64], tuple[int, ...]]:
    """Return every vector of arm counts of a group, and the number of orders that give it."""

    def split(total: int, parts: int) -> Iterator[tuple[int, ...]]:
        if parts == 1:
            yield (total,)
            return
        for head in range(total + 1):
            for tail in split(total - head, parts - 1):
                yield (head, *tail)

    counts = list(split(group_size, arms))
    orders = tuple(factorial(group_size) // prod(factorial(n) for n in row) for row in counts)
    return np.array(counts), orders


def group_updates(
    probs: NDArray[Any], rewards: NDArray[Any], group_size: int, kind: str
) -> tuple[NDArray[Any], NDArray[Any]]:
    r"""Return the probability of every vector of arm counts and its update :math:`\frac1G \sum_i A_i (e_{y_i} - \pi)`.

    Args:
        probs: (..., K) probabilities.
        rewards: (..., K) rewards.
        group_size: G.
        kind: ``dr_grpo`` (A = r - mean), ``rloo`` (times G / (G - 1)) or ``grpo`` (over the population standard
            deviation, for rewards in {0, 1}; silent groups give zero).

    Returns:
        (..., C) probabilities and (..., C, K) updates.
    """
    pi, r = unify(probs, rewards)
    counts, orders = _arm_counts(pi.shape[-1], group_size)
    chance = np.prod(pi[..., None, :] ** counts, axis=-1) * np.array(orders, dtype=pi.dtype)
    share = like([Fraction(int(n), group_size) for n in counts.flat], pi).reshape(counts.shape)
    mean = (share * r[..., None, :]).sum(-1)
    centred = r[..., None, :] - mean[..., None]
    if kind == "rloo":
        centred = centred * group_size / (group_size - 1)
    elif kind == "grpo":
        correct = (counts * np.asarray(r == 1, dtype=int)[..., None, :]).sum(-1)
        product = correct * (group_size - correct)
        spread = sqrt(unify(np.where(product == 0, 1, product), pi)[0]) / group_size
        centred = np.where((product == 0)[..., None], 0, centred / spread[..., None])
    weighted = share * centred  # the weights A sum to zero over the group, so the pi in the score cancels
    return chance, weighted


def group_gain_of_step(
    probs: NDArray[Any], rewards: NDArray[Any], group_size: NDArray[Any], eta: NDArray[Any], kind: str
) -> Any:
    """Return the expected gain of one step of size eta along the group update, one value an instance."""

    def gain(pi: NDArray[Any], r: NDArray[Any], rate: NDArray[Any], size: int) -> Any:
        chance, updates = group_updates(pi, r, size, kind)
        steps = rate[:, None, None] * updates
        return (chance * step_gain(pi[:, None, :], r[:, None, :], steps)).sum(-1)

    return by_group_size(gain, group_size, *unify(probs, rewards, eta))
