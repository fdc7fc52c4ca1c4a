"""Groups that are sampled as complete trees: what all tree strategies share."""

from __future__ import annotations

import abc
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.contract.strategy import FloatArray, Proposal, Rollouts, TrainingGroups
from vas_theory.selection.strategies.uniform import Uniform

__all__ = ["TreeStrategy", "prefix_values"]


def prefix_values(rewards_PL: FloatArray, branching: int, depth: int) -> list[FloatArray]:
    """Return the mean reward below every node, level by level, the root first.

    Args:
        rewards_PL: (P, branching ** depth) rewards of the leaves, siblings side by side.
        branching: children of a node.
        depth: levels below the root.

    Returns:
        ``depth + 1`` arrays, that of level k of shape (P, branching ** k).
    """
    return [rewards_PL.reshape(len(rewards_PL), branching**level, -1).mean(2) for level in range(depth + 1)]


@dataclass
class TreeStrategy(Uniform):
    """Walk epochs; a group is a tree of ``branching ** depth`` leaves whose steps get credit of their own."""

    branching: int = 3
    depth: int = 3

    sampling: ClassVar[str] = "tree"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.branching < 2:
            raise ArgumentError("branching", "be at least 2", self.branching)
        if self.depth < 1:
            raise ArgumentError("depth", "be at least 1", self.depth)

    @property
    def leaves(self) -> int:
        """Rollouts of a group."""
        return self.branching**self.depth

    @abc.abstractmethod
    def credit(self, rewards_PL: FloatArray) -> FloatArray:
        """Return the advantage of every step, (P, leaves, depth)."""

    def propose(self, rng: np.random.Generator) -> Proposal | None:
        proposal = super().propose(rng)
        return None if proposal is None else (proposal[0], np.full(len(proposal[0]), self.leaves))

    def receive(self, rollouts: Rollouts) -> None:
        if rollouts.actions_R is None or rollouts.actions_R.shape[1] != self.depth:
            shape = None if rollouts.actions_R is None else rollouts.actions_R.shape
            raise ArgumentError("actions_R", f"have {self.depth} steps a rollout", shape)
        super().receive(rollouts)

    def training_groups(self) -> TrainingGroups:
        received = self._received
        groups = super().training_groups()
        if received is None:
            return groups
        credit = self.credit(np.nan_to_num(received.rewards_R).reshape(-1, self.leaves))
        return replace(groups, advantages_R=credit.reshape(-1, self.depth))
