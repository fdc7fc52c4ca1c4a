"""Drawing a batch by weight."""

from __future__ import annotations

import numpy as np

from simulations.networks.world import FloatArray, IntArray

__all__ = ["draw_by_weight"]


def draw_by_weight(rng: np.random.Generator, weights_P: FloatArray, count: int, *, replace: bool = False) -> IntArray:
    """Draw by weight; where too few weights are positive, all of those and then others uniformly."""
    positive = int(np.count_nonzero(weights_P))
    if positive == 0:
        return rng.choice(len(weights_P), count, replace=False)
    if replace or positive >= count:
        return rng.choice(len(weights_P), count, replace=replace, p=weights_P / weights_P.sum())
    rest = rng.choice(np.flatnonzero(weights_P == 0), count - positive, replace=False)
    return np.concatenate([np.flatnonzero(weights_P), rest])
