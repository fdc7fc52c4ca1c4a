"""Variance-aware sampling without scoring rollouts: a prompt's score is that of its own last group."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from vas_theory.selection.contract.strategy import FloatArray, IntArray, Rollouts
from vas_theory.selection.strategies.uniform import Uniform

__all__ = ["STRATEGY", "VasReuse"]


@dataclass
class VasReuse(Uniform):
    """Weights alpha q(1-q) + beta TDS from the last training group; prompts not seen yet have the largest score.

    Args:
        mixture_ratio: share of the batch that is drawn by weight, without replacement; the rest walks epochs.
        alpha, beta: weights of the outcome variance and of the diversity.

    Source: Algorithm 1 of arXiv 2509.21268 with its scoring rollouts replaced by the training groups; ours.
    Costs: ``batch_size * group_size`` rollouts a step, all trained on.
    Deviations: no scoring rollouts; no prompt twice in a batch.
    """

    mixture_ratio: float = 0.5
    alpha: float = 0.8
    beta: float = 0.2
    scores_P: FloatArray = field(init=False, repr=False)

    remembered: ClassVar[tuple[str, ...]] = ("order", "position", "scores_P")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.scores_P = np.full(self.setting.prompts, self.alpha / 4 + self.beta)

    def choose(self, rng: np.random.Generator) -> IntArray:
        weights = self.scores_P if self.available is None else np.where(self.available, self.scores_P, 0.0)
        wanted = int(self.mixture_ratio * self.setting.batch_size + 1e-9)
        by_weight = min(wanted, int(np.count_nonzero(weights)))
        weighted = np.empty(0, dtype=np.int64)
        if by_weight:
            weighted = rng.choice(self.setting.prompts, by_weight, replace=False, p=weights / weights.sum())
        # a prompt that both shares bring is rolled once
        uniform = self.walk(rng, self.setting.batch_size - by_weight)
        return np.concatenate([weighted, uniform[~np.isin(uniform, weighted)]])

    def observe(self, rollouts: Rollouts) -> None:
        rates = np.nan_to_num(rollouts.pass_rates_P)
        diversity = 0.0 if rollouts.diversity_P is None else rollouts.diversity_P
        self.scores_P[rollouts.prompts_P] = self.alpha * rates * (1 - rates) + self.beta * diversity


STRATEGY = VasReuse
