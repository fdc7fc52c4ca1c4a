"""What the ledger's claims say of the gradient norm of one bandit, all read as tightness: bound over norm.

The claims' own sides are evaluated, so that what is measured here is what was proved there; L04 takes the most probable
of several best arms, where the claim takes the first. Claims about policies in general are taken at the tabular
softmax (score e_i - pi, one token, Jacobian norm 1), where B04 is B20, B06 and B47 are B17, and B15 on binary rewards
is B01.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from vas_theory.bounds import mei_gradient_bound, razin_gradient_bound
from vas_theory.claims import (
    a06_positive_fisher_is_not_enough,
    b01_between_class_identity,
    b02_variance_over_rho,
    b03_effective_counts,
    b16_range_at_given_variance,
    b19_l1_norm,
    b20_fisher_spectrum,
)
from vas_theory.foundation.arguments import unify
from vas_theory.foundation.precision import sqrt
from vas_theory.policy.gradients import policy_gradient, reward_variance

__all__ = ["BOUNDS", "Bound", "gradient_norm", "largest_eigenvalue"]

Numbers = NDArray[Any]
RewardKind = Literal["binary", "graded"]

_MODULES = (
    a06_positive_fisher_is_not_enough,
    b01_between_class_identity,
    b02_variance_over_rho,
    b03_effective_counts,
    b16_range_at_given_variance,
    b19_l1_norm,
    b20_fisher_spectrum,
)
_ROUNDING = 1e-12
"""Relative error that sums over up to 100 float64 terms may have, with a margin of about fifty."""
_NEAR = 1e-6
"""Where the refuted claim's bound exceeds the norm by less than this, cancellation may have decided."""
_CLAIMS = {claim.id: claim for module in _MODULES for claim in module.CLAIMS}


def gradient_norm(probs: Numbers, rewards: Numbers) -> Numbers:
    """Return the l2 norm of the tabular gradient, (N,) for probs and rewards (N, K)."""
    norm: Numbers = sqrt((policy_gradient(probs, rewards) ** 2).sum(-1))
    return norm


def largest_eigenvalue(probs: Numbers) -> Numbers:
    """Return the largest eigenvalue of diag(pi) - pi pi^T, shape (N,).

    It is the root of sum_i pi_i / (pi_i - x) between the two largest probabilities, where the sum increases; claim
    B20 finds the smallest one likewise.
    """
    ordered = np.sort(probs, axis=-1)
    low, high = ordered[..., -2], ordered[..., -1]
    if probs.shape[-1] == 2:
        return 2 * low * high
    for _ in range(200 if probs.dtype == object else 60):
        middle = (low + high) / 2
        gap = probs - middle[..., None]
        closed = (gap == 0).any(-1)
        below = (probs / np.where(gap == 0, 1, gap)).sum(-1) < 0
        low, high = np.where(closed | below, middle, low), np.where(closed | ~below, middle, high)
    return high


@dataclass(frozen=True)
class Bound:
    """A claim about the norm of a gradient and the bandits that it speaks of.

    Args:
        claim: id in the ledger.
        kind: lower or upper bound on the l2 norm of the tabular gradient; lower_l1 bounds its l1 norm; equal gives the
            l2 norm itself; refuted is a lower bound that fails, on the gradient of the policy that its claim names.
        tightness: maps probabilities and rewards (N, K) to bound over norm (N,).
        reward_kinds: the rewards it holds for.
        fewest_arms: the least K.
    """

    claim: str
    kind: Literal["lower", "lower_l1", "equal", "upper", "refuted"]
    tightness: Callable[[Numbers, Numbers], Numbers]
    reward_kinds: tuple[RewardKind, ...] = ("binary", "graded")
    fewest_arms: int = 2

    @property
    def column(self) -> str:
        """Name of the bound's column in the table."""
        return f"{self.kind}_{self.claim}"

    def applies(self, reward_kind: RewardKind, arms: int) -> bool:
        """Whether the claim speaks of such bandits."""
        return reward_kind in self.reward_kinds and arms >= self.fewest_arms

    def is_doubtful(self, tightness: Numbers) -> NDArray[np.bool_]:
        """Say where float64 cannot decide: a proved claim seems broken, or the refuted one seems to hold."""
        if self.kind == "refuted":
            return ~((tightness > 1 + _NEAR) & (tightness < np.inf))
        above, below = tightness > 1 + _ROUNDING, tightness < 1 - _ROUNDING
        if self.kind == "equal":
            return above | below
        return below if self.kind == "upper" else above


def _sides(claim: str, *, squared: bool = False, scored: bool = False) -> Callable[[Numbers, Numbers], Numbers]:
    """Return bound over norm by the claim's own sides, which may be squares and may need the tabular score."""

    def tightness(probs: Numbers, rewards: Numbers) -> Numbers:
        instance = {"probs": probs, "rewards": rewards}
        if scored:
            arms = probs.shape[-1]
            # the score function is the centred feature, here of the identity
            instance["features"] = np.broadcast_to(np.eye(arms, dtype=int), (*probs.shape, arms))
        left, right = _CLAIMS[claim].sides(instance)
        return sqrt(_over(right, left)) if squared else _over(right, left)

    return tightness


def _over(bound: Numbers, norm: Numbers) -> Numbers:
    """Return bound over norm, infinite where only the norm is 0."""
    with np.errstate(divide="ignore"):
        return bound / norm


def _largest_eigenvalue_bound(probs: Numbers, rewards: Numbers) -> Numbers:
    bound = sqrt(largest_eigenvalue(probs) * reward_variance(probs, rewards))
    return _over(bound, gradient_norm(probs, rewards))


def _mei_bound(probs: Numbers, rewards: Numbers) -> Numbers:
    return _over(mei_gradient_bound(probs, rewards), gradient_norm(probs, rewards))


def _razin_bound(probs: Numbers, rewards: Numbers) -> Numbers:
    one = unify(1, probs)[0]
    return _over(razin_gradient_bound(one, one, reward_variance(probs, rewards)), gradient_norm(probs, rewards))


BOUNDS = (
    Bound("B02", "lower", _sides("B02")),
    Bound("B16", "lower", _sides("B16")),
    Bound("B20", "lower", _sides("B20", squared=True)),
    Bound("B21", "lower", _sides("B21", squared=True)),
    Bound("B22", "lower", _sides("B22", squared=True), ("binary",)),
    Bound("L04", "lower", _mei_bound),
    Bound("B19", "lower_l1", _sides("B19")),
    Bound("B01", "equal", _sides("B01", squared=True, scored=True), ("binary",)),
    Bound("B03", "equal", _sides("B03", squared=True), ("binary",)),
    Bound("A27", "upper", _sides("A27", scored=True), ("binary",)),
    Bound("B15", "upper", _sides("B15", squared=True, scored=True), ("graded",)),
    Bound("B17", "upper", _sides("B17")),
    Bound("B18", "upper", _sides("B18"), ("binary",)),
    Bound("B23", "upper", _largest_eigenvalue_bound),
    Bound("L01", "upper", _razin_bound),
    # with two arms one parameter is all there is, and the claim holds with equality
    Bound("A06", "refuted", _sides("A06", squared=True), fewest_arms=3),
)
"""Every claim of the ledger that bounds, gives or wrongly bounds the norm of a bandit's exact gradient."""
