"""How the uniform share of a batch walks through the prompts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vas_theory.foundation.streams import stream_generator
from vas_theory.selection.sampler.config import SamplerConfig

__all__ = ["FixedWalk", "IndependentDraws", "ReshuffledWalk", "UniformWalk", "build_walk"]

Positions = NDArray[np.int64]


class UniformWalk(Protocol):
    """Hands out the uniform share, batch by batch."""

    def take(self, seed: int, step: int, size: int) -> Positions:
        """Return the next ``size`` positions."""

    def restart(self) -> None:
        """Take note that the weights were refreshed."""

    def state_dict(self) -> dict[str, Any]:
        """Arrays and numbers that describe the walk fully."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a saved state of the same prompts."""

    def adopt(self, state: Mapping[str, Any], sources: Positions, seed: int) -> None:
        """Continue from a state of another prompt set: position i was ``sources[i]``, or is new at -1."""


def _index_dtype(count: int) -> type[np.unsignedinteger[Any]]:
    return np.uint32 if count <= 1 << 32 else np.uint64


class ReshuffledWalk:
    """Passes over all prompts, each in a new random order: counts never differ by more than one.

    A batch never holds a prompt twice, not even where one pass ends and the next begins: what the end of a
    pass has just handed out moves behind the part of the next pass that this batch takes.

    Args:
        count: number of prompts.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._order = np.empty(0, dtype=_index_dtype(count))
        self._cursor = 0
        self._passes = 0

    def take(self, seed: int, step: int, size: int) -> Positions:
        """Return the next ``size`` positions, all distinct while ``size`` <= the number of prompts."""
        parts = [self._advance(size)]
        while (missing := size - sum(part.size for part in parts)) > 0:
            self._shuffle(seed)
            if missing < self._count:
                self._postpone(parts[-1], missing)
            parts.append(self._advance(missing))
        return np.concatenate(parts) if len(parts) > 1 else parts[0]

    def take_outside(self, seed: int, size: int, avoided: Positions) -> Positions:
        """Return the next ``size`` positions that are not avoided; the others keep their place in the pass.

        While some wait for the end of their rest the next pass may begin, so that counts can differ by two.
        """
        waiting = self._order[self._cursor :].astype(np.int64)
        taken = np.empty(0, dtype=np.int64)
        while True:
            fresh = np.flatnonzero(~np.isin(waiting, avoided) & ~np.isin(waiting, taken))
            _, first = np.unique(waiting[fresh], return_index=True)  # two passes may meet in what waits
            fresh = fresh[np.sort(first)][: size - taken.size]
            taken = np.concatenate([taken, waiting[fresh]])
            waiting = np.delete(waiting, fresh)
            if taken.size == size:
                self._order, self._cursor = waiting.astype(self._order.dtype), 0
                return taken
            self._shuffle(seed)
            waiting = np.concatenate([waiting, self._order.astype(np.int64)])

    def _advance(self, size: int) -> Positions:
        part = self._order[self._cursor : self._cursor + size].astype(np.int64)
        self._cursor += part.size
        return part

    def _shuffle(self, seed: int) -> None:
        rng = stream_generator(seed, "pass", self._passes)
        self._order = np.arange(self._count, dtype=self._order.dtype)
        rng.shuffle(self._order)
        self._cursor = 0
        self._passes += 1

    def _postpone(self, taken: Positions, wanted: int) -> None:
        """Bring ``wanted`` prompts that are not in ``taken`` to the front, all else in unchanged order."""
        head = self._order[: wanted + taken.size]
        repeated = np.isin(head, taken)
        fresh = np.flatnonzero(~repeated)[:wanted]
        if fresh.size < wanted:  # more slots than other prompts: a repeat cannot be avoided
            return
        chosen = np.zeros(head.size, dtype=bool)
        chosen[fresh] = True
        self._order[: head.size] = np.concatenate([head[chosen], head[~chosen]])

    def restart(self) -> None:
        """A refresh of the weights changes nothing here."""

    def state_dict(self) -> dict[str, Any]:
        """Arrays and numbers that describe the walk fully."""
        return {"order": self._order[self._cursor :].copy(), "passes": self._passes}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a saved state of the same prompts."""
        self._order = state["order"].astype(self._order.dtype)
        self._cursor = 0
        self._passes = int(state["passes"])

    def adopt(self, state: Mapping[str, Any], sources: Positions, seed: int) -> None:
        """Finish the pass under way with what survives of it, new prompts mixed in at random places."""
        self.load_state_dict(state)
        if self._order.size == 0:  # between two passes; the next one holds all prompts anyway
            return
        survivors = np.flatnonzero(sources >= 0)
        place_of = np.full(1 + max(sources.max(initial=-1), int(self._order.max(initial=0))), -1, dtype=np.int64)
        place_of[sources[survivors]] = survivors
        left = place_of[self._order]
        new = np.flatnonzero(sources < 0)
        rest = np.concatenate([left[left >= 0], new]).astype(self._order.dtype)
        if new.size:
            stream_generator(seed, "growth", self._passes).shuffle(rest)
        self._order = rest


class IndependentDraws:
    """Independent uniform draws, as the paper's Algorithm 1 is written.

    Args:
        count: number of prompts.
    """

    def __init__(self, count: int) -> None:
        self._count = count

    def take(self, seed: int, step: int, size: int) -> Positions:
        """Return ``size`` positions, drawn with replacement."""
        return stream_generator(seed, "uniform", step).integers(0, self._count, size)

    def restart(self) -> None:
        """A refresh of the weights changes nothing here."""

    def state_dict(self) -> dict[str, Any]:
        """Nothing: each step's draws depend on seed and step alone."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Nothing to load."""

    def adopt(self, state: Mapping[str, Any], sources: Positions, seed: int) -> None:
        """Nothing to carry over."""


class FixedWalk:
    """One random order for the whole run, as in the released code of the paper.

    It differs from a fair walk in four ways: the order is never reshuffled; where fewer prompts than a batch's
    share are left before the end it goes back to the start and skips them; at each epoch it jumps to
    (batches * share) mod P, which is not where it was once it has wrapped; and at each refresh it jumps in the same
    way before the last batch is counted, so that batch's share comes again. A refresh also begins a new epoch.

    Args:
        count: number of prompts, P.
        batches_per_epoch: after how many batches it jumps.
        order: the order to walk, drawn from the seed where it is not given.
    """

    def __init__(self, count: int, *, batches_per_epoch: int, order: Positions | None = None) -> None:
        self._count = count
        self._batches_per_epoch = batches_per_epoch
        self._order = np.empty(0, dtype=np.int64) if order is None else np.asarray(order, dtype=np.int64)
        self._position = 0
        self._batches = 0
        self._batches_in_epoch = 0
        self._jump_to = 0

    def take(self, seed: int, step: int, size: int) -> Positions:
        """Return the next ``size`` positions."""
        if self._order.size == 0:
            self._order = stream_generator(seed, "pass", 0).permutation(self._count)
        if self._jump_to < 0 and self._batches_in_epoch == self._batches_per_epoch:
            self._jump_to = self._batches
        if self._jump_to >= 0:
            self._position = (self._jump_to * size) % self._count
            self._batches_in_epoch = 0
            self._jump_to = -1
        if self._position + size > self._count:
            self._position = 0
        part = self._order[self._position : self._position + size]
        self._position += size
        self._batches += 1
        self._batches_in_epoch += 1
        return part

    def restart(self) -> None:
        """Jump before the next batch, as if the last one had not been."""
        self._jump_to = max(0, self._batches - 1)

    def state_dict(self) -> dict[str, Any]:
        """Arrays and numbers that describe the walk fully."""
        return {
            "order": self._order.copy(),
            "position": self._position,
            "batches": self._batches,
            "batches_in_epoch": self._batches_in_epoch,
            "jump_to": self._jump_to,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a saved state of the same prompts."""
        self._order = state["order"].astype(np.int64)
        self._position = int(state["position"])
        self._batches = int(state["batches"])
        self._batches_in_epoch = int(state["batches_in_epoch"])
        self._jump_to = int(state["jump_to"])

    def adopt(self, state: Mapping[str, Any], sources: Positions, seed: int) -> None:
        """Begin anew: a fixed order of other prompts has no counterpart here."""


def build_walk(config: SamplerConfig, count: int) -> UniformWalk:
    """Return the walk that the settings name."""
    if config.uniform_share == "reshuffled":
        return ReshuffledWalk(count)
    if config.uniform_share == "independent":
        return IndependentDraws(count)
    return FixedWalk(count, batches_per_epoch=max(1, count // config.batch_size))
