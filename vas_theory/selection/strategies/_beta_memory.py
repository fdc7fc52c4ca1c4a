"""Discounted Beta counts as published selection methods keep them, one pair a prompt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.contract.strategy import FloatArray, IntArray, OneRoundStrategy, Rollouts

__all__ = ["BetaMemory"]


@dataclass
class BetaMemory(OneRoundStrategy):
    r"""Keep Beta(a, b) of every prompt's pass rate and choose from random candidates by it.

    An observed prompt moves to :math:`a \leftarrow \lambda a + (1-\lambda) + m`,
    :math:`b \leftarrow \lambda b + (1-\lambda) + G - m` from (1, 1); the others stay.
    """

    retention: float = 1.0
    candidate_batches: int = 16
    a_P: FloatArray = field(init=False, repr=False)
    b_P: FloatArray = field(init=False, repr=False)

    remembered: ClassVar[tuple[str, ...]] = ("a_P", "b_P")

    def __post_init__(self) -> None:
        if not 0 < self.retention <= 1:
            raise ArgumentError("retention", "lie in (0, 1]", self.retention)
        if self.candidate_batches < 1:
            raise ArgumentError("candidate_batches", "be at least 1", self.candidate_batches)
        self.a_P = np.ones(self.setting.prompts)
        self.b_P = np.ones(self.setting.prompts)

    def draw_candidates(self, rng: np.random.Generator) -> IntArray:
        """Return ``candidate_batches * batch_size`` different prompts."""
        return self.candidates(rng, self.candidate_batches * self.setting.batch_size)

    def best(self, prompts_P: IntArray, scores_P: FloatArray) -> IntArray:
        """Return the ``batch_size`` prompts of highest score; the candidates' random order decides ties."""
        return prompts_P[np.argsort(-scores_P, kind="stable")[: self.setting.batch_size]]

    def observe(self, rollouts: Rollouts) -> None:
        right, graded, prompts = rollouts.successes_P, rollouts.graded_P, rollouts.prompts_P
        keep = self.retention
        self.a_P[prompts] = keep * self.a_P[prompts] + (1 - keep) + right
        self.b_P[prompts] = keep * self.b_P[prompts] + (1 - keep) + graded - right
