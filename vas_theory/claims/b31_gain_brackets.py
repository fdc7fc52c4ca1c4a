r"""Closed brackets of the group gain w_G, from Jensen's inequality on either side.

Lower. :math:`w_G = (G-1) E[Y^{-1/2}]` with :math:`Y = (J+1)(G-1-J)`, J binomial (G-2, p), and
:math:`E[Y^{-1/2}] \ge (E Y)^{-1/2}` with :math:`E Y = (G-2)(G-3) q + G - 1`. Equality where Y is constant: G = 2, 3
or p at an end.

Upper. :math:`q w_G = E s \le \sqrt{E s^2} = \sqrt{(1-1/G)\,q}`. At fixed p both sides tend to
:math:`q^{-1/2}` as G grows.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.bounds import group_gain_bounds
from vas_theory.claims.lib.base import Claim, Instance, Limit, Relation, Verdict
from vas_theory.claims.lib.certificates import proof_steps
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.credit import no_prior_source
from vas_theory.claims.lib.domains.bandits import pass_rates
from vas_theory.claims.lib.domains.groups import by_group_size
from vas_theory.groups import group_gain


def _gain(pass_rate: NDArray[Any], group_size: NDArray[Any]) -> Any:
    return by_group_size(group_gain, group_size, pass_rate)


def _lower(pass_rate: NDArray[Any], group_size: NDArray[Any]) -> Any:
    return by_group_size(lambda rate, size: group_gain_bounds(rate, size)[0], group_size, pass_rate)


def _upper(pass_rate: NDArray[Any], group_size: NDArray[Any]) -> Any:
    return by_group_size(lambda rate, size: group_gain_bounds(rate, size)[1], group_size, pass_rate)


def _mean_of_y() -> bool:
    """Check E[(J+1)(G-1-J)] = (G-2)(G-3) q + G - 1 from the binomial's two moments, and by summation for G = 2..8."""
    import sympy

    p, size = sympy.symbols("p G", positive=True)
    q = p * (1 - p)
    first, second = (size - 2) * p, (size - 2) * q + ((size - 2) * p) ** 2
    moments = (size - 1) + (size - 2) * first - second
    if sympy.expand(moments - (size - 2) * (size - 3) * q - size + 1) != 0:
        return False
    for g in range(2, 9):
        terms = [sympy.binomial(g - 2, j) * p**j * (1 - p) ** (g - 2 - j) * (j + 1) * (g - 1 - j) for j in range(g - 1)]
        if sympy.expand(sum(terms) - (g - 2) * (g - 3) * q - g + 1) != 0:
            return False
    return True


def _mean_square() -> bool:
    """Check E s^2 = (1 - 1/G) q from the binomial's two moments."""
    import sympy

    p, size = sympy.symbols("p G", positive=True)
    q = p * (1 - p)
    mean_square = p - (q / size + p**2)
    return bool(sympy.simplify(mean_square - (size - 1) * q / size) == 0)


def _squeeze() -> bool:
    """Check that both brackets times sqrt q tend to 1 as G grows, at any fixed q."""
    import sympy

    q, size = sympy.symbols("q G", positive=True)
    lower = (size - 1) * sympy.sqrt(q) / sympy.sqrt((size - 2) * (size - 3) * q + size - 1)
    upper = sympy.sqrt((size - 1) / size)
    return bool(sympy.limit(lower, size, sympy.oo) == 1 and sympy.limit(upper, size, sympy.oo) == 1)


def _lower_bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    p, size = instance["pass_rate"], instance["group_size"]
    return (size - 1) ** 2 / claim.right(**instance) ** 2, (size - 2) * (size - 3) * p * (1 - p) + size - 1


def _upper_bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    p, size = instance["pass_rate"], instance["group_size"]
    q = p * (1 - p)
    return (q * claim.right(**instance)) ** 2, (1 - 1 / size) * q


def _near_the_end(size: int) -> Instance:
    return {"pass_rate": np.array([1e-18]), "group_size": np.array([size])}


def _fair(size: int) -> Instance:
    return {"pass_rate": np.array([0.5]), "group_size": np.array([size])}


def _fair_gap(size: int) -> float:
    """Return 1 - E s / sqrt(E s^2) for a fair coin, with integer arithmetic up to the roots."""
    mean = math.fsum(math.comb(size, k) / 2**size * math.sqrt(k * (size - k)) / size for k in range(size + 1))
    return 1 - mean / math.sqrt((size - 1) / (4 * size))


CLAIMS = (
    Claim(
        id="B31",
        title="Lower bracket of the group gain",
        source=no_prior_source("groups"),
        statement=r"w_G(p) \ge \frac{G-1}{\sqrt{(G-2)(G-3)\,p(1-p)+G-1}}",
        assumptions=("population standard deviation", "rewards in {0, 1}"),
        relation=Relation.AT_LEAST,
        left=_gain,
        right=_lower,
        domain=pass_rates(),
        certificate=proof_steps(
            "Jensen's inequality for the convex y^(-1/2)",
            [
                ("w_G = (G-1) E[Y^(-1/2)] with Y = (J+1)(G-1-J) (claim B09)", None),
                ("E Y = (G-2)(G-3) q + G - 1", _mean_of_y),
                ("E[Y^(-1/2)] >= (E Y)^(-1/2), with equality where Y is constant", None),
            ],
            bridge=_lower_bridge,
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "GainBounds.group_gain_at_least",
            sizes="all G >= 2, all p",
            also=("GainBounds.group_gain_binomial_sum",),
            points="groups",
            left="BinomialMeans.binomial_mean p n (fun j : nat => (G - 1) / sqrt ((INR j + 1) * (G - 1 - INR j)))",
            right="(G - 1) / sqrt ((G - 2) * (G - 3) * (p * (1 - p)) + (G - 1))",
            where={"n": "(group - 2)%nat", "p": "rate", "G": "INR n + 2"},
        ),
        experiment="finite_group_gain",
        figure="finite_group_gain",
        equality=_near_the_end,
        sharp=True,
        notes="Equality for G = 2 and 3 at every p, and for every G as p tends to 0 or 1.",
    ),
    Claim(
        id="B32",
        title="Upper bracket of the group gain; with B31 it gives the arcsine limit",
        source=f"{no_prior_source('groups', 'for the bracket')}; the limit is in arXiv 2510.13651",
        statement=r"w_G(p) \le \sqrt{\frac{G-1}{G\,p(1-p)}},\qquad w_G(p)\sqrt{p(1-p)}\to 1\ (G\to\infty)",
        assumptions=("population standard deviation", "rewards in {0, 1}", "0 < p < 1"),
        not_computed={r"\to 1": "the limit of what is before it, which is computed"},
        relation=Relation.AT_MOST,
        left=_gain,
        right=_upper,
        domain=pass_rates(),
        certificate=proof_steps(
            "Jensen's inequality for the square of the group's deviation",
            [
                ("q w_G = E s <= sqrt(E s^2) (claim B09)", None),
                ("E s^2 = (1 - 1/G) q", _mean_square),
                ("both brackets times sqrt q tend to 1 at fixed p", _squeeze),
            ],
            bridge=_upper_bridge,
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "GainBounds.group_gain_arcsine_limit",
            sizes="all G >= 2, 0 < p < 1",
            points="groups",
            left="GroupGain.w p n",
            right="sqrt ((G - 1) / (G * (p * (1 - p))))",
            where={"n": "(group - 2)%nat", "p": "rate", "G": "INR n + 2"},
        ),
        part="the bracket; not the limit",
        experiment="finite_group_gain",
        figure="finite_group_gain",
        limit=Limit(_fair, _fair_gap, "a fair coin and growing groups"),
        sharp=True,
    ),
)
