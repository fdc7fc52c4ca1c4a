"""The expected gain of one gradient step on an objective of known curvature, for the claims on Theorem 1.

By Taylor's formula the gain of a step delta is <grad, delta> + h |delta|^2 / 2 for a number h with |h| <= L, the mean
curvature along the step (weights 2 (1 - s)). An instance states the number h instead of an objective, so both signs and
the worst case h = -L are covered: ``curvature`` is h / L in [-1, 1], ``smoothness`` is L, ``share`` the share of the
largest step that the claim allows, ``constant_share`` the share of the largest constant c with |grad|^2 >= c Var.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Domain, Instance
from vas_theory.claims.lib.domains.extra import Extra, extended, shares, thinned, with_some_score
from vas_theory.claims.lib.domains.scored import scored_bandits
from vas_theory.foundation.arguments import unify
from vas_theory.policy.gradients import advantages
from vas_theory.policy.softmax import feature_score

__all__ = ["Moments", "moments", "one_logit_step", "taylor_steps"]


class Moments(NamedTuple):
    """|grad|^2, Var, Gamma = E|g|^2, M = E|g|^2 A^2 and G_max^2, shape (N,) each."""

    gradient: Any
    variance: Any
    score: Any
    estimator: Any
    largest_score: Any


def moments(probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any]) -> Moments:
    """Return the moments that decide a step for centred features as scores.

    Args:
        probs: (N, K) probabilities.
        features: (N, K, d) features.
        rewards: (N, K) rewards.
    """
    pi, phi, r = unify(probs, features, rewards)
    scores, centred = feature_score(pi, phi), advantages(pi, r)
    squared, push = (scores**2).sum(-1), pi * centred
    gradient = (push[..., None] * scores).sum(-2)
    return Moments(
        (gradient**2).sum(-1),
        (push * centred).sum(-1),
        (pi * squared).sum(-1),
        (push * centred * squared).sum(-1),
        squared.max(-1),
    )


def taylor_steps(*, constant_share: bool) -> Domain:
    """Return steps ``{probs, features, rewards, curvature, smoothness, share[, constant_share]}``.

    Args:
        constant_share: whether the claim has a constant c of its own.
    """
    positive = Extra(
        lambda rng, instance: 10.0 ** rng.uniform(-2, 2, size=len(instance["probs"])),
        lambda rng, values, scale: values * np.exp(scale * rng.standard_normal(values.shape)),
    )
    extras = {"curvature": _curvature(), "smoothness": positive, "share": shares()}
    if constant_share:
        extras["constant_share"] = shares()
    return thinned(extended(with_some_score(scored_bandits(binary=False, arm_counts=(2, 3, 8, 32))), **extras), 2)


def _curvature() -> Extra:
    def draw(rng: np.random.Generator, instance: Instance) -> NDArray[Any]:
        count = len(instance["probs"])
        return np.where(rng.uniform(size=count) < 1 / 3, -1.0, rng.uniform(-1, 1, size=count))

    return Extra(
        draw, lambda rng, values, scale: np.clip(values + scale * rng.standard_normal(values.shape), -1.0, 1.0)
    )


def one_logit_step(size: int) -> Instance:
    """Return one logit on two arms with p = 3/4, the worst curvature L = size^2 and the largest step."""
    one = np.ones(1)
    return {
        "probs": np.array([[0.75, 0.25]]),
        "features": np.array([[[float(size)], [0.0]]]),
        "rewards": np.array([[1.0, 0.0]]),
        "curvature": -one,
        "smoothness": one * size**2,
        "share": one,
    }
