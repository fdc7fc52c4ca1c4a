"""MoPPS: Thompson sampling of pass rates, take those nearest to one half."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vas_theory.selection.contract.strategy import IntArray
from vas_theory.selection.strategies._beta_memory import BetaMemory

__all__ = ["STRATEGY", "Mopps"]


@dataclass
class Mopps(BetaMemory):
    """Draw theta from each candidate's Beta and take the batch with the smallest (theta - target)^2.

    Args:
        retention: share of the old counts that survives an observation (the source has 1 for mathematics, .5
            otherwise).
        candidate_batches: candidates a step, in batches (the source has 16, or 8).
        target: pass rate that is aimed at.

    Source: MoPPS (arXiv 2507.04632) and its public code.
    Costs: ``batch_size * group_size`` rollouts a step, all trained on.
    Deviations: none.
    """

    retention: float = 0.5
    target: float = 0.5

    def choose(self, rng: np.random.Generator) -> IntArray:
        prompts_P = self.draw_candidates(rng)
        drawn = rng.beta(self.a_P[prompts_P], self.b_P[prompts_P])
        return self.best(prompts_P, -((drawn - self.target) ** 2))


STRATEGY = Mopps
