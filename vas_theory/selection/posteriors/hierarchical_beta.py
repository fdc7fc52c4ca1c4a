"""Beta posteriors whose prior is learned from related prompts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.errors import ArgumentError, StateMismatchError
from vas_theory.selection.posteriors.discounted_beta import DEFAULT_DRIFT, DiscountedBeta
from vas_theory.selection.refusals import refuse_objects

__all__ = ["HierarchicalBeta"]

Array = NDArray[np.float64]


class HierarchicalBeta(DiscountedBeta):
    """Discounted Beta posteriors that share a learned prior within each category (partial pooling).

    The prior of prompt i is the Beta distribution whose mean and variance are the estimated mean m and variance v
    of the pass rates of the OTHER observed prompts of its category: concentration k = m (1 - m) / v - 1. With n the
    evidence and r the share right of an observed prompt, m averages r and m^2 + v averages r^2 - r (1 - r) / (n - 1),
    which is free of the noise of finite groups; every prompt counts once, however often it was drawn, so that
    drawing by weight does not pull the prior towards the prompts that are drawn most. ``pseudo_prompts`` prompts
    of the base prior are added, which holds small categories near it. Only the share ``pooling`` of k is believed:
    the prior keeps its weight while evidence fades, as if prompts were always drawn back to their category, and
    prompts that drift away from it would otherwise get intervals that are too narrow.

    The prior follows the category at once, and a prompt that was never observed is judged by its category.

    Args:
        categories: a label for each prompt, shape (P,); for embeddings see ``embedding_clusters``.
        prior: (a0, b0) of the base prior, both > 0.
        drift: variance of the angle's move per step, >= 0.
        retention: share of the old evidence that survives a new observation, in (0, 1].
        pooling: share of the estimated concentration that is believed, in (0, 1].
        pseudo_prompts: how many prompts the base prior counts as, > 0.
        concentration_range: least and largest concentration k that is believed.

    Raises:
        ArgumentError: an argument is out of range.
    """

    kind = "hierarchical_beta"

    def __init__(
        self,
        categories: ArrayLike,
        *,
        prior: tuple[float, float] = (0.5, 0.5),
        drift: float = DEFAULT_DRIFT,
        retention: float = 1.0,
        pooling: float = 0.5,
        pseudo_prompts: float = 4.0,
        concentration_range: tuple[float, float] = (0.5, 100.0),
    ) -> None:
        refuse_objects("categories", categories)
        labels = np.asarray(categories)
        if labels.ndim != 1 or labels.size == 0 or labels.dtype.kind not in "iuU":
            raise ArgumentError("categories", "be one string or integer a prompt", categories)
        super().__init__(labels.size, prior=prior, drift=drift, retention=retention)
        if not 0 < pseudo_prompts < np.inf:
            raise ArgumentError("pseudo_prompts", "be a number > 0", pseudo_prompts)
        if not 0 < pooling <= 1:
            raise ArgumentError("pooling", "lie in (0, 1]", pooling)
        low, high = concentration_range
        if not 0 < low <= high < np.inf:
            raise ArgumentError("concentration_range", "be two numbers > 0 in ascending order", concentration_range)
        self.labels, codes = np.unique(labels, return_inverse=True)
        self._codes = codes.astype(np.int32)
        self.pooling = float(pooling)
        self._range = (float(low), float(high))
        total = self._prior[0] + self._prior[1]
        mean = self._prior[0] / total
        self._pseudo = pseudo_prompts * np.array([1.0, mean, mean * mean + mean * (1 - mean) / (total + 1)])
        self._sums = np.zeros((3, self.labels.size))

    def _contributions(self, places: Any) -> Array:
        """Count, share right and noise-free square of prompts' own evidence, shape (3, n)."""
        successes, failures = self._evidence[places].T
        evidence = successes + failures
        usable = evidence >= 2.0
        rate = successes / np.where(usable, evidence, 1.0)
        square = rate * rate - rate * (1.0 - rate) / np.where(usable, evidence - 1.0, 1.0)
        return np.where(usable, np.stack([np.ones_like(rate), rate, square]), 0.0)

    def update(
        self, positions: ArrayLike, successes: ArrayLike, group_size: ArrayLike, *, weight: ArrayLike = 1.0
    ) -> None:
        """Learn from groups of distinct prompts; arguments as for :class:`DiscountedBeta`."""
        places = np.asarray(positions, dtype=np.int64)
        inside = places[(places >= 0) & (places < self.num_prompts)]
        before = self._contributions(inside)
        super().update(positions, successes, group_size, weight=weight)
        change = self._contributions(inside) - before
        for row, column in zip(self._sums, change, strict=True):
            np.add.at(row, self._codes[inside], column)

    def prior(self, places: Any) -> tuple[Array, Array]:
        """The Beta parameters that the other prompts of the category suggest, each of shape (n,)."""
        others = self._sums[:, self._codes[places]] - self._contributions(places)
        count, first, second = others + self._pseudo[:, None]
        mean = np.clip(first / count, 1e-3, 1.0 - 1e-3)
        spread = mean * (1.0 - mean)
        low, high = self._range
        # clipped before the division, so that a spread estimated as negative means the largest concentration
        variance = np.clip(second / count - mean * mean, spread / (1.0 + high), spread / (1.0 + low))
        concentration = self.pooling * (spread / variance - 1.0)
        return concentration * mean, concentration * (1.0 - mean)

    def settings(self) -> dict[str, Any]:
        """What two posteriors have to agree on to exchange states."""
        return {
            **super().settings(),
            "pooling": self.pooling,
            "pseudo_prompts": float(self._pseudo[0]),
            "concentration_range": list(self._range),
        }

    def state_dict(self) -> dict[str, Any]:
        """Arrays and numbers that describe the posterior fully."""
        return {**super().state_dict(), "sums": self._sums.copy(), "categories": self.labels[self._codes]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a saved state of the same prompts in the same categories."""
        if not np.array_equal(state["categories"], self.labels[self._codes]):
            raise StateMismatchError("posterior state", {"categories": ("those given", "others")})
        super().load_state_dict(state)
        self._sums = state["sums"].copy()

    def adopt(self, state: Mapping[str, Any], sources: NDArray[np.int64]) -> None:
        """Take over the evidence of the prompts that remain; the categories are those given here."""
        super().adopt(state, sources)
        contributions = self._contributions(slice(None))
        self._sums = np.stack(
            [np.bincount(self._codes, weights=row, minlength=self.labels.size) for row in contributions]
        )
