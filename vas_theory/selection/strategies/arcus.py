"""ARCUS: a Kalman filter of each prompt's pass rate in arcsine coordinates, and a target that moves with yield."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.contract.strategy import FloatArray, IntArray, OneRoundStrategy, Rollouts, TrainingGroups
from vas_theory.selection.strategies._groups import mixed_P, select_groups

__all__ = ["STRATEGY", "Arcus"]

_TARGETS = np.linspace(0.05, np.pi / 2 - 0.05, 61)


@dataclass
class Arcus(OneRoundStrategy):
    r"""Score prompts by closeness to a target angle and by their expected yield; take Gumbel-top-M.

    :math:`\psi=\arcsin\sqrt p`, belief N(mu, P) from (pi/4, pi^2/48). Each step predicts mu += v sin 2mu, P += Q. A
    mixed group observes z = arcsin sqrt((m + 3/8)/(G + 3/4)) with variance 1/(4G + 2); a silent one z = 0 or pi/2 with
    1/(2G). The score is sqrt(s^2/(s^2+P)) exp(-(mu-psi*)^2 / (2(s^2+P))) y, s = min(sin psi*, cos psi*)/sqrt 2 and
    y = 1 - [e^(-G mu^2/h) + e^(-G (pi/2-mu)^2/h)]/sqrt h, h = 1 + 2GP.

    Args:
        drift: v.
        process_noise: Q.
        temperature: T of the Gumbel draw.
        surplus: rho; (1 + rho) batches are rolled and the mixed groups nearest to a batch trained on.
        yield_margin: the target is the hardest whose predicted yield is within this of the best.
        target_speed: the target moves by at most this a step, in radians.

    Source: ARCUS (arXiv 2609.38018).
    Costs: ``(1 + surplus) * batch_size * group_size`` rollouts a step.
    Deviations: the predicted yield of a target is the mean of y over the M best prompts for it; v and Q are not
        fitted online but fixed.
    """

    drift: float = 0.002
    process_noise: float = 3e-4
    temperature: float = 0.3
    surplus: float = 0.0
    yield_margin: float = 0.03
    target_speed: float = 0.005
    mean_P: FloatArray = field(init=False, repr=False)
    variance_P: FloatArray = field(init=False, repr=False)
    target: float = field(default=np.pi / 4, init=False)

    remembered: ClassVar[tuple[str, ...]] = ("mean_P", "variance_P", "target")

    def __post_init__(self) -> None:
        for name in ("temperature", "target_speed"):
            if getattr(self, name) <= 0:
                raise ArgumentError(name, "be positive", getattr(self, name))
        if self.surplus < 0:
            raise ArgumentError("surplus", "be at least 0", self.surplus)
        self.mean_P = np.full(self.setting.prompts, np.pi / 4)
        self.variance_P = np.full(self.setting.prompts, np.pi**2 / 48)

    def expected_yield(self, mean: FloatArray, variance: FloatArray) -> FloatArray:
        """Return y, the predicted probability of a mixed group."""
        size = self.setting.group_size
        h = 1 + 2 * size * variance
        silent = np.exp(-size * mean**2 / h) + np.exp(-size * (np.pi / 2 - mean) ** 2 / h)
        return np.maximum(1 - silent / np.sqrt(h), 1e-12)

    def score(self, targets: float | FloatArray, prompts_P: IntArray) -> FloatArray:
        """Return the scores of prompts, on the last axis, for one target angle or several."""
        mean, variance = self.mean_P[prompts_P], self.variance_P[prompts_P]
        target = np.asarray(targets)[..., None]
        width = np.square(np.minimum(np.sin(target), np.cos(target))) / 2
        total = width + variance
        closeness = np.sqrt(width / total) * np.exp(-np.square(mean - target) / (2 * total))
        score: FloatArray = closeness * self.expected_yield(mean, variance)
        return score

    def choose(self, rng: np.random.Generator) -> IntArray:
        self.mean_P = np.clip(self.mean_P + self.drift * np.sin(2 * self.mean_P), 0.0, np.pi / 2)
        self.variance_P = self.variance_P + self.process_noise
        prompts_P = self.candidates(rng, self.setting.prompts)
        wanted = min(round((1 + self.surplus) * self.setting.batch_size), len(prompts_P))
        self._move_target(prompts_P, wanted)
        keys = np.log(np.maximum(self.score(self.target, prompts_P), 1e-300)) / self.temperature
        keys += rng.gumbel(size=len(keys))
        return prompts_P[np.argsort(-keys, kind="stable")[:wanted]]

    def _move_target(self, prompts_P: IntArray, wanted: int) -> None:
        if not wanted:
            return
        yields = self.expected_yield(self.mean_P[prompts_P], self.variance_P[prompts_P])
        best = np.argpartition(-self.score(_TARGETS, prompts_P), wanted - 1, axis=1)[:, :wanted]
        reached = yields[best].mean(1)
        hardest = _TARGETS[np.flatnonzero(reached >= reached.max() - self.yield_margin)[0]]
        self.target += float(np.clip(hardest - self.target, -self.target_speed, self.target_speed))

    def observe(self, rollouts: Rollouts) -> None:
        size = rollouts.graded_P
        right = rollouts.successes_P
        middle = np.arcsin(np.sqrt((right + 3 / 8) / (size + 3 / 4)))
        mixed = mixed_P(rollouts)
        angle = np.where(mixed, middle, np.where(right > size / 2, np.pi / 2, 0.0))
        noise = np.where(mixed, 1 / (4 * size + 2), 1 / (2 * np.maximum(size, 1)))
        prompts = rollouts.prompts_P
        gain = np.where(size > 0, self.variance_P[prompts] / (self.variance_P[prompts] + noise), 0.0)
        self.mean_P[prompts] += gain * (angle - self.mean_P[prompts])
        self.variance_P[prompts] *= 1 - gain

    def training_groups(self) -> TrainingGroups:
        received = self._received
        if received is None or len(received.prompts_P) <= self.setting.batch_size:
            return super().training_groups()
        chosen = np.argsort(~mixed_P(received), kind="stable")[: self.setting.batch_size]
        self._received, self._proposed = None, False
        return select_groups(received, np.sort(chosen), self.setting)


STRATEGY = Arcus
