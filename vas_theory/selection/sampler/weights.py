"""From what is known about prompts to the weights they are drawn by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.drawing.weighted_index import WeightedIndex
from vas_theory.selection.group_moments import binomial_expectation, signal_values
from vas_theory.selection.posteriors import learns_from_rewards, shares_prediction
from vas_theory.selection.posteriors.discounted_beta import PassRatePosterior
from vas_theory.selection.released import combined_scores, min_max_normalized, moved_weights
from vas_theory.selection.sampler.config import SamplerConfig
from vas_theory.selection.sampler.feedback import Feedback
from vas_theory.selection.scores import outcome_variance_score, variance_promotion_score

__all__ = ["WeightRule"]

Array = NDArray[np.float64]
_CHUNK = 1 << 20


class WeightRule:
    """Scores of prompts and the floor under their weights.

    Args:
        config: the sampler's settings.
        posterior: the pass-rate posterior, which the score ``expected_signal`` asks.
    """

    def __init__(self, config: SamplerConfig, posterior: PassRatePosterior) -> None:
        self._config = config
        self._posterior = posterior
        self.largest_score = self._find_largest_score()
        self.follows_posterior = config.score == "expected_signal"

    def _find_largest_score(self) -> float:
        config = self._config
        if config.score == "expected_signal":
            if learns_from_rewards(self._posterior):
                return self._posterior.largest_signal(config.group_size)
            return float(binomial_expectation(0.5, signal_values(config.group_size)))
        if config.score == "custom" or config.normalization == "min_max":
            return 1.0
        if config.normalization == "terms":
            return config.alpha + config.beta
        return config.alpha * self._largest_variance + config.beta

    @property
    def _largest_variance(self) -> float:
        low, high = self._config.reward_range
        return 0.25 if self._config.variance_of == "success" else (high - low) ** 2 / 4

    def floored(self, scores: Array) -> Array:
        """Weights of scores: their power, but none below ``floor`` times that of the largest possible score."""
        if self._config.exponent != 1.0:
            scores = self.largest_score * np.power(scores / self.largest_score, self._config.exponent)
        return np.maximum(scores, self._config.floor * self.largest_score)

    def unseen_scores(self, positions: NDArray[np.int64]) -> Array:
        """Scores of prompts that were never observed: between their prior score and the largest possible one."""
        if self.follows_posterior:
            prior = self._posterior.expected_signal(self._config.group_size, positions)
        else:
            prior = np.full(positions.size, self.largest_score / 2)
        return prior + self._config.optimism * (self.largest_score - prior)

    def initial_weights(self) -> Array:
        """Weights of all prompts as the posterior stands."""
        count = self._posterior.num_prompts
        chunks = [np.arange(start, min(start + _CHUNK, count)) for start in range(0, count, _CHUNK)]
        score = self.posterior_scores if self.follows_posterior else self.unseen_scores
        return self.floored(np.concatenate([score(chunk) for chunk in chunks]))

    def fresh_weights(self, positions: NDArray[np.int64]) -> Array:
        """Weights of candidates at a draw; they allow for what is uncertain about a shared prediction."""
        if shares_prediction(self._posterior):
            scores = self._posterior.informed_signal(self._config.group_size, positions)
            return self.floored(self._raised(scores, positions))
        return self.floored(self.posterior_scores(positions))

    def posterior_scores(self, positions: NDArray[np.int64]) -> Array:
        """E[sigma_hat_G] of prompts, raised by the optimism where a prompt was never observed."""
        return self._raised(self._posterior.expected_signal(self._config.group_size, positions), positions)

    def _raised(self, scores: Array, positions: NDArray[np.int64]) -> Array:
        unseen = self._posterior.last_seen[positions] < 0
        if unseen.any():
            scores = np.where(unseen, scores + self._config.optimism * (self.largest_score - scores), scores)
        return scores

    def require_diversity(self, feedback: Feedback) -> None:
        """Refuse feedback without the diversity that the score weighs, before anything is learned from it.

        Raises:
            ArgumentError: beta > 0 and no diversity was given where the score ``vps`` is taken from this feedback.
        """
        if self._config.score == "vps" and self._config.beta > 0 and feedback.diversity is None:
            raise ArgumentError("diversity", f"be given where beta = {self._config.beta:g} weighs it", None)

    def observed_scores(self, feedback: Feedback) -> Array:
        """Variance promotion scores of the prompts in ``feedback``."""
        config = self._config
        diversity = np.zeros(feedback.positions.size) if feedback.diversity is None else feedback.diversity
        if config.normalization == "min_max":
            return combined_scores(feedback.successes / feedback.sizes, diversity, alpha=config.alpha, beta=config.beta)
        variance = feedback.reward_variance
        if config.variance_of == "success" or variance is None:
            variance = outcome_variance_score(feedback.successes, feedback.sizes)
        return variance_promotion_score(
            variance,
            diversity,
            alpha=config.alpha,
            beta=config.beta,
            largest_variance=self._largest_variance if config.normalization == "terms" else None,
        )

    def refreshed(self, old: Array, scores: Array, *, first: bool) -> Array:
        """All weights after a refresh.

        Args:
            old: the present weights, shape (P,).
            scores: the new scores, shape (P,).
            first: whether there were no scores before, so that nothing old is kept.
        """
        config = self._config
        if config.normalization == "min_max":
            new = min_max_normalized(scores)
            return self.floored(new if first else moved_weights(old, new, momentum=config.momentum))
        new = self.floored(scores)
        return new if first else config.momentum * old + (1 - config.momentum) * new

    def evidence_weight(self, lag: Array) -> Array | None:
        """late_discount^(lag - max_policy_lag) where the lag is beyond the limit, else 1; None without a limit."""
        limit = self._config.max_policy_lag
        if limit is None:
            return None
        return np.power(self._config.late_discount, np.maximum(lag - limit, 0.0))

    @staticmethod
    def uniform_reason(index: WeightedIndex) -> str | None:
        """Why a draw by weight is uniform, or None where it is not."""
        if index.positive_count == 0:
            return "all scores are zero"
        # looking at all weights is worth its time only where a few of them are equal and equal to the mean
        weights, count = index.weights, len(index)
        first = weights[0]
        alike = first == weights[count // 2] == weights[-1] and abs(index.total / count - first) <= 1e-9 * first
        if count > 1 and alike and (weights == first).all():
            return "all scores are equal"
        return None
