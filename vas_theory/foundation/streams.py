"""Random generators that are a function of (seed, purpose, step) alone.

What is drawn at a step then depends neither on how many numbers earlier steps used nor on the number of
threads, and a run that is resumed at a step goes on with the numbers the uninterrupted run would have used.
"""

from __future__ import annotations

import numbers

import numpy as np

from vas_theory.foundation.errors import ArgumentError

__all__ = ["check_seed", "stream_generator"]

_PURPOSES = {"weighted": 1, "uniform": 2, "pass": 3, "fill": 4, "growth": 5}


def check_seed(seed: int) -> int:
    """Return ``seed`` as an int in [0, 2**64)."""
    if isinstance(seed, bool) or not isinstance(seed, numbers.Integral) or not 0 <= seed < 1 << 64:
        raise ArgumentError("seed", "be an integer in [0, 2**64)", seed)
    return int(seed)


def stream_generator(seed: int, purpose: str, step: int) -> np.random.Generator:
    """Return a Philox generator whose key is the seed and whose counter starts at (step, purpose).

    The two upper words of the 256-bit counter hold step and purpose, so streams do not overlap before
    2**128 blocks.
    """
    key = np.array([seed, 0], dtype=np.uint64)
    counter = np.array([0, 0, step, _PURPOSES[purpose]], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))
