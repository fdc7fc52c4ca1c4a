"""The product's sampler, which spends rollouts on scoring a part of the pool where that may tell most."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from simulations.networks.strategies.vas_informed import VasInformed
from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.contract.strategy import Proposal, Rollouts
from vas_theory.selection.rescoring import learn_scores, uncertain_prompts

__all__ = ["STRATEGY", "VasRescored"]


@dataclass
class VasRescored(VasInformed):
    """:class:`VasInformed`, or the sampler without knowledge, with a partial refresh every ``interval`` steps.

    A refresh rolls a group of each of the ``share`` of prompts whose pass rate is most uncertain while their groups may
    be mixed. Its rollouts are charged and not trained on, as ``VASConfig(rescored_share=...)`` does in TRL.

    Args:
        share: of the pool, in (0, 1].
        interval: steps between refreshes.

    Source: this project.
    Costs: ``batch_size * group_size`` rollouts a step, and ``share * prompts * group_size`` every ``interval`` steps.
    """

    states: bool = False
    share: float = 0.02
    interval: int = 35
    _scored_at: int = field(default=0, init=False, repr=False)
    _scoring: bool = field(default=False, init=False, repr=False)

    untrained_purpose: ClassVar[str] = "scoring"

    def __post_init__(self) -> None:
        if self.states or self.column:
            super().__post_init__()
        if not 0 < self.share <= 1:
            raise ArgumentError("share", "lie in (0, 1]", self.share)
        if self.interval < 1:
            raise ArgumentError("interval", "be at least 1", self.interval)

    def propose(self, rng: np.random.Generator) -> Proposal | None:
        if self.step == self._scored_at or self.step % self.interval or self._proposed:
            return super().propose(rng)
        self._scored_at = self.step
        chosen_P = uncertain_prompts(self.sampler, round(self.share * self.setting.prompts))
        if self.available is not None:
            chosen_P = chosen_P[self.available[chosen_P]]
        if not len(chosen_P):
            return super().propose(rng)
        self._scoring = True
        return chosen_P, np.full(len(chosen_P), self.setting.group_size)

    def receive(self, rollouts: Rollouts) -> None:
        if not self._scoring:
            return super().receive(rollouts)
        self._scoring = False
        rewards_PG = rollouts.rewards_R.reshape(-1, self.setting.group_size)
        right_PG = np.where(np.isfinite(rewards_PG), rewards_PG > 0.5, False)
        learn_scores(self.sampler, rollouts.prompts_P, np.where(np.isfinite(rewards_PG), right_PG, np.nan), right_PG)


STRATEGY = VasRescored
