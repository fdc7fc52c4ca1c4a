"""Random streams that are functions of their address alone.

A draw is addressed by (seed, purpose, index...), so that a resumed run, a run in another order and a run with
other stages around it all see the same numbers, and no generator state has to be saved.
"""

from __future__ import annotations

import zlib

import numpy as np

__all__ = ["stream"]


def stream(seed: int, purpose: str, *index: int) -> np.random.Generator:
    """Return the generator at an address.

    Args:
        seed: seed of the run, >= 0.
        purpose: what the numbers are for, such as ``"training rollouts"``.
        index: further coordinates, such as the step.
    """
    return np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(purpose.encode()), *index]))
