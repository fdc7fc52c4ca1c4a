r"""The bounds do not hold for any baseline: with another b than the mean, E (R - b)^2 takes the place of the variance.

What survives an arbitrary constant b is the mean of the estimator (E g = 0), hence every bound on the exact gradient
step (A07). What does not is a bound on its variance by Var[R]: one logit with p = 1/2, r = (1, 1/2) and b = 0 (no
baseline) has Var[G] = 9/64, while G_max^2 Var[R] = 1/64. As Var[R] -> 0 the left side does not even vanish.

A39: tr Var[G_b] <= G_max^2 E (R - b)^2 = G_max^2 (Var[R] + (E R - b)^2), with slack E[(G_max^2 - |g|^2)(R - b)^2] +
|grad J|^2. It is attained by independent signs of score and reward, for every b.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.a03_upper_variance_bound import independent_signs
from vas_theory.claims.lib.base import CertificateKind, Claim, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import counterexample, identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.domains.extra import Extra, extended
from vas_theory.claims.lib.domains.scored import scored_bandits
from vas_theory.foundation.arguments import unify
from vas_theory.policy.gradients import (
    estimator_variance,
    expected_reward,
    policy_gradient_from_scores,
    reward_variance,
)
from vas_theory.policy.softmax import feature_score


def _variance(probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any], baseline: NDArray[Any]) -> Any:
    return estimator_variance(probs, feature_score(probs, features), rewards, baseline)


def _largest_score(probs: NDArray[Any], features: NDArray[Any]) -> Any:
    return (feature_score(probs, features) ** 2).sum(-1).max(-1)


def _with_variance(probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any], baseline: NDArray[Any]) -> Any:
    return _largest_score(probs, features) * reward_variance(probs, rewards)


def _with_deviation(probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any], baseline: NDArray[Any]) -> Any:
    variance, mean, b = unify(reward_variance(probs, rewards), expected_reward(probs, rewards), baseline)
    return _largest_score(probs, features) * (variance + (mean - b) ** 2)


def _identities() -> dict[str, Any]:
    import sympy

    arms = 3
    p, q = sympy.symbols("p1:3", positive=True)
    probs = np.array([p, q, 1 - p - q], dtype=object)
    free = sympy.symbols("g1:3")
    scores = np.array([*free, -(p * free[0] + q * free[1]) / (1 - p - q)], dtype=object)  # E g = 0
    rewards = np.array(sympy.symbols(f"r1:{arms + 1}"), dtype=object)
    bound, b = sympy.symbols("B b")
    value = (probs * rewards).sum()
    gradient = (probs * scores * rewards).sum()
    deviation = (probs * (rewards - value) ** 2).sum() + (value - b) ** 2
    variance = (probs * (scores * (rewards - b) - gradient) ** 2).sum()
    missing = (probs * (bound - scores**2) * (rewards - b) ** 2).sum()
    return {
        "E[g (R - b)] does not depend on b": (probs * scores * (rewards - b)).sum() - gradient,
        "slack - E[(B - |g|^2)(R - b)^2] - |grad|^2, any B": bound * deviation - variance - missing - gradient**2,
    }


def _bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    probs, rewards = instance["probs"], instance["rewards"]
    scores = feature_score(probs, instance["features"])
    squared = (scores**2).sum(-1)
    deviation = (rewards - instance["baseline"][:, None]) ** 2
    missing = (probs * (squared.max(-1, keepdims=True) - squared) * deviation).sum(-1)
    left, right = claim.sides(instance)
    return right, left + missing + (policy_gradient_from_scores(probs, scores, rewards) ** 2).sum(-1)


_BASELINE = Extra(
    lambda rng, instance: rng.uniform(-1.0, 2.0, size=len(instance["probs"])),
    lambda rng, values, scale: values + scale * rng.standard_normal(values.shape),
)
_DOMAIN = extended(scored_bandits(binary=False), baseline=_BASELINE)
_HALF = Fraction(1, 2)
_INSTANCE: Instance = {
    "probs": np.array([[_HALF, _HALF]], dtype=object),
    "features": np.array([[[1], [0]]]),
    "rewards": np.array([[Fraction(1), _HALF]], dtype=object),
    "baseline": np.array([0]),
}

CLAIMS = (
    Claim(
        id="A17",
        title="The variance bounds hold for any baseline independent of the action",
        source="arXiv 2509.21268, remark on baselines",
        statement=r"\mathrm{tr}\,\mathrm{Var}[G_b]\le G_{\max}^2\,\mathrm{Var}[R]\quad\forall b\in\mathbb R",
        assumptions=("one-sample estimator G_b = g (R - b)", "one parameter, where trace and matrix bound agree"),
        relation=Relation.AT_MOST,
        left=_variance,
        right=_with_variance,
        domain=_DOMAIN,
        certificate=counterexample(
            "one logit, p = 1/2, r = (1, 1/2), b = 0: 9/64 against 1/64",
            Relation.AT_MOST,
            _variance,
            _with_variance,
            _INSTANCE,
        ),
        verdict=Verdict.REFUTED,
        formal=Formal("RefutedBounds.variance_bound_needs_the_mean_baseline", sizes="the negation of the statement"),
        counterexample=_INSTANCE,
        lacked="b = E R, or E (R - b)^2 in place of Var[R]; bounds that only use E[G_b] do hold for every b",
        corrected_by=("A39", "A07"),
    ),
    Claim(
        id="A39",
        title="Any baseline: the variance is at most the largest squared score times E (R - b)^2",
        source="corrects the remark on baselines of arXiv 2509.21268",
        statement=r"E[G_b]=\nabla J\;\;\forall b,\qquad\mathrm{tr}\,\mathrm{Var}[G_b]\le "
        r"G_{\max}^2\big(\mathrm{Var}[R]+(E R-b)^2\big)",
        assumptions=("one-sample estimator G_b = g (R - b)", "E g = 0", "|g| <= G_max", "b independent of the action"),
        relation=Relation.AT_MOST,
        left=_variance,
        right=_with_deviation,
        domain=_DOMAIN,
        certificate=identity(
            "the slack is a sum of two non-negative expectations",
            _identities,
            bridge=_bridge,
            kind=CertificateKind.SUM_OF_SQUARES,
            sizes="K = 3, one coordinate of the score",
            remains="that every coincidence of indices occurs at these sizes, and that coordinates add up",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "ScoreMoments.any_baseline",
            sizes="all policies and dimensions",
            points="scored, baseline",
            left="ScoreMoments.trVar acts dims p r g b",
            right="ScoreMoments.largest_score acts dims g * (ScoreMoments.Var acts p r + (ScoreMoments.J "
            "acts p r - b) ^ 2)",
            where={"acts": "arms", "dims": "seq 0 2"},
        ),
        part="the bound; not that the mean is the gradient",
        equality=lambda size: {**independent_signs(size), "baseline": np.array([0.25])},
        sharp=True,
    ),
)
