"""Variance-aware sampling as the released code of its paper behaves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from vas_theory.selection.contract.strategy import IntArray, Rollouts
from vas_theory.selection.released import combined_scores, min_max_normalized, moved_weights
from vas_theory.selection.strategies._periodic import PeriodicScores

__all__ = ["STRATEGY", "VasReleased"]


@dataclass
class VasReleased(PeriodicScores):
    """The public code's weights: similarity in place of diversity, min-max normalised, with momentum.

    The score is alpha q(1-q) + beta (1 - diversity): self-BLEU enters as it is, so that prompts whose rollouts
    are more alike weigh more. Scores are min-max normalised over the pool, the lowest one to 0, and old weights
    keep the share ``momentum``. The uniform share walks one permutation that never changes; where it wraps, the
    tail that does not fill a batch is skipped.

    Args:
        momentum: share of the old weights that a refresh keeps.

    Source: the public code of arXiv 2509.21268 (``verl/curriculum``); defaults of its released settings
        (scoring by outcome variance alone, 8 rollouts, every 4 steps).
    Costs: as :class:`~vas_theory.selection.strategies.vas_paper.VasPaper`.
    Deviations: where all weights are zero the batch is uniform (the code fails); padding plays no part, because
        the caller measures the diversity.
    """

    update_interval: int = 4
    scoring_rollouts: int = 8
    alpha: float = 1.0
    beta: float = 0.0
    momentum: float = 0.0
    order: IntArray = field(init=False, repr=False)
    position: int = field(default=0, init=False)
    refreshed: bool = field(default=False, init=False)

    remembered: ClassVar[tuple[str, ...]] = ("step", "weights_P", "order", "position", "refreshed")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.order = np.random.default_rng(self.setting.seed).permutation(self.setting.prompts)

    def reweigh(self, rollouts: Rollouts) -> None:
        similarity = 1.0 - self.diversity(rollouts) if self.beta else np.zeros(len(rollouts.prompts_P))
        rates = np.nan_to_num(rollouts.pass_rates_P)
        new = min_max_normalized(combined_scores(rates, similarity, alpha=self.alpha, beta=self.beta))
        old = self.weights_P[rollouts.prompts_P]
        self.weights_P[rollouts.prompts_P] = moved_weights(old, new, momentum=self.momentum) if self.refreshed else new
        self.refreshed = True

    def uniform_share(self, rng: np.random.Generator, count: int) -> IntArray:
        if self.available is not None:
            return self.candidates(rng, count)
        count = min(count, self.setting.prompts)
        if self.position + count > self.setting.prompts:
            self.position = 0
        chosen = self.order[self.position : self.position + count]
        self.position += count
        return chosen


STRATEGY = VasReleased
