"""A reference: the true reward variance of every prompt, measured by rollouts that are not charged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from simulations.networks.strategies._drawing import draw_by_weight
from vas_theory.selection.contract.strategy import FloatArray, IntArray, OneRoundStrategy, Rollouts

__all__ = ["STRATEGY", "TrueVariance"]


@dataclass
class TrueVariance(OneRoundStrategy):
    """Draw in proportion to the true p (1 - p), which is measured for all prompts by rollouts that are not charged.

    Places that too few prompts with a positive weight leave free are filled uniformly.

    Args:
        mixture_ratio: share of the batch drawn so; the rest is uniform.
        interval: steps between measurements.
        rollouts: of each prompt at a measurement.

    Source: this project. A reference that no method can reach.
    """

    mixture_ratio: float = 1.0
    interval: int = 40
    rollouts: int = 16
    step: int = field(default=0, init=False)
    weights_P: FloatArray = field(default_factory=lambda: np.zeros(0), init=False, repr=False)

    remembered: ClassVar[tuple[str, ...]] = ("step", "weights_P")
    needs_truth: ClassVar[bool] = True
    replace: ClassVar[bool] = False

    def measure(self) -> FloatArray:
        """Return the weight of every prompt now."""
        rates_P, _ = self.truth.free_rollouts(self.rollouts)
        return rates_P * (1 - rates_P)

    def choose(self, rng: np.random.Generator) -> IntArray:
        if self.step % self.interval == 0:
            self.weights_P = self.measure()
        weights_P = self.weights_P if self.available is None else np.where(self.available, self.weights_P, 0.0)
        by_weight = int(self.mixture_ratio * self.setting.batch_size + 1e-9)
        weighted = draw_by_weight(rng, weights_P, by_weight, replace=self.replace)
        others = self.candidates(rng, self.setting.batch_size)
        others = others[~np.isin(others, weighted)][: self.setting.batch_size - len(weighted)]
        return np.concatenate([weighted, others])

    def observe(self, rollouts: Rollouts) -> None:
        self.step += 1


STRATEGY = TrueVariance
