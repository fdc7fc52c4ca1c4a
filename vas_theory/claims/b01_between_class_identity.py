"""For binary rewards the gradient norm is the reward variance times the distance of the class means of the score.

Proof of B01. Let p = P(R = 1), mu_1 = E[g | 1], mu_0 = E[g | 0]. E g = 0 means p mu_1 + (1 - p) mu_0 = 0, hence
mu_0 = -p mu_1 / (1 - p) and mu_1 - mu_0 = mu_1 / (1 - p). The gradient is E[g R] = p mu_1 = p (1 - p) (mu_1 - mu_0).

Proof of B15. For any reward, with w the probabilities of its levels and a, b the centred reward and the centred mean
of one score coordinate on each level, the gradient's coordinate is E[a b] and Lagrange's identity gives
E[a^2] E[b^2] - E[a b]^2 = sum over pairs of levels of w_i w_j (a_i b_j - a_j b_i)^2. Summing over coordinates gives the
bound; equality holds if and only if E[g | R] is an affine function of R.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import CertificateKind, Claim, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.credit import no_prior_source
from vas_theory.claims.lib.domains.scored import scored_bandits
from vas_theory.policy.gradients import (
    between_class_dispersion,
    class_score_means,
    policy_gradient_from_scores,
    reward_variance,
)
from vas_theory.policy.softmax import feature_score


def gradient_squared(probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any]) -> Any:
    """Return |grad|^2 of the expected reward for centred features as scores, shape (N,)."""
    return (policy_gradient_from_scores(probs, feature_score(probs, features), rewards) ** 2).sum(-1)


def _class_distance(probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any]) -> Any:
    correct, wrong = class_score_means(probs, feature_score(probs, features), rewards)
    return reward_variance(probs, rewards) ** 2 * ((correct - wrong) ** 2).sum(-1)


def _variance_times_dispersion(probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any]) -> Any:
    scores = feature_score(probs, features)
    return reward_variance(probs, rewards) * between_class_dispersion(probs, scores, rewards)


def _binary_identity() -> dict[str, Any]:
    import sympy

    p, mean_correct = sympy.symbols("p mu_1")
    mean_wrong = -p * mean_correct / (1 - p)
    return {"grad - p (1 - p) (mu_1 - mu_0)": p * mean_correct - p * (1 - p) * (mean_correct - mean_wrong)}


def _level_pairs(weights: NDArray[Any], a: NDArray[Any], b: NDArray[Any]) -> Any:
    first, second = np.triu_indices(weights.shape[-1], 1)
    cross = a[..., first] * b[..., second] - a[..., second] * b[..., first]
    return (weights[..., first] * weights[..., second] * cross**2).sum(-1)


def _general_identity() -> dict[str, Any]:
    import sympy

    # each term pairs two levels, so three levels show every coincidence of indices
    levels = 3
    w, a, b = (np.array(sympy.symbols(f"{name}1:{levels + 1}"), dtype=object) for name in "wab")
    slack = (w * a**2).sum() * (w * b**2).sum() - (w * a * b).sum() ** 2
    return {"E[a^2] E[b^2] - E[a b]^2 - sum of squares": slack - _level_pairs(w, a, b)}


def _general_bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    """Compare the slack with the sum of squares, on the arms' own level means."""
    probs, rewards = instance["probs"], instance["rewards"]
    scores = feature_score(probs, instance["features"])
    same = rewards[:, :, None] == rewards[:, None, :]
    mass = (same * probs[:, None, :]).sum(-1)
    level_means = ((same * probs[:, None, :])[..., None] * scores[:, None]).sum(-2) / mass[..., None]
    centred = rewards - (probs * rewards).sum(-1, keepdims=True)
    # pairs of arms instead of pairs of levels: the sum is the same, since it is bilinear in the weights
    squares = sum(_level_pairs(probs, centred, level_means[..., k]) for k in range(level_means.shape[-1]))
    left, right = claim.sides(instance)
    return right, left + squares


def _two_classes(size: int) -> Instance:
    """Return a binary instance whose scores are constant within each class."""
    correct = np.arange(size) < (size + 1) // 2
    probs = np.where(correct, 0.3 / correct.sum(), 0.7 / (~correct).sum())[None]
    features = np.stack([2.0 * correct, -1.0 * correct], axis=-1)[None]
    return {"probs": probs, "features": features, "rewards": correct[None].astype(float)}


CLAIMS = (
    Claim(
        id="B01",
        title="Binary rewards: |grad|^2 = Var^2 times the squared distance of the class means",
        source="sharpens Assumption 1(ii) of arXiv 2509.21268; the difference of the class means is the gradient gap "
        "of arXiv 2510.08539",
        statement=r"\|\nabla J\|^2=\mathrm{Var}\,\Gamma_B=\mathrm{Var}^2\,\|E[g\mid 1]-E[g\mid 0]\|^2",
        assumptions=("support of the policy does not move with its parameters", "R in {0, 1}", "0 < p < 1"),
        relation=Relation.EQUAL,
        left=gradient_squared,
        right=_class_distance,
        domain=scored_bandits(binary=True),
        certificate=identity(
            "linear algebra of two classes with E g = 0",
            _binary_identity,
            bridge=Claim.sides,
            sizes="all policies (in p and the class mean)",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "ScoreMoments.between_class_identity",
            sizes="all policies and dimensions",
            points="scored, binary",
            left="ScoreMoments.grad2 acts dims p r g",
            right="ScoreMoments.Var acts p r ^ 2 * ScoreMoments.class_distance acts dims p r g",
            where={"acts": "arms", "dims": "seq 0 2"},
        ),
        part="the outer equation",
        equality=_two_classes,
        sharp=True,
        experiment="bound_gallery",
        figure="real_model_gradient",
    ),
    Claim(
        id="B15",
        title="Any reward: |grad|^2 is at most Var times the between-level dispersion",
        source=f"extends B01; {no_prior_source('gradient')}",
        statement=r"\|\nabla J\|^2\le \mathrm{Var}\,\Gamma_B,\qquad \Gamma_B=\mathrm{tr}\,\mathrm{Cov}(E[g\mid R])",
        assumptions=("support of the policy does not move with its parameters",),
        relation=Relation.AT_MOST,
        left=gradient_squared,
        right=_variance_times_dispersion,
        domain=scored_bandits(binary=False),
        certificate=identity(
            "Lagrange identity over pairs of reward levels",
            _general_identity,
            bridge=_general_bridge,
            kind=CertificateKind.SUM_OF_SQUARES,
            sizes="three levels of reward, one coordinate of the score",
            remains="that every coincidence of indices occurs at these sizes, and that coordinates add up",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Gradients.gradient_at_most_dispersion",
            sizes="every differentiable policy with finitely many actions and parameters",
            points="scored",
            left="Tabular.norm dims v ^ 2",
            right="Gradients.policy_variance acts pol theta r * Gradients.between_level_dispersion acts "
            "dims pol theta g r",
            where={
                "acts": "arms",
                "dims": "seq 0 2",
                "pol": "fun (_ : D -> R) (a : nat) => p a",
                "theta": "fun _ : nat => 0",
                "v": "fun k : nat => Sums.sum_over (fun a : nat => p a * g a k * r a) acts",
            },
        ),
        equality=_two_classes,
        sharp=True,
        notes="Equality if and only if E[g | R] is affine in R, so always for binary rewards.",
    ),
)
