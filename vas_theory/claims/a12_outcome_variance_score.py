r"""The outcome variance score estimates the total reward variance, not the part within reasoning chains.

Each rollout draws its own chain, so the K outcomes are independent with the overall pass rate P, and OVS = P_hat
(1 - P_hat) converges to P (1 - P). For p_Z = Z with a fair Z the part within chains is 0, the score tends to 1/4.

A35. K successes k are Binomial(K, P), with E k = K P and E k(k-1) = K (K-1) P^2 (the derivatives of (1 - P + P t)^K
at t = 1), hence E[k (K - k)] / K^2 = (1 - 1/K) P (1 - P); K/(K-1) OVS is unbiased.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.a11_law_of_total_variance import total_variance, within_chains
from vas_theory.claims.lib.base import Claim, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import counterexample, identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.domains.bandits import pass_rates
from vas_theory.claims.lib.domains.chains import chains
from vas_theory.claims.lib.domains.extra import thinned
from vas_theory.foundation.arguments import unify


def expected_outcome_variance(pass_rate: NDArray[Any], group_size: NDArray[Any]) -> Any:
    """Return E[k/K (1 - k/K)] for k successes of K rollouts, by summing over k; shape (N,)."""
    (rates,) = unify(pass_rate)
    result = np.zeros(rates.shape, dtype=rates.dtype)
    for size in np.unique(np.asarray(group_size, dtype=np.int64)):
        rows = np.asarray(group_size) == size
        p, n = rates[rows], int(size)
        terms = [(math.comb(n, k) * k * (n - k)) * p**k * (1 - p) ** (n - k) for k in range(1, n)]
        result[rows] = sum(terms[1:], terms[0]) / n**2
    return result


def _shrunk_variance(pass_rate: NDArray[Any], group_size: NDArray[Any]) -> Any:
    rates, size = unify(pass_rate, group_size)
    return (size - 1) * rates * (1 - rates) / size


def _identities() -> dict[str, Any]:
    import sympy

    p, t = sympy.symbols("p t")
    count = sympy.Symbol("K", integer=True, positive=True)
    generating = (1 - p + p * t) ** count
    first = sympy.diff(generating, t).subs(t, 1)
    second = sympy.diff(generating, t, 2).subs(t, 1) + first
    expressions = {
        "(K E k - E k^2) / K^2, any K": (count * first - second) / count**2 - (count - 1) * p * (1 - p) / count
    }
    for size in (2, 3, 8):
        enumerated = expected_outcome_variance(np.array([p], dtype=object), np.array([size]))[0]
        expressions[f"the enumeration at K = {size}"] = enumerated - sympy.Rational(size - 1, size) * p * (1 - p)
    return expressions


def _group_of(size: int) -> Instance:
    return {"pass_rate": np.array([0.3]), "group_size": np.array([size])}


_FAIR_CHAINS: Instance = {
    "probs": np.array([[Fraction(1, 2), Fraction(1, 2)]], dtype=object),
    "chain_pass_rates": np.array([[0, 1]]),
}

CLAIMS = (
    Claim(
        id="A12",
        title="OVS estimates the variance within reasoning chains",
        source="arXiv 2509.21268, section 4 and appendix A.3",
        statement=r"\lim_{K\to\infty}\mathrm{OVS}_K=E[p_Z(1-p_Z)]",
        assumptions=("every rollout draws its own chain",),
        relation=Relation.EQUAL,
        left=total_variance,
        right=within_chains,
        domain=chains(),
        certificate=counterexample(
            "two fair chains, one always right, one always wrong: OVS tends to 1/4, the part within chains is 0",
            Relation.EQUAL,
            total_variance,
            within_chains,
            _FAIR_CHAINS,
        ),
        verdict=Verdict.REFUTED,
        formal=Formal(
            "RefutedBounds.outcome_variance_score_is_not_the_part_within", sizes="the negation of the statement"
        ),
        experiment="score_estimation",
        figure="score_error",
        counterexample=_FAIR_CHAINS,
        lacked="pass rates that do not depend on the chain (Var[p_Z] = 0)",
        corrected_by=("A11", "A35"),
    ),
    Claim(
        id="A35",
        title="Expected OVS is (1 - 1/K) times the total variance",
        source="corrects section 4 of arXiv 2509.21268",
        statement=r"E[\mathrm{OVS}_K]=\frac{K-1}{K}\,P(1-P)",
        assumptions=("K independent rollouts", "R in {0, 1}"),
        relation=Relation.EQUAL,
        left=expected_outcome_variance,
        right=_shrunk_variance,
        domain=thinned(pass_rates(), 4),
        certificate=identity(
            "the first two factorial moments of a binomial",
            _identities,
            bridge=Claim.sides,
            sizes="all K by factorial moments; K = 2, 3, 8 by enumeration",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Pools.plug_in_variance_mean",
            sizes="all K",
            points="rates",
            left="Pools.EK l p K (fun w : list A => Pools.total r w / INR K * (1 - Pools.total r w / INR K))",
            right="(INR K - 1) / INR K * (Sums.sum_over (fun a : A => p a * r a) l * (1 - Sums.sum_over "
            "(fun a : A => p a * r a) l))",
            where={"l": "[0%nat; 1%nat]", "p": "fun a : nat => nth a [1 - rate; rate] 0", "r": "INR", "K": "group"},
        ),
        experiment="score_estimation",
        figure="score_error",
        equality=_group_of,
        sharp=True,
    ),
)
