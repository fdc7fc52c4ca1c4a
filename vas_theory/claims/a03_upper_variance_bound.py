"""The estimator's variance is at most the largest squared score times the reward variance.

The paper states it as a matrix inequality. We certify the stronger bound on the trace, which is at least the largest
eigenvalue: G_max^2 Var - tr Var[G] = E[(G_max^2 - |g|^2) (R - E R)^2] + |grad J|^2, and both terms are non-negative.
Equality holds if and only if the gradient vanishes and |g| = G_max wherever R differs from its mean, for instance for
independent signs g = +-1 and R - E R = +-a; one parameter, so there trace and matrix agree.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import CertificateKind, Claim, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.domains.scored import scored_bandits
from vas_theory.policy.gradients import (
    advantages,
    estimator_variance,
    expected_reward,
    policy_gradient_from_scores,
    reward_variance,
)
from vas_theory.policy.softmax import feature_score


def _variance(probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any]) -> Any:
    return estimator_variance(probs, feature_score(probs, features), rewards, expected_reward(probs, rewards))


def _largest_score_times_variance(probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any]) -> Any:
    largest = (feature_score(probs, features) ** 2).sum(-1).max(-1)
    return largest * reward_variance(probs, rewards)


def _identity() -> dict[str, Any]:
    import sympy

    # all terms are sums over the coordinates of g except G_max^2, which multiplies Var: one coordinate is enough
    arms = 3
    free = sympy.symbols(f"p1:{arms}", positive=True)
    p = np.array([*free, 1 - sum(free)], dtype=object)
    g, a = (np.array(sympy.symbols(f"{name}1:{arms + 1}"), dtype=object) for name in "ga")
    bound = sympy.Symbol("B")
    mean = (p * g * a).sum()
    slack = bound * (p * a**2).sum() - (p * (g * a - mean) ** 2).sum()
    return {"slack - E[(B - |g|^2) A^2] - |grad|^2, any B": slack - (p * (bound - g**2) * a**2).sum() - mean**2}


def _bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    probs, rewards = instance["probs"], instance["rewards"]
    scores = feature_score(probs, instance["features"])
    squared = (scores**2).sum(-1)
    missing = (probs * (squared.max(-1, keepdims=True) - squared) * advantages(probs, rewards) ** 2).sum(-1)
    return claim.slack(instance), missing + (policy_gradient_from_scores(probs, scores, rewards) ** 2).sum(-1)


def independent_signs(size: int) -> Instance:
    """Return 4 * size equally likely arms whose score sign and reward are independent."""
    signs = np.tile([1.0, 1.0, -1.0, -1.0], size)[None, :, None]
    rewards = np.tile([1.0, 0.0, 1.0, 0.0], size)[None]
    return {"probs": np.full((1, 4 * size), 0.25 / size), "features": signs, "rewards": rewards}


CLAIMS = (
    Claim(
        id="A03",
        title="Lemma 1, upper half: the variance is at most the largest squared score times Var",
        source="arXiv 2509.21268, Lemma 1",
        statement=r"\mathrm{Var}[G]\preceq G_{\max}^2\,\mathrm{Var}[R]\,I,\quad\text{and even}\quad"
        r"\mathrm{tr}\,\mathrm{Var}[G]\le G_{\max}^2\,\mathrm{Var}[R]",
        assumptions=("one-sample estimator G = g (R - E R)", "|g| <= G_max"),
        relation=Relation.AT_MOST,
        left=_variance,
        right=_largest_score_times_variance,
        domain=scored_bandits(binary=False, arm_counts=(2, 3, 4, 8, 32, 256), sparse_arm_counts=()),
        certificate=identity(
            "the slack is a sum of two non-negative expectations",
            _identity,
            bridge=_bridge,
            kind=CertificateKind.SUM_OF_SQUARES,
            sizes="K = 3, one coordinate of the score",
            remains="that every coincidence of indices occurs at these sizes; that the trace is at least the "
            "largest eigenvalue",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "ScoreMoments.variance_at_most_largest_score",
            sizes="all policies and dimensions",
            points="scored",
            left="ScoreMoments.trVar acts dims p r g (ScoreMoments.J acts p r)",
            right="ScoreMoments.largest_score acts dims g * ScoreMoments.Var acts p r",
            where={"acts": "arms", "dims": "seq 0 2"},
        ),
        part="the trace; not the matrix",
        equality=independent_signs,
        sharp=True,
        notes="The check is of the trace, which is stronger than the paper's matrix inequality.",
    ),
)
