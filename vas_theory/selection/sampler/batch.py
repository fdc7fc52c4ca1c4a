"""Composition of one batch from the share by weight, probes and the uniform share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vas_theory.foundation.streams import stream_generator
from vas_theory.selection.drawing.uniform_walk import ReshuffledWalk
from vas_theory.selection.drawing.weighted_index import WeightedIndex
from vas_theory.selection.sampler.candidates import draw_among, next_candidates, resting_prompts
from vas_theory.selection.sampler.pool import Pool
from vas_theory.selection.sampler.tally import ARMS

__all__ = ["Batch", "compose_batch"]

Positions = NDArray[np.int64]

_PROBE_WINDOW = 64
"""Prompts looked at for each probe that is allowed; bounds the work of a step."""


@dataclass(frozen=True)
class Batch:
    """A batch and where each of its places came from.

    Attributes:
        positions: shape (B,).
        arms: index into ``ARMS``, shape (B,).
        filled: places of the share by weight that were filled uniformly, because too few prompts weigh anything.
    """

    positions: Positions
    arms: NDArray[np.int8]
    filled: int


def compose_batch(pool: Pool) -> Batch:
    """Compose the batch of the pool's present step.

    The uniform share is taken first, so that its walk is never disturbed; without replacement the probes come
    from what it left, and the share by weight from what both left.
    """
    config = pool.config
    by_weight = config.weighted_places(pool.step)
    uniform = _take_uniform(pool, config.batch_size - by_weight)
    probes = _stale_prompts(pool, uniform, min(config.max_probes, by_weight))
    taken = np.concatenate([uniform, probes])
    weighted, filled = _draw_weighted(pool, taken, by_weight - probes.size)
    shares = {"weighted": weighted, "probe": probes, "uniform": uniform}
    positions = np.concatenate(list(shares.values()))
    arms = np.concatenate([np.full(part.size, ARMS.index(arm), dtype=np.int8) for arm, part in shares.items()])
    if config.arrangement == "interleaved":
        # one by weight, one uniform, and so on, until the shorter share is used up
        ranks = np.concatenate([2 * np.arange(weighted.size), 2 * np.arange(uniform.size) + 1])
        order = np.argsort(ranks, kind="stable")
        positions, arms = positions[order], arms[order]
    return Batch(positions, arms, filled)


def _take_uniform(pool: Pool, size: int) -> Positions:
    if pool.last_drawn.size and isinstance(pool.walk, ReshuffledWalk):
        return pool.walk.take_outside(pool.seed, size, resting_prompts(pool))
    return pool.walk.take(pool.seed, pool.step, size)


def _stale_prompts(pool: Pool, taken: Positions, limit: int) -> Positions:
    """Up to ``limit`` prompts without an observation for ``probe_after`` steps.

    They are looked for in a window that goes round the pool and stops behind the last one taken, so that none is
    passed over.
    """
    if limit == 0:
        return np.empty(0, dtype=np.int64)
    count = len(pool)
    window = (pool.probe_cursor + np.arange(min(_PROBE_WINDOW * limit, count))) % count
    idle = pool.step - np.maximum(pool.posterior.last_seen[window], 0)
    stale = idle >= pool.config.probe_after
    if not pool.config.replace:
        stale &= ~np.isin(window, taken)
    chosen = np.flatnonzero(stale)[:limit]
    passed = chosen[-1] + 1 if chosen.size == limit else window.size
    pool.probe_cursor = (pool.probe_cursor + int(passed)) % count
    return window[chosen]


def _draw_weighted(pool: Pool, taken: Positions, size: int) -> tuple[Positions, int]:
    """Draw ``size`` prompts by weight, the rest uniformly where too few weigh anything."""
    rng = stream_generator(pool.seed, "weighted", pool.step)
    if size == 0:
        return np.empty(0, dtype=np.int64), 0
    if pool.config.replace:
        if pool.tree.positive_count == 0:
            return rng.integers(0, len(pool), size), size
        return pool.tree.draw(rng, size), 0
    if pool.last_drawn.size:
        taken = np.union1d(taken, resting_prompts(pool))
    if pool.index is None:
        drawn = _draw_from_candidates(pool, rng, taken, size)
    else:
        drawn = _draw_from_index(pool.index, rng, taken, size)
    missing = size - drawn.size
    fill = _uniform_outside(pool, np.concatenate([taken, drawn]), missing)
    return np.concatenate([drawn, fill]), missing


def _draw_from_index(index: WeightedIndex, rng: np.random.Generator, taken: Positions, size: int) -> Positions:
    kept = index.weights[taken]
    index.update(taken, 0.0)
    try:
        return index.draw(rng, min(size, index.positive_count), replace=False)
    finally:
        index.update(taken, kept)


def _draw_from_candidates(pool: Pool, rng: np.random.Generator, taken: Positions, size: int) -> Positions:
    places = next_candidates(pool)
    places = places[~np.isin(places, taken)]
    weights = pool.rule.fresh_weights(places)
    if pool.config.revisit_discount:
        weights = weights * np.power(1.0 + pool.draw_counts[places], -pool.config.revisit_discount)
    drawn, reason = draw_among(rng, places, weights, size)
    pool.say_uniform(reason)
    return drawn


def _uniform_outside(pool: Pool, taken: Positions, size: int) -> Positions:
    """Draw ``size`` distinct prompts uniformly from those that are not in ``taken``."""
    if size == 0:
        return np.empty(0, dtype=np.int64)
    rng = stream_generator(pool.seed, "fill", pool.step)
    count = len(pool)
    if count <= 8 * (taken.size + size):
        others = np.setdiff1d(np.arange(count), taken)
        return rng.choice(others, size, replace=False, shuffle=True)
    found = np.empty(0, dtype=np.int64)
    while found.size < size:
        proposals = rng.integers(0, count, 2 * size)
        proposals = proposals[~np.isin(proposals, taken)]
        joined = np.concatenate([found, proposals])
        _, first = np.unique(joined, return_index=True)
        found = joined[np.sort(first)][:size]
    return found
