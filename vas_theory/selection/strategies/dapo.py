"""DAPO's dynamic sampling: draw until the batch is full of groups that give a gradient."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from vas_theory.selection.contract.strategy import IntArray, Proposal, Rollouts, TrainingGroups
from vas_theory.selection.strategies._groups import join_groups, mixed_P, select_groups
from vas_theory.selection.strategies.uniform import Uniform

__all__ = ["STRATEGY", "Dapo"]


@dataclass
class Dapo(Uniform):
    """Roll ``oversampling * batch_size`` prompts a round and keep mixed groups until the batch is full.

    A group is kept when its rewards differ (0 < m < G for binary rewards). Kept groups beyond ``batch_size`` are
    dropped. After ``max_rounds`` rounds the step trains on what it has.

    Args:
        oversampling: prompts a round, in batches.
        max_rounds: rounds a step.

    Source: DAPO (arXiv 2503.14476), section 3.2; round size and limit as in its public recipes.
    Costs: between ``oversampling`` and ``oversampling * max_rounds`` batches of rollouts a step.
    Deviations: a step that stays short trains on the groups it has, where the recipes stop with an error.
    """

    oversampling: int = 3
    max_rounds: int = 10
    _kept: list[TrainingGroups] = field(default_factory=list, init=False, repr=False)
    _rounds: int = field(default=0, init=False, repr=False)

    def round_prompts(self, rng: np.random.Generator) -> IntArray:
        """Return the prompts of the next round."""
        return self.walk(rng, self.oversampling * self.setting.batch_size)

    def propose(self, rng: np.random.Generator) -> Proposal | None:
        if self._missing() <= 0 or self._rounds == self.max_rounds:
            return None
        self._rounds += 1
        prompts_P = self.round_prompts(rng)
        if not len(prompts_P):
            return None
        return prompts_P, np.full(len(prompts_P), self.setting.group_size)

    def receive(self, rollouts: Rollouts) -> None:
        self.observe(rollouts)
        chosen = np.flatnonzero(mixed_P(rollouts))[: self._missing()]
        self._kept.append(select_groups(rollouts, chosen, self.setting))

    def training_groups(self) -> TrainingGroups:
        groups = join_groups(self._kept)
        self._kept, self._rounds = [], 0
        return groups

    def _missing(self) -> int:
        return self.setting.batch_size - sum(len(part.prompts_P) for part in self._kept)


STRATEGY = Dapo
