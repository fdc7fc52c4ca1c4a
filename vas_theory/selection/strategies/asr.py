"""ASR: a bandit over bins of difficulty learns from which one training raises pass rates most."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.contract.strategy import FloatArray, IntArray, OneRoundStrategy, Rollouts

__all__ = ["STRATEGY", "Asr"]


@dataclass
class Asr(OneRoundStrategy):
    r"""Draw each prompt of a batch by first drawing a bin of difficulty from a softmax policy.

    Prompts are binned by their last pass rate, those not rolled yet have a bin of their own. A prompt's change of
    pass rate since its visit before is the reward of the bin it was drawn from then, and the policy moves by
    :math:`\omega \leftarrow \omega + \eta (R - \bar R)\nabla_\omega \ln\pi(bin)`, with a running mean as baseline.

    Args:
        bins: of the pass rate, equally wide.
        step_size: eta.
        baseline_rate: how fast the running mean follows.

    Source: adaptive sample selection with REINFORCE (arXiv 2208.08056), which samples classes of data.
    Costs: ``batch_size * group_size`` rollouts a step, all trained on.
    Deviations: bins of difficulty take the place of the source's classes, and the change of the pass rate that of its
        validation reward; written from a summary.
    """

    bins: int = 5
    step_size: float = 0.5
    baseline_rate: float = 0.05
    preferences: FloatArray = field(init=False, repr=False)
    rates_P: FloatArray = field(init=False, repr=False)
    drawn_from_P: IntArray = field(init=False, repr=False)
    """The bin from which a prompt was drawn at its last visit, -1 before."""
    baseline: float = field(default=0.0, init=False)

    remembered: ClassVar[tuple[str, ...]] = ("preferences", "rates_P", "drawn_from_P", "baseline")

    def __post_init__(self) -> None:
        if self.bins < 1:
            raise ArgumentError("bins", "be at least 1", self.bins)
        if not 0 < self.baseline_rate <= 1:
            raise ArgumentError("baseline_rate", "lie in (0, 1]", self.baseline_rate)
        self.preferences = np.zeros(self.bins + 1)
        self.rates_P = np.full(self.setting.prompts, np.nan)
        self.drawn_from_P = np.full(self.setting.prompts, -1)

    def policy(self) -> FloatArray:
        """Return the probability of each bin, the last one for prompts not rolled yet."""
        weights = np.exp(self.preferences - self.preferences.max())
        probabilities: FloatArray = weights / weights.sum()
        return probabilities

    def bins_of(self, prompts_P: IntArray) -> IntArray:
        """Return the bin of each prompt."""
        rates = self.rates_P[prompts_P]
        known = np.minimum((np.nan_to_num(rates) * self.bins).astype(np.int64), self.bins - 1)
        return np.where(np.isnan(rates), self.bins, known)

    def choose(self, rng: np.random.Generator) -> IntArray:
        prompts_P = self.candidates(rng, self.setting.prompts)
        bins_P = self.bins_of(prompts_P)
        # a bin's probability, shared by its prompts; the largest Gumbel keys are draws without replacement
        shares = self.policy()[bins_P] / np.bincount(bins_P, minlength=self.bins + 1)[bins_P]
        keys = np.log(shares) + rng.gumbel(size=len(prompts_P))
        return prompts_P[np.argsort(-keys, kind="stable")[: self.setting.batch_size]]

    def observe(self, rollouts: Rollouts) -> None:
        prompts_P = rollouts.prompts_P
        change_P = rollouts.pass_rates_P - self.rates_P[prompts_P]
        known = np.isfinite(change_P) & (self.drawn_from_P[prompts_P] >= 0)
        if known.any():
            advantage = change_P[known] - self.baseline
            chosen = np.bincount(self.drawn_from_P[prompts_P[known]], weights=advantage, minlength=self.bins + 1)
            ascent = chosen - advantage.sum() * self.policy()
            self.preferences = self.preferences + self.step_size * ascent / known.sum()
            self.baseline += self.baseline_rate * float(advantage.mean())
        self.drawn_from_P[prompts_P] = self.bins_of(prompts_P)
        graded = np.isfinite(rollouts.pass_rates_P)
        self.rates_P[prompts_P[graded]] = rollouts.pass_rates_P[graded]


STRATEGY = Asr
