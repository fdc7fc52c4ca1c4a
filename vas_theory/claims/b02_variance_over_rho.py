"""The reward variance bounds the tabular policy gradient from below, linearly and sharply."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.bounds import centred_reward_norm, variance_over_rho
from vas_theory.claims.lib.base import CertificateKind, Claim, Instance, Relation, Verdict
from vas_theory.claims.lib.bridge.arm_sums import Arms
from vas_theory.claims.lib.certificates import identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.credit import no_prior_source
from vas_theory.claims.lib.domains.bandits import bandits
from vas_theory.foundation.precision import sqrt
from vas_theory.policy.gradients import policy_gradient


def gradient_norm(probs: NDArray[Any], rewards: NDArray[Any]) -> Any:
    """Return the l2 norm of the tabular gradient, shape (N,)."""
    return sqrt((policy_gradient(probs, rewards) ** 2).sum(-1))


def lagrange_sum(probs: NDArray[Any], rewards: NDArray[Any]) -> Any:
    """Return sum over i < j of (g_i s_j - g_j s_i)^2 with g the gradient and s = r - mean(r), shape (...)."""
    arms = rewards.shape[-1]
    gradient = policy_gradient(probs, rewards)
    spread = rewards - rewards.sum(-1, keepdims=True) / arms
    upper, lower = np.triu_indices(arms, 1)
    crossed = gradient[..., upper] * spread[..., lower] - gradient[..., lower] * spread[..., upper]
    return (crossed**2).sum(-1)


def _identities() -> dict[str, Any]:
    arms = Arms("p r", {"1": "K", "p": 1, "p*r": "V"})
    value, mean = arms.known[arms.letters[0] * arms.letters[1]], arms.total(arms.letters[1]) / arms.count

    def crossed(one: Any, other: Any) -> Any:
        gradients, spreads = ([x[0] * (x[1] - value) for x in (one, other)], [x[1] - mean for x in (one, other)])
        return (gradients[0] * spreads[1] - gradients[1] * spreads[0]) ** 2

    p, r = arms
    gradient, spread = p * (r - value), r - mean
    product = (gradient * spread).sum()
    slack = (gradient**2).sum() * (spread**2).sum() - product**2
    return {
        "<grad, r - mean r> - Var": product - (p * (r - value) ** 2).sum(),
        "|grad|^2 rho^2 - <grad, r - mean r>^2 - sum of squares over pairs": slack - arms.over_pairs(crossed) / 2,
    }


def _bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    left, right = claim.sides(instance)
    rho = centred_reward_norm(instance["rewards"])
    return (left * rho) ** 2, (right * rho) ** 2 + lagrange_sum(**instance)


def uniform_within_classes(size: int) -> Instance:
    """Return a binary instance of ``size`` arms, half of them correct, uniform within each class, p = 1/4."""
    correct = (size + 1) // 2
    rewards = np.where(np.arange(size) < correct, 1.0, 0.0)[None]
    probs = np.where(rewards == 1.0, 0.25 / correct, 0.75 / (size - correct))
    return {"probs": probs, "rewards": rewards}


CLAIMS = (
    Claim(
        id="B02",
        title="Gradient norm is at least variance over rho",
        source=f"corrects Assumption 1(ii) of arXiv 2509.21268; {no_prior_source('gradient')}",
        statement=r"\|\nabla V\|_2 \;\ge\; \frac{\mathrm{Var}_\pi(r)}{\rho},\qquad \rho=\|r-\bar r\,\mathbf 1\|_2",
        assumptions=("tabular softmax policy with K >= 2 arms", "exact gradient", "rewards not all equal"),
        relation=Relation.AT_LEAST,
        left=gradient_norm,
        right=variance_over_rho,
        domain=bandits(),
        certificate=identity(
            "Lagrange identity: rho^2 |grad|^2 - Var^2 is a sum of squares",
            _identities,
            bridge=_bridge,
            kind=CertificateKind.SUM_OF_SQUARES,
            sizes="all K",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Tabular.gradient_at_least_variance_over_rho",
            sizes="all K",
            also=("Derivative.gradient_norm_at_least_variance_over_rho",),
            points="tabular",
            left="Tabular.norm arms (Tabular.grad arms p r)",
            right="Tabular.Var arms p r / Tabular.rho arms r",
        ),
        equality=uniform_within_classes,
        sharp=True,
        experiment="bound_gallery",
        figure="bound_gallery",
        notes="Equality if and only if the gradient is parallel to r - mean(r); for binary rewards that is a policy "
        "uniform within each class.",
    ),
)
