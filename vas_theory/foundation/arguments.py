"""Checks of arguments and the choice of arithmetic, shared by the modules of exact quantities.

Arrays of floats are checked; object arrays (fractions, multiprecision or symbolic numbers) pass unchecked,
because comparing symbols has no answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.errors import ArgumentError
from vas_theory.foundation.precision import exact, symbolic
from vas_theory.foundation.refusals import refuse_all_but_numbers, refuse_all_but_rates

__all__ = [
    "as_bandit",
    "as_group_size",
    "as_pass_rates",
    "as_probabilities",
    "as_scored_bandit",
    "check_ddof_eps",
    "from_tensor",
    "like",
    "ratio",
    "unify",
]

_SUM_TOLERANCE = 1e-9
"""Float64 softmax over 1e6 arms sums to one within 1e-10; a wrong normalisation is far outside."""


def from_tensor(values: Any) -> Any:
    """Return what NumPy can read of a tensor, on the CPU and without gradient; anything else unchanged.

    A type that NumPy lacks, such as bfloat16, becomes float32, which holds it exactly.
    """
    if not hasattr(values, "detach"):
        return values
    values = values.detach().cpu()
    return values.float() if values.is_floating_point() and values.itemsize < 4 else values


def unify(*values: ArrayLike) -> list[NDArray[Any]]:
    """Bring arrays to one arithmetic: float64, ``Fraction``, ``mpmath.mpf`` or SymPy.

    The richest entry decides: SymPy over mpf over Fraction over float. Integers turn into that type, so
    that ``1 / 3`` never falls back to a float inside an exact computation.
    """
    arrays = [np.asarray(value) for value in values]
    if all(array.dtype != object for array in arrays):
        return [array.astype(np.float64, copy=False) for array in arrays]
    objects = [array for array in arrays if array.dtype == object]
    modules = {type(entry).__module__.split(".")[0] for array in objects for entry in array.flat}
    if "sympy" in modules:
        return [symbolic(array) for array in arrays]
    if "mpmath" in modules:
        return [_multiprecision(array) for array in arrays]
    return [exact(array) for array in arrays]


def _multiprecision(array: NDArray[Any]) -> NDArray[Any]:
    import mpmath

    out = np.empty(array.shape, dtype=object)
    for index, entry in np.ndenumerate(array):
        number = entry.item() if isinstance(entry, np.generic) else entry
        if isinstance(number, Fraction):
            out[index] = mpmath.mpf(number.numerator) / number.denominator
        else:
            out[index] = mpmath.mpf(number)
    return out


def like(numbers: Sequence[Fraction | float], array: ArrayLike) -> NDArray[Any]:
    """Return rational constants in the arithmetic of ``array`` (floats are taken at their exact value)."""
    example = np.asarray(array)
    if example.dtype != object:
        return np.array([float(number) for number in numbers])
    constants = np.empty(len(numbers), dtype=object)
    constants[:] = list(numbers)
    return unify(constants, example)[0]


def as_probabilities(argument: str, probs: NDArray[Any]) -> NDArray[Any]:
    """Return ``probs`` after checking that its last axis is a distribution.

    Raises:
        ArgumentError: an entry is negative or not finite, or a row does not sum to 1 within 1e-9.
    """
    if probs.ndim == 0 or probs.shape[-1] == 0:
        raise ArgumentError(argument, "have at least one arm on its last axis", probs.shape)
    if probs.dtype != object:
        if not (probs >= 0).all():
            raise ArgumentError(argument, "be non-negative", float(np.min(probs)))
        worst = float(np.abs(probs.sum(-1) - 1).max(initial=0.0))
        if not worst <= _SUM_TOLERANCE:
            raise ArgumentError(argument, "sum to 1 within 1e-9 along the last axis", f"a deviation of {worst:.3g}")
    return probs


def as_bandit(probs: ArrayLike, rewards: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return ``probs`` and ``rewards`` in one arithmetic, after checking both.

    Raises:
        ArgumentError: ``probs`` is not a distribution, or the arms on the last axes differ.
    """
    refuse_all_but_numbers(probs=probs, rewards=rewards)
    pi, r = unify(probs, rewards)
    as_probabilities("probs", pi)
    if r.ndim == 0 or r.shape[-1] != pi.shape[-1]:
        raise ArgumentError("rewards", f"have {pi.shape[-1]} arms on the last axis, as probs has", r.shape)
    return pi, r


def as_scored_bandit(
    probs: ArrayLike, scores: ArrayLike, rewards: ArrayLike | None = None
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return ``probs``, ``scores`` (..., K, d) and ``rewards`` (zeros if None) in one arithmetic, after checks.

    Raises:
        ArgumentError: as :func:`as_bandit`, or the arms of ``scores`` differ.
    """
    refuse_all_but_numbers(probs=probs, scores=scores)
    pi, g, r = unify(probs, scores, np.zeros(np.shape(probs), dtype=int) if rewards is None else rewards)
    as_bandit(pi, r)
    if g.ndim < 2 or g.shape[-2] != pi.shape[-1]:
        raise ArgumentError("scores", f"have shape (..., {pi.shape[-1]}, d): arms by parameters", g.shape)
    return pi, g, r


def as_pass_rates(argument: str, p: ArrayLike) -> NDArray[Any]:
    """Return ``p`` after checking that it lies in [0, 1]."""
    refuse_all_but_rates(argument, p)
    (rates,) = unify(p)
    if rates.dtype != object and not ((rates >= 0) & (rates <= 1)).all():
        raise ArgumentError(argument, "lie in [0, 1]", p)
    return rates


def as_group_size(group_size: int) -> int:
    """Return ``group_size`` after checking that it is an integer of at least 2."""
    if isinstance(group_size, bool) or not isinstance(group_size, (int, np.integer)) or group_size < 2:
        raise ArgumentError("group_size", "be an integer of at least 2", group_size)
    return int(group_size)


def check_ddof_eps(ddof: int, eps: ArrayLike) -> None:
    """Check the two choices inside a group's standard deviation.

    Raises:
        ArgumentError: ``ddof`` is not 0 or 1, or ``eps`` is negative.
    """
    if ddof not in (0, 1):
        raise ArgumentError("ddof", "be 0 (population) or 1 (sample)", ddof)
    added = np.asarray(eps)
    if added.dtype != object and not ((added >= 0) & (added < np.inf)).all():
        raise ArgumentError("eps", "be finite and at least 0", eps)


def ratio(numerator: ArrayLike, denominator: ArrayLike) -> NDArray[Any]:
    """Return the quotient, with 0 where the denominator is 0."""
    top, bottom = unify(numerator, denominator)
    zero = bottom == 0
    quotient: NDArray[Any] = np.where(zero, 0, top / np.where(zero, 1, bottom))[()]
    return quotient
