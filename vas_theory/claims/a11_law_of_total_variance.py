"""The reward variance splits into a part within reasoning chains and a part between them.

With chain probabilities w_z and pass rates p_z given the chain, P = sum w_z p_z:
P (1 - P) = sum w_z p_z (1 - p_z) + sum w_z (p_z - P)^2. For a verifier that grades the chain's own answer every p_z is
0 or 1 and the first part vanishes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Claim, Instance, Relation, Verdict
from vas_theory.claims.lib.bridge.arm_sums import Arms
from vas_theory.claims.lib.certificates import identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.domains.chains import chains
from vas_theory.claims.lib.domains.extra import thinned


def total_variance(probs: NDArray[Any], chain_pass_rates: NDArray[Any]) -> Any:
    """Return P (1 - P) for chain probabilities and pass rates, shape (N,)."""
    rate = (probs * chain_pass_rates).sum(-1)
    return rate * (1 - rate)


def within_chains(probs: NDArray[Any], chain_pass_rates: NDArray[Any]) -> Any:
    """Return E[p_Z (1 - p_Z)], shape (N,)."""
    return (probs * chain_pass_rates * (1 - chain_pass_rates)).sum(-1)


def between_chains(probs: NDArray[Any], chain_pass_rates: NDArray[Any]) -> Any:
    """Return Var[p_Z], shape (N,)."""
    mean = (probs * chain_pass_rates).sum(-1, keepdims=True)
    return (probs * (chain_pass_rates - mean) ** 2).sum(-1)


def _sum_of_parts(probs: NDArray[Any], chain_pass_rates: NDArray[Any]) -> Any:
    return within_chains(probs, chain_pass_rates) + between_chains(probs, chain_pass_rates)


def _identity() -> dict[str, Any]:
    weights, rates = Arms("w z", {"w": 1})
    return {"any number of chains": total_variance(weights, rates) - _sum_of_parts(weights, rates)}


def _spread(size: int) -> Instance:
    return {"probs": np.full((1, size), 1.0 / size), "chain_pass_rates": np.linspace(0.1, 0.8, size)[None]}


CLAIMS = (
    Claim(
        id="A11",
        title="Law of total variance over reasoning chains",
        source="arXiv 2509.21268, Eq. 6 and appendix A.3",
        statement=r"\mathrm{Var}[R]=E[p_Z(1-p_Z)]+\mathrm{Var}[p_Z]",
        assumptions=("R in {0, 1}", "p_z = P(R = 1 | Z = z)"),
        relation=Relation.EQUAL,
        left=total_variance,
        right=_sum_of_parts,
        domain=thinned(chains(), 4),
        certificate=identity(
            "both sides expand to P - P^2",
            _identity,
            bridge=Claim.sides,
            sizes="all numbers of chains",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Pools.law_of_total_variance",
            sizes="all finite sets of chains",
            points="chains",
            left="Pools.E l p z * (1 - Pools.E l p z)",
            right="Pools.E l p (fun a : A => z a * (1 - z a)) + Pools.Var l p z",
            where={"l": "arms"},
        ),
        equality=_spread,
        sharp=True,
    ),
)
