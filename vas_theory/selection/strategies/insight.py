"""InSight: expected information about the pass rate, weighted by learnability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vas_theory.selection.contract.strategy import FloatArray, IntArray
from vas_theory.selection.strategies._beta_memory import BetaMemory

__all__ = ["STRATEGY", "Insight", "beta_entropy", "information_gain"]


def beta_entropy(a: FloatArray, b: FloatArray) -> FloatArray:
    r"""Return the differential entropy of Beta(a, b) in nats.

    .. math:: H = \ln B(a,b) + (a+b-2)\psi(a+b) - (a-1)\psi(a) - (b-1)\psi(b)
    """
    from scipy.special import betaln, digamma

    entropy: FloatArray = betaln(a, b) + (a + b - 2) * digamma(a + b) - (a - 1) * digamma(a) - (b - 1) * digamma(b)
    return entropy


def information_gain(a: FloatArray, b: FloatArray, group_size: int) -> FloatArray:
    """Return the expected fall of the entropy of Beta(a, b) through a group of ``group_size`` rollouts, in nats.

    Args:
        a: (P,) first parameters.
        b: (P,) second parameters.
        group_size: G.

    Returns:
        (P,) gains, not negative.
    """
    from scipy.special import betaln, binom

    right = np.arange(group_size + 1)[:, None]
    wrong = group_size - right
    log_B = betaln(a + right, b + wrong)
    chance = binom(group_size, right) * np.exp(log_B - betaln(a, b))
    after = chance * beta_entropy(a + right, b + wrong)
    gain: FloatArray = beta_entropy(a, b) - after.sum(0)
    return gain


@dataclass
class Insight(BetaMemory):
    r"""Take the batch with the largest :math:`f(1-f)\,e^{-\eta(f-\mu)^2} I`, f = a/(a+b), I the information gain.

    Args:
        sharpness: eta.
        target: mu.

    Source: InSight (arXiv 2603.01907).
    Costs: ``batch_size * group_size`` rollouts a step, all trained on.
    Deviations: none known; written from the paper, its code was not available.
    """

    sharpness: float = 3.0
    target: float = 0.3

    def choose(self, rng: np.random.Generator) -> IntArray:
        prompts_P = self.draw_candidates(rng)
        a, b = self.a_P[prompts_P], self.b_P[prompts_P]
        mean = a / (a + b)
        scores = mean * (1 - mean) * np.exp(-self.sharpness * (mean - self.target) ** 2)
        return self.best(prompts_P, scores * information_gain(a, b, self.setting.group_size))


STRATEGY = Insight
