"""What the paper's sampler and its released code share: all prompts are scored anew every few steps."""

from __future__ import annotations

import abc
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.contract.strategy import FloatArray, IntArray, Proposal, Rollouts, Strategy, TrainingGroups

__all__ = ["PeriodicScores"]


@dataclass
class PeriodicScores(Strategy):
    """Score every prompt each ``update_interval`` steps, then draw a batch partly by weight.

    Subclasses say how scores become weights and where the uniform share comes from.
    """

    mixture_ratio: float = 0.5
    update_interval: int = 35
    scoring_rollouts: int = 32
    alpha: float = 0.8
    beta: float = 0.2
    step: int = field(default=0, init=False)
    weights_P: FloatArray = field(init=False, repr=False)
    _phase: str = field(default="start", init=False, repr=False)
    _batch: Rollouts | None = field(default=None, init=False, repr=False)

    remembered: ClassVar[tuple[str, ...]] = ("step", "weights_P")
    untrained_purpose: ClassVar[str] = "scoring"

    def __post_init__(self) -> None:
        if not 0 <= self.mixture_ratio <= 1:
            raise ArgumentError("mixture_ratio", "lie in [0, 1]", self.mixture_ratio)
        for name in ("update_interval", "scoring_rollouts"):
            if getattr(self, name) < 1:
                raise ArgumentError(name, "be at least 1", getattr(self, name))
        self.weights_P = np.zeros(self.setting.prompts)

    @abc.abstractmethod
    def reweigh(self, rollouts: Rollouts) -> None:
        """Set ``weights_P`` from the scoring rollouts of all prompts."""

    @abc.abstractmethod
    def uniform_share(self, rng: np.random.Generator, count: int) -> IntArray:
        """Return ``count`` prompts that are not drawn by weight."""

    def diversity(self, rollouts: Rollouts) -> FloatArray:
        """Return the measured diversity of each group, zeros where the caller measures none."""
        return np.zeros(len(rollouts.prompts_P)) if rollouts.diversity_P is None else rollouts.diversity_P

    def propose(self, rng: np.random.Generator) -> Proposal | None:
        if self._phase == "start" and self.step % self.update_interval == 0:
            self._phase = "scoring"
            # a prompt that may not be rolled again keeps its weight, and is not drawn below
            due = np.arange(self.setting.prompts) if self.available is None else np.flatnonzero(self.available)
            if len(due):
                return due, np.full(len(due), self.scoring_rollouts)
        if self._phase in ("start", "scoring"):
            self._phase = "training"
            prompts_P = self._draw(rng)
            if len(prompts_P):
                return prompts_P, np.full(len(prompts_P), self.setting.group_size)
        return None

    def receive(self, rollouts: Rollouts) -> None:
        if self._phase == "scoring":
            self.reweigh(rollouts)
        else:
            self._batch = rollouts

    def training_groups(self) -> TrainingGroups:
        batch, self._batch, self._phase = self._batch, None, "start"
        self.step += 1
        return TrainingGroups.empty() if batch is None else TrainingGroups.of(batch, self.setting)

    def _draw(self, rng: np.random.Generator) -> IntArray:
        weights = self.weights_P if self.available is None else np.where(self.available, self.weights_P, 0.0)
        by_weight = int(self.mixture_ratio * self.setting.batch_size + 1e-9)
        total = weights.sum()
        if by_weight == 0 or total == 0:  # no weight left: the whole batch is uniform
            return self.uniform_share(rng, self.setting.batch_size)
        weighted = rng.choice(self.setting.prompts, by_weight, replace=True, p=weights / total)
        return np.concatenate([weighted, self.uniform_share(rng, self.setting.batch_size - by_weight)])
