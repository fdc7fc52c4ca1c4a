"""SPEED: a few rollouts tell whether a prompt is worth a full group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.contract.strategy import Rollouts
from vas_theory.selection.strategies._groups import mixed_P
from vas_theory.selection.strategies._screened import ScreenedStrategy

__all__ = ["STRATEGY", "Speed"]


@dataclass
class Speed(ScreenedStrategy):
    """Roll ``screening_rollouts``; where they are mixed, roll the rest of the group and train on all of it.

    Surplus groups wait in a buffer. Conditioning on a mixed screening biases the group's mean: a kept prompt of pass
    rate p has screening mean E[m | 0 < m < N]/N, not p (for N = 4 and p = .05 it is .26).

    Args:
        screening_rollouts: N of the first phase; 0 takes 4, and half of a group that has no more than that.
        screened_batches: prompts screened a round, in batches.
        more_rollouts: of the second phase; 0 fills up to the group size.
        staleness: steps a group may wait.
        max_rounds: screening rounds a step.

    Source: SPEED-RL (arXiv 2506.09016) and its public code (4 and 20 rollouts there).
    Costs: ``screening_rollouts`` for every candidate and the second phase for mixed ones.
    Deviations: the second phase fills up to the run's group size by default, so that groups of all arms are alike;
        groups of 4 or fewer are screened with half of their rollouts, where the source has no such groups.
    """

    screening_rollouts: int = 0
    screened_batches: float = 2.0
    more_rollouts: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        size = self.setting.group_size
        self.screening_rollouts = self.screening_rollouts or (4 if size > 4 else size // 2)
        if self.screening_rollouts < 2:
            raise ArgumentError("screening_rollouts", "be at least 2", self.screening_rollouts)
        if not self.more_rollouts and self.screening_rollouts >= size:
            raise ArgumentError("screening_rollouts", "be below the group size", self.screening_rollouts)

    def promising(self, rollouts: Rollouts) -> NDArray[np.bool_]:
        return mixed_P(rollouts)

    def continuation(self) -> int:
        return self.more_rollouts or self.setting.group_size - self.screening_rollouts


STRATEGY = Speed
