"""A predictor of pass rates shared by all prompts, which learns from the training groups alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from simulations.networks.strategies._drawing import draw_by_weight
from simulations.networks.strategies._regression import LogisticPredictor
from vas_theory.selection.contract.strategy import FloatArray, IntArray, OneRoundStrategy, Rollouts

__all__ = ["STRATEGY", "Predictor"]


@dataclass
class Predictor(OneRoundStrategy):
    """Predict every prompt's pass rate from the network's own states of it; draw by a power of the predicted p (1 - p).

    Nothing is free: the predictor learns from the training groups alone. The states of the whole pool are renewed every
    ``refresh`` steps, which costs prefills and no rollout.

    Args:
        sharpness: exponent of p (1 - p).
        refresh: steps between renewals of the states.
        refit: steps between fits.
        warm_up: uniform steps at first.
        rest: steps in which a prompt is not drawn again; less in a pool of which more than half would rest.
        memory: groups that a fit looks back on.

    Source: this project.
    """

    sharpness: float = 2.0
    refresh: int = 20
    refit: int = 5
    warm_up: int = 10
    rest: int = 60
    memory: int = 1600
    step: int = field(default=0, init=False)

    needs_truth: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self.rest = min(self.rest, self.setting.prompts // (2 * self.setting.batch_size))
        self.last_P = np.full(self.setting.prompts, -(10**9))
        self.predictor = LogisticPredictor(self.memory)
        self.features_PF: FloatArray = np.zeros((0, 0))
        self.log_odds_P: FloatArray = np.zeros(0)

    def choose(self, rng: np.random.Generator) -> IntArray:
        if self.step % self.refresh == 0:
            self.features_PF = self.predictor.standardised(self.truth.features())
        rested_P = self.step - self.last_P > self.rest
        if self.available is not None:
            rested_P &= self.available
        if self.step < self.warm_up:
            weights_P = rested_P.astype(np.float64)
        else:
            if (self.step - self.warm_up) % self.refit == 0 or self.step % self.refresh == 0:
                if (self.step - self.warm_up) % self.refit == 0:
                    self.predictor.fit()
                self.rates_P = self.predictor.predict(self.features_PF)
            weights_P = np.where(rested_P, (self.rates_P * (1 - self.rates_P)) ** self.sharpness, 0.0)
        return draw_by_weight(rng, weights_P, self.setting.batch_size)

    def observe(self, rollouts: Rollouts) -> None:
        prompts_P = rollouts.prompts_P
        self.predictor.add(self.features_PF[prompts_P], rollouts.pass_rates_P, rollouts.graded_P)
        self.last_P[prompts_P] = self.step
        self.step += 1


STRATEGY = Predictor
