"""Pilot-Commit: pilot rollouts sort prompts into skipped, deferred and committed ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.contract.strategy import IntArray, Rollouts
from vas_theory.selection.strategies._screened import ScreenedStrategy

__all__ = ["STRATEGY", "PilotCommit"]


@dataclass
class PilotCommit(ScreenedStrategy):
    """Skip pilots with q above ``skip_above``, defer those below ``defer_below``, commit to the rest; evict q = 1.

    Args:
        screening_rollouts: pilots a candidate; 0 takes a quarter of the group (16 of 64 in the source).
        screened_batches: candidates a round, in batches.
        skip_above: pilots with a higher pass rate are not continued.
        defer_below: pilots with a lower pass rate are not continued now.
        staleness: steps a group may wait.

    Source: Pilot-Commit (arXiv 2605.26606).
    Costs: the pilots of every candidate and the rest of the group for committed ones.
    Deviations: pilot and commit sizes keep the source's proportion (1 : 3) within the run's group size; deferred
        prompts come back with the next pass; evicted prompts never do.
    """

    screening_rollouts: int = 0
    screened_batches: float = 3.0
    skip_above: float = 0.75
    defer_below: float = 0.125
    evicted_P: IntArray = field(init=False, repr=False)

    remembered: ClassVar[tuple[str, ...]] = ("order", "position", "step", "evicted_P")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.screening_rollouts == 0:
            self.screening_rollouts = max(2, self.setting.group_size // 4)
        if self.screening_rollouts >= self.setting.group_size:
            raise ArgumentError("screening_rollouts", "be below the group size", self.screening_rollouts)
        self.evicted_P = np.zeros(self.setting.prompts, dtype=np.int64)

    def walk(self, rng: np.random.Generator, count: int) -> IntArray:
        prompts_P = super().walk(rng, count)
        return prompts_P[self.evicted_P[prompts_P] == 0]

    def promising(self, rollouts: Rollouts) -> NDArray[np.bool_]:
        rates = np.nan_to_num(rollouts.pass_rates_P)
        self.evicted_P[rollouts.prompts_P[rates == 1]] = 1
        chosen: NDArray[np.bool_] = (rates <= self.skip_above) & (rates >= self.defer_below)
        return chosen

    def continuation(self) -> int:
        return self.setting.group_size - self.screening_rollouts


STRATEGY = PilotCommit
