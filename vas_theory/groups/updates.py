r"""The expected update of a group and its second moment: closed forms where they exist, else enumeration."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.arguments import as_bandit, as_group_size, as_scored_bandit, check_ddof_eps, like
from vas_theory.groups.advantages import AdvantageKind, check_kind
from vas_theory.groups.enumeration import enumerate_second_moment, enumerate_update
from vas_theory.groups.pass_rate_laws import bernstein, group_gain, whitening_factors
from vas_theory.policy.gradients import policy_gradient, policy_gradient_from_scores
from vas_theory.policy.reward_moments import reward_variance
from vas_theory.policy.score_moments import (
    between_class_dispersion,
    class_score_means,
    score_second_moment,
    weighted_second_moment,
    within_class_traces,
)
from vas_theory.policy.softmax import tabular_score

__all__ = [
    "dr_grpo_second_moment",
    "expected_update",
    "rloo_second_moment",
    "update_second_moment",
    "whitened_second_moment",
]


def expected_update(
    probs: ArrayLike,
    rewards: ArrayLike,
    group_size: int,
    *,
    kind: AdvantageKind = "grpo",
    ddof: int = 0,
    eps: float = 0.0,
) -> NDArray[Any]:
    r"""Return the exact expected logit update of a tabular softmax, :math:`E[\frac1G \sum_i A_i (e_{y_i} - \pi)]`.

    dr_grpo gives :math:`(1 - 1/G) \nabla V` and rloo :math:`\nabla V` for any rewards. grpo with two reward
    levels gives :math:`w_G \nabla p`, see :func:`vas_theory.groups.group_gain`; with more it is enumerated over
    the counts of the levels. Silent groups contribute zero.

    Args:
        probs: (..., K) probabilities.
        rewards: (..., K) rewards.
        group_size: G >= 2.
        kind: ``grpo``, ``dr_grpo`` or ``rloo``.
        ddof: 0 for the population and 1 for the sample standard deviation (grpo only).
        eps: constant added to the standard deviation, in units of the reward (grpo only).

    Returns:
        (..., K) expected updates.

    Raises:
        ArgumentError: an argument is out of range, or too many distinct rewards to enumerate.
    """
    check_kind(kind)
    check_ddof_eps(ddof, eps)
    size = as_group_size(group_size)
    pi, r = as_bandit(probs, rewards)
    if kind != "grpo":
        return _rloo_share(size, kind, pi) * policy_gradient(pi, r)
    if not _at_most_two_levels(r):
        return enumerate_update(pi, r, size, ddof=ddof, eps=eps)
    success, span = _success(r)
    rate = np.minimum((pi * success).sum(-1), 1.0)  # a rounded sum may exceed 1 by an ulp
    gain = group_gain(rate, size, ddof=ddof, eps=eps / span)
    return gain[..., None] * policy_gradient(pi, success)


def update_second_moment(
    probs: ArrayLike,
    rewards: ArrayLike,
    group_size: int,
    *,
    scores: ArrayLike | None = None,
    kind: AdvantageKind = "grpo",
    ddof: int = 0,
    eps: float = 0.0,
) -> NDArray[Any]:
    r"""Return the exact second moment of a group's update, :math:`E|\frac1G \sum_i A_i g_{y_i}|^2`.

    rloo and dr_grpo have a closed form for any rewards. grpo with two reward levels is a Bernstein polynomial
    in the pass rate,

    .. math:: E\!\left[c_k^2 \hat p^2 (1-\hat p)^2\right] |\mu_1 - \mu_0|^2
              + \tfrac1G E\!\left[c_k^2 \hat p (1-\hat p) ((1-\hat p) \tau_1 + \hat p \tau_0)\right],
              \qquad \hat p = k/G

    with the factors c of :func:`vas_theory.groups.pass_rate_laws.whitening_factors`; with more levels it is enumerated.

    Args:
        probs: (..., K) probabilities.
        rewards: (..., K) rewards.
        group_size: G >= 2.
        scores: (..., K, d) score function (mean zero); the tabular one if None.
        kind: ``grpo``, ``dr_grpo`` or ``rloo``.
        ddof: 0 for the population and 1 for the sample standard deviation (grpo only).
        eps: constant added to the standard deviation, in units of the reward (grpo only).

    Returns:
        (...) second moments.

    Raises:
        ArgumentError: an argument is out of range, or too many distinct rewards to enumerate.
    """
    check_kind(kind)
    check_ddof_eps(ddof, eps)
    size = as_group_size(group_size)
    pi, g, r = _with_scores(probs, rewards, scores)
    if kind != "grpo":
        return _rloo_share(size, kind, pi) ** 2 * rloo_second_moment(pi, r, size, scores=g)
    if not _at_most_two_levels(r):
        return enumerate_second_moment(pi, r, size, scores=g, ddof=ddof, eps=eps)
    success, span = _success(r)
    correct, wrong = class_score_means(pi, g, success)
    inside_correct, inside_wrong = within_class_traces(pi, g, success)
    squares = np.zeros((*np.shape(span), size + 1))
    squares[..., 1:-1] = whitening_factors(size, ddof=ddof, eps=eps / span) ** 2
    share = np.arange(size + 1) / size
    spread = share * (1 - share)
    rate, failure = (pi * success).sum(-1), (pi * (1 - success)).sum(-1)

    def mean(values: NDArray[Any]) -> NDArray[Any]:
        return bernstein(squares * values, rate, complement=failure)

    between = mean(spread**2) * ((correct - wrong) ** 2).sum(-1)
    within = mean(spread * (1 - share)) * inside_correct + mean(spread * share) * inside_wrong
    moment: NDArray[Any] = between + within / size
    return moment


def rloo_second_moment(
    probs: ArrayLike, rewards: ArrayLike, group_size: int, *, scores: ArrayLike | None = None
) -> NDArray[Any]:
    r"""Return the second moment of the RLOO update for any rewards, in closed form.

    .. math:: |\nabla V|^2 + \frac{M - |\nabla V|^2}{G} + \frac{\mathrm{Var}\,\Gamma + |\nabla V|^2}{G (G-1)}

    Args:
        probs: (..., K) probabilities.
        rewards: (..., K) rewards.
        group_size: G >= 2.
        scores: (..., K, d) score function (mean zero); the tabular one if None.

    Returns:
        (...) second moments.
    """
    size = as_group_size(group_size)
    pi, g, r = _with_scores(probs, rewards, scores)
    square = (policy_gradient_from_scores(pi, g, r) ** 2).sum(-1)
    one, pair = like([Fraction(1, size), Fraction(1, size * (size - 1))], pi)
    product = reward_variance(pi, r) * score_second_moment(pi, g)
    moment: NDArray[Any] = square + (weighted_second_moment(pi, g, r) - square) * one + (product + square) * pair
    return moment


def whitened_second_moment(
    probs: ArrayLike, rewards: ArrayLike, group_size: int, *, scores: ArrayLike | None = None
) -> NDArray[Any]:
    r"""Return the second moment of the whitened update (grpo, ddof 0, eps 0) for binary rewards, in closed form.

    .. math:: \left(1 - \tfrac1G\right) \Gamma_B
              + \tfrac1G \left[\tau_1 (1-p)(1 - (1-p)^{G-1}) + \tau_0\, p\, (1 - p^{G-1})\right]

    Args:
        probs: (..., K) probabilities.
        rewards: (..., K) rewards in {0, 1}.
        group_size: G >= 2.
        scores: (..., K, d) score function (mean zero); the tabular one if None.

    Returns:
        (...) second moments.
    """
    size = as_group_size(group_size)
    pi, g, r = _with_scores(probs, rewards, scores)
    correct, wrong = within_class_traces(pi, g, r)
    p = (pi * r).sum(-1)
    one, rest = like([Fraction(1, size), Fraction(size - 1, size)], pi)
    within = correct * (1 - p) * (1 - (1 - p) ** (size - 1)) + wrong * p * (1 - p ** (size - 1))
    moment: NDArray[Any] = rest * between_class_dispersion(pi, g, r) + one * within
    return moment


def dr_grpo_second_moment(
    probs: ArrayLike, rewards: ArrayLike, group_size: int, *, scores: ArrayLike | None = None
) -> NDArray[Any]:
    r"""Return the second moment of the Dr.GRPO update for binary rewards, in closed form (q = p(1-p)).

    .. math:: \frac{G-1}{G^3} \left[ \Gamma_B \left((G-1) + (G-2)(G-3) q\right)
              + q \left(\tau_1 ((G-2)(1-p) + 1) + \tau_0 ((G-2) p + 1)\right) \right]

    Args:
        probs: (..., K) probabilities.
        rewards: (..., K) rewards in {0, 1}.
        group_size: G >= 2.
        scores: (..., K, d) score function (mean zero); the tabular one if None.

    Returns:
        (...) second moments.
    """
    size = as_group_size(group_size)
    pi, g, r = _with_scores(probs, rewards, scores)
    correct, wrong = within_class_traces(pi, g, r)
    p = (pi * r).sum(-1)
    q = p * (1 - p)
    between = between_class_dispersion(pi, g, r) * ((size - 1) + (size - 2) * (size - 3) * q)
    within = q * (correct * ((size - 2) * (1 - p) + 1) + wrong * ((size - 2) * p + 1))
    moment: NDArray[Any] = like([Fraction(size - 1, size**3)], pi)[0] * (between + within)
    return moment


def _with_scores(
    probs: ArrayLike, rewards: ArrayLike, scores: ArrayLike | None
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    return as_scored_bandit(probs, tabular_score(probs) if scores is None else scores, rewards)


def _rloo_share(size: int, kind: AdvantageKind, pi: NDArray[Any]) -> Any:
    """Return the constant ratio of an unwhitened advantage to the RLOO advantage."""
    return like([Fraction(1) if kind == "rloo" else Fraction(size - 1, size)], pi)[0]


def _at_most_two_levels(r: NDArray[Any]) -> bool:
    """Tell whether every instance has two reward levels or one; exact arithmetic always enumerates."""
    if r.dtype == object:
        return False
    return bool(((r == r.min(-1, keepdims=True)) | (r == r.max(-1, keepdims=True))).all())


def _success(r: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return 1 on arms of the higher of two levels (0 if there is one level), and the distance of the levels."""
    low, high = r.min(-1, keepdims=True), r.max(-1, keepdims=True)
    span = np.where(high > low, high - low, 1.0)[..., 0]
    return ((r == high) & (high > low)).astype(np.float64), span
