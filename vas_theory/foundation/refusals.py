"""What exact quantities refuse beside ranges, before numpy or fractions stumble over it; no result rests on it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from vas_theory.foundation.errors import ArgumentError

__all__ = ["refuse_all_but_numbers", "refuse_all_but_rates", "refuse_empty", "refuse_masked"]

__neutral__ = "what is refused"


def refuse_all_but_numbers(**values: object) -> None:
    """Refuse what holds anything but numbers: texts, nothing, rows of unequal lengths, complex or masked numbers.

    Raises:
        ArgumentError: with the name of the first.
    """
    for name, value in values.items():
        refuse_masked(name, value)
        try:
            array = np.asarray(value)
            if array.dtype.kind == "c":
                raise ArgumentError(name, "be real numbers", value)
            if array.dtype.kind != "O":
                array.astype(np.float64, copy=False)
            elif any(entry is None or isinstance(entry, (str, bytes, dict, list, tuple, set)) for entry in array.flat):
                raise ArgumentError(name, "be an array of numbers", value)
        except ArgumentError:
            raise
        except (TypeError, ValueError, RuntimeError):
            raise ArgumentError(name, "be an array of numbers whose rows have one length", value) from None


def refuse_all_but_rates(argument: str, rates: object) -> None:
    """Refuse the same, and numbers outside [0, 1] among objects; symbols cannot be compared and pass.

    Raises:
        ArgumentError: with the name of the argument.
    """
    refuse_all_but_numbers(**{argument: rates})
    array = np.asarray(rates)
    if array.dtype.kind == "O":
        for entry in array.flat:
            if isinstance(entry, (int, float, Fraction)) and not 0 <= entry <= 1:
                raise ArgumentError(argument, "lie in [0, 1]", entry)


def refuse_empty(argument: str, pool: np.ndarray) -> None:
    """Refuse a pool without prompts.

    Raises:
        ArgumentError: the last axis is missing or empty.
    """
    if pool.ndim == 0 or pool.shape[-1] == 0:
        raise ArgumentError(argument, "hold at least one prompt on its last axis", pool.shape)


def refuse_masked(argument: str, values: object) -> None:
    """Refuse arrays with masked entries: numpy would read what is below the mask.

    Raises:
        ArgumentError: an entry is masked.
    """
    if np.ma.is_masked(values):
        raise ArgumentError(argument, "have no masked entries: leave them out, or .filled(np.nan) of rewards", values)
