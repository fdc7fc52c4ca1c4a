"""Razin et al. (2023): small reward deviation means small gradient. True, and far from sharp."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from vas_theory.bounds import razin_gradient_bound
from vas_theory.claims.lib.base import Claim, Relation, Verdict
from vas_theory.claims.lib.certificates import proof_steps
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.domains.sequences import (
    gradient_norm,
    jacobian_norm,
    mean_length,
    reward_deviation,
    sequences,
    tree_terms,
)


def _bound(theta: NDArray[Any], features: NDArray[Any], rewards: NDArray[Any], end: NDArray[Any]) -> Any:
    variance = reward_deviation(theta, features, rewards, end) ** 2
    return razin_gradient_bound(jacobian_norm(features), mean_length(theta, features, end), variance)


def _b06_is_smaller() -> bool:
    """sqrt(L/2) s <= 6 L s^(2/3) for L >= 1 and 0 <= s <= 1: at s = t^3 the ratio is t / (6 sqrt(2 L)) <= 1."""
    import sympy

    length, t = sympy.symbols("L t", positive=True)
    ratio = sympy.sqrt(length / 2) * t**3 / (6 * length * t**2)
    return bool(sympy.simplify(ratio - t / (6 * sympy.sqrt(2 * length))) == 0)


CLAIMS = (
    Claim(
        id="L01",
        title="Razin et al.: |grad| is at most 6 L gamma STD(R)^(2/3)",
        source="Razin et al., arXiv 2310.20703, Theorem 1",
        statement=r"\|\nabla J\|\le 6L\gamma\,\mathrm{STD}(R)^{2/3}",
        assumptions=("rewards in [-1, 1]", "autoregressive softmax of length L, logit Jacobian norm <= gamma"),
        relation=Relation.AT_MOST,
        left=gradient_norm,
        right=_bound,
        domain=sequences(with_end=False),
        certificate=proof_steps(
            "follows from B06",
            [
                ("|grad| <= gamma sqrt(L/2) STD(R) by B06", None),
                (
                    "STD <= 1 on [-1, 1]; B06 is t / (6 sqrt(2 L)) of this bound, t = STD^(1/3)",
                    _b06_is_smaller,
                ),
            ],
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Tokens.razin_gradient",
            sizes="all K, all L, any differentiable logits",
            points="tokens",
            left="Tokens.norm dims v",
            right="6 * INR L * gamma * Tokens.two_thirds (sqrt (Tokens.reward_variance K logit stop reward theta L))",
            where=tree_terms(with_end=False),
        ),
        float_tolerance=1e-12,
        notes="At most 1 / (6 sqrt 2) = 11.8 % of it can ever be reached.",
    ),
)
