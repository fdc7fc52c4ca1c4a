"""Drawing a batch by weight."""

from __future__ import annotations

import numpy as np

from simulations.networks.world import FloatArray, IntArray

__all__ = ["draw_by_weight"]


def draw_by_weight(rng: np.random.Generator, weights_P: FloatArray, count: int, *, replace: bool = False) -> IntArray:
    """Draw prompts by weight; without replacement, no more than have a positive weight."""
    positive = int(np.count_nonzero(weights_P))
    if positive == 0:
        return np.empty(0, np.int64)
    wanted = count if replace else min(count, positive)
    return rng.choice(len(weights_P), wanted, replace=replace, p=weights_P / weights_P.sum())
