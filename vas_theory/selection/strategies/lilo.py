"""LILO: screen several batches and train on the prompts of highest outcome variance."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from vas_theory.selection.contract.strategy import Proposal, Rollouts, Strategy, TrainingGroups
from vas_theory.selection.strategies._groups import select_groups

__all__ = ["STRATEGY", "Lilo"]


@dataclass
class Lilo(Strategy):
    """Roll ``pool_batches`` batches, train on the batch with the largest q(1-q).

    Args:
        pool_batches: prompts screened a step, in batches.

    Source: learnability sampling (arXiv 2502.12272), after Foster and Foerster; taken from summaries.
    Costs: ``pool_batches * batch_size * group_size`` rollouts a step.
    Deviations: the screening rollouts are also the training group, so that none is rolled twice; the screening
        size is the group size (8 in the source).
    """

    pool_batches: int = 4

    untrained_purpose: ClassVar[str] = "screening"

    _received: Rollouts | None = field(default=None, init=False, repr=False)
    _proposed: bool = field(default=False, init=False, repr=False)

    def propose(self, rng: np.random.Generator) -> Proposal | None:
        if self._proposed:
            return None
        self._proposed = True
        prompts_P = self.candidates(rng, self.pool_batches * self.setting.batch_size)
        return (prompts_P, np.full(len(prompts_P), self.setting.group_size)) if len(prompts_P) else None

    def receive(self, rollouts: Rollouts) -> None:
        self._received = rollouts

    def training_groups(self) -> TrainingGroups:
        received, self._received, self._proposed = self._received, None, False
        if received is None:
            return TrainingGroups.empty()
        rates = np.nan_to_num(received.pass_rates_P)
        order = np.argsort(-rates * (1 - rates), kind="stable")
        return select_groups(received, order[: self.setting.batch_size], self.setting)


STRATEGY = Lilo
