"""Posteriors of each prompt's pass rate, which drifts while the policy learns.

All posteriors answer the same questions for arrays of positions, and all are lazy: an update touches the
observed prompts only, and what time does to the others is worked out when they are asked about.

Drift model. Between steps the angle psi = arcsin sqrt(p) of a prompt moves by independent amounts of variance
``drift``. In this angle a Bernoulli observation carries the same information at every p (a group of G has
variance about 1/(4G)), so one number describes the drift of easy, medium and hard prompts alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.compilation import LazyKernel
from vas_theory.foundation.errors import ArgumentError, StateMismatchError
from vas_theory.selection.group_moments import beta_binomial_expectation, mixed_values, signal_values
from vas_theory.selection.refusals import refuse_all_but_numbers

__all__ = ["DEFAULT_DRIFT", "DiscountedBeta", "PassRatePosterior", "check_evidence"]

Array = NDArray[np.float64]
Positions = NDArray[np.integer]

DEFAULT_DRIFT = 3e-4
"""Variance of the angle's move per step: a standard deviation of 0.17 in 100 steps, which at p = 1/2 is 0.17 in p."""

NEVER = -1
"""The last-seen step of a prompt that was never observed."""


class PassRatePosterior(Protocol):
    """What the sampler needs to know about pass rates.

    A posterior whose ``learns_from`` is ``rewards`` has ``update_rewards`` and ``largest_signal`` as
    :class:`~vas_theory.selection.posteriors.normal_gamma.NormalGamma` has them, and "mixed" means not silent.
    """

    num_prompts: int
    step: int
    last_seen: NDArray[np.int32]

    def advance(self, step: int) -> None:
        """Move the clock to ``step``."""

    def update(self, positions: ArrayLike, successes: ArrayLike, group_size: ArrayLike, *, weight: ArrayLike) -> None:
        """Learn from groups of distinct prompts."""

    def mean(self, positions: ArrayLike | None = None) -> Array:
        """Posterior mean of the pass rate now."""

    def variance(self, positions: ArrayLike | None = None) -> Array:
        """Posterior variance of the pass rate now."""

    def quantile(self, q: float, positions: ArrayLike | None = None) -> Array:
        """Posterior quantile of the pass rate now."""

    def expected_signal(self, group_size: int, positions: ArrayLike | None = None) -> Array:
        """E[sigma_hat_G] under the posterior now."""

    def mixed_probability(self, group_size: int, positions: ArrayLike | None = None) -> Array:
        """P(0 < m < G) under the posterior now."""

    def settings(self) -> dict[str, Any]:
        """What two posteriors have to agree on to exchange states."""

    def state_dict(self) -> dict[str, Any]:
        """Arrays and numbers that describe the posterior fully."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a saved state."""

    def adopt(self, state: Mapping[str, Any], sources: NDArray[np.int64]) -> None:
        """Continue from a state of another prompt set: position i takes over ``sources[i]``, or starts new at -1."""


def check_evidence(
    num_prompts: int, positions: ArrayLike, successes: ArrayLike, group_size: ArrayLike, weight: ArrayLike
) -> tuple[NDArray[np.int64], Array, Array, Array]:
    """Validate one update and return positions, successes, group sizes and weights, each of shape (n,)."""
    places = np.asarray(positions)
    if places.ndim != 1 or (places.size and places.dtype.kind not in "iu"):
        raise ArgumentError("positions", "be a one-dimensional array of integers", positions)
    places = places.astype(np.int64, copy=False)
    if places.size and not (places.min() >= 0 and places.max() < num_prompts):
        raise ArgumentError(
            "positions", f"lie in [0, {num_prompts})", int(places[(places < 0) | (places >= num_prompts)][0])
        )
    right, size, share = (
        np.broadcast_to(np.asarray(values, dtype=np.float64), places.shape)
        for values in (successes, group_size, weight)
    )
    fits = (size >= 1) & (right >= 0) & (right <= size)
    if not fits.all():
        row = int(np.flatnonzero(~fits)[0])
        raise ArgumentError(
            "successes", f"lie in [0, group_size = {size[row]:g}] with at least one rollout", right[row]
        )
    if not ((share >= 0) & (share <= 1)).all():
        raise ArgumentError("weight", "lie in [0, 1]", share[~((share >= 0) & (share <= 1))][0])
    return places, right, size, share


@LazyKernel
def _fade(evidence, elapsed, drift, floor):  # type: ignore[no-untyped-def]
    """Shrink rows of (successes, failures) so that the total with the prior falls to N / (1 + 4 N drift dt)."""
    for k in range(elapsed.size):
        own = evidence[k, 0] + evidence[k, 1]
        if own > 0.0:
            total = floor + own
            left = total / (1.0 + 4.0 * drift * elapsed[k] * total) - floor
            kept = min(max(left, 0.0) / own, 1.0)  # rounding alone may lift it above 1
            evidence[k, 0] *= kept
            evidence[k, 1] *= kept


class DiscountedBeta:
    """Beta posteriors whose evidence fades with time and with newer evidence.

    With s successes and f failures as evidence the posterior is Beta(a0 + s, b0 + f). Over dt steps its total
    N = a0 + b0 + s + f falls to N / (1 + 4 N drift dt), though never below the prior's: the variance 1/(4N) of
    the angle grows by drift * dt. An observation of m right in G multiplies what is left of the evidence by
    ``retention`` and adds (m, G - m).

    Args:
        num_prompts: P.
        prior: (a0, b0), both > 0; the default is uniform in the angle, where a drifting angle settles.
        drift: variance of the angle's move per step, >= 0.
        retention: share of the old evidence that survives a new observation, in (0, 1]; with ``drift=0`` this
            is the usual discounted Beta, a <- retention * a + (1 - retention) * a0 + m.

    Raises:
        ArgumentError: an argument is out of range.
    """

    kind = "discounted_beta"

    def __init__(
        self,
        num_prompts: int,
        *,
        prior: tuple[float, float] = (0.5, 0.5),
        drift: float = DEFAULT_DRIFT,
        retention: float = 1.0,
    ) -> None:
        if int(num_prompts) != num_prompts or num_prompts < 1:
            raise ArgumentError("num_prompts", "be an integer of 1 or more", num_prompts)
        refuse_all_but_numbers(prior=prior, drift=drift, retention=retention)
        if len(prior) != 2 or not all(0 < value < np.inf for value in prior):
            raise ArgumentError("prior", "be two numbers > 0", prior)
        if not 0 <= drift < np.inf:
            raise ArgumentError("drift", "be a number >= 0", drift)
        if not 0 < retention <= 1:
            raise ArgumentError("retention", "lie in (0, 1]", retention)
        self.num_prompts = int(num_prompts)
        self.step = 0
        self._prior = (float(prior[0]), float(prior[1]))
        self.drift = float(drift)
        self.retention = float(retention)
        # one row a prompt, so that looking a prompt up touches one place in memory
        self._evidence = np.zeros((self.num_prompts, 2))
        self.last_seen = np.full(self.num_prompts, NEVER, dtype=np.int32)

    def advance(self, step: int) -> None:
        """Move the clock to ``step``; it does not run backwards."""
        if step < self.step:
            raise ArgumentError("step", f"be at least the present step {self.step}", step)
        self.step = int(step)

    def update(
        self, positions: ArrayLike, successes: ArrayLike, group_size: ArrayLike, *, weight: ArrayLike = 1.0
    ) -> None:
        """Learn from groups of distinct prompts.

        Args:
            positions: shape (n,), no position twice.
            successes: rollouts that were right, shape (n,) or one number.
            group_size: rollouts in the group, shape (n,) or one number.
            weight: how much the evidence counts, in [0, 1].
        """
        places, right, size, share = check_evidence(self.num_prompts, positions, successes, group_size, weight)
        old_right, old_wrong = self._faded(places)
        kept = np.where(share > 0, self.retention, 1.0)
        self._evidence[places, 0] = kept * old_right + share * right
        self._evidence[places, 1] = kept * old_wrong + share * (size - right)
        self.last_seen[places] = self.step

    def _faded(self, places: Any) -> tuple[Array, Array]:
        """The successes and failures that time has left, each of shape (n,)."""
        left = self._evidence[places]
        floor = self._prior[0] + self._prior[1]
        _fade(left, self.step - self.last_seen[places], self.drift, floor)
        return left[:, 0], left[:, 1]

    def prior(self, places: Any) -> tuple[Array | float, Array | float]:
        """The Beta parameters before any evidence, for an index into the prompts."""
        return self._prior

    def parameters(self, positions: ArrayLike | None = None) -> tuple[Array, Array]:
        """The Beta parameters (a, b) now, each of shape (n,)."""
        places = np.arange(self.num_prompts) if positions is None else np.asarray(positions)
        a0, b0 = self.prior(places)
        right, wrong = self._faded(places)
        return a0 + right, b0 + wrong

    def mean(self, positions: ArrayLike | None = None) -> Array:
        """Posterior mean a / (a + b), shape (n,)."""
        a, b = self.parameters(positions)
        return a / (a + b)

    def variance(self, positions: ArrayLike | None = None) -> Array:
        """Posterior variance a b / ((a + b)^2 (a + b + 1)), shape (n,)."""
        a, b = self.parameters(positions)
        total = a + b
        return a * b / (total * total * (total + 1.0))

    def quantile(self, q: float, positions: ArrayLike | None = None) -> Array:
        """Posterior quantile, shape (n,)."""
        from scipy.special import betaincinv

        if not 0 <= q <= 1:
            raise ArgumentError("q", "lie in [0, 1]", q)
        return np.asarray(betaincinv(*self.parameters(positions), q))

    def expected_signal(self, group_size: int, positions: ArrayLike | None = None) -> Array:
        """E[sqrt(m (G - m)) / G] for the next group of G, shape (n,)."""
        return beta_binomial_expectation(*self.parameters(positions), signal_values(group_size))

    def mixed_probability(self, group_size: int, positions: ArrayLike | None = None) -> Array:
        """P(0 < m < G) for the next group of G, shape (n,)."""
        return beta_binomial_expectation(*self.parameters(positions), mixed_values(group_size))

    def settings(self) -> dict[str, Any]:
        """What two posteriors have to agree on to exchange states."""
        return {"kind": self.kind, "prior": list(self._prior), "drift": self.drift, "retention": self.retention}

    def state_dict(self) -> dict[str, Any]:
        """Arrays and numbers that describe the posterior fully."""
        return {
            "step": self.step,
            "successes": self._evidence[:, 0].copy(),
            "failures": self._evidence[:, 1].copy(),
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
            ("successes", self._evidence[:, 0], 0.0),
            ("failures", self._evidence[:, 1], 0.0),
            ("last_seen", self.last_seen, NEVER),
        ):
            array[:] = empty
            array[known] = state[name][sources[known]]
        self.step = int(state["step"])
