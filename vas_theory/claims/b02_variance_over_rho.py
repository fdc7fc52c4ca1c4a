"""The reward variance bounds the tabular policy gradient from below, linearly and sharply."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.bounds import centred_reward_norm, variance_over_rho
from vas_theory.claims.lib.base import CertificateKind, Claim, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.credit import no_prior_source
from vas_theory.claims.lib.domains.bandits import bandits
from vas_theory.foundation.precision import sqrt
from vas_theory.policy.gradients import policy_gradient, reward_variance


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
    import sympy

    # Every term of both identities involves the quantities of at most two arms beside the sums V and mean(r);
    # four free arms therefore exercise every coincidence of indices, two and three are the degenerate ones.
    expressions = {}
    for arms in (2, 3, 4):
        free = sympy.symbols(f"p1:{arms}", positive=True)
        probs = np.array([*free, 1 - sum(free)], dtype=object)
        rewards = np.array(sympy.symbols(f"r1:{arms + 1}", real=True), dtype=object)
        gradient = policy_gradient(probs, rewards)
        spread = rewards - rewards.sum(-1) / arms
        variance = reward_variance(probs, rewards)
        product = (gradient * spread).sum(-1)
        expressions[f"<grad, r - mean r> - Var at K = {arms}"] = product - variance
        slack = (gradient**2).sum(-1) * (spread**2).sum(-1) - product**2
        expressions[f"|grad|^2 rho^2 - <grad, r - mean r>^2 - sum of squares at K = {arms}"] = slack - lagrange_sum(
            probs, rewards
        )
    return expressions


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
            sizes="K = 2, 3, 4",
            remains="that every coincidence of indices occurs at these sizes",
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
