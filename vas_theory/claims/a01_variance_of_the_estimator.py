"""The variance of the one-sample gradient is not the reward variance times the mean squared score.

The score and the advantage are dependent: the factorisation drops both their covariance and the squared mean. (As
printed the equation is also ill-typed: the G it speaks of is already a mean, so its variance is zero.)

The two instances of the certificate miss in both directions. Tabular softmax, K = 2, p = 1/2: the estimator is fixed,
its variance is 0, the product is 1/8. One logit with p = 1/100: with q = p (1 - p) the ratio is (1 - 4 q) / q = 97.0,
and it is unbounded as q -> 0.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Claim, Instance, Relation, Verdict
from vas_theory.claims.lib.bridge.arm_sums import Arms
from vas_theory.claims.lib.certificates import counterexample, identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.domains.extra import thinned
from vas_theory.claims.lib.domains.scored import scored_bandits
from vas_theory.policy.gradients import (
    advantages,
    estimator_variance,
    expected_reward,
    policy_gradient_from_scores,
    reward_variance,
    score_second_moment,
)
from vas_theory.policy.softmax import feature_score


def _variance(probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any]) -> Any:
    scores = feature_score(probs, features)
    return estimator_variance(probs, scores, rewards, expected_reward(probs, rewards))


def _product(probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any]) -> Any:
    return reward_variance(probs, rewards) * score_second_moment(probs, feature_score(probs, features))


def _second_moment_by_definition(probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any]) -> Any:
    """Return E|G - E G|^2 + |E G|^2 for G = g (R - E R)."""
    scores = feature_score(probs, features)
    estimate = scores * advantages(probs, rewards)[..., None]
    mean = policy_gradient_from_scores(probs, scores, rewards)
    return (probs * ((estimate - mean[..., None, :]) ** 2).sum(-1)).sum(-1) + (mean**2).sum(-1)


def _product_plus_covariance(probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any]) -> Any:
    squared_score = (feature_score(probs, features) ** 2).sum(-1)
    squared_advantage = advantages(probs, rewards) ** 2
    gamma = (probs * squared_score).sum(-1, keepdims=True)
    variance = (probs * squared_advantage).sum(-1, keepdims=True)
    covariance = (probs * (squared_score - gamma) * (squared_advantage - variance)).sum(-1)
    return (variance * gamma)[..., 0] + covariance


def _identities() -> dict[str, Any]:
    # both sides are sums over the coordinates of g, so one coordinate shows the identity for every d
    p, g, a = Arms("p g a", {"p": 1, "p*a": 0, "p*g": 0})
    mean, variance, gamma = (p * g * a).sum(), (p * a**2).sum(), (p * g**2).sum()
    left = (p * (g * a - mean) ** 2).sum() + mean**2
    right = variance * gamma + (p * (g**2 - gamma) * (a**2 - variance)).sum()
    return {"E|G - E G|^2 + |E G|^2 - Var Gamma - Cov(|g|^2, A^2)": left - right}


def _arms(size: int) -> Instance:
    rewards = np.linspace(0.0, 1.0, size)[None]
    probs = np.arange(1.0, size + 1.0)[None]
    features = np.stack([rewards**2, 1.0 - 3.0 * rewards], axis=-1)
    return {"probs": probs / probs.sum(), "features": features, "rewards": rewards}


_HALF, _RARE = Fraction(1, 2), Fraction(1, 100)
_INSTANCE: Instance = {
    "probs": np.array([[_HALF, _HALF], [_RARE, 1 - _RARE]], dtype=object),
    "features": np.array([[[1, 0], [0, 1]], [[1, 0], [0, 0]]]),
    "rewards": np.array([[1, 0], [1, 0]]),
}

CLAIMS = (
    Claim(
        id="A01",
        title="Eq. 4: the estimator's variance is Var times the mean squared score",
        source="arXiv 2509.21268, Eq. 4 and Lemma A.1",
        statement=r"\mathrm{tr}\,\mathrm{Var}[G]=\mathrm{Var}[R]\;\Gamma,\qquad \Gamma=E\|g\|^2,\; b=E[R]",
        assumptions=("one-sample estimator G = g (R - E R)", "E g = 0"),
        relation=Relation.EQUAL,
        left=_variance,
        right=_product,
        domain=scored_bandits(binary=False),
        certificate=counterexample(
            "tabular K = 2, p = 1/2, r = (1, 0): 0 against 1/8; one logit, p = 1/100: 97 times too small",
            Relation.EQUAL,
            _variance,
            _product,
            _INSTANCE,
        ),
        verdict=Verdict.REFUTED,
        formal=Formal("RefutedBounds.estimator_variance_is_not_the_product", sizes="the negation of the statement"),
        counterexample=_INSTANCE,
        lacked="|g|^2 and (R - E R)^2 uncorrelated, and the squared mean |grad J|^2 subtracted",
        corrected_by=("A22",),
    ),
    Claim(
        id="A22",
        title="Second moment of the estimator: Var times Gamma plus a covariance",
        source="corrects Eq. 4 of arXiv 2509.21268",
        statement=r"\mathrm{tr}\,\mathrm{Var}[G]+\|\nabla J\|^2"
        r"=\mathrm{Var}[R]\,\Gamma+\mathrm{Cov}\big(\|g\|^2,(R-E R)^2\big)",
        assumptions=("one-sample estimator G = g (R - E R)",),
        relation=Relation.EQUAL,
        left=_second_moment_by_definition,
        right=_product_plus_covariance,
        domain=thinned(scored_bandits(binary=False, arm_counts=(2, 3, 8)), 8),
        certificate=identity(
            "both sides expand to E[|g|^2 (R - E R)^2]",
            _identities,
            bridge=Claim.sides,
            sizes="all K, one coordinate of the score",
            remains="that coordinates add up",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "ScoreMoments.second_moment_identity",
            sizes="all policies and dimensions",
            points="scored",
            left="ScoreMoments.trVar acts dims p r g (ScoreMoments.J acts p r) + ScoreMoments.grad2 acts dims p r g",
            right="ScoreMoments.Var acts p r * ScoreMoments.Gamma acts dims p g + ScoreMoments.Cov acts "
            "p (ScoreMoments.sq dims g) (fun a : A => (r a - ScoreMoments.J acts p r) ^ 2)",
            where={"acts": "arms", "dims": "seq 0 2"},
        ),
        equality=_arms,
        sharp=True,
    ),
)
