"""Counter-based random numbers in numpy: a function of seed, prompt and running number, and of nothing else."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["uniforms"]


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
