r"""What OVS and TDS converge to: the total variance and the mean squared distance, not the parts they are named for.

A18 is about TDS (A12 is about OVS). Two equally likely chains with the same pass rate 1/2 and distance 1: TDS tends
to E d^2 = 1/2, the variance between chains is 0, so no constant relates them.

Proof of A21. K/(K-1) OVS and the mean squared pairwise distance are averages over pairs of independent rollouts, of
the kernels (R_i - R_j)^2 / 2 and d(Z_i, Z_j)^2, so both are unbiased: for P (1 - P) and E d^2. Replacing one rollout
touches a share 2/K of the pairs and so moves an average of a kernel with range B by at most 2 B / K. McDiarmid's
inequality gives P(|U_K - E U| >= t) <= 2 exp(-K t^2 / (2 B^2)), which is summable over K, and the Borel-Cantelli
lemma makes the convergence almost sure. Sums with fixed weights converge likewise.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.a11_law_of_total_variance import between_chains, total_variance
from vas_theory.claims.lib.base import Claim, Domain, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import Step, counterexample, proof_steps
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.domains.chains import mean_squared_distance, spaced_chains
from vas_theory.claims.lib.domains.extra import extended, shares
from vas_theory.foundation.arguments import unify


def _diversity(
    probs: NDArray[Any],
    chain_pass_rates: NDArray[Any],
    distances: NDArray[Any],
    slope: NDArray[Any],
    constant: NDArray[Any],
) -> Any:
    return mean_squared_distance(*unify(probs, distances))


def _constant_times_between(
    probs: NDArray[Any],
    chain_pass_rates: NDArray[Any],
    distances: NDArray[Any],
    slope: NDArray[Any],
    constant: NDArray[Any],
) -> Any:
    weights, rates, factor = unify(probs, chain_pass_rates, constant)
    return factor * between_chains(weights, rates)


def _expected_score(
    probs: NDArray[Any],
    chain_pass_rates: NDArray[Any],
    distances: NDArray[Any],
    alpha: NDArray[Any],
    rollouts: NDArray[Any],
) -> Any:
    """Return E[alpha K/(K-1) OVS_K + (1 - alpha) TDS_K] by enumerating the chains and outcomes of K rollouts."""
    weights, rates, d, a = unify(probs, chain_pass_rates, distances, alpha)
    count, chains = int(np.asarray(rollouts).flat[0]), weights.shape[-1]
    outcome = np.repeat([0, 1], chains)
    chance = np.concatenate([weights * (1 - rates), weights * rates], axis=-1)  # types: chain and outcome
    total = 0 * a
    for types in product(range(2 * chains), repeat=count):
        drawn = [kind % chains for kind in types]
        successes = int(outcome[list(types)].sum())
        spread = successes * (count - successes) * a / (count * (count - 1))
        pairs = [d[..., i, j] ** 2 for k, i in enumerate(drawn) for j in drawn[:k]]
        diversity = sum(pairs[1:], pairs[0]) * 2 / (count * (count - 1))
        total = total + chance[..., list(types)].prod(-1) * (spread + (1 - a) * diversity)
    return total


def _population_score(
    probs: NDArray[Any],
    chain_pass_rates: NDArray[Any],
    distances: NDArray[Any],
    alpha: NDArray[Any],
    rollouts: NDArray[Any],
) -> Any:
    weights, rates, d, a = unify(probs, chain_pass_rates, distances, alpha)
    return a * total_variance(weights, rates) + (1 - a) * mean_squared_distance(weights, d)


def _small_groups() -> Domain:
    def family(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        for chains, rollouts in ((2, 2), (3, 2), (2, 3)):
            shape = (max(1, size // 48), chains)
            weights = rng.standard_gamma(0.7, size=shape) + 1e-9
            places = rng.standard_normal(shape)
            yield {
                "probs": weights / weights.sum(-1, keepdims=True),
                "chain_pass_rates": rng.uniform(size=shape),
                "distances": np.abs(places[:, :, None] - places[:, None, :]),
                "alpha": rng.uniform(size=shape[0]),
                "rollouts": np.full(shape[0], rollouts),
            }

    return Domain({"random": family})


def _spread(size: int) -> Instance:
    """Return chains with distances 1 / size apart; three rollouts."""
    return {
        "probs": np.array([[0.2, 0.3, 0.5]]),
        "chain_pass_rates": np.array([[0.1, 0.9, 0.4]]),
        "distances": np.abs(np.subtract.outer(np.arange(3.0), np.arange(3.0)))[None] / size,
        "alpha": np.array([0.8]),
        "rollouts": np.array([3]),
    }


def _unbiased() -> bool:
    import sympy

    w, p, q, a = sympy.symbols("w p q alpha")
    d = np.array([[0, sympy.Symbol("d")], [sympy.Symbol("d"), 0]], dtype=object)[None]
    arrays = (np.array([[w, 1 - w]], dtype=object), np.array([[p, q]], dtype=object), d, np.array([a], dtype=object))
    return all(
        sympy.expand(_expected_score(*arrays, np.array([k]))[0] - _population_score(*arrays, np.array([k]))[0]) == 0
        for k in (2, 3)
    )


def _kernels() -> bool:
    """Check sum over pairs of (R_i - R_j)^2 / 2 = k (K - k) / 2, and the share 2/K of pairs with a given rollout."""
    import sympy

    k, count = sympy.symbols("k K", positive=True)
    pairs = count * (count - 1) / 2
    estimate = count / (count - 1) * (k / count) * (1 - k / count)
    average = k * (count - k) / 2 / pairs  # k (K - k) pairs differ, each contributes 1/2
    return bool(sympy.simplify(estimate - average) == 0 and sympy.simplify((count - 1) / pairs - 2 / count) == 0)


def _summable() -> bool:
    """Check 2 (2 B / K)^2 K in McDiarmid's exponent and that the bounds are a convergent geometric series in K."""
    import sympy

    count, bound, t = sympy.symbols("K B t", positive=True)
    exponent = 2 * t**2 / (count * (2 * bound / count) ** 2)
    ratio = sympy.exp(-(t**2) / (2 * bound**2))
    return bool(sympy.simplify(exponent - count * t**2 / (2 * bound**2)) == 0 and ratio.subs({t: 1, bound: 1}) < 1)


_SAME_RATE: Instance = {
    "probs": np.array([[Fraction(1, 2), Fraction(1, 2)]] * 2, dtype=object),
    "chain_pass_rates": np.array([[Fraction(1, 2), Fraction(1, 2)]] * 2, dtype=object),
    "distances": np.array([[[0, 1], [1, 0]]] * 2),
    "slope": np.array([1, 1]),
    "constant": np.array([1, 10**9]),
}

CLAIMS = (
    Claim(
        id="A18",
        title="TDS is consistent for the variance between chains, up to a constant",
        source="arXiv 2509.21268, section 4",
        statement=r"\exists\,c>0:\quad\lim_{K\to\infty}\mathrm{TDS}_K=c\,\mathrm{Var}[p_Z]",
        assumptions=("TDS the mean squared pairwise distance", "rollouts independent"),
        relation=Relation.EQUAL,
        left=_diversity,
        right=_constant_times_between,
        domain=extended(spaced_chains(upper=True), constant=shares(0.0, 4.0)),
        certificate=counterexample(
            "two fair chains with equal pass rates, distance 1: TDS tends to 1/2, Var[p_Z] = 0, for every c",
            Relation.EQUAL,
            _diversity,
            _constant_times_between,
            _SAME_RATE,
        ),
        verdict=Verdict.REFUTED,
        formal=Formal("RefutedBounds.diversity_is_not_the_variance_between", sizes="the negation of the statement"),
        counterexample=_SAME_RATE,
        lacked="distances that are proportional to the difference of pass rates",
        corrected_by=("A21", "A36", "A37"),
    ),
    Claim(
        id="A21",
        title="Corrected OVS and pairwise TDS are unbiased and strongly consistent for P(1-P) and E d^2",
        source="the valid part of section 4 of arXiv 2509.21268",
        statement=r"E\big[\alpha\tfrac{K}{K-1}\mathrm{OVS}_K+\beta\,\mathrm{TDS}_K\big]=\alpha P(1-P)+"
        r"\beta\,E\,d(Z,Z')^2,\quad\text{and a.s. convergence as }K\to\infty",
        assumptions=("independent rollouts", "R in {0, 1}", "bounded d", "TDS the mean squared pairwise distance"),
        relation=Relation.EQUAL,
        left=_expected_score,
        right=_population_score,
        domain=_small_groups(),
        certificate=proof_steps(
            "averages over pairs: unbiased, bounded differences, summable tails",
            [
                Step(
                    "the expectation, enumerated for K = 2 and 3 rollouts of two chains",
                    _unbiased,
                    "2 and 3 rollouts of two chains",
                ),
                ("both are averages over pairs; one rollout is in a share 2/K of them", _kernels),
                ("linearity over pairs makes them unbiased for every K", None),
                ("McDiarmid: P(|U - E U| >= t) <= 2 exp(-K t^2 / (2 B^2)), a convergent series", _summable),
                ("Borel-Cantelli: almost sure convergence", None),
            ],
            bridge=Claim.sides,
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Consistency.scores_unbiased_and_consistent",
            sizes="all K >= 2, any finite list of chains, almost sure convergence included",
            points="chains, score",
            left="Pools.EK l q group (Consistency.corrected_score r dist alpha beta)",
            right="alpha * (Consistency.pass_rate l q r * (1 - Consistency.pass_rate l q r)) + "
            "beta * Consistency.pair_expect l q (fun a b : A => dist a b ^ 2)",
            where={
                "A": "(nat * bool)%type",
                "l": "list_prod arms [true; false]",
                "q": "fun y : A => p (fst y) * (if snd y then z (fst y) else 1 - z (fst y))",
                "r": "fun y : A => if snd y then 1 else 0",
                "dist": "fun y y' : A => d (fst y) (fst y')",
                "beta": "1 - alpha",
            },
        ),
        part="the mean; not the almost sure convergence",
        experiment="score_estimation",
        figure="score_error",
        equality=_spread,
        sharp=True,
        notes="The check evaluates the expectation exactly; the almost sure convergence rests on the argument. It "
        "covers the pairwise form of TDS only: self-BLEU and distinct-n are no averages over pairs.",
    ),
)
