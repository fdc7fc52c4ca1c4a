r"""The Fisher matrix and the share of the reward variance that the scores explain.

Proof. Let w = F^+ grad. A null vector v of F has E (v . g)^2 = 0, so v . g = 0 almost surely and v . grad = E[v . g
R] = 0: grad lies in the range of F and grad = F w. Then grad^T F^+ grad = w^T F w = Var(w . g) (since E g = 0) = R2
Var, where R2 = Var(w . g) / Var. In an eigenbasis of F with coordinates w_k and eigenvalues l_k > 0 on the range,
|grad|^2 = sum l_k^2 w_k^2 lies between lambda_min+ and lambda_max times sum l_k w_k^2 = R2 Var.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.b01_between_class_identity import gradient_squared
from vas_theory.claims.lib.base import Claim, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import proof_steps
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.domains.scored import scored_bandits
from vas_theory.policy.gradients import (
    explained_variance,
    natural_gradient,
    policy_gradient_from_scores,
    reward_variance,
)
from vas_theory.policy.softmax import feature_score

_NULL = 1e-9
"""Singular values of sqrt(pi) g below this share of the largest count as zero."""


def _singular_values(probs: NDArray[Any], features: NDArray[Any]) -> NDArray[Any]:
    return np.linalg.svd(np.sqrt(probs)[..., None] * feature_score(probs, features), compute_uv=False)


def _smallest(values: NDArray[Any]) -> NDArray[Any]:
    cut = _NULL * values.max(-1, keepdims=True)
    return np.where(values > cut, values, np.inf).min(-1)


def _explained(probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any]) -> Any:
    scores = feature_score(probs, features)
    return explained_variance(probs, scores, rewards) * reward_variance(probs, rewards)


def _lower(probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any]) -> Any:
    return _smallest(_singular_values(probs, features)) ** 2 * _explained(probs, features, rewards)


def _upper(probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any]) -> Any:
    return _singular_values(probs, features).max(-1) ** 2 * _explained(probs, features, rewards)


def _quadratic_form(probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any]) -> Any:
    """Return grad^T F^+ grad."""
    scores = feature_score(probs, features)
    direction = natural_gradient(probs, scores, rewards)
    return (direction * policy_gradient_from_scores(probs, scores, rewards)).sum(-1)


def _eigenbasis() -> bool:
    """In an eigenbasis (l_max - l) l w^2 and (l - l_min) l w^2 are what the two inequalities leave, term by term."""
    import sympy

    w, small, grow, more = sympy.symbols("w l_min d e", nonnegative=True)
    value, large = small + grow, small + grow + more
    lower = sympy.expand(value**2 * w**2 - small * value * w**2 - grow * value * w**2)
    upper = sympy.expand(large * value * w**2 - value**2 * w**2 - more * value * w**2)
    return bool(lower == 0 and upper == 0)


def _well_conditioned() -> Any:
    """Scored bandits whose probabilities are not so small that a singular value is neither zero nor resolved."""
    domain = scored_bandits(binary=False, arm_counts=(2, 3, 4, 8))
    kept = {name: family for name, family in domain.families.items() if name != "near-vertex"}
    return type(domain)(kept, None)


def _one_feature(size: int) -> Instance:
    """Return an instance with a single score: the only eigenvalue is both the smallest and the largest."""
    reward = np.linspace(0.0, 1.0, size)[None]
    weights = np.arange(1, size + 1, dtype=float)[None]
    return {"probs": weights / weights.sum(), "features": reward[..., None] ** 2, "rewards": reward}


_STEPS = [
    ("a null vector of F is orthogonal to every score, hence to grad: grad = F w with w = F^+ grad", None),
    ("grad^T F^+ grad = w^T F w = Var(w . g) = R2 Var, since E g = 0", None),
]
_BASIS = ("in an eigenbasis of F each term is bounded by the extreme eigenvalues", _eigenbasis)
_SOURCE = "corrects Assumption 1(ii) of arXiv 2509.21268 for any differentiable policy"
_ASSUMPTIONS = ("support of the policy does not move with its parameters (E g = 0)",)

CLAIMS = (
    Claim(
        id="B04",
        title="|grad|^2 is at least the smallest non-zero Fisher eigenvalue times the explained variance",
        source=_SOURCE,
        statement=r"\|\nabla J\|^2\ge\lambda_{\min}^{+}(F)\,R^2\,\mathrm{Var}",
        assumptions=_ASSUMPTIONS,
        relation=Relation.AT_LEAST,
        left=gradient_squared,
        right=_lower,
        domain=_well_conditioned(),
        certificate=proof_steps("range of the Fisher matrix and its eigenbasis", [*_STEPS, _BASIS]),
        verdict=Verdict.PROVED,
        formal=Formal(
            "ExplainedVariance.gradient_at_least_smallest_eigenvalue",
            sizes="all policies with finitely many actions and parameters",
            also=(
                "Eigenvalues.least_quotient_is_eigenvalue",
                "ExplainedVariance.score_gradient",
                "ExplainedVariance.score_mean_zero",
            ),
            untied={"right": "an eigenvalue; the theorem has it as a hypothesis"},
            points="scored",
            left="ScoreMoments.grad2 acts dims p r g",
            where={"acts": "arms", "dims": "seq 0 2"},
        ),
        equality=_one_feature,
        sharp=True,
        float_tolerance=1e-9,
        notes="Checked in float64 by singular values; R2 is the share of the reward variance that scores explain.",
    ),
    Claim(
        id="B23",
        title="|grad|^2 is at most the largest Fisher eigenvalue times the explained variance",
        source=_SOURCE,
        statement=r"\|\nabla J\|^2\le\lambda_{\max}(F)\,R^2\,\mathrm{Var}",
        assumptions=_ASSUMPTIONS,
        relation=Relation.AT_MOST,
        left=gradient_squared,
        right=_upper,
        domain=_well_conditioned(),
        certificate=proof_steps("range of the Fisher matrix and its eigenbasis", [*_STEPS, _BASIS]),
        verdict=Verdict.PROVED,
        formal=Formal(
            "ExplainedVariance.gradient_at_most_largest_eigenvalue",
            sizes="all policies with finitely many actions and parameters",
            also=(
                "Eigenvalues.least_quotient_is_eigenvalue",
                "ExplainedVariance.score_gradient",
                "ExplainedVariance.score_mean_zero",
            ),
            untied={"right": "an eigenvalue; the theorem has it as a hypothesis"},
            points="scored",
            left="ScoreMoments.grad2 acts dims p r g",
            where={"acts": "arms", "dims": "seq 0 2"},
        ),
        equality=_one_feature,
        sharp=True,
        float_tolerance=1e-9,
    ),
    Claim(
        id="B24",
        title="The natural gradient sees exactly the explained variance: grad^T F^+ grad = R2 Var",
        source=_SOURCE,
        statement=r"\nabla J^\top F^{+}\nabla J=R^2\,\mathrm{Var}",
        assumptions=_ASSUMPTIONS,
        relation=Relation.EQUAL,
        left=_quadratic_form,
        right=_explained,
        domain=_well_conditioned(),
        certificate=proof_steps("range of the Fisher matrix", _STEPS),
        verdict=Verdict.PROVED,
        formal=Formal(
            "ExplainedVariance.natural_gradient_explains",
            sizes="all policies with finitely many actions and parameters",
            also=(
                "ExplainedVariance.score_gradient",
                "ExplainedVariance.score_mean_zero",
            ),
            points="scored, one feature",
            left="ExplainedVariance.dot dims (ScoreMoments.grad acts p r g) w",
            right="ExplainedVariance.explained_share acts dims p r g w * ScoreMoments.Var acts p r",
            where={
                "acts": "arms",
                "dims": "[0%nat]",
                "w": "fun k : nat => ScoreMoments.grad acts p r g k / Sums.sum_over (fun a => p a * g a k ^ 2) acts",
            },
        ),
        equality=_one_feature,
        sharp=True,
        float_tolerance=1e-9,
    ),
)
