"""Variance-aware sampling as its paper writes it (Algorithm 1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vas_theory.selection.contract.strategy import IntArray, Rollouts
from vas_theory.selection.strategies._periodic import PeriodicScores

__all__ = ["STRATEGY", "VasPaper"]


@dataclass
class VasPaper(PeriodicScores):
    r"""Weights :math:`\alpha q(1-q) + \beta\,\mathrm{TDS}` from fresh rollouts of every prompt each T steps.

    :math:`\lfloor\lambda B\rfloor` prompts are drawn by weight with replacement, the rest uniformly.

    Args:
        mixture_ratio: lambda.
        update_interval: T, in steps.
        scoring_rollouts: N for every prompt at every refresh.
        alpha, beta: weights of the outcome variance (at most 1/4) and of the diversity (at most 1).

    Source: arXiv 2509.21268, Algorithm 1, with the settings of its main experiments.
    Costs: ``prompts * scoring_rollouts`` rollouts every ``update_interval`` steps, not trained on, and
        ``batch_size * group_size`` a step.
    Deviations: the scoring before training and that of step 0 are one. A prompt that comes twice is two groups.
        Where the caller measures no diversity that term is 0. Graded rewards score by their variance q(1-q) at
        the mean reward q only if they lie in [0, 1].
    """

    def reweigh(self, rollouts: Rollouts) -> None:
        rates = np.nan_to_num(rollouts.pass_rates_P)
        scores = self.alpha * rates * (1 - rates) + self.beta * self.diversity(rollouts)
        self.weights_P[rollouts.prompts_P] = np.maximum(scores, 0.0)

    def uniform_share(self, rng: np.random.Generator, count: int) -> IntArray:
        return self.candidates(rng, count)


STRATEGY = VasPaper
