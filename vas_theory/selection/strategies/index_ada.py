"""Index with adaptive groups: the index chooses where each group goes, then weighs right and wrong alike."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from vas_theory.errors import ArgumentError
from vas_theory.selection.strategies._balanced import balanced_group, balanced_pushes
from vas_theory.selection.strategies.base import FloatArray, IntArray, Proposal, Rollouts, TrainingGroups
from vas_theory.selection.strategies.index import Index

__all__ = ["STRATEGY", "IndexAda"]


@dataclass
class IndexAda(Index):
    r"""Give the groups of a batch away in rounds: to new prompts, or again to one that has been silent so far.

    Each round goes to the largest indices. That of a prompt whose rollouts in this step all agree is computed again,
    by the belief after them and by what another group would push: by one right of 2G harder than by one of G. What is
    trained on of a prompt are G rollouts whose right and wrong ones have the same weight together, whitened by the mean
    and deviation of all that it had in the step (:mod:`~vas_theory.selection.strategies._balanced`). All else is as in
    :class:`~vas_theory.selection.strategies.index.Index`.

    Args:
        rounds: in which the batch is given away, no more than it has groups; with 1 no prompt gets a second group.

    Source: this project. Going on, the baseline and the balance are those of Reinforce-Ada (arXiv 2510.04996), which
        goes on with every prompt of a batch.
    Costs: ``batch_size * group_size`` rollouts a step; prompts that stay silent are not trained on.
    Deviations: from Reinforce-Ada: weights balance a group, where it leaves rollouts out; graded rewards are split at
        their mean; a prompt is silent while all its rewards are equal.
    """

    rounds: int = 4
    _round: int = field(default=0, init=False, repr=False)
    _queue: IntArray = field(default_factory=lambda: np.empty(0, np.int64), init=False, repr=False)
    _keys: FloatArray = field(default_factory=lambda: np.empty(0), init=False, repr=False)
    _ids: dict[int, list[int]] = field(default_factory=dict, init=False, repr=False)
    _rewards: dict[int, list[float]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise ArgumentError("rounds", "be at least 1", self.rounds)
        super().__post_init__()

    def pushes(self) -> FloatArray:
        return balanced_pushes(self.setting.group_size)

    def propose(self, rng: np.random.Generator) -> Proposal | None:
        if self._round == 0:
            prompts_P, keys_P = self.ranked(rng)
            by_chance_first = np.argsort(~np.isinf(keys_P), kind="stable")
            self._queue, self._keys = prompts_P[by_chance_first], keys_P[by_chance_first]
        rounds = min(self.rounds, self.setting.batch_size)
        if self._round == rounds:
            return None
        first, last = (self.setting.batch_size * done // rounds for done in (self._round, self._round + 1))
        self._round += 1
        prompts_P = self._next(last - first, rng)
        if not len(prompts_P):
            return None
        return prompts_P, np.full(len(prompts_P), self.setting.group_size, dtype=np.int64)

    def receive(self, rollouts: Rollouts) -> None:
        self.note_lengths(rollouts)
        for prompt, start, count in zip(rollouts.prompts_P.tolist(), rollouts.starts_P, rollouts.counts_P, strict=True):
            own = slice(start, start + count)
            self._ids.setdefault(prompt, []).extend(rollouts.ids_R[own].tolist())
            self._rewards.setdefault(prompt, []).extend(rollouts.rewards_R[own].tolist())

    def training_groups(self) -> TrainingGroups:
        ids, rewards = ([np.array(values) for values in told.values()] for told in (self._ids, self._rewards))
        prompts_P = np.array(list(self._ids), dtype=np.int64)
        self.step += bool(self._rewards)
        self._round, self._ids, self._rewards = 0, {}, {}
        groups = [balanced_group(*one, self.setting) for one in zip(ids, rewards, strict=True)]
        self._learn(prompts_P, rewards, np.array([0.0 if group is None else group.push for group in groups]))
        mixed = [(prompt, group) for prompt, group in zip(prompts_P, groups, strict=True) if group is not None]
        if not mixed:
            return TrainingGroups.empty()
        return TrainingGroups(
            np.array([prompt for prompt, _ in mixed]),
            np.array([len(group.ids_R) for _, group in mixed]),
            np.concatenate([group.ids_R for _, group in mixed]),
            np.concatenate([group.rewards_R for _, group in mixed]),
            np.concatenate([group.advantages_R for _, group in mixed]),
        )

    def _learn(self, prompts_P: IntArray, rewards: list[FloatArray], push_P: FloatArray) -> None:
        """Tell the belief what a step showed of prompts and how far it moves them."""
        graded = [values[np.isfinite(values)] for values in rewards]
        told = np.array([len(values) > 0 for values in graded], dtype=bool)
        if not told.any():
            return
        graded = [values for values in graded if len(values)]
        counts_P = np.array([len(values) for values in graded])
        right_P = np.clip([values.sum() for values in graded], 0.0, counts_P)
        deviation_P = np.array([values.std() for values in graded])
        self.belief.observe(prompts_P[told], right_P, counts_P, deviation_P, push_P[told])

    def _next(self, count: int, rng: np.random.Generator) -> IntArray:
        """Return the prompts of the next ``count`` groups: the best of the queue and of the silent ones."""
        silent = [prompt for prompt in self._rewards if len(set(self._graded(prompt))) == 1]
        silent_P = np.array(silent, dtype=np.int64)
        keys_P = np.log(np.maximum(self._going_on(silent_P), 1e-300))
        keys_P += self.temperature * rng.gumbel(size=len(silent_P))
        keys = np.concatenate([self._keys[:count], keys_P])
        chosen = np.sort(np.argsort(-keys, kind="stable")[:count])
        prompts_P = np.concatenate([self._queue[:count], silent_P])[chosen]
        taken = np.count_nonzero(chosen < len(self._keys[:count]))
        self._queue, self._keys = self._queue[taken:], self._keys[taken:]
        return prompts_P

    def _graded(self, prompt: int) -> list[float]:
        """Return the rewards of a prompt in this step, without those that are missing."""
        return [reward for reward in self._rewards[prompt] if np.isfinite(reward)]

    def _going_on(self, prompts_P: IntArray) -> FloatArray:
        """Return the index of another group of prompts whose rollouts in this step all have one reward."""
        belief = self.belief
        rolled_P = np.array([len(self._graded(prompt)) for prompt in prompts_P.tolist()], dtype=np.int64)
        right_P = np.array([sum(self._graded(prompt)) for prompt in prompts_P.tolist()], dtype=np.float64)
        weights = belief.after(belief.posterior(prompts_P), prompts_P, right_P, rolled_P)
        solved_P = right_P > rolled_P / 2
        values_P = np.empty(len(prompts_P))
        for rolled, solved in set(zip(rolled_P.tolist(), solved_P.tolist(), strict=True)):
            own = (rolled_P == rolled) & (solved_P == solved)
            first_M = balanced_pushes(self.setting.group_size, rolled, rolled if solved else 0)
            gains_L, signals_L = self.look.gains(first_M), self.look.signals(first_M)
            values_P[own] = self.values(prompts_P[own], weights[own], gains_L, signals_L)
        return values_P


STRATEGY = IndexAda
