"""The l1 norm of the tabular gradient, linear in the variance and free of the number of arms.

Proof. The entries of the gradient sum to zero, so for c = (max r + min r) / 2,
Var = sum_i g_i r_i = sum_i g_i (r_i - c) <= |g|_1 max_i |r_i - c| = |g|_1 Delta / 2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.bounds import gradient_l1_bound
from vas_theory.claims.b02_variance_over_rho import uniform_within_classes
from vas_theory.claims.lib.base import Claim, Relation, Verdict
from vas_theory.claims.lib.certificates import Step, proof_steps
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.credit import no_prior_source
from vas_theory.claims.lib.domains.bandits import bandits
from vas_theory.policy.gradients import policy_gradient, reward_variance


def _l1_norm(probs: NDArray[Any], rewards: NDArray[Any]) -> Any:
    return np.abs(policy_gradient(probs, rewards)).sum(-1)


def _twice_variance_over_range(probs: NDArray[Any], rewards: NDArray[Any]) -> Any:
    return gradient_l1_bound(probs, rewards)


def _gradient_pairs_with_shifted_rewards() -> bool:
    import sympy

    for arms in (2, 3, 4):
        free = sympy.symbols(f"p1:{arms}")
        probs = np.array([*free, 1 - sum(free)], dtype=object)
        rewards = np.array(sympy.symbols(f"r1:{arms + 1}"), dtype=object)
        shift = sympy.Symbol("c")
        gradient = policy_gradient(probs, rewards)
        if sympy.expand((gradient * (rewards - shift)).sum() - reward_variance(probs, rewards)) != 0:
            return False
    return True


CLAIMS = (
    Claim(
        id="B19",
        title="|grad|_1 is at least 2 Var over the reward range",
        source=no_prior_source("gradient"),
        statement=r"\|\nabla V\|_1\ge \frac{2\,\mathrm{Var}}{\Delta},\qquad \Delta=\max r-\min r",
        assumptions=("tabular softmax policy", "rewards not all equal"),
        relation=Relation.AT_LEAST,
        left=_l1_norm,
        right=_twice_variance_over_range,
        domain=bandits(),
        certificate=proof_steps(
            "Hoelder's inequality with rewards centred on the middle of their range",
            [
                Step(
                    "sum_i g_i (r_i - c) = Var for every shift c", _gradient_pairs_with_shifted_rewards, "K = 2, 3, 4"
                ),
                ("at the middle of the range |r_i - c| <= Delta / 2, so Var <= |g|_1 Delta / 2", None),
            ],
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Tabular.l1_gradient_at_least_variance_over_range",
            sizes="all K",
            also=("Derivative.l1_gradient_at_least_variance_over_range",),
            points="tabular",
            left="Tabular.l1_norm arms (Tabular.grad arms p r)",
            right="2 * Tabular.Var arms p r / Tabular.reward_range arms r",
        ),
        equality=uniform_within_classes,
        sharp=True,
        notes="Equality if and only if every reward is at an end of the range, so always for binary rewards.",
    ),
)
