"""Finding a way through a graph: a smooth ladder of distances, or one with gaps.

Source:
    2602.14872 (a smooth spectrum of difficulty lets easy prompts teach harder ones, gaps give plateaus).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from simulations.networks.world import IntArray, Prompts, RunShape, Start, World
from vas_theory.foundation.errors import UnknownNameError

__all__ = ["WORLDS", "Navigation"]

_NODES, _WAYS, _FARTHEST = 96, 2, 8


def _other_starts() -> Mapping[str, Start]:
    return {"reseeded": Start(seed=1), "farther": Start(seed=3, variant="farther")}


@dataclass(frozen=True)
class Navigation(World):
    """A prompt is a start and a goal in a graph that never changes; a response is the nodes of a way, the goal last.

    Right is a response that steps along edges and reaches the goal, by whatever way; after the goal comes the end.

    Args:
        distances: how far the goals are of the prompts that are trained on and measured; gaps in them are gaps in the
            ladder of difficulty.
        power: ways of d steps are demonstrated in proportion to d^-power.
        graph_seed: of the graph.
    """

    other_starts: Mapping[str, Start] = field(default_factory=_other_starts)
    distances: tuple[int, ...] = tuple(range(1, _FARTHEST + 1))
    power: float = 2.5
    graph_seed: int = 1

    vocabulary: ClassVar[int] = _NODES + 1
    answers: ClassVar[int] = _NODES + 1
    prompt_length: ClassVar[int] = 2
    response_length: ClassVar[int] = _FARTHEST + 1
    end: ClassVar[int | None] = _NODES

    @cached_property
    def _edges(self) -> IntArray:
        """(nodes, ways) the nodes that each leads to: one round through all, and random ones beside it."""
        rng = np.random.default_rng([self.graph_seed, _NODES])
        order = rng.permutation(_NODES)
        edges = np.empty((_NODES, _WAYS), np.int64)
        edges[order, 0] = np.roll(order, -1)
        for way in range(1, _WAYS):
            edges[:, way] = rng.permutation(_NODES)
        return edges

    @cached_property
    def _distances(self) -> IntArray:
        """(nodes, nodes) steps from each node to each."""
        far = np.full((_NODES, _NODES), _NODES)
        np.fill_diagonal(far, 0)
        for _ in range(_NODES):
            far = np.minimum(far, 1 + far[self._edges].min(axis=1))
        return far

    def prompts(self, rng: np.random.Generator, count: int) -> Prompts:
        return self._draw(rng, count, self.distances, np.full(len(self.distances), 1 / len(self.distances)))

    def demonstrations(self, rng: np.random.Generator, count: int, variant: str = "") -> tuple[IntArray, IntArray]:
        powers = {"": self.power, "farther": self.power - 1.0}
        if variant not in powers:
            raise UnknownNameError(f"variant of {self.name}", variant, powers)
        shares = np.arange(1, _FARTHEST + 1.0) ** -powers[variant]
        prompts = self._draw(rng, count, tuple(range(1, _FARTHEST + 1)), shares / shares.sum())
        return prompts.tokens_PL, self._shortest_ways(rng, prompts)

    def correct(self, prompts: Prompts, responses_PT: IntArray) -> NDArray[np.bool_]:
        at_P, goal_P = prompts.tokens_PL.T
        arrived_P = np.zeros(len(at_P), bool)
        lost_P = np.zeros(len(at_P), bool)
        for node_P in responses_PT.T:
            ended_P = node_P == _NODES
            known_P = np.where(ended_P, 0, node_P)
            walks_P = (self._edges[at_P] == known_P[:, None]).any(axis=1) & ~ended_P
            lost_P |= ~walks_P & ~(ended_P & arrived_P)
            at_P = np.where(walks_P, known_P, at_P)
            arrived_P = at_P == goal_P
        return np.asarray(arrived_P & ~lost_P)

    def text(self, prompts: Prompts) -> list[str]:
        return [f"from {start} to {goal}" for start, goal in prompts.tokens_PL]

    def _draw(
        self, rng: np.random.Generator, count: int, distances: tuple[int, ...], shares: NDArray[np.float64]
    ) -> Prompts:
        far_P = rng.choice(np.array(distances), count, p=shares)
        pairs = {distance: np.argwhere(self._distances == distance) for distance in distances}
        tokens_PL = np.empty((count, 2), np.int64)
        for distance, ends in pairs.items():
            chosen = far_P == distance
            tokens_PL[chosen] = ends[rng.integers(0, len(ends), chosen.sum())]
        return Prompts(tokens_PL, {"level": far_P})

    def _shortest_ways(self, rng: np.random.Generator, prompts: Prompts) -> IntArray:
        at_P, goal_P = prompts.tokens_PL.T
        ways = np.full((len(at_P), self.response_length), _NODES)
        for place in range(self.response_length):
            going_P = at_P != goal_P
            nexts_PW = self._edges[at_P]
            left_PW = self._distances[nexts_PW, goal_P[:, None]] + rng.random(nexts_PW.shape) / 2  # ties by chance
            next_P = np.take_along_axis(nexts_PW, left_PW.argmin(axis=1)[:, None], axis=1)[:, 0]
            at_P = np.where(going_P, next_P, at_P)
            ways[going_P, place] = at_P[going_P]
        return ways


WORLDS: tuple[World, ...] = (
    Navigation(
        "navigation-smooth",
        "ways of 1 to 8 steps through 96 nodes",
        "a ladder of difficulty without gaps",
        run=RunShape(learning_rate=1e-4),
    ),
    Navigation(
        "navigation-gapped",
        "ways of 1, 2, 7 and 8 steps",
        "a ladder of difficulty with a gap",
        run=RunShape(learning_rate=1e-4),
        distances=(1, 2, 7, 8),
    ),
    Navigation(
        "navigation-development",
        "ways of 2 to 7 steps through another graph",
        "for choosing settings, never reported",
        development=True,
        distances=tuple(range(2, 8)),
        graph_seed=2,
        run=RunShape(budget=25_600),
    ),
)
