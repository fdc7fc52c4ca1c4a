r"""The inequality called Efron-Stein is reversed: a Lipschitz pass rate bounds the variance between chains from above.

For independent chains Z, Z': Var[p_Z] = E (p_Z - p_Z')^2 / 2. If |p_z - p_z'| <= L d(z, z') this is at most (L^2 / 2)
E d^2 (A36); it is at least (l^2 / 2) E d^2 only where |p_z - p_z'| >= l d(z, z') (A37), that is, where different
chains differ in their pass rates. Both are equalities when the pass rates themselves are the distances.

The certificate of A13: ten equally likely chains, nine always wrong and one always right, d = 1 for different chains
and L = 1. Var[p_Z] = 9/100, claimed is at least E d^2 / 4 = 9/40.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.a11_law_of_total_variance import between_chains
from vas_theory.claims.lib.base import CertificateKind, Claim, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import counterexample, identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.domains.chains import mean_squared_distance, spaced_chains


def _between(probs: NDArray[Any], chain_pass_rates: NDArray[Any], distances: NDArray[Any], slope: NDArray[Any]) -> Any:
    return between_chains(probs, chain_pass_rates)


def _half_slope_squared(
    probs: NDArray[Any], chain_pass_rates: NDArray[Any], distances: NDArray[Any], slope: NDArray[Any]
) -> Any:
    return slope**2 * mean_squared_distance(probs, distances) / 2


def _quarter_slope_squared(
    probs: NDArray[Any], chain_pass_rates: NDArray[Any], distances: NDArray[Any], slope: NDArray[Any]
) -> Any:
    return slope**2 * mean_squared_distance(probs, distances) / 4


def _pair_excess(
    probs: NDArray[Any], chain_pass_rates: NDArray[Any], distances: NDArray[Any], slope: NDArray[Any]
) -> Any:
    """Return sum over z < z' of w w' (L^2 d^2 - (p_z - p_z')^2)."""
    first, second = np.triu_indices(probs.shape[-1], 1)
    gaps = chain_pass_rates[..., first] - chain_pass_rates[..., second]
    excess = np.asarray(slope)[..., None] ** 2 * distances[..., first, second] ** 2 - gaps**2
    return (probs[..., first] * probs[..., second] * excess).sum(-1)


def _identity() -> dict[str, Any]:
    import sympy

    expressions = {}
    for count in (2, 3):
        free = sympy.symbols(f"w1:{count}")
        instance = {
            "probs": np.array([*free, 1 - sum(free)], dtype=object),
            "chain_pass_rates": np.array(sympy.symbols(f"p1:{count + 1}"), dtype=object),
            "distances": np.array(
                [
                    [sympy.Symbol(f"d{min(i, j)}{max(i, j)}") if i != j else 0 for i in range(count)]
                    for j in range(count)
                ],
                dtype=object,
            ),
            "slope": sympy.Symbol("L"),
        }
        slack = _half_slope_squared(**instance) - _between(**instance)
        expressions[f"(L^2/2) E d^2 - Var[p_Z] - sum over pairs, {count} chains"] = slack - _pair_excess(**instance)
    return expressions


def _bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    left, right = claim.sides(instance)
    return right, left + _pair_excess(**instance)


def _rates_as_distances(size: int) -> Instance:
    rates = np.linspace(0.1, 0.9, size)[None]
    weights = np.arange(1.0, size + 1.0)[None]
    return {
        "probs": weights / weights.sum(),
        "chain_pass_rates": rates,
        "distances": np.abs(rates[:, :, None] - rates[:, None, :]) / 2.0,
        "slope": np.array([2.0]),
    }


_ONE_OF_TEN: Instance = {
    "probs": np.array([[Fraction(1, 10)] * 10], dtype=object),
    "chain_pass_rates": np.array([[0] * 9 + [1]]),
    "distances": (1 - np.eye(10, dtype=int))[None],
    "slope": np.array([1]),
}

CLAIMS = (
    Claim(
        id="A13",
        title="Efron-Stein: diversity bounds the variance between chains from below",
        source="arXiv 2509.21268, appendix A.3",
        statement=r"|p_z-p_{z'}|\le L\,d(z,z')\;\Rightarrow\;\mathrm{Var}[p_Z]\ge\tfrac{L^2}{4}\,E\,d(Z,Z')^2",
        assumptions=("|p_z - p_z'| <= L d(z, z')", "Z, Z' independent"),
        relation=Relation.AT_LEAST,
        left=_between,
        right=_quarter_slope_squared,
        domain=spaced_chains(upper=True),
        certificate=counterexample(
            "ten equally likely chains, one right, d = 1 between different chains, L = 1: 9/100 against 9/40",
            Relation.AT_LEAST,
            _between,
            _quarter_slope_squared,
            _ONE_OF_TEN,
        ),
        verdict=Verdict.REFUTED,
        formal=Formal("RefutedBounds.diversity_is_no_lower_bound", sizes="the negation of the statement"),
        counterexample=_ONE_OF_TEN,
        lacked="a lower Lipschitz bound |p_z - p_z'| >= l d(z, z'): an upper one can only bound the variance above",
        corrected_by=("A36", "A37"),
    ),
    Claim(
        id="A36",
        title="A Lipschitz pass rate bounds the variance between chains from above",
        source="corrects appendix A.3 of arXiv 2509.21268",
        statement=r"|p_z-p_{z'}|\le L\,d(z,z')\;\Rightarrow\;\mathrm{Var}[p_Z]\le\tfrac{L^2}{2}\,E\,d(Z,Z')^2",
        assumptions=("|p_z - p_z'| <= L d(z, z') for all pairs of chains", "Z, Z' independent"),
        relation=Relation.AT_MOST,
        left=_between,
        right=_half_slope_squared,
        domain=spaced_chains(upper=True),
        certificate=identity(
            "the slack is a sum over pairs of terms L^2 d^2 - (p_z - p_z')^2 >= 0",
            _identity,
            bridge=_bridge,
            kind=CertificateKind.SUM_OF_SQUARES,
            sizes="2 and 3 chains",
            remains="that every coincidence of indices occurs at these sizes",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Pools.variance_at_most_pair_distance",
            sizes="all finite sets of chains",
            points="chains, distances",
            left="Pools.Var l p z",
            right="L ^ 2 / 2 * Pools.EE l p (fun a b : A => d a b ^ 2)",
            where={"l": "arms", "L": "slope"},
        ),
        equality=_rates_as_distances,
        sharp=True,
    ),
    Claim(
        id="A37",
        title="Diversity bounds the variance between chains from below where chains differ in pass rate",
        source="corrects appendix A.3 of arXiv 2509.21268",
        statement=r"|p_z-p_{z'}|\ge l\,d(z,z')\;\Rightarrow\;\mathrm{Var}[p_Z]\ge\tfrac{l^2}{2}\,E\,d(Z,Z')^2",
        assumptions=("|p_z - p_z'| >= l d(z, z') for all pairs of chains", "Z, Z' independent"),
        relation=Relation.AT_LEAST,
        left=_between,
        right=_half_slope_squared,
        domain=spaced_chains(upper=False),
        certificate=identity(
            "minus the slack is a sum over pairs of terms l^2 d^2 - (p_z - p_z')^2 <= 0",
            _identity,
            bridge=_bridge,
            kind=CertificateKind.SUM_OF_SQUARES,
            sizes="2 and 3 chains",
            remains="that every coincidence of indices occurs at these sizes",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Pools.variance_at_least_pair_distance",
            sizes="all finite sets of chains",
            points="chains, distances",
            left="Pools.Var l p z",
            right="c ^ 2 / 2 * Pools.EE l p (fun a b : A => d a b ^ 2)",
            where={"l": "arms", "c": "slope"},
        ),
        equality=_rates_as_distances,
        sharp=True,
        notes="Textual diversity satisfies this only if chains that read differently succeed at different rates.",
    ),
)
