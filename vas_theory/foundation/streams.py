r"""Addresses of random numbers: every draw is a function of its address alone.

What is drawn does then not depend on how many numbers were used before, on the number of threads, or on which other
parts of a run were done; a run that is resumed goes on with the numbers of the uninterrupted one, and no generator
state has to be saved. There is one kind of address for each kind of use:

* :func:`stream`, (seed, purpose, index...): anything that is drawn now and then, such as the rollouts of a step;
* :func:`stream_generator`, (seed, purpose, step): draws of prompts, whose purposes are a fixed list;
* :func:`uniforms`, (seed, prompt, number): single numbers of the simulated prompts, the same in numpy as in the
  compiled learner.
"""

from __future__ import annotations

import numbers
import zlib

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.errors import ArgumentError

__all__ = ["check_seed", "stream", "stream_generator", "uniforms"]

_PURPOSES = {
    "strategy": (1, 0),
    "weighted": (0, 1),
    "uniform": (0, 2),
    "pass": (0, 3),
    "fill": (0, 4),
    "growth": (0, 5),
    "candidates": (0, 6),
    "features": (0, 8),
}
"""Second word of the key and last word of the counter."""


def check_seed(seed: int) -> int:
    """Return ``seed`` as an int in [0, 2**64)."""
    if isinstance(seed, bool) or not isinstance(seed, numbers.Integral) or not 0 <= seed < 1 << 64:
        raise ArgumentError("seed", "be an integer in [0, 2**64)", seed)
    return int(seed)


def stream(seed: int, purpose: str, *index: int) -> np.random.Generator:
    """Return the generator at an address.

    Args:
        seed: seed of the run, >= 0.
        purpose: what the numbers are for, such as ``"training rollouts"``.
        index: further coordinates, such as the step.
    """
    return np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(purpose.encode()), *index]))


def stream_generator(seed: int, purpose: str, step: int) -> np.random.Generator:
    """Return a Philox generator whose key holds the seed and whose counter starts at (step, purpose).

    The two upper words of the 256-bit counter hold step and purpose, so streams do not overlap before
    2**128 blocks.

    Args:
        seed: in [0, 2**64).
        purpose: ``"strategy"`` for the draws of any strategy; the others are those of variance-aware sampling.
        step: of the run.
    """
    word, place = _PURPOSES[purpose]
    key = np.array([seed, word], dtype=np.uint64)
    counter = np.array([0, 0, step, place], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))


def _mix(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def uniforms(seed: int, prompts: ArrayLike, numbers: ArrayLike) -> NDArray[np.float64]:
    """Return random numbers in [0, 1), the same as the compiled learner's and ``simulations.world.reference.uniform``.

    Args:
        seed: in [0, 2**64).
        prompts: prompt numbers, any shape.
        numbers: running numbers, broadcast against the prompts.
    """
    start = _mix(np.array([seed], dtype=np.uint64))
    prompt, number = (np.asarray(values).astype(np.uint64) + np.uint64(1) for values in (prompts, numbers))
    stream = _mix(start + prompt * np.uint64(0xD1342543DE82EF95))
    mixed = _mix(stream + number * np.uint64(0x9E3779B97F4A7C15))
    return (mixed >> np.uint64(11)) / 2.0**53
