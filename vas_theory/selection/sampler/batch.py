"""Composition of one batch from the share by weight, probes and the uniform share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vas_theory.foundation.streams import stream_generator
from vas_theory.selection.sampler.tally import ARMS

if TYPE_CHECKING:
    from vas_theory.selection.sampler.variance_aware import VarianceAwareSampler

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


def compose_batch(sampler: VarianceAwareSampler) -> Batch:
    """Compose the batch of the sampler's present step.

    The uniform share is taken first, so that its walk is never disturbed; without replacement the probes come
    from what it left, and the share by weight from what both left.
    """
    config = sampler.config
    uniform = sampler.walk.take(sampler.seed, sampler.step, config.batch_size - config.num_weighted)
    probes = _stale_prompts(sampler, uniform, min(config.max_probes, config.num_weighted))
    taken = np.concatenate([uniform, probes])
    weighted, filled = _draw_weighted(sampler, taken, config.num_weighted - probes.size)
    shares = {"weighted": weighted, "probe": probes, "uniform": uniform}
    positions = np.concatenate(list(shares.values()))
    arms = np.concatenate([np.full(part.size, ARMS.index(arm), dtype=np.int8) for arm, part in shares.items()])
    if config.arrangement == "interleaved":
        # one by weight, one uniform, and so on, until the shorter share is used up
        ranks = np.concatenate([2 * np.arange(weighted.size), 2 * np.arange(uniform.size) + 1])
        order = np.argsort(ranks, kind="stable")
        positions, arms = positions[order], arms[order]
    return Batch(positions, arms, filled)


def _stale_prompts(sampler: VarianceAwareSampler, taken: Positions, limit: int) -> Positions:
    """Up to ``limit`` prompts without an observation for ``probe_after`` steps.

    They are looked for in a window that goes round the pool and stops behind the last one taken, so that none is
    passed over.
    """
    if limit == 0:
        return np.empty(0, dtype=np.int64)
    count = len(sampler)
    window = (sampler.probe_cursor + np.arange(min(_PROBE_WINDOW * limit, count))) % count
    idle = sampler.step - np.maximum(sampler.posterior.last_seen[window], 0)
    stale = idle >= sampler.config.probe_after
    if not sampler.config.replace:
        stale &= ~np.isin(window, taken)
    chosen = np.flatnonzero(stale)[:limit]
    passed = chosen[-1] + 1 if chosen.size == limit else window.size
    sampler.probe_cursor = (sampler.probe_cursor + int(passed)) % count
    return window[chosen]


def _draw_weighted(sampler: VarianceAwareSampler, taken: Positions, size: int) -> tuple[Positions, int]:
    """Draw ``size`` prompts by weight, the rest uniformly where too few weigh anything."""
    rng = stream_generator(sampler.seed, "weighted", sampler.step)
    index, replace = sampler.index, sampler.config.replace
    if size == 0:
        return np.empty(0, dtype=np.int64), 0
    if replace:
        if index.positive_count == 0:
            return rng.integers(0, len(sampler), size), size
        return index.draw(rng, size), 0
    kept = index.weights[taken]
    index.update(taken, 0.0)
    try:
        drawn = index.draw(rng, min(size, index.positive_count), replace=False)
    finally:
        index.update(taken, kept)
    missing = size - drawn.size
    fill = _uniform_outside(sampler, np.concatenate([taken, drawn]), missing)
    return np.concatenate([drawn, fill]), missing


def _uniform_outside(sampler: VarianceAwareSampler, taken: Positions, size: int) -> Positions:
    """Draw ``size`` distinct prompts uniformly from those that are not in ``taken``."""
    if size == 0:
        return np.empty(0, dtype=np.int64)
    rng = stream_generator(sampler.seed, "fill", sampler.step)
    count = len(sampler)
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
