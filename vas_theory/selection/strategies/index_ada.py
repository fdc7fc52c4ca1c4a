"""Index with adaptive groups: the index chooses where each group goes, then weighs right and wrong alike."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.contract.strategy import FloatArray, IntArray, Proposal, Rollouts, TrainingGroups
from vas_theory.selection.strategies._balanced import balanced_groups, balanced_pushes, outcomes
from vas_theory.selection.strategies._groups import join_groups
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
    _rounds: list[Rollouts] = field(default_factory=list, init=False, repr=False)
    _tables: dict[tuple[int, bool], tuple[FloatArray, FloatArray]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise ArgumentError("rounds", "be at least 1", self.rounds)
        super().__post_init__()

    def pushes(self) -> FloatArray:
        return balanced_pushes(self.setting.group_size)

    def propose(self, rng: np.random.Generator) -> Proposal | None:
        if self._round == 0:
            self._tables = {}
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
        self._rounds.append(rollouts)

    def training_groups(self) -> TrainingGroups:
        parts = [(shown, *balanced_groups(shown, self.setting)) for shown in outcomes(self._rounds)]
        self.step += bool(self._rounds)
        self._round, self._rounds = 0, []
        if any(shown.graded_P.any() for shown, _, _ in parts):
            prompts_P, right_P, graded_P, deviation_P = (
                np.concatenate([getattr(shown, name) for shown, _, _ in parts])
                for name in ("prompts_P", "right_P", "graded_P", "deviation_P")
            )
            push_P, known = np.concatenate([push_P for _, _, push_P in parts]), graded_P > 0
            self.belief.observe(prompts_P[known], right_P[known], graded_P[known], deviation_P[known], push_P[known])
        return join_groups([groups for _, groups, _ in parts])

    def _next(self, count: int, rng: np.random.Generator) -> IntArray:
        """Return the prompts of the next ``count`` groups: the best of the queue and of the silent ones."""
        prompts_P, values_P = self._going_on()
        keys_P = np.log(np.maximum(values_P, 1e-300)) + self.temperature * rng.gumbel(size=len(prompts_P))
        new = self._queue[:count]
        chosen = np.sort(np.argsort(-np.concatenate([self._keys[:count], keys_P]), kind="stable")[:count])
        taken = np.count_nonzero(chosen < len(new))
        self._queue, self._keys = self._queue[taken:], self._keys[taken:]
        return np.concatenate([new, prompts_P])[chosen]

    def _going_on(self) -> tuple[IntArray, FloatArray]:
        """Return the prompts whose rollouts in this step have one reward, and the index of another group for each."""
        prompts, values = [np.empty(0, np.int64)], [np.empty(0)]
        for shown in outcomes(self._rounds):
            silent_P = ~shown.mixed_P & (shown.graded_P > 0)
            if not silent_P.any():
                continue
            prompts_P, graded_P, right_P = shown.prompts_P[silent_P], shown.graded_P[silent_P], shown.right_P[silent_P]
            weights = self.belief.after(self.belief.posterior(prompts_P), prompts_P, right_P, graded_P)
            values_P = np.empty(len(prompts_P))
            for solved in (False, True):
                own = (right_P > graded_P / 2) == solved
                values_P[own] = self.values(
                    prompts_P[own], weights[own], *self._tabulated(shown.ids_PN.shape[1], solved)
                )
            prompts.append(prompts_P)
            values.append(values_P)
        return np.concatenate(prompts), np.concatenate(values)

    def _tabulated(self, rolled: int, solved: bool) -> tuple[FloatArray, FloatArray]:
        """Return gains and expected push of a visit that adds a group to ``rolled`` rollouts which agree."""
        if (rolled, solved) not in self._tables:
            first_M = balanced_pushes(self.setting.group_size, rolled, rolled if solved else 0)
            self._tables[rolled, solved] = self.look.gains(first_M), self.look.signals(first_M)
        return self._tables[rolled, solved]


STRATEGY = IndexAda
