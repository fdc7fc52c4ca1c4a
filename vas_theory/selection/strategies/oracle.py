"""Oracle: the look-ahead index with the true pass rates and the world's own expected update."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from vas_theory.foundation.errors import ArgumentError
from vas_theory.policy.softmax import softmax
from vas_theory.selection.contract.strategy import FloatArray, IntArray, OneRoundStrategy, Rollouts
from vas_theory.selection.group_moments import binomial_expectation, signal_values

__all__ = ["STRATEGY", "Oracle"]


@dataclass
class Oracle(OneRoundStrategy):
    r"""Take the batch with the largest true gain a visit.

    .. math:: \max_{k \le K} \frac{V_i(\theta_k) - V_i(\theta_0)}{k}

    :math:`\theta_k` follows the expected update of k groups of the prompt. A reference that no method can reach in
    practice, though not a bound: it is greedy in runs of visits and looks at each prompt alone.

    Args:
        horizon: K at most; less when fewer steps or visits are left.

    Source: this project.
    Costs: ``batch_size * group_size`` rollouts a step, all trained on.
    Deviations: rewards with more than two levels move along the policy gradient over the reward's standard
        deviation instead of their enumerated expectation; graded by a noisy verifier they move as if exactly graded.
        Forgetting and what a prompt does for others are not looked ahead: to first order the latter helps a little
        where skills are shared and costs much under interference, where the first order is wrong. Prompts are bandits.
    """

    horizon: int = 24
    step: int = field(default=0, init=False)

    remembered: ClassVar[tuple[str, ...]] = ("step",)
    needs_truth: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.horizon < 1:
            raise ArgumentError("horizon", "be at least 1", self.horizon)

    def choose(self, rng: np.random.Generator) -> IntArray:
        if not hasattr(self.truth, "pool") or not hasattr(self.truth.pool, "rewards_PA"):
            raise ArgumentError("truth", "be a learner of bandit prompts", self.truth)
        prompts_P = self.candidates(rng, self.setting.prompts)
        order = np.argsort(-self.gains(prompts_P), kind="stable")
        return prompts_P[order[: self.setting.batch_size]]

    def observe(self, rollouts: Rollouts) -> None:
        self.step += 1

    def gains(self, prompts_P: IntArray) -> FloatArray:
        """Return the largest mean gain a visit of each prompt."""
        learner, setting = self.truth, self.setting
        pool = learner.pool
        rewards_PA, start_PA = pool.rewards_PA[prompts_P], learner.logits(prompts_P)
        moved_PA, best_P = np.zeros_like(start_PA), np.full(len(prompts_P), -np.inf)
        steps_left = setting.budget // (setting.batch_size * setting.group_size) - self.step
        visits_left = min(self.horizon, max(steps_left, 1), setting.max_visits or self.horizon)
        first_P, gradient_PA = _gradients(start_PA, rewards_PA)
        value_P = first_P
        for visits in range(1, visits_left + 1):
            moved_PA = moved_PA + learner.config.learning_rate * self._whitened(value_P, gradient_PA, rewards_PA)
            value_P, gradient_PA = _gradients(start_PA + moved_PA, rewards_PA)
            best_P = np.maximum(best_P, (value_P - first_P) / visits)
        return best_P

    def _whitened(self, value_P: FloatArray, gradient_PA: FloatArray, rewards_PA: FloatArray) -> FloatArray:
        """Return the expected push of a group on the logits."""
        pool, size = self.truth.pool, self.setting.group_size
        if pool.one_logit:
            gradient_PA = gradient_PA * np.array([1.0, 0.0])
        if self.setting.advantage != "grpo":
            return gradient_PA * (1.0 if self.setting.advantage == "rloo" else 1 - 1 / size)
        if not pool.binary:
            variance_P = (gradient_PA * (rewards_PA - value_P[:, None])).sum(1)
            return gradient_PA / np.sqrt(np.maximum(variance_P, 1e-12))[:, None]
        honest = 1 - pool.false_positive - pool.false_negative
        seen_P = np.clip(pool.false_positive + honest * value_P, 1e-12, 1 - 1e-12)
        factor_P = honest * binomial_expectation(seen_P, signal_values(size)) / (seen_P * (1 - seen_P))
        push_PA: FloatArray = gradient_PA * factor_P[:, None]
        return push_PA


def _gradients(logits_PA: FloatArray, rewards_PA: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the expected rewards and their gradients by the logits."""
    probs_PA = softmax(logits_PA)
    value_P = (probs_PA * rewards_PA).sum(1)
    return value_P, probs_PA * (rewards_PA - value_P[:, None])


STRATEGY = Oracle
