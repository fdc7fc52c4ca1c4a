"""One transcription of a formula for floats, 50 digits, fractions and symbols.

Formulas in this package are written with array arithmetic and the functions below. On float64 arrays
they are numpy's own; on object arrays they act element by element on ``mpmath.mpf``, ``sympy.Expr`` or
``fractions.Fraction``. A bound that is evaluated numerically and the bound that is proved are then the
same lines of code, so a wrong transcription cannot hide between them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "DIGITS",
    "arcsin",
    "cos",
    "exact",
    "exp",
    "floating",
    "log",
    "maximum",
    "minimum",
    "multiprecision",
    "sin",
    "sqrt",
    "symbolic",
]

DIGITS = 50
"""Decimal digits of the recheck of small slack."""


def _fraction_sqrt(value: Fraction) -> Any:
    if value >= 0:
        top, bottom = math.isqrt(value.numerator), math.isqrt(value.denominator)
        if top * top == value.numerator and bottom * bottom == value.denominator:
            return Fraction(top, bottom)
    import mpmath

    return mpmath.sqrt(mpmath.mpf(value.numerator) / value.denominator)


def _apply(name: str, value: Any) -> Any:
    if isinstance(value, (int, Fraction)):
        if name == "sqrt":
            return _fraction_sqrt(Fraction(value))
        import mpmath

        return getattr(mpmath, name)(mpmath.mpf(Fraction(value).numerator) / Fraction(value).denominator)
    if type(value).__module__.startswith("sympy."):
        import sympy

        return getattr(sympy, name)(value)
    import mpmath

    return getattr(mpmath, name)(value)


def _generic(name: str, scalar_name: str | None = None) -> Callable[[ArrayLike], NDArray[Any]]:
    """Return numpy's function ``name``, which mpmath and SymPy call ``scalar_name``."""
    numpy_function = getattr(np, name)

    def function(x: ArrayLike) -> NDArray[Any]:
        array = np.asarray(x)
        if array.dtype != object:
            result: NDArray[Any] = numpy_function(array)
            return result
        mapped = np.empty(array.shape, dtype=object)
        for index, value in np.ndenumerate(array):
            mapped[index] = _apply(scalar_name or name, value)
        return mapped if mapped.ndim else mapped[()]

    function.__name__ = name
    function.__doc__ = f"Elementwise {name} on float64 or object arrays."
    return function


sqrt = _generic("sqrt")
exp = _generic("exp")
log = _generic("log")
sin = _generic("sin")
cos = _generic("cos")
arcsin = _generic("arcsin", "asin")


def _extreme(numpy_function: Callable[..., Any], sympy_name: str) -> Callable[[ArrayLike, ArrayLike], NDArray[Any]]:
    def function(x: ArrayLike, y: ArrayLike) -> NDArray[Any]:
        left, right = np.broadcast_arrays(np.asarray(x), np.asarray(y))
        if left.dtype != object and right.dtype != object:
            result: NDArray[Any] = numpy_function(left, right)
            return result
        out = np.empty(left.shape, dtype=object)
        for index in np.ndindex(left.shape):
            a, b = left[index], right[index]
            if any(type(v).__module__.startswith("sympy.") for v in (a, b)):
                import sympy

                out[index] = getattr(sympy, sympy_name)(a, b)
            else:
                out[index] = (max if sympy_name == "Max" else min)(a, b)
        return out if out.ndim else out[()]

    return function


maximum = _extreme(np.maximum, "Max")
minimum = _extreme(np.minimum, "Min")


def _convert(values: ArrayLike, convert: Callable[[Any], Any]) -> NDArray[Any]:
    array = np.asarray(values)
    out = np.empty(array.shape, dtype=object)
    for index, value in np.ndenumerate(array):
        out[index] = convert(value.item() if isinstance(value, np.generic) else value)
    return out


def exact(values: ArrayLike) -> NDArray[Any]:
    """Return an object array of :class:`fractions.Fraction`; floats convert without rounding."""
    return _convert(values, Fraction)


def symbolic(values: ArrayLike) -> NDArray[Any]:
    """Return an object array of SymPy numbers; floats and fractions become exact rationals."""
    import sympy

    def convert(value: Any) -> Any:
        if isinstance(value, sympy.Basic):
            return value
        fraction = Fraction(value)
        return sympy.Rational(fraction.numerator, fraction.denominator)

    return _convert(values, convert)


def multiprecision(instance: Mapping[str, ArrayLike]) -> dict[str, NDArray[Any]]:
    """Turn an instance's float arrays into ``mpmath.mpf`` without rounding; integers stay integers.

    ``probs`` is divided by its sum along the last axis, because float64 probabilities sum to one only
    to 1e-16 and that error is what a recheck at high precision must not inherit. Call it inside
    ``mpmath.workdps(DIGITS)``.
    """
    import mpmath

    converted: dict[str, NDArray[Any]] = {}
    for name, values in instance.items():
        array = np.asarray(values)
        if array.dtype.kind in "iub":
            converted[name] = array
            continue
        out = _convert(array, mpmath.mpf)
        converted[name] = out / out.sum(-1, keepdims=True) if name == "probs" else out
    return converted


def floating(values: ArrayLike) -> NDArray[Any]:
    """Return a float64 array from numbers of any kind; integer arrays stay as they are."""
    array = np.asarray(values)
    if array.dtype.kind in "iub":
        return array
    return np.array([float(value) for value in array.reshape(-1)], dtype=np.float64).reshape(array.shape)
