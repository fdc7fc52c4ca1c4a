"""Ways of choosing prompts that look at the network itself: at its states, or at what nobody knows for nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from simulations.networks.predictor import LogisticPredictor
from vas_theory.selection.diversity import self_bleu_groups
from vas_theory.selection.scores import trajectory_diversity_score
from vas_theory.selection.strategies.base import FloatArray, IntArray, OneRoundStrategy, Rollouts, Strategy

__all__ = ["LABORATORY", "Predictor", "ScoredFree", "TrueVariance"]


def _draw(rng: np.random.Generator, weights_P: FloatArray, count: int, *, replace: bool = False) -> IntArray:
    """Draw by weight; where too few weights are positive, all of those and then others uniformly."""
    positive = int(np.count_nonzero(weights_P))
    if positive == 0:
        return rng.choice(len(weights_P), count, replace=False)
    if replace or positive >= count:
        return rng.choice(len(weights_P), count, replace=replace, p=weights_P / weights_P.sum())
    rest = rng.choice(np.flatnonzero(weights_P == 0), count - positive, replace=False)
    return np.concatenate([np.flatnonzero(weights_P), rest])


@dataclass
class TrueVariance(OneRoundStrategy):
    """Draw in proportion to the true p (1 - p), which is measured for all prompts by rollouts that are not charged.

    Args:
        mixture_ratio: share of the batch drawn so; the rest is uniform.
        interval: steps between measurements.
        rollouts: of each prompt at a measurement.
        largest_share: of the batch, no limit but the positive weights.

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
        weighted = _draw(rng, weights_P, by_weight, replace=self.replace)
        others = self.candidates(rng, self.setting.batch_size)
        others = others[~np.isin(others, weighted)][: self.setting.batch_size - by_weight]
        return np.concatenate([weighted, others])

    def observe(self, rollouts: Rollouts) -> None:
        self.step += 1


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
        rest: steps in which a prompt is not drawn again.
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
        return _draw(rng, weights_P, self.setting.batch_size)

    def observe(self, rollouts: Rollouts) -> None:
        prompts_P = rollouts.prompts_P
        self.predictor.add(self.features_PF[prompts_P], rollouts.pass_rates_P, rollouts.graded_P)
        self.last_P[prompts_P] = self.step
        self.step += 1


LABORATORY: Mapping[str, type[Strategy]] = {
    "true-variance": TrueVariance,
    "scored-free": ScoredFree,
    "predictor": Predictor,
}
"""Strategies that are shown the network, by name."""
