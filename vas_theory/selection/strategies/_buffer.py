"""Groups that wait for a later step, stored flat so that they are part of a strategy's state."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from vas_theory.selection.contract.strategy import (
    FloatArray,
    IntArray,
    SelectionSetting,
    TrainingGroups,
    ragged_advantages,
)

__all__ = ["GroupBuffer"]


def _integers() -> IntArray:
    return np.empty(0, dtype=np.int64)


@dataclass
class GroupBuffer:
    """First in, first out: prompt, size, step of the rollouts, and the rollouts of each waiting group."""

    prompts_P: IntArray = field(default_factory=_integers)
    sizes_P: IntArray = field(default_factory=_integers)
    steps_P: IntArray = field(default_factory=_integers)
    ids_R: IntArray = field(default_factory=_integers)
    rewards_R: FloatArray = field(default_factory=lambda: np.empty(0))

    def __len__(self) -> int:
        return len(self.prompts_P)

    def add(self, prompt: int, ids_R: IntArray, rewards_R: FloatArray, step: int) -> None:
        """Append one group."""
        self.prompts_P = np.append(self.prompts_P, prompt)
        self.sizes_P = np.append(self.sizes_P, len(ids_R))
        self.steps_P = np.append(self.steps_P, step)
        self.ids_R = np.concatenate([self.ids_R, ids_R])
        self.rewards_R = np.concatenate([self.rewards_R, rewards_R])

    def drop_before(self, step: int) -> None:
        """Forget groups whose rollouts were made before ``step``."""
        self._keep(self.steps_P >= step)

    def take(self, count: int, setting: SelectionSetting) -> TrainingGroups:
        """Remove the oldest ``count`` groups and return them for training."""
        first = np.arange(len(self)) < count
        rolled = np.repeat(first, self.sizes_P)
        sizes_P, rewards_R = self.sizes_P[first], self.rewards_R[rolled]
        advantages_R = ragged_advantages(rewards_R, sizes_P, kind=setting.advantage, ddof=setting.ddof, eps=setting.eps)
        groups = TrainingGroups(self.prompts_P[first], sizes_P, self.ids_R[rolled], rewards_R, advantages_R)
        self._keep(~first)
        return groups

    def _keep(self, kept_P: np.ndarray) -> None:
        kept_R = np.repeat(kept_P, self.sizes_P)
        self.prompts_P, self.sizes_P, self.steps_P = (
            values[kept_P] for values in (self.prompts_P, self.sizes_P, self.steps_P)
        )
        self.ids_R, self.rewards_R = self.ids_R[kept_R], self.rewards_R[kept_R]
