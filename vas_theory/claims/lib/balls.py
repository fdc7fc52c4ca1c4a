"""Evaluation of a certified ball function on an instance, to compare it with what a claim evaluates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["through_balls"]


def through_balls(function: Callable[..., Any], *columns: NDArray[Any], bits: int = 300) -> NDArray[Any]:
    """Return the middles of the balls that a function gives row by row, as ``mpmath.mpf``.

    Args:
        function: takes one ``flint.arb`` a column (an ``int`` for a column of integers) and returns one.
        columns: each (N,), floats, ``mpmath.mpf`` or integers.
        bits: working precision of the balls.
    """
    import flint
    import mpmath

    digits = bits // 4

    def ball(value: Any) -> Any:
        if isinstance(value, (int, np.integer)):
            return int(value)
        return flint.arb(mpmath.nstr(mpmath.mpf(float(value) if isinstance(value, np.floating) else value), digits))

    middles = np.empty(len(columns[0]), dtype=object)
    with flint.ctx.workprec(bits), mpmath.workprec(bits):
        for row, entries in enumerate(zip(*columns, strict=True)):
            result = function(*map(ball, entries))
            middles[row] = mpmath.mpf(result.mid().str(digits, radius=False))
    return middles
