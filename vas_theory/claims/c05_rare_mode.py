r"""How often a group trains without showing a rare correct answer.

A correct mode has chance eps within the pass rate p. A group of G rollouts misses it while it is mixed (neither all
correct nor all wrong), so that the update pushes the mode down, with chance
:math:`(1-\varepsilon)^G - (p-\varepsilon)^G - (1-p)^G`: no rollout of the mode, less all in the other correct answers,
less all wrong. It is zero at G = 1 and tends to zero for large G, so it is not monotone in G.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Claim, Domain, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.domains.groups import by_group_size
from vas_theory.foundation.arguments import unify


def _enumerated(pass_rate: NDArray[Any], rare_share: NDArray[Any], group_size: NDArray[Any]) -> Any:
    """Return the chance, summed over how many rollouts are of the mode, correct otherwise, and wrong."""

    def chance(p: NDArray[Any], share: NDArray[Any], size: int) -> Any:
        rare, total = share * p, 0 * p
        for modes in range(size + 1):
            for others in range(size - modes + 1):
                wrong = size - modes - others
                if modes == 0 and 0 < others + modes < size:
                    orders = factorial(size) // (factorial(modes) * factorial(others) * factorial(wrong))
                    total = total + orders * rare**modes * (p - rare) ** others * (1 - p) ** wrong
        return total

    return by_group_size(chance, group_size, *unify(pass_rate, rare_share))


def missed(pass_rate: Any, rare: Any, size: int) -> Any:
    """Return (1-eps)^G - (p-eps)^G - (1-p)^G."""
    return (1 - rare) ** size - (pass_rate - rare) ** size - (1 - pass_rate) ** size


def _closed(pass_rate: NDArray[Any], rare_share: NDArray[Any], group_size: NDArray[Any]) -> Any:
    def chance(p: NDArray[Any], share: NDArray[Any], size: int) -> Any:
        return missed(p, share * p, size)

    return by_group_size(chance, group_size, *unify(pass_rate, rare_share))


def _identities() -> dict[str, Any]:
    import sympy

    p, share = sympy.symbols("p s", positive=True)
    expressions = {}
    for size in range(2, 9):
        one = {"pass_rate": np.array([p], dtype=object), "rare_share": np.array([share], dtype=object)}
        count = np.array([size])
        expressions[f"chance at G = {size}"] = (
            _enumerated(**one, group_size=count) - _closed(**one, group_size=count)
        )[0]
    return expressions


def _bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    """Compare with the chance of no rollout of the mode times that of a mixed group given it."""
    p, size = instance["pass_rate"], instance["group_size"]
    rare = instance["rare_share"] * p
    correct = (p - rare) / (1 - rare)
    mixed = -np.expm1(size * np.log1p(-correct)) - correct**size
    return claim.left(**instance), (1 - rare) ** size * mixed


def _modes() -> Domain:
    def make(rng: np.random.Generator, size: int, low: float) -> Iterator[Instance]:
        count = max(1, size // 4)
        p = rng.uniform(0.01, 0.99, size=count)
        yield {
            "pass_rate": p,
            "rare_share": 10.0 ** rng.uniform(low, -0.1, size=count),
            "group_size": rng.choice([2, 3, 8, 16], size=count),
        }

    return Domain(
        {
            "moderate": lambda rng, size: make(rng, size, -2),
            "rare": lambda rng, size: make(rng, size, -9),
        }
    )


def _four_fifths(size: int) -> Instance:
    return {"pass_rate": np.array([0.5]), "rare_share": np.array([0.8]), "group_size": np.array([min(size, 8)])}


CLAIMS = (
    Claim(
        id="C05",
        title="A rare correct mode is missed by a mixed group with a chance that is not monotone in G",
        source="arXiv 2602.06717 raises the question of rare correct answers that groups miss; the formula is our "
        "derivation",
        statement=r"P(\text{mixed, mode not drawn})=(1-\varepsilon)^G-(p-\varepsilon)^G-(1-p)^G,"
        r"\qquad\text{not monotone in } G",
        assumptions=("G independent rollouts, rewards in {0, 1}", "a correct mode of chance eps, 0 < eps < p < 1"),
        relation=Relation.EQUAL,
        left=_enumerated,
        right=_closed,
        domain=_modes(),
        certificate=identity(
            "counts of three kinds of rollouts with free chances, G = 2..8",
            _identities,
            bridge=_bridge,
            sizes="G = 2..8",
            remains="the step to every G",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Additions.rare_mode_missed",
            sizes="all G >= 1, any finite policy",
            also=("Additions.rare_mode_not_monotone",),
            points="rare modes",
            left="Pools.EK l q G (Additions.misses r c)",
            right="Additions.missed (Sums.sum_over (fun a : A => q a * r a) l) "
            "(Sums.sum_over (fun a : A => q a * c a) l) G",
            where={
                "l": "[0%nat; 1%nat; 2%nat]",
                "q": "fun a : nat => nth a [rare * rate; rate - rare * rate; 1 - rate] 0",
                "r": "fun a : nat => nth a [1; 1; 0] 0",
                "c": "fun a : nat => nth a [1; 0; 0] 0",
                "G": "group",
            },
        ),
        part="the equation; not the monotonicity",
        equality=_four_fifths,
        sharp=True,
        notes="For a small eps the chance of missing first rises with G, because more groups are mixed, and falls only "
        "from G of the order of 1/eps on: a moderate group size is the worst for a rare mode.",
    ),
)
