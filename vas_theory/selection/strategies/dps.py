"""DPS: a hidden Markov model of each prompt's state (none right, mixed, all right)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.contract.strategy import FloatArray, IntArray, OneRoundStrategy, Rollouts

__all__ = ["STRATEGY", "Dps"]

NONE, MIXED, ALL = range(3)


@dataclass
class Dps(OneRoundStrategy):
    r"""Take the batch with the largest predicted probability of being mixed.

    The belief of a prompt moves by :math:`\mu' = \Phi\mu` each step, :math:`\Phi` the column-normalised Dirichlet
    counts of its transitions; an observation collapses it to the seen state. The counts then become
    :math:`\alpha \leftarrow \lambda\alpha + (1-\lambda)\alpha_0 + \xi`, :math:`\xi_{ij}` the posterior probability of
    the move from j to i.

    Args:
        retention: lambda.
        prior: alpha_0, the same for every transition.

    Source: DPS (arXiv 2603.10887) and its public code.
    Costs: ``batch_size * group_size`` rollouts a step, all trained on.
    Deviations: ties are broken at random; a graded reward counts as none or all right when the group is silent.
    """

    retention: float = 0.6
    prior: float = 1.0
    belief_P: FloatArray = field(init=False, repr=False)
    """(prompts, 3) probabilities of the states, after this step's prediction."""
    counts_P: FloatArray = field(init=False, repr=False)
    """(prompts, 3, 3) Dirichlet counts, to-state by from-state."""

    remembered: ClassVar[tuple[str, ...]] = ("belief_P", "counts_P")

    def __post_init__(self) -> None:
        if not 0 < self.retention <= 1:
            raise ArgumentError("retention", "lie in (0, 1]", self.retention)
        if self.prior <= 0:
            raise ArgumentError("prior", "be positive", self.prior)
        self.belief_P = np.full((self.setting.prompts, 3), 1 / 3)
        self.counts_P = np.full((self.setting.prompts, 3, 3), self.prior)
        self._before = self.belief_P

    def transitions(self, prompts_P: IntArray | slice = slice(None)) -> FloatArray:
        """Return Phi, (n, 3, 3), to-state by from-state."""
        counts = self.counts_P[prompts_P]
        matrix: FloatArray = counts / counts.sum(1, keepdims=True)
        return matrix

    def choose(self, rng: np.random.Generator) -> IntArray:
        self._before = self.belief_P
        self.belief_P = (self.transitions() @ self._before[:, :, None])[:, :, 0]
        prompts_P = self.candidates(rng, self.setting.prompts)
        order = np.argsort(-self.belief_P[prompts_P, MIXED], kind="stable")
        return prompts_P[order[: self.setting.batch_size]]

    def observe(self, rollouts: Rollouts) -> None:
        prompts_P = rollouts.prompts_P
        least = np.minimum.reduceat(rollouts.rewards_R, rollouts.starts_P)
        largest = np.maximum.reduceat(rollouts.rewards_R, rollouts.starts_P)
        seen = np.where(least < largest, MIXED, np.where(rollouts.pass_rates_P > 0.5, ALL, NONE))
        # P(came from j | now in the seen state) is the column's share of that state, by Bayes' rule
        rows = np.arange(len(prompts_P))
        moved = self.transitions(prompts_P)[rows, seen] * self._before[prompts_P]
        moves = np.zeros((len(prompts_P), 3, 3))
        moves[rows, seen] = moved / moved.sum(1, keepdims=True)
        kept = self.retention
        self.counts_P[prompts_P] = kept * self.counts_P[prompts_P] + (1 - kept) * self.prior + moves
        self.belief_P[prompts_P] = np.eye(3)[seen]


STRATEGY = Dps
