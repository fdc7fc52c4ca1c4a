"""Expectations over the number right in a group of G, for a known pass rate or a Beta posterior.

A group of G rollouts with m right has the population standard deviation sigma_hat = sqrt(m (G - m)) / G and
is mixed where 0 < m < G; only mixed groups move the policy under GRPO.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.compilation import LazyKernel
from vas_theory.foundation.errors import ArgumentError
from vas_theory.foundation.refusals import refuse_all_but_numbers
from vas_theory.selection.refusals import refuse_all_but_sizes, refuse_large_groups

__all__ = [
    "beta_binomial_expectation",
    "binomial_expectation",
    "check_group_size",
    "mixed_values",
    "signal_values",
]


def check_group_size(group_size: int, *, argument: str = "group_size") -> int:
    """Return the group size as an int, at least 2: one rollout alone has no spread to learn from."""
    refuse_all_but_sizes(argument, group_size)
    if isinstance(group_size, bool) or int(group_size) != group_size or group_size < 2:
        raise ArgumentError(argument, "be an integer of 2 or more", group_size)
    return int(group_size)


@functools.lru_cache(maxsize=64)
def signal_values(group_size: int) -> NDArray[np.float64]:
    """sigma_hat for m = 0..G right, shape (G + 1,)."""
    right = np.arange(check_group_size(group_size) + 1)
    values: NDArray[np.float64] = np.sqrt(right * (group_size - right)) / group_size
    values.flags.writeable = False
    return values


@functools.lru_cache(maxsize=64)
def mixed_values(group_size: int) -> NDArray[np.float64]:
    """1 where a group with m = 0..G right is mixed, else 0, shape (G + 1,)."""
    values = np.ones(check_group_size(group_size) + 1)
    values[[0, -1]] = 0.0
    values.flags.writeable = False
    return values


def binomial_expectation(pass_rate: ArrayLike, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """E[values[m]], m ~ Binomial(G, p).

    Args:
        pass_rate: p in [0, 1], any shape.
        values: shape (G + 1,).

    Returns:
        An array of the shape of ``pass_rate``.
    """
    refuse_all_but_numbers(pass_rate=pass_rate)
    rates = np.asarray(pass_rate, dtype=np.float64)
    if not ((rates >= 0) & (rates <= 1)).all():
        raise ArgumentError("pass_rate", "lie in [0, 1]", rates[~((rates >= 0) & (rates <= 1))].flat[0])
    failures = 1.0 - rates
    # the weights C(G, m) p^m (1-p)^(G-m) for all m at once; p and 1-p are raised to powers one factor at a time
    group_size = values.size - 1
    refuse_large_groups(group_size)
    powers = np.ones((group_size + 1, *rates.shape))
    complement = np.ones_like(powers)
    for m in range(1, group_size + 1):
        powers[m] = powers[m - 1] * rates
        complement[m] = complement[m - 1] * failures
    return np.tensordot(values * _binomials(group_size), powers * complement[::-1], axes=1)


def _binomials(group_size: int) -> NDArray[np.float64]:
    import math

    return np.array([float(math.comb(group_size, m)) for m in range(group_size + 1)])


def beta_binomial_expectation(a: ArrayLike, b: ArrayLike, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """E[values[m]], m ~ Binomial(G, p), p ~ Beta(a, b).

    Args:
        a: first Beta parameter, > 0, shape (n,).
        b: second Beta parameter, > 0, shape (n,).
        values: shape (G + 1,).

    Returns:
        Shape (n,).
    """
    first = np.ascontiguousarray(a, dtype=np.float64)
    second = np.ascontiguousarray(b, dtype=np.float64)
    out = np.empty(first.size)
    _beta_binomial_kernel(first, second, np.asarray(values, dtype=np.float64), out)
    return out


@LazyKernel
def _beta_binomial_kernel(a, b, values, out):  # type: ignore[no-untyped-def]
    """Sum the unnormalised probabilities along m = 0..G by their ratios, scaled down when they grow large."""
    group_size = values.size - 1
    for k in range(out.size):
        # ratios of parameters in this range are doubles; beyond it the expectation moves by less than 1e-80
        first = min(max(a[k], 1e-90), 1e90)
        second = min(max(b[k], 1e-90), 1e90)
        mass = 1.0
        total = 1.0
        weighted = values[0]
        for m in range(group_size):
            mass *= (group_size - m) * (first + m) / ((m + 1.0) * (second + (group_size - m - 1.0)))
            while mass > 1e100:
                mass *= 1e-100
                total *= 1e-100
                weighted *= 1e-100
            total += mass
            weighted += mass * values[m + 1]
        out[k] = weighted / total
