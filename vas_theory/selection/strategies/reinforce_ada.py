"""Reinforce-Ada: keep rolling a prompt until both outcomes are seen often enough, then train on a few."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.contract.strategy import IntArray, Proposal, Rollouts, TrainingGroups
from vas_theory.selection.strategies.uniform import Uniform

__all__ = ["STRATEGY", "ReinforceAda"]


@dataclass
class ReinforceAda(Uniform):
    """Roll rounds for each prompt of the batch until it has ``needed`` right and wrong answers; train on ``kept`` each.

    The baseline is the mean over ALL rollouts of the prompt, and so is the standard deviation of ``grpo``; the kept
    rollouts are balanced, half right and half wrong where possible. Prompts that stay silent are dropped.

    Args:
        round_rollouts: rollouts a round; 0 takes the group size.
        max_rounds: rounds a prompt.
        needed: right and wrong answers that end a prompt's rounds.
        kept: rollouts of a prompt that are trained on (0: half of the group size, 4 of 8 in the source).

    Source: Reinforce-Ada (arXiv 2510.04996) and its public code.
    Costs: between one and ``max_rounds`` rounds for every prompt of the batch.
    Deviations: the kept rollouts are the earliest of each outcome instead of a random choice, which is the same
        in distribution.
    """

    round_rollouts: int = 0
    max_rounds: int = 4
    needed: int = 2
    kept: int = 0
    _batch: IntArray = field(default_factory=lambda: np.empty(0, np.int64), init=False, repr=False)
    _active: IntArray = field(default_factory=lambda: np.empty(0, np.int64), init=False, repr=False)
    _round: int = field(default=0, init=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.round_rollouts = self.round_rollouts or self.setting.group_size
        self.kept = self.kept or max(2, self.setting.group_size // 2)
        if self.needed < 1 or self.kept < 2:
            raise ArgumentError("needed, kept", "be at least 1 and 2", (self.needed, self.kept))
        self._ids: list[list[int]] = []
        self._rewards: list[list[float]] = []

    def propose(self, rng: np.random.Generator) -> Proposal | None:
        if self._round == 0:
            self._batch = self.walk(rng, self.setting.batch_size)
            self._active = np.arange(len(self._batch))
            self._ids, self._rewards = [[] for _ in self._batch], [[] for _ in self._batch]
        if not len(self._active) or self._round == self.max_rounds:
            return None
        self._round += 1
        return self._batch[self._active], np.full(len(self._active), self.round_rollouts)

    def receive(self, rollouts: Rollouts) -> None:
        still = []
        for position, place in enumerate(self._active):
            own = slice(rollouts.starts_P[position], rollouts.starts_P[position] + rollouts.counts_P[position])
            graded = np.isfinite(rollouts.rewards_R[own])
            self._ids[place] += rollouts.ids_R[own][graded].tolist()
            self._rewards[place] += rollouts.rewards_R[own][graded].tolist()
            right = sum(reward > 0.5 for reward in self._rewards[place])
            if min(right, len(self._rewards[place]) - right) < self.needed:
                still.append(place)
        self._active = np.array(still, dtype=np.int64)

    def training_groups(self) -> TrainingGroups:
        prompts, sizes, ids, rewards, advantages = [], [], [], [], []
        for place, prompt in enumerate(self._batch):
            values = np.array(self._rewards[place])
            if not len(values) or values.min() == values.max():
                continue
            right = values > 0.5
            per_class = self.kept // 2
            chosen = np.sort(np.concatenate([np.flatnonzero(right)[:per_class], np.flatnonzero(~right)[:per_class]]))
            scale = values.std(ddof=self.setting.ddof) + self.setting.eps if self.setting.advantage == "grpo" else 1.0
            prompts.append(int(prompt))
            sizes.append(len(chosen))
            ids.append(np.array(self._ids[place])[chosen])
            rewards.append(values[chosen])
            advantages.append((values[chosen] - values.mean()) / scale)
        self._round = 0
        self._batch = self._active = np.empty(0, dtype=np.int64)
        if not prompts:
            return TrainingGroups.empty()
        return TrainingGroups(
            np.array(prompts), np.array(sizes), np.concatenate(ids), np.concatenate(rewards), np.concatenate(advantages)
        )


STRATEGY = ReinforceAda
