"""Beta posteriors whose prior is a prediction that all prompts share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.selection.group_moments import beta_binomial_expectation, signal_values
from vas_theory.selection.posteriors.discounted_beta import DEFAULT_DRIFT, DiscountedBeta, check_evidence
from vas_theory.selection.prediction.pass_rate_prior import PassRatePrior
from vas_theory.selection.prediction.shared import SharedPrediction

__all__ = ["PredictedBeta"]

Array = NDArray[np.float64]


class PredictedBeta(DiscountedBeta):
    """Discounted Beta posteriors about a predicted rate: Beta(s r + successes, s (1 - r) + failures).

    r is the prediction for the prompt and s its strength, both learned by
    :class:`~vas_theory.selection.prediction.shared.SharedPrediction` from the groups of all prompts. The prior follows
    the prediction at once; a prompt's own evidence fades as in :class:`DiscountedBeta`.

    Args:
        num_prompts: P.
        features: shape (P, d), NaN rows where nothing is known.
        column: pass rates from elsewhere.
        drift: variance of the angle's move per step, >= 0.
        retention: share of the old evidence that survives a new observation, in (0, 1].

    Raises:
        ArgumentError: an argument is out of range.
    """

    kind = "predicted_beta"

    def __init__(
        self,
        num_prompts: int,
        *,
        features: ArrayLike | None = None,
        column: PassRatePrior | None = None,
        drift: float = DEFAULT_DRIFT,
        retention: float = 1.0,
    ) -> None:
        super().__init__(num_prompts, drift=drift, retention=retention)
        self.prediction = SharedPrediction(self.num_prompts, features=features, column=column)

    def update(
        self, positions: ArrayLike, successes: ArrayLike, group_size: ArrayLike, *, weight: ArrayLike = 1.0
    ) -> None:
        """Learn from groups of distinct prompts; arguments as for :class:`DiscountedBeta`."""
        places, right, size, share = check_evidence(self.num_prompts, positions, successes, group_size, weight)
        counted = share > 0
        self.prediction.observe(places[counted], right[counted], size[counted], share[counted])
        super().update(places, right, size, weight=share)

    def prior(self, places: Any) -> tuple[Array, Array]:
        """The Beta parameters that the prediction suggests, each of shape (n,)."""
        return self._about(self.prediction.rates(np.asarray(places)))

    def _about(self, rates: Array) -> tuple[Array, Array]:
        strength = self.prediction.strength
        return strength * rates, strength * (1.0 - rates)

    def informed_signal(self, group_size: int, positions: NDArray[np.int64]) -> Array:
        """E[sigma_hat_G], also over what is uncertain about the prediction itself, shape (n,).

        A prompt that the prediction is sure to be hopeless scores low, one of which it knows little in between.
        """
        right, wrong = self._faded(positions)
        signal = np.zeros(positions.size)
        for rates, share in zip(*self.prediction.likely_rates(positions), strict=True):
            a, b = self._about(rates)
            signal += share * beta_binomial_expectation(a + right, b + wrong, signal_values(group_size))
        return signal

    def settings(self) -> dict[str, Any]:
        """What two posteriors have to agree on to exchange states."""
        return {**super().settings(), "column": self.prediction.has_column}

    def state_dict(self) -> dict[str, Any]:
        """Arrays and numbers that describe the posterior fully."""
        return {**super().state_dict(), **self.prediction.state_dict()}

    def adopt(self, state: Mapping[str, Any], sources: NDArray[np.int64]) -> None:
        """Continue from a state of another prompt set: position i takes over ``sources[i]``, or starts new at -1."""
        super().adopt(state, sources)
        self.prediction.adopt(state, sources)
