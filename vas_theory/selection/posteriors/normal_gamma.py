"""Posteriors of graded rewards: how likely a group is to be silent, and how far the rewards of the others spread."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.errors import ArgumentError, StateMismatchError
from vas_theory.selection.group_moments import beta_binomial_expectation, check_group_size
from vas_theory.selection.posteriors.discounted_beta import DEFAULT_DRIFT, DiscountedBeta

__all__ = ["NormalGamma"]

Array = NDArray[np.float64]

_LEAST_SHAPE = 1.5
"""Shape of the inverse gamma prior of a variance: as much as 3 degrees of freedom."""

_LARGEST_RATIO = 2.0
"""A spread counts as at most this many times the pool's, so that one outlier does not take all draws."""


class NormalGamma:
    """Posteriors of each prompt's reward: its mean, its variance within a group, and the chance of a silent group.

    A group is silent where all its rewards are the same; its advantages are then zero. Graded rewards are often
    equal, so the variance alone would never say so. The quantity is therefore taken apart:

        E[sigma_hat_G] = P(not silent) * E[sigma_hat_G | not silent].

    *Silence.* A group is silent where none of its rollouts deviates from its most frequent reward. The share of
    rollouts that deviate has a Beta posterior that fades as in :class:`DiscountedBeta`; P(silent) = E[(1 - q)^G].
    *Spread.* Within groups that are not silent rewards are taken as normal with mean mu and precision tau under a
    normal-gamma prior; only deviations from the group's own mean enter tau, so that a mean that moves between visits
    is no spread. The prior's scale is the mean variance of all such groups of the pool.

    ``expected_signal`` is in units of twice the pool's spread, as sqrt(p (1 - p)) is in units of twice that of a fair
    coin, so that no scale of the rewards has to be known.

    Args:
        num_prompts: P.
        drift: variance of an angle's move per step, as in :class:`DiscountedBeta`; n rollouts fade to
            n / (1 + 4 n drift dt).

    Raises:
        ArgumentError: an argument is out of range.

    Source:
        the conjugate normal-gamma model (DeGroot, Optimal Statistical Decisions, 1970, section 9.6).
    """

    kind = "normal_gamma"
    learns_from = "rewards"

    def __init__(self, num_prompts: int, *, drift: float = DEFAULT_DRIFT) -> None:
        self._silence = DiscountedBeta(num_prompts, prior=(0.5, 1.0), drift=drift)
        self.num_prompts = self._silence.num_prompts
        self.drift = self._silence.drift
        self.last_seen = self._silence.last_seen
        # rollouts, sum of rewards; degrees of freedom, sum of squares; one row a prompt
        self._level = np.zeros((self.num_prompts, 2))
        self._spread = np.zeros((self.num_prompts, 2))
        self._pool_level = np.zeros(2)
        self._pool_spread = np.zeros(2)

    @property
    def step(self) -> int:
        """The clock."""
        return self._silence.step

    @step.setter
    def step(self, step: int) -> None:
        self._silence.step = step

    def advance(self, step: int) -> None:
        """Move the clock to ``step``; it does not run backwards."""
        self._silence.advance(step)

    def update(
        self, positions: ArrayLike, successes: ArrayLike, group_size: ArrayLike, *, weight: ArrayLike = 1.0
    ) -> None:
        """Refused: counts of right rollouts do not say how rewards spread."""
        raise ArgumentError("posterior", "learn from rewards (update_rewards)", self.kind)

    def update_rewards(self, positions: ArrayLike, rewards: ArrayLike, *, weight: ArrayLike = 1.0) -> None:
        """Learn from groups.

        Args:
            positions: shape (n,); groups of a prompt that repeats are added up.
            rewards: shape (n, G), NaN where a rollout has none; each group has at least one.
            weight: how much the evidence counts, in [0, 1], shape (n,) or one number.
        """
        places = np.asarray(positions, dtype=np.int64)
        values = np.asarray(rewards, dtype=np.float64)
        share = np.broadcast_to(np.asarray(weight, dtype=np.float64), places.shape)
        usable = np.isfinite(values)
        sizes = usable.sum(1)
        centred = np.where(usable, values - np.nanmin(np.where(usable, values, np.nan), axis=1)[:, None], 0.0)
        mean = centred.sum(1) / sizes
        squares = np.where(usable, np.square(centred - mean[:, None]), 0.0).sum(1)
        deviating = sizes - _most_frequent(np.where(usable, centred, np.nan))
        spoken = deviating > 0
        unique, inverse = np.unique(places, return_inverse=True)

        def summed(per_group: Array) -> Array:
            return np.bincount(inverse, weights=share * per_group, minlength=unique.size).astype(np.float64, copy=False)

        elapsed = self.step - self.last_seen[unique]
        for rows, count, total in (
            (self._level, summed(sizes), summed(np.where(usable, values, 0.0).sum(1))),
            (self._spread, summed(spoken * (sizes - 1.0)), summed(spoken * squares)),
        ):
            rows[unique] = self._faded(rows[unique], elapsed) + np.stack([count, total], axis=1)
        whole = np.bincount(inverse, weights=sizes, minlength=unique.size)
        strength = summed(sizes) / whole
        differing = np.bincount(inverse, weights=deviating, minlength=unique.size)
        self._silence.update(unique, differing, whole, weight=strength)
        self._pool_level += [share @ sizes, share @ np.where(usable, values, 0.0).sum(1)]
        self._pool_spread += [share @ (spoken * (sizes - 1.0)), share @ (spoken * squares)]

    def _faded(self, rows: Array, elapsed: NDArray[np.integer]) -> Array:
        return np.asarray(rows / (1.0 + 4.0 * self.drift * elapsed * rows[:, 0])[:, None])

    def _rows(self, rows: Array, positions: ArrayLike | None) -> Array:
        places = np.arange(self.num_prompts) if positions is None else np.asarray(positions)
        return self._faded(rows[places], self.step - self.last_seen[places])

    def mean(self, positions: ArrayLike | None = None) -> Array:
        """Posterior mean of the reward, shape (n,): one rollout at the pool's mean and the prompt's own."""
        count, total = self._pool_level
        count_n, total_n = self._rows(self._level, positions).T
        return np.asarray((total_n + (total / count if count else 0.0)) / (count_n + 1.0))

    def variance(self, positions: ArrayLike | None = None) -> Array:
        """Posterior mean of the reward's variance within a group that is not silent, shape (n,)."""
        shape, scale = self._inverse_gamma(positions)
        return scale / (shape - 1.0)

    def _inverse_gamma(self, positions: ArrayLike | None) -> tuple[Array, Array]:
        freedom, squares = self._rows(self._spread, positions).T
        prior = (_LEAST_SHAPE - 1.0) * self._pool_variance()
        return _LEAST_SHAPE + freedom / 2.0, prior + squares / 2.0

    def _pool_variance(self) -> float:
        freedom, squares = self._pool_spread
        return float(squares / freedom) if squares > 0 else 1.0

    def quantile(self, q: float, positions: ArrayLike | None = None) -> Array:
        """Posterior quantile of the mean reward, shape (n,), of its normal approximation."""
        from scipy.special import ndtri

        if not 0 <= q <= 1:
            raise ArgumentError("q", "lie in [0, 1]", q)
        count = self._rows(self._level, positions)[:, 0] + 1.0
        return self.mean(positions) + ndtri(q) * np.sqrt(self.variance(positions) / count)

    def expected_signal(self, group_size: int, positions: ArrayLike | None = None) -> Array:
        """P(not silent) * E[sigma_hat_G | not silent] / (2 * the pool's spread), in [0, 1], shape (n,)."""
        from scipy.special import gammaln

        shape, scale = self._inverse_gamma(positions)
        deviation = np.sqrt(scale) * np.exp(gammaln(shape - 0.5) - gammaln(shape))
        ratio = deviation * _shrinkage(check_group_size(group_size)) / math.sqrt(self._pool_variance())
        return self.mixed_probability(group_size, positions) * np.minimum(ratio, _LARGEST_RATIO) / 2.0

    def largest_signal(self, group_size: int) -> float:
        """What ``expected_signal`` can reach."""
        return _LARGEST_RATIO / 2.0

    def mixed_probability(self, group_size: int, positions: ArrayLike | None = None) -> Array:
        """P(the next group of G is not silent), shape (n,)."""
        values = np.ones(check_group_size(group_size) + 1)
        values[0] = 0.0
        return beta_binomial_expectation(*self._silence.parameters(positions), values)

    def settings(self) -> dict[str, Any]:
        """What two posteriors have to agree on to exchange states."""
        return {"kind": self.kind, "drift": self.drift}

    def state_dict(self) -> dict[str, Any]:
        """Arrays and numbers that describe the posterior fully."""
        return {
            **self._silence.state_dict(),
            "level": self._level.copy(),
            "spread": self._spread.copy(),
            "pool": np.stack([self._pool_level, self._pool_spread]),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a saved state of the same prompts."""
        if len(state["last_seen"]) != self.num_prompts:
            raise StateMismatchError("posterior state", {"num_prompts": (self.num_prompts, len(state["last_seen"]))})
        self.adopt(state, np.arange(self.num_prompts))

    def adopt(self, state: Mapping[str, Any], sources: NDArray[np.int64]) -> None:
        """Continue from a state of another prompt set: position i takes over ``sources[i]``, or starts new at -1."""
        known = sources >= 0
        for name, array in (("level", self._level), ("spread", self._spread)):
            array[:] = 0.0
            array[known] = state[name][sources[known]]
        self._pool_level[:], self._pool_spread[:] = state["pool"]
        self._silence.adopt(state, sources)


@lru_cache(maxsize=64)
def _shrinkage(group_size: int) -> float:
    """E[sigma_hat_G] / sigma of G normal numbers: sqrt(2 / G) Gamma(G / 2) / Gamma((G - 1) / 2)."""
    return math.sqrt(2 / group_size) * math.exp(math.lgamma(group_size / 2) - math.lgamma((group_size - 1) / 2))


def _most_frequent(values: Array) -> Array:
    """How often the most frequent value of each row comes, NaN aside, shape (n,)."""
    ordered = np.sort(values, axis=1)  # NaN goes last
    largest = np.zeros(len(values))
    run = np.zeros(len(values))
    before = np.full(len(values), np.nan)
    for column in ordered.T:
        run = np.where(np.isclose(column, before, rtol=1e-9, atol=1e-12), run + 1, 1.0)
        run = np.where(np.isnan(column), 0.0, run)
        largest = np.maximum(largest, run)
        before = column
    return largest
