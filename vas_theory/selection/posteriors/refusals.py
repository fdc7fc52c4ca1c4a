"""What posteriors refuse before they look at a value; none of it decides what is learnt."""

from __future__ import annotations

from numbers import Real

import numpy as np

from vas_theory.foundation.errors import ArgumentError

__all__ = ["refuse_all_but_numbers"]

__neutral__ = "what is refused"


def refuse_all_but_numbers(**settings: object) -> None:
    """Refuse settings that are neither numbers nor, where there are two of them, pairs of numbers.

    Raises:
        ArgumentError: with the name of the first.
    """
    for name, value in settings.items():
        pair = name == "prior"
        numbers = list(value) if pair and isinstance(value, (tuple, list, np.ndarray)) else [value]
        real = all(isinstance(number, Real) and not isinstance(number, bool) for number in numbers)
        if not real or len(numbers) != 1 + pair:
            raise ArgumentError(name, "be two numbers > 0" if pair else "be a number", value)
