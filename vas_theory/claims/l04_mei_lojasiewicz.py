"""Mei et al. (2020): the non-uniform Lojasiewicz inequality, beside the variance bound."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from vas_theory.bounds import mei_gradient_bound
from vas_theory.claims.b02_variance_over_rho import gradient_norm
from vas_theory.claims.lib.base import Claim, Relation, Verdict
from vas_theory.claims.lib.certificates import proof_steps
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.domains.bandits import bandits


def _optimal_arm_bound(probs: NDArray[Any], rewards: NDArray[Any]) -> Any:
    """Return pi(a*) (r(a*) - V), with the most probable best arm where several tie."""
    return mei_gradient_bound(probs, rewards)


CLAIMS = (
    Claim(
        id="L04",
        title="Mei et al.: |grad| is at least pi(a*) times the sub-optimality",
        source="Mei et al., ICML 2020 (arXiv 2005.06392), Lemma 3",
        statement=r"\|\nabla V\|\ge\pi(a^*)\,(r(a^*)-V)",
        assumptions=("tabular softmax policy", "a* a best arm"),
        relation=Relation.AT_LEAST,
        left=gradient_norm,
        right=_optimal_arm_bound,
        domain=bandits(),
        certificate=proof_steps(
            "one coordinate",
            [("the right side is the a*-th entry of the gradient, and a norm is at least an entry", None)],
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Gradients.gradient_at_least_best_arm",
            sizes="all K",
            points="softmax",
            left="Tabular.norm (Derivative.arms K) (Derivative.partial K r th)",
            right="Softmax.softmax K th best * (r best - Softmax.value K r th)",
            where={"best": "0%nat"},
        ),
        notes="The other entries sum to minus this one, so sqrt(K / (K - 1)) may be put in front; B02 is larger "
        "wherever the best arm is rare.",
    ),
)
