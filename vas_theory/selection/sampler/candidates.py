"""Prompts that may be drawn by weight at a step: those that do not rest, all of them or a uniform sample."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vas_theory.foundation.streams import stream_generator
from vas_theory.selection.sampler.pool import Pool

__all__ = ["draw_among", "next_candidates", "resting_prompts"]

Positions = NDArray[np.int64]


def resting_prompts(pool: Pool) -> Positions:
    """Prompts that were drawn within the last ``rest_steps`` steps."""
    if not pool.last_drawn.size:
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero(pool.step - pool.last_drawn <= pool.config.rest_steps)


def next_candidates(pool: Pool) -> Positions:
    """Prompts that the next draw by weight will score; the same at every call before it."""
    count = len(pool)
    wanted = count if pool.config.candidates is None else pool.config.candidates
    rng = stream_generator(pool.seed, "candidates", pool.step)
    if pool.last_drawn.size:
        free = np.flatnonzero(pool.step - pool.last_drawn > pool.config.rest_steps)
        return free if wanted >= free.size else free[rng.choice(free.size, wanted, replace=False, shuffle=False)]
    return np.arange(count) if wanted >= count else rng.choice(count, wanted, replace=False, shuffle=False)


def draw_among(
    rng: np.random.Generator, places: Positions, weights: NDArray[np.float64], size: int
) -> tuple[Positions, str | None]:
    """Draw up to ``size`` of the places one after another by weight, without replacement.

    Each place waits an exponential time with its weight as rate; the first ``size`` are a draw in order.

    Returns:
        The drawn places, fewer where fewer weigh anything; and why the draw was uniform, or None where it was not.
    """
    positive = int(np.count_nonzero(weights))
    if positive == 0:
        return places[:0], "all scores are zero"
    reason = "all scores are equal" if places.size > 1 and (weights == weights[0]).all() else None
    times = rng.standard_exponential(places.size) / np.where(weights > 0, weights, np.nan)
    return places[np.argsort(times, kind="stable")[: min(size, positive)]], reason  # NaN comes last
