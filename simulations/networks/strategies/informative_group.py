"""Draw prompts by the chance that a group of them gives a gradient, at the posterior mean of the pass rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulations.networks.strategies._drawing import draw_by_weight
from vas_theory.selection.contract.strategy import IntArray
from vas_theory.selection.strategies._beta_memory import BetaMemory

__all__ = ["STRATEGY", "InformativeGroup"]


@dataclass
class InformativeGroup(BetaMemory):
    r"""Draw from the whole pool in proportion to :math:`1 - \hat p^G - (1-\hat p)^G`, without replacement.

    Args:
        retention: share of the old counts that survives an observation.

    Source: the score is from a public experiment log (marin, issue 8765).
    Costs: ``batch_size * group_size`` rollouts a step, all trained on.
    Deviations: there the pass rates come from a run of the start model before; here from the prompt's own groups, as a
        discounted Beta's mean. With the expectation under that Beta in place of its mean this would be MaPP.
    """

    retention: float = 0.7

    def choose(self, rng: np.random.Generator) -> IntArray:
        rates_P = self.a_P / (self.a_P + self.b_P)
        size = self.setting.group_size
        weights_P = 1 - rates_P**size - (1 - rates_P) ** size
        if self.available is not None:
            weights_P = np.where(self.available, weights_P, 0.0)
        return draw_by_weight(rng, weights_P, self.setting.batch_size)


STRATEGY = InformativeGroup
