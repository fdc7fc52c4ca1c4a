"""Kalman filters on the angle arcsin sqrt(p), one a prompt."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.errors import ArgumentError, StateMismatchError
from vas_theory.selection.group_moments import binomial_expectation, mixed_values, signal_values
from vas_theory.selection.posteriors.discounted_beta import DEFAULT_DRIFT, NEVER, check_evidence
from vas_theory.selection.refusals import refuse_all_but_numbers

__all__ = ["ArcsineKalman"]

Array = NDArray[np.float64]

_PRIOR_MEAN = np.pi / 4
_PRIOR_VARIANCE = np.pi**2 / 48
"""Mean and variance of an angle that is uniform on [0, pi/2]."""

_BISECTIONS = 50


class ArcsineKalman:
    """Gaussian posteriors of the angle psi, with p = sin(psi)^2.

    Over dt steps the variance grows by drift * dt, up to that of the prior. A mixed group with m right in G observes
    z = arcsin sqrt((m + 3/8) / (G + 3/4)) with variance 1/(4G + 2), an all-wrong or all-right one the end 0 or pi/2
    with variance 1/(2G); at the ends the shrunken z would be off by the same amount each time, which prompts that
    are drawn often do not average out. The Gaussian may reach beyond [0, pi/2]; sin^2 folds it back, and mean,
    variance, quantiles and expectations below are exact for that folded distribution.

    Args:
        num_prompts: P.
        drift: variance of the angle's move per step, >= 0.

    Raises:
        ArgumentError: an argument is out of range.

    Source:
        arXiv 2609.38018 for the observations; the transform is Anscombe's (Biometrika 35, 1948).
    """

    kind = "arcsine_kalman"

    def __init__(self, num_prompts: int, *, drift: float = DEFAULT_DRIFT) -> None:
        if int(num_prompts) != num_prompts or num_prompts < 1:
            raise ArgumentError("num_prompts", "be an integer of 1 or more", num_prompts)
        refuse_all_but_numbers(drift=drift)
        if not 0 <= drift < np.inf:
            raise ArgumentError("drift", "be a number >= 0", drift)
        self.num_prompts = int(num_prompts)
        self.step = 0
        self.drift = float(drift)
        self._angle = np.full(self.num_prompts, _PRIOR_MEAN)
        self._variance = np.full(self.num_prompts, _PRIOR_VARIANCE)
        self.last_seen = np.full(self.num_prompts, NEVER, dtype=np.int32)

    def advance(self, step: int) -> None:
        """Move the clock to ``step``; it does not run backwards."""
        if step < self.step:
            raise ArgumentError("step", f"be at least the present step {self.step}", step)
        self.step = int(step)

    def update(
        self, positions: ArrayLike, successes: ArrayLike, group_size: ArrayLike, *, weight: ArrayLike = 1.0
    ) -> None:
        """Learn from groups of distinct prompts; arguments as for the Beta posteriors."""
        places, right, size, share = check_evidence(self.num_prompts, positions, successes, group_size, weight)
        mean, variance = self.parameters(places)
        mixed = (right > 0) & (right < size)
        observed = np.arcsin(np.sqrt(np.where(mixed, (right + 0.375) / (size + 0.75), right / size)))
        # written with the precision of the observation, so that weight 0 is no observation
        precision = share * np.where(mixed, 4.0 * size + 2.0, 2.0 * size)
        gain = variance * precision / (1.0 + variance * precision)
        self._angle[places] = mean + gain * (observed - mean)
        self._variance[places] = variance / (1.0 + variance * precision)
        self.last_seen[places] = self.step

    def parameters(self, positions: ArrayLike | None = None) -> tuple[Array, Array]:
        """Mean and variance of the angle now, each of shape (n,)."""
        places = slice(None) if positions is None else np.asarray(positions)
        grown = self._variance[places] + self.drift * (self.step - self.last_seen[places])
        return self._angle[places], np.minimum(grown, _PRIOR_VARIANCE)

    def mean(self, positions: ArrayLike | None = None) -> Array:
        """Posterior mean (1 - E cos 2 psi) / 2 of the pass rate, shape (n,)."""
        angle, variance = self.parameters(positions)
        return (1.0 - np.exp(-2.0 * variance) * np.cos(2.0 * angle)) / 2.0

    def variance(self, positions: ArrayLike | None = None) -> Array:
        """Posterior variance Var[cos 2 psi] / 4 of the pass rate, shape (n,)."""
        angle, variance = self.parameters(positions)
        square = (1.0 + np.exp(-8.0 * variance) * np.cos(4.0 * angle)) / 2.0
        return np.maximum(square - np.square(np.exp(-2.0 * variance) * np.cos(2.0 * angle)), 0.0) / 4.0

    def quantile(self, q: float, positions: ArrayLike | None = None) -> Array:
        """Posterior quantile of the pass rate, shape (n,), by bisection."""
        from scipy.special import ndtr

        if not 0 <= q <= 1:
            raise ArgumentError("q", "lie in [0, 1]", q)
        angle, variance = self.parameters(positions)
        deviation = np.sqrt(variance)
        low, high = np.zeros_like(angle), np.full_like(angle, np.pi / 2)
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            # sin(psi)^2 <= sin(middle)^2 where psi is within middle of a multiple of pi; other multiples than these
            # are more than six deviations of the widest posterior away from [0, pi/2]
            below = sum(
                ndtr((turn * np.pi + middle - angle) / deviation) - ndtr((turn * np.pi - middle - angle) / deviation)
                for turn in (-1, 0, 1)
            )
            less = below < q
            low, high = np.where(less, middle, low), np.where(less, high, middle)
        return np.square(np.sin((low + high) / 2))

    def expected_signal(self, group_size: int, positions: ArrayLike | None = None) -> Array:
        """E[sqrt(m (G - m)) / G] for the next group of G, shape (n,)."""
        return self._expectation(_signal_harmonics(group_size), positions)

    def mixed_probability(self, group_size: int, positions: ArrayLike | None = None) -> Array:
        """P(0 < m < G) for the next group of G, shape (n,)."""
        return self._expectation(_mixed_harmonics(group_size), positions)

    def _expectation(self, harmonics: Array, positions: ArrayLike | None) -> Array:
        """E[sum_j c_j cos(4 j psi)] = sum_j c_j exp(-8 j^2 variance) cos(4 j angle)."""
        angle, variance = self.parameters(positions)
        order = np.arange(harmonics.size)
        terms = np.exp(-8.0 * np.multiply.outer(variance, order * order)) * np.cos(
            4.0 * np.multiply.outer(angle, order)
        )
        return np.maximum(terms @ harmonics, 0.0)

    def settings(self) -> dict[str, Any]:
        """What two posteriors have to agree on to exchange states."""
        return {"kind": self.kind, "drift": self.drift}

    def state_dict(self) -> dict[str, Any]:
        """Arrays and numbers that describe the posterior fully."""
        return {
            "step": self.step,
            "angle": self._angle.copy(),
            "variance": self._variance.copy(),
            "last_seen": self.last_seen.copy(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a saved state of the same prompts."""
        if len(state["last_seen"]) != self.num_prompts:
            raise StateMismatchError("posterior state", {"num_prompts": (self.num_prompts, len(state["last_seen"]))})
        self.adopt(state, np.arange(self.num_prompts))

    def adopt(self, state: Mapping[str, Any], sources: NDArray[np.int64]) -> None:
        """Continue from a state of another prompt set: position i takes over ``sources[i]``, or starts new at -1."""
        known = sources >= 0
        for name, array, empty in (
            ("angle", self._angle, _PRIOR_MEAN),
            ("variance", self._variance, _PRIOR_VARIANCE),
            ("last_seen", self.last_seen, NEVER),
        ):
            array[:] = empty
            array[known] = state[name][sources[known]]
        self.step = int(state["step"])


def _harmonics(values: Array) -> Array:
    """Coefficients c_j of E[values[m] | psi] = sum_j c_j cos(4 j psi), for values that are the same at m and G - m.

    The expectation is a polynomial of degree G in cos 2 psi, even about psi = pi/4, so j <= G/2 and its values at
    G + 2 angles determine it.
    """
    points = values.size + 1
    samples = binomial_expectation(np.square(np.sin(np.pi / 2 * np.arange(points) / points)), values)
    spectrum = np.fft.rfft(samples).real / points
    kept = spectrum[: (values.size - 1) // 2 + 1].copy()
    kept[1:] *= 2.0
    kept.flags.writeable = False
    return kept


@lru_cache(maxsize=64)
def _signal_harmonics(group_size: int) -> Array:
    return _harmonics(signal_values(group_size))


@lru_cache(maxsize=64)
def _mixed_harmonics(group_size: int) -> Array:
    return _harmonics(mixed_values(group_size))
