r"""A positive definite Fisher matrix does not bound the gradient below by the reward variance.

The certificate's instance has F = 2/3, Var = 2/9 and a zero gradient, so it defeats every constant c, not only F.

Nor could a constant be uniform: for binary rewards the gradient is the sum of pi_i g_i over the correct arms, and
minus that sum over the wrong ones, so |grad| <= min(p, 1 - p) G_max (A27). With |grad|^2 >= c p (1 - p) this forces c
<= G_max^2 min(p, 1 - p) / max(p, 1 - p), which tends to 0 with p: assumption (ii) with a constant that is uniform
over prompts of every difficulty contradicts bounded scores.

Proof of A27. Let C be the rarer class, w its probability and B = G_max^2. Lagrange's identity, coordinate by
coordinate, gives w^2 B - |sum_C pi_i g_i|^2 = w sum_C pi_i (B - |g_i|^2) + sum over pairs in C of pi_i pi_j |g_i -
g_j|^2 >= 0.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import CertificateKind, Claim, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import counterexample, identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.credit import no_prior_source
from vas_theory.claims.lib.domains.bandits import bandits
from vas_theory.claims.lib.domains.scored import scored_bandits
from vas_theory.foundation.precision import minimum, sqrt
from vas_theory.policy.gradients import expected_reward, policy_gradient_from_scores, reward_variance
from vas_theory.policy.softmax import feature_score


def _feature(arms: int) -> NDArray[Any]:
    """Return one feature with values (1, -1, 0, 0, ...): a policy with a single parameter."""
    return np.concatenate([[1, -1], np.zeros(arms - 2, dtype=int)])


def _centred_score(probs: NDArray[Any]) -> NDArray[Any]:
    feature = _feature(probs.shape[-1])
    return feature - (probs * feature).sum(-1, keepdims=True)


def _gradient_squared(probs: NDArray[Any], rewards: NDArray[Any]) -> Any:
    return (probs * _centred_score(probs) * rewards).sum(-1) ** 2


def _fisher_times_variance(probs: NDArray[Any], rewards: NDArray[Any]) -> Any:
    fisher = (probs * _centred_score(probs) ** 2).sum(-1)
    return fisher * reward_variance(probs, rewards)


def _uniform_on_three() -> Instance:
    third = Fraction(1, 3)
    return {
        "probs": np.array([[third, third, third]], dtype=object),
        "rewards": np.array([[Fraction(0), Fraction(0), Fraction(1)]], dtype=object),
    }


_INSTANCE = _uniform_on_three()


def _norm(probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any]) -> Any:
    return sqrt((policy_gradient_from_scores(probs, feature_score(probs, features), rewards) ** 2).sum(-1))


def _rarer_class_times_score(probs: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any]) -> Any:
    rate = expected_reward(probs, rewards)
    return minimum(rate, 1 - rate) * sqrt((feature_score(probs, features) ** 2).sum(-1).max(-1))


def _class_slack(weights: NDArray[Any], scores: NDArray[Any], bound: Any) -> Any:
    """Return w sum w_i (B - |g_i|^2) + sum over pairs of w_i w_j |g_i - g_j|^2 over one class."""
    first, second = np.triu_indices(weights.shape[-1], 1)
    apart = ((scores[..., first, :] - scores[..., second, :]) ** 2).sum(-1)
    pairs = (weights[..., first] * weights[..., second] * apart).sum(-1)
    missing = (weights * (np.asarray(bound)[..., None] - (scores**2).sum(-1))).sum(-1)
    return weights.sum(-1) * missing + pairs


def _class_identity() -> dict[str, Any]:
    import sympy

    # pairs of arms and one coordinate: three arms show every coincidence of indices
    weights = np.array(sympy.symbols("w1:4"), dtype=object)
    scores = np.array(sympy.symbols("g1:4"), dtype=object)[:, None]
    bound = sympy.Symbol("B")
    slack = weights.sum() ** 2 * bound - (weights * scores[:, 0]).sum() ** 2
    return {"w^2 B - |sum w_i g_i|^2 - its two sums": slack - _class_slack(weights, scores, bound)}


def _class_bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    probs, rewards = instance["probs"], instance["rewards"]
    scores = feature_score(probs, instance["features"])
    correct_is_rarer = expected_reward(probs, rewards)[..., None] <= 0.5
    weights = np.where(correct_is_rarer, probs * rewards, probs * (1 - rewards))
    left, right = claim.sides(instance)
    slack = _class_slack(weights, scores, (scores**2).sum(-1).max(-1))  # two arms: no slack at all
    return right**2, left**2 + slack


def _one_logit(size: int) -> Instance:
    """Return a policy whose one parameter separates the classes, p = 1/4."""
    correct = np.arange(size) < (size + 1) // 2
    probs = np.where(correct, 0.25 / correct.sum(), 0.75 / (~correct).sum())[None]
    return {"probs": probs, "features": correct[None, :, None].astype(float), "rewards": correct[None].astype(float)}


CLAIMS = (
    Claim(
        id="A06",
        title="Assumption 1(ii): a positive Fisher matrix gives |grad|^2 >= c Var",
        source="arXiv 2509.21268, Assumption 1(ii)",
        statement=r"F \succ 0 \;\Rightarrow\; \|\nabla J\|^2 \ge \lambda_{\min}(F)\,\mathrm{Var}[R]",
        assumptions=("Fisher matrix positive definite",),
        not_computed={r"F \succ 0": "an order of matrices"},
        relation=Relation.AT_LEAST,
        left=_gradient_squared,
        right=_fisher_times_variance,
        domain=bandits(arm_counts=(3, 4, 8), sparse_arm_counts=(256,)),
        certificate=counterexample(
            "uniform on three arms, one feature (1, -1, 0), reward (0, 0, 1): F = 2/3, Var = 2/9, grad = 0",
            Relation.AT_LEAST,
            _gradient_squared,
            _fisher_times_variance,
            _INSTANCE,
        ),
        verdict=Verdict.REFUTED,
        formal=Formal(
            "Counterexamples.positive_fisher_zero_gradient",
            sizes="the instance",
            also=("Counterexamples.no_bound_from_positive_fisher",),
        ),
        counterexample=_INSTANCE,
        lacked="the scores must explain the reward: where R2 = 0 the gradient vanishes however large Var and F are, "
        "so no positive constant c works",
        corrected_by=("A27", "B01", "B02", "B04"),
        experiment="bound_gallery",
        figure="bound_gallery",
    ),
    Claim(
        id="A27",
        title="Binary rewards: |grad| is at most the rarer class's probability times the largest score",
        source=f"shows that Assumption 1(ii) of arXiv 2509.21268 cannot hold uniformly; {no_prior_source('gradient')}",
        statement=r"\|\nabla J\|\le\min(p,1-p)\,G_{\max}\qquad\Big(\text{so } c\le "
        r"G_{\max}^2\tfrac{\min(p,1-p)}{\max(p,1-p)}\Big)",
        assumptions=("R in {0, 1}", "E g = 0", "|g| <= G_max"),
        relation=Relation.AT_MOST,
        left=_norm,
        right=_rarer_class_times_score,
        domain=scored_bandits(binary=True),
        certificate=identity(
            "the slack of the squares is a sum of squares with non-negative weights",
            _class_identity,
            bridge=_class_bridge,
            kind=CertificateKind.SUM_OF_SQUARES,
            sizes="three arms of a class, one coordinate of the score",
            remains="that every coincidence of indices occurs at these sizes, and that the gradient is the sum "
            "over either class",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Gradients.gradient_at_most_rarer_class",
            sizes="every differentiable policy with finitely many actions and parameters",
            points="scored, binary",
            left="Tabular.norm dims v",
            right="Rmin (Policy.objective acts pol r theta) (1 - Policy.objective acts pol r theta) * Gmax",
            where={
                "acts": "arms",
                "dims": "seq 0 2",
                "pol": "fun (_ : D -> R) (a : nat) => p a",
                "theta": "fun _ : nat => 0",
                "v": "fun k : nat => Sums.sum_over (fun a : nat => p a * g a k * r a) acts",
                "Gmax": "sqrt (Sums.max_over (fun a : nat => Tabular.norm2 dims (g a)) acts)",
            },
        ),
        part="the bound on the norm; not what follows for c",
        equality=_one_logit,
        sharp=True,
        notes="Equality for one logit and p <= 1/2.",
    ),
)
