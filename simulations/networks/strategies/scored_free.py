"""Variance-aware sampling as its paper counts it: the scoring rollouts are not charged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from simulations.networks.strategies.true_variance import TrueVariance
from vas_theory.selection.contract.strategy import FloatArray
from vas_theory.selection.diversity import self_bleu_groups
from vas_theory.selection.scores import trajectory_diversity_score

__all__ = ["STRATEGY", "ScoredFree"]


@dataclass
class ScoredFree(TrueVariance):
    """Algorithm 1 of variance-aware sampling with its scoring rollouts not charged, as its paper counts.

    Weights alpha q (1 - q) + beta TDS from ``rollouts`` of every prompt each ``interval`` steps; half of the batch is
    drawn by them, with replacement.

    Args:
        alpha, beta: weights of outcome variance and diversity.

    Source: arXiv 2509.21268, Algorithm 1.
    Deviations: a prompt that both shares of a batch bring is rolled once.
    """

    mixture_ratio: float = 0.5
    interval: int = 35
    rollouts: int = 8
    alpha: float = 0.8
    beta: float = 0.2

    replace: ClassVar[bool] = True

    def measure(self) -> FloatArray:
        rates_P, tokens_RT = self.truth.free_rollouts(self.rollouts)
        offsets = np.arange(len(tokens_RT) + 1) * tokens_RT.shape[1]
        groups = np.arange(0, len(tokens_RT) + 1, self.rollouts)
        diversity_P = trajectory_diversity_score(self_bleu_groups(tokens_RT.ravel(), offsets, groups))
        return self.alpha * rates_P * (1 - rates_P) + self.beta * diversity_P


STRATEGY = ScoredFree
