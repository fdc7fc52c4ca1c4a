"""The mean reward is not the constant baseline of least variance; the score-weighted mean is.

Only E|G_b|^2 = E[|g|^2 (R - b)^2] depends on b (E g = 0 keeps the mean fixed), and it is a parabola in b with
leading coefficient Gamma and vertex b* = E[|g|^2 R] / Gamma. The mean baseline therefore wastes
Gamma (E R - b*)^2 = Cov(|g|^2, R)^2 / Gamma.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Claim, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import counterexample, identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.domains.extra import Extra, extended, thinned, with_some_score
from vas_theory.claims.lib.domains.scored import scored_bandits
from vas_theory.policy.gradients import estimator_variance, expected_reward, optimal_baseline, score_second_moment
from vas_theory.policy.softmax import feature_score


def _at_the_mean(probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any], baseline: NDArray[Any]) -> Any:
    scores = feature_score(probs, features)
    return estimator_variance(probs, scores, rewards, expected_reward(probs, rewards))


def _at_the_baseline(probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any], baseline: NDArray[Any]) -> Any:
    return estimator_variance(probs, feature_score(probs, features), rewards, baseline)


def _second_moment(probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any], baseline: NDArray[Any]) -> Any:
    squared_score = (feature_score(probs, features) ** 2).sum(-1)
    return (probs * squared_score * (rewards - np.asarray(baseline)[..., None]) ** 2).sum(-1)


def _least_plus_excess(
    probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any], baseline: NDArray[Any]
) -> Any:
    scores = feature_score(probs, features)
    best = optimal_baseline(probs, scores, rewards)
    excess = score_second_moment(probs, scores) * (baseline - best) ** 2
    return _second_moment(probs, features, rewards, best) + excess


def _identities() -> dict[str, Any]:
    import sympy

    # E[w (R - b)^2] with w = |g|^2, by its moments E[w R^2], E[w R] and Gamma = E[w]
    second, first, gamma, b, mean = sympy.symbols("second first Gamma b mean")

    def moment(baseline: Any) -> Any:
        return second - 2 * baseline * first + baseline**2 * gamma

    best = first / gamma
    covariance = first - gamma * mean
    return {
        "excess of b - Gamma (b - b*)^2": moment(b) - moment(best) - gamma * (b - best) ** 2,
        "excess of the mean - Cov(|g|^2, R)^2 / Gamma": moment(mean) - moment(best) - covariance**2 / gamma,
    }


def _arms(size: int) -> Instance:
    rewards = np.linspace(0.0, 1.0, size)[None]
    probs = np.arange(1.0, size + 1.0)[None]
    features = np.stack([rewards**2, 1.0 - 3.0 * rewards], axis=-1)
    return {"probs": probs / probs.sum(), "features": features, "rewards": rewards, "baseline": np.array([0.25])}


_BASELINE = Extra(
    lambda rng, instance: rng.uniform(-1.0, 2.0, size=len(instance["probs"])),
    lambda rng, values, scale: values + scale * rng.standard_normal(values.shape),
)
_QUARTER = Fraction(1, 4)
_INSTANCE: Instance = {
    "probs": np.array([[_QUARTER, 1 - _QUARTER]], dtype=object),
    "features": np.array([[[1], [0]]]),
    "rewards": np.array([[1, 0]]),
    "baseline": np.array([Fraction(3, 4)], dtype=object),
}

CLAIMS = (
    Claim(
        id="A02",
        title="Prop. 1: the mean reward is the constant baseline of least variance",
        source="arXiv 2509.21268, Proposition 1",
        statement=r"\mathrm{tr}\,\mathrm{Var}[G_{E R}]\le \mathrm{tr}\,\mathrm{Var}[G_b]\quad\forall b\in\mathbb R",
        assumptions=("one-sample estimator G_b = g (R - b)", "E g = 0", "baseline independent of the action"),
        relation=Relation.AT_MOST,
        left=_at_the_mean,
        right=_at_the_baseline,
        domain=extended(scored_bandits(binary=False), baseline=_BASELINE),
        certificate=counterexample(
            "one logit, p = 1/4, r = (1, 0): variance 3/64 at the mean, 0 at b = 3/4",
            Relation.AT_MOST,
            _at_the_mean,
            _at_the_baseline,
            _INSTANCE,
        ),
        verdict=Verdict.REFUTED,
        formal=Formal("RefutedBounds.mean_is_not_the_best_baseline", sizes="the negation of the statement"),
        counterexample=_INSTANCE,
        lacked="|g|^2 uncorrelated with R",
        corrected_by=("A23",),
    ),
    Claim(
        id="A23",
        title="The best constant baseline weights rewards by |g|^2; the excess of any other is quadratic",
        source="corrects Proposition 1 of arXiv 2509.21268; optimum known from Greensmith, Bartlett and Baxter 2004",
        statement=r"E\|G_b\|^2=E\|G_{b^*}\|^2+\Gamma\,(b-b^*)^2,\quad b^*=\frac{E[\|g\|^2R]}{\Gamma},\quad"
        r"\Gamma\,(E R-b^*)^2=\frac{\mathrm{Cov}(\|g\|^2,R)^2}{\Gamma}",
        assumptions=("scores not all zero", "baseline independent of the action"),
        relation=Relation.EQUAL,
        left=_second_moment,
        right=_least_plus_excess,
        domain=thinned(
            extended(with_some_score(scored_bandits(binary=False, arm_counts=(2, 3, 8))), baseline=_BASELINE), 8
        ),
        certificate=identity(
            "a parabola in b, completed to its square",
            _identities,
            bridge=Claim.sides,
            sizes="all K (in the three moments of |g|^2 and R)",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "ScoreMoments.best_baseline",
            sizes="all policies and dimensions",
            points="scored, baseline",
            left="ScoreMoments.weighted_square acts dims p r g b",
            right="ScoreMoments.weighted_square acts dims p r g (ScoreMoments.best_constant acts dims p "
            "r g) + ScoreMoments.Gamma acts dims p g * (b - ScoreMoments.best_constant acts dims p "
            "r g) ^ 2",
            where={"acts": "arms", "dims": "seq 0 2"},
        ),
        part="the first equation",
        equality=_arms,
        sharp=True,
        notes="With E g = 0 the mean of G_b does not depend on b, so the statement about second moments is one about "
        "variances.",
    ),
)
