r"""What leaving out the silent groups does to the observed pass rate.

A group of G rollouts with k correct is kept where 0 < k < G. With q = 1 - p the kept groups have
:math:`E[\hat p\,1\{0<k<G\}] = p - p^G` and :math:`P(0<k<G) = 1 - p^G - q^G`, so

.. math:: E[\hat p \mid 0<k<G] - p = \frac{p q (q^{G-1} - p^{G-1})}{1 - p^G - q^G},

which has the sign of 1/2 - p: the mean of what a filter of silent groups keeps is drawn towards 1/2.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Claim, Domain, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.domains.groups import by_group_size
from vas_theory.foundation.arguments import like, unify


def _mean_of_the_kept(pass_rate: NDArray[Any], group_size: NDArray[Any]) -> Any:
    """Return the mean share of correct rollouts of the kept groups, summed over k = 1..G-1."""

    def mean(p: NDArray[Any], size: int) -> Any:
        chances = [comb(size, k) * p**k * (1 - p) ** (size - k) for k in range(1, size)]
        shares = like([Fraction(k, size) for k in range(1, size)], p)
        return sum(c * s for c, s in zip(chances, shares, strict=True)) / sum(chances)

    return by_group_size(mean, group_size, *unify(pass_rate))


def _closed(pass_rate: NDArray[Any], group_size: NDArray[Any]) -> Any:
    def form(p: NDArray[Any], size: int) -> Any:
        return (p - p**size) / (1 - p**size - (1 - p) ** size)

    return by_group_size(form, group_size, *unify(pass_rate))


def filter_bias(pass_rate: Any, size: int) -> Any:
    """Return E[p_hat | 0 < k < G] - p in the form that shows its sign."""
    q = 1 - pass_rate
    return pass_rate * q * (q ** (size - 1) - pass_rate ** (size - 1)) / (1 - pass_rate**size - q**size)


def _identities() -> dict[str, Any]:
    import sympy

    p = sympy.Symbol("p", positive=True)
    expressions = {}
    for size in range(2, 10):
        one = {"pass_rate": np.array([p], dtype=object), "group_size": np.array([size])}
        expressions[f"mean of the kept groups at G = {size}"] = (_mean_of_the_kept(**one) - _closed(**one))[0]
        expressions[f"its bias at G = {size}"] = _closed(**one)[0] - p - filter_bias(p, size)
    return expressions


def _bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    p = instance["pass_rate"]
    return claim.left(**instance), p + by_group_size(filter_bias, instance["group_size"], p)


def _rates() -> Domain:
    def make(rates: NDArray[Any], rng: np.random.Generator) -> Instance:
        return {"pass_rate": rates, "group_size": rng.choice([2, 3, 8, 16], size=rates.shape)}

    def random(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        yield make(rng.uniform(0.01, 0.99, size=max(1, size // 4)), rng)

    def extreme(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        tails = 10.0 ** rng.uniform(-6, -2, size=max(1, size // 4))
        yield make(np.where(rng.uniform(size=tails.shape) < 0.5, tails, 1 - tails), rng)

    return Domain({"random": random, "extreme": extreme})


def _three_tenths(size: int) -> Instance:
    return {"pass_rate": np.array([0.3]), "group_size": np.array([min(size, 16)])}


CLAIMS = (
    Claim(
        id="C02",
        title="Leaving silent groups out biases the observed pass rate towards 1/2",
        source="arXiv 2601.08521 shows that the group baseline is biased, upwards for hard prompts; this closed form "
        "for a filter of silent groups is our derivation",
        statement=r"E[\hat p\mid 0<k<G]=\frac{p-p^G}{1-p^G-(1-p)^G},"
        r"\qquad E[\hat p\mid 0<k<G]>p\iff p<\tfrac12",
        assumptions=("G >= 2 independent rollouts, rewards in {0, 1}, 0 < p < 1", "a group is kept where 0 < k < G"),
        relation=Relation.EQUAL,
        left=_mean_of_the_kept,
        right=_closed,
        domain=_rates(),
        certificate=identity(
            "the binomial mean and the bias with free p, G = 2..9",
            _identities,
            bridge=_bridge,
            sizes="G = 2..9",
            remains="the step to every G",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Additions.filtered_pass_rate",
            sizes="all G >= 2",
            points="rates",
            left="GroupGain.EB p G (fun k : nat => Additions.is_mixed G k * (INR k / INR G)) / "
            "GroupGain.EB p G (Additions.is_mixed G)",
            right="(p - p ^ G) / (1 - p ^ G - (1 - p) ^ G)",
            where={"p": "rate", "G": "group"},
        ),
        part="the first equation; not the sign",
        equality=_three_tenths,
        sharp=True,
        notes="It concerns every filter that drops all-correct and all-wrong groups, DAPO's among them: the accuracy "
        "logged on the kept groups is not the policy's. For G = 2 it is 1/2 whatever p is.",
    ),
)
