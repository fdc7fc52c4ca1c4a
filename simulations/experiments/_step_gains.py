"""Exact expected gains of steps: of a softmax, of groups, and of policies with one parameter."""

from __future__ import annotations

from itertools import combinations_with_replacement
from math import factorial

import numpy as np
from numpy.typing import NDArray

from vas_theory.bounds.gradient import reward_range
from vas_theory.bounds.improvement import stochastic_step_limit
from vas_theory.policy.curvature import smoothness
from vas_theory.policy.gradients import policy_gradient, reward_variance
from vas_theory.policy.score_moments import score_second_moment, weighted_second_moment
from vas_theory.policy.softmax import tabular_score

__all__ = [
    "OneParameterPolicies", "Policies", "Quadratics", "ScaledLogits", "SoftmaxPolicies", "gain_of_steps",
    "group_updates", "one_sample_gain",
]  # fmt: skip

Array = NDArray[np.float64]


def gain_of_steps(probs: Array, rewards: Array, steps: Array) -> Array:
    """Return V(theta + step) - V(theta), with full relative accuracy for short steps.

    Args:
        probs: (..., K) probabilities.
        rewards: (..., K) rewards.
        steps: (..., K) what is added to the logits.
    """
    advantages = rewards - (probs * rewards).sum(-1, keepdims=True)
    growth = probs * np.expm1(steps)
    gain: Array = (growth * advantages).sum(-1) / (1 + growth.sum(-1))
    return gain


def group_updates(probs: Array, rewards: Array, group_size: int, *, whitened: bool) -> tuple[Array, Array]:
    """Return the chance of every vector of arm counts of a group, and its update mean_i A_i e_(y_i).

    Args:
        probs: (N, K) probabilities.
        rewards: (N, K) rewards.
        group_size: G.
        whitened: divide by the population deviation of the group; silent groups give zero.

    Returns:
        (N, C) chances and (N, C, K) updates; the advantages sum to zero, so nothing is left of -pi in the score.
    """
    arms = probs.shape[-1]
    groups = combinations_with_replacement(range(arms), group_size)
    counts = np.array([np.bincount(group, minlength=arms) for group in groups])
    orders = [factorial(group_size) / np.prod([float(factorial(n)) for n in row]) for row in counts]
    chance = np.array(orders) * np.prod(probs[:, None, :] ** counts, axis=-1)
    share = counts / group_size
    centred = rewards[:, None, :] - (share * rewards[:, None, :]).sum(-1, keepdims=True)
    if whitened:
        spread = np.sqrt((share * centred**2).sum(-1, keepdims=True))
        drawn = counts > 0
        highest = np.where(drawn, rewards[:, None, :], -np.inf).max(-1, keepdims=True)
        silent = highest == np.where(drawn, rewards[:, None, :], np.inf).min(-1, keepdims=True)
        centred = np.where(silent, 0.0, centred / np.where(silent, 1.0, spread))
    return chance, share * centred


def one_sample_gain(probs: Array, rewards: Array, eta: Array) -> Array:
    """Return the expected gain of eta A_y (e_y - pi), y drawn from pi.

    Args:
        probs: (N, K) probabilities.
        rewards: (N, K) rewards.
        eta: (N,) step sizes.
    """
    advantages = rewards - (probs * rewards).sum(-1, keepdims=True)
    steps = (eta[:, None] * advantages)[..., None] * tabular_score(probs)
    gains = gain_of_steps(probs[:, None, :], rewards[:, None, :], steps)
    expected: Array = (probs * gains).sum(-1)
    return expected


class Policies:
    """Many policies of one kind, with what Theorem 1 needs to know of each and their expected gains."""

    def __init__(self, name: str, square: Array, variance: Array, score: Array, moment: Array, curvature: Array):
        self.name, self.square, self.variance = name, square, variance
        ratio = square / variance
        self.largest_step = {
            "c / (4 L Gamma)": ratio / (4 * curvature * score),
            "c / (4 L)": ratio / (4 * curvature),
            "|grad|^2 / (L M)": stochastic_step_limit(square, moment, curvature),
        }
        self.moment, self.curvature = moment, curvature

    def gain(self, update: str, eta: Array) -> Array:
        """Return the expected gain of a step; NaN where it would leave the policy's domain."""
        raise NotImplementedError


class SoftmaxPolicies(Policies):
    def __init__(self, probs: Array, rewards: Array):
        scores = tabular_score(probs)
        self.probs, self.rewards = probs, rewards
        super().__init__(
            "softmax",
            (policy_gradient(probs, rewards) ** 2).sum(-1),
            reward_variance(probs, rewards),
            score_second_moment(probs, scores),
            weighted_second_moment(probs, scores, rewards),
            smoothness(reward_range(rewards)),
        )

    def gain(self, update: str, eta: Array) -> Array:
        if update == "one sample":
            return one_sample_gain(self.probs, self.rewards, eta)
        return gain_of_steps(self.probs, self.rewards, eta[:, None] * policy_gradient(self.probs, self.rewards))


class OneParameterPolicies(Policies):
    """Policies that succeed with a probability J(theta); one parameter makes c = Gamma."""

    def __init__(self, name: str, rate: Array, slope: Array, curvature: Array):
        self.rate, self.slope = rate, slope
        variance = rate * (1 - rate)
        moment = slope**2 * ((1 - rate) ** 2 / rate + rate**2 / (1 - rate))
        super().__init__(name, slope**2, variance, slope**2 / variance, moment, curvature)

    def moved(self, step: Array) -> Array:
        """Return J(theta + step) - J(theta), NaN outside the domain."""
        raise NotImplementedError

    def gain(self, update: str, eta: Array) -> Array:
        if update == "exact":
            return self.moved(eta * self.slope)
        rate, slope = self.rate, self.slope
        success, failure = slope * (1 - rate) / rate, slope * rate / (1 - rate)
        expected: Array = rate * self.moved(eta * success) + (1 - rate) * self.moved(eta * failure)
        return expected


class ScaledLogits(OneParameterPolicies):
    """J = 1 / (1 + exp(-scale theta)), whose curvature is at most scale^2 / (6 sqrt 3)."""

    def __init__(self, rate: Array, scale: Array):
        self.scale = scale
        super().__init__("scaled logit", rate, scale * rate * (1 - rate), scale**2 / (6 * np.sqrt(3.0)))

    def moved(self, step: Array) -> Array:
        growth = np.expm1(np.minimum(self.scale * step, 700.0))  # beyond, J is 1 to all digits
        moved: Array = self.rate * (1 - self.rate) * growth / (1 + self.rate * growth)
        return moved


class Quadratics(OneParameterPolicies):
    """J = p + slope theta - theta^2 / 2 on an interval on which it stays in [0, 1]."""

    def __init__(self, rate: Array, slope: Array):
        super().__init__("quadratic", rate, slope, np.ones_like(rate))

    def moved(self, step: Array) -> Array:
        moved: Array = self.slope * step - step**2 / 2
        return np.where(self.rate + moved >= 0, moved, np.nan)
