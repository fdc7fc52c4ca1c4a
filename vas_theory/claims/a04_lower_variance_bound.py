"""The estimator's variance is not bounded below by the Fisher eigenvalue times the reward variance.

As stated (A04), one logit at p = 1/2 has a constant estimator: 0 < 1/16. The paper drops the outer product
grad grad^T "for bounding"; but even with it restored (A24) there is no positive constant: with probabilities
(t/2, t/2, 1 - t), g = (1, -1, 0) and r = (0, 0, 1), F = t, Var = t (1 - t), E[g^2 A^2] = t (1 - t)^2, so the ratio of
the two sides is (1 - t) / t, which tends to 0 as t -> 1. The best constant is 0.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Claim, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import counterexample
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.domains.bandits import bandits
from vas_theory.claims.lib.domains.extra import Extra, extended, shares
from vas_theory.foundation.arguments import unify
from vas_theory.policy.gradients import (
    estimator_variance,
    expected_reward,
    reward_variance,
    score_second_moment,
    weighted_second_moment,
)
from vas_theory.policy.softmax import feature_score

# one parameter: the Fisher matrix is the number E[g^2], and its smallest eigenvalue is that number


def _variance(probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any]) -> Any:
    return estimator_variance(probs, feature_score(probs, features), rewards, expected_reward(probs, rewards))


def _fisher_times_variance(probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any]) -> Any:
    return score_second_moment(probs, feature_score(probs, features)) * reward_variance(probs, rewards)


def _second_moment(probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any], constant: NDArray[Any]) -> Any:
    return weighted_second_moment(probs, feature_score(probs, features), rewards)


def _constant_times_product(
    probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any], constant: NDArray[Any]
) -> Any:
    product, factor = unify(_fisher_times_variance(probs, features, rewards), constant)
    return factor * product


_ONE_FEATURE = Extra(
    lambda rng, instance: rng.standard_normal((*instance["probs"].shape, 1)),
    lambda rng, values, scale: values + scale * rng.standard_normal(values.shape),
)
_DOMAIN = extended(bandits(), features=_ONE_FEATURE)

_HALF = Fraction(1, 2)
_ONE_LOGIT: Instance = {
    "probs": np.array([[_HALF, _HALF]], dtype=object),
    "features": np.array([[[1], [0]]]),
    "rewards": np.array([[1, 0]]),
}


def _vanishing_ratio(*constants: Fraction) -> Instance:
    """Return for each constant c an instance whose ratio (1 - t)/t is c/2."""
    rows = [(2 / (2 + c) / 2, 2 / (2 + c) / 2, c / (2 + c)) for c in constants]
    count = len(constants)
    return {
        "probs": np.array(rows, dtype=object),
        "features": np.tile(np.array([[[1], [-1], [0]]]), (count, 1, 1)),
        "rewards": np.tile(np.array([[0, 0, 1]]), (count, 1)),
        "constant": np.array(constants, dtype=object),
    }


_CONSTANTS = _vanishing_ratio(Fraction(1), Fraction(1, 100), Fraction(1, 10**6))

CLAIMS = (
    Claim(
        id="A04",
        title="Lemma 1, lower half: the variance is at least the smallest Fisher eigenvalue times Var",
        source="arXiv 2509.21268, Lemma 1",
        statement=r"\mathrm{Var}[G]\succeq\lambda_{\min}(F)\,\mathrm{Var}[R]\,I",
        assumptions=("one-sample estimator G = g (R - E R)", "F positive definite; here one parameter"),
        relation=Relation.AT_LEAST,
        left=_variance,
        right=_fisher_times_variance,
        domain=_DOMAIN,
        certificate=counterexample(
            "one logit, p = 1/2, r = (1, 0): 0 against 1/16",
            Relation.AT_LEAST,
            _variance,
            _fisher_times_variance,
            _ONE_LOGIT,
        ),
        verdict=Verdict.REFUTED,
        formal=Formal("RefutedBounds.estimator_variance_has_no_fisher_bound", sizes="the negation of the statement"),
        counterexample=_ONE_LOGIT,
        lacked="scores of constant length: where |g| is small exactly where R deviates from its mean, Var[G] is "
        "small; no positive constant works (A24)",
        corrected_by=("A22",),
    ),
    Claim(
        id="A24",
        title="Lemma 1, lower half with the outer product restored and any positive constant",
        source="arXiv 2509.21268, proof of Lemma 1",
        statement=r"\exists\,c>0:\quad E[gg^\top(R-E R)^2]\succeq c\,\lambda_{\min}(F)\,\mathrm{Var}[R]\,I",
        assumptions=("F positive definite; here one parameter",),
        relation=Relation.AT_LEAST,
        left=_second_moment,
        right=_constant_times_product,
        domain=extended(_DOMAIN, constant=shares()),
        certificate=counterexample(
            "p = (t/2, t/2, 1 - t), g = (1, -1, 0), r = (0, 0, 1): the ratio (1 - t)/t falls below every c > 0; "
            "c = 1, 1/100 and 1e-6 shown",
            Relation.AT_LEAST,
            _second_moment,
            _constant_times_product,
            _CONSTANTS,
        ),
        verdict=Verdict.REFUTED,
        formal=Formal("RefutedBounds.second_moment_has_no_fisher_bound", sizes="the negation of the statement"),
        counterexample=_CONSTANTS,
        lacked="scores that do not vanish where the reward deviates most",
        corrected_by=("A22",),
    ),
)
