"""MaPP: candidates drawn in proportion to the posterior probability of a mixed group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vas_theory.selection.contract.strategy import FloatArray, IntArray
from vas_theory.selection.strategies._beta_memory import BetaMemory

__all__ = ["STRATEGY", "Mapp", "mixed_probability"]


def mixed_probability(a: FloatArray, b: FloatArray, group_size: int) -> FloatArray:
    r"""Return P(0 < m < G) for a Beta(a, b) pass rate.

    .. math:: 1 - \frac{B(a+G,b)}{B(a,b)} - \frac{B(a,b+G)}{B(a,b)}
    """
    from scipy.special import betaln

    start = betaln(a, b)
    silent = np.exp(betaln(a + group_size, b) - start) + np.exp(betaln(a, b + group_size) - start)
    return np.clip(1.0 - silent, 0.0, 1.0)


@dataclass
class Mapp(BetaMemory):
    """Draw the batch from the candidates without replacement, in proportion to V^sharpness, V = P(mixed group).

    Args:
        sharpness: exponent of V; the source has 1.

    Source: MaPP (arXiv 2609.34990).
    Costs: ``batch_size * group_size`` rollouts a step, all trained on.
    Deviations: the leave-one-out advantage of the source is a setting of the run, not of this arm.
    """

    retention: float = 0.5
    candidate_batches: int = 8
    sharpness: float = 1.0

    def choose(self, rng: np.random.Generator) -> IntArray:
        prompts_P = self.draw_candidates(rng)
        value = mixed_probability(self.a_P[prompts_P], self.b_P[prompts_P], self.setting.group_size)
        # the largest Gumbel-perturbed logarithms are a draw without replacement in proportion to the values
        with np.errstate(divide="ignore"):
            keys = self.sharpness * np.log(value) + rng.gumbel(size=len(value))
        return self.best(prompts_P, keys)


STRATEGY = Mapp
