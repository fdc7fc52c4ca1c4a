r"""The first moment of Davis and Recht (arXiv 2510.13651) for binary rewards, and its arcsine limit for GRPO.

They write the weight of a rollout as :math:`Z_i = (1-R_i)\,a_{S_i} + R_i\,b_{S_i}`, with S_i the number of correct ones
among the other M - 1, and find that the expected update is the gradient of :math:`h_M(p)` with

.. math:: h_M(t) = \frac1M \sum_{s=0}^{M-1} (b_s - a_s)\, I_t(s+1, M-s), \qquad
    h_M'(t) = \sum_{s=0}^{M-1} (b_s - a_s) \binom{M-1}{s} t^s (1-t)^{M-1-s} .

For whitened advantages :math:`h_M' = w_M` (claim B09), and :math:`h_M \to 2\arcsin\sqrt t`.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Claim, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.domains.bandits import pass_rates
from vas_theory.claims.lib.domains.groups import by_group_size
from vas_theory.foundation.arguments import like, unify
from vas_theory.groups import bernstein, group_advantages, group_gain


def _their_slope(pass_rate: NDArray[Any], group_size: NDArray[Any]) -> Any:
    """Return h_M'(p), from the advantages b_s of a correct and a_s of a wrong rollout beside s correct others."""

    def slope(rate: NDArray[Any], size: int) -> Any:
        weights = [_advantage_gap(size, s, rate) for s in range(size)]
        coefficients = np.empty(size, dtype=rate.dtype)
        coefficients[:] = weights
        return bernstein(coefficients, rate)

    return by_group_size(slope, group_size, *unify(pass_rate))


def _advantage_gap(size: int, others: int, example: NDArray[Any]) -> Any:
    """Return b_s - a_s for the advantages of GRPO with the population deviation."""
    ends = []
    for own in (1, 0):
        rewards = like([Fraction(own)] + [Fraction(int(i < others)) for i in range(size - 1)], example)
        ends.append(group_advantages(rewards)[0])
    return ends[0] - ends[1]


def _gain(pass_rate: NDArray[Any], group_size: NDArray[Any]) -> Any:
    return by_group_size(group_gain, group_size, *unify(pass_rate))


def _identities() -> dict[str, Any]:
    import sympy

    p, s, size = sympy.symbols("p s M", positive=True)
    point = np.array([p], dtype=object)
    expressions = {}
    for group_size in range(2, 8):
        count = np.array([group_size])
        expressions[f"h_M' - w_M at M = {group_size}"] = (_their_slope(point, count) - _gain(point, count))[0]
    # the density of Beta(s+1, M-s) over M is the binomial weight, M! / (s! (M-1-s)! M) = C(M-1, s)
    ratio = sympy.gamma(size + 1) / (sympy.gamma(s + 1) * sympy.gamma(size - s)) / size / sympy.binomial(size - 1, s)
    expressions["derivative of I_t(s+1, M-s)/M"] = sympy.gammasimp(ratio) - 1
    limit = sympy.diff(2 * sympy.asin(sympy.sqrt(p)), p) * sympy.sqrt(p) * sympy.sqrt(1 - p) - 1
    expressions["slope of 2 arcsin sqrt p is 1/sqrt(p(1-p))"] = sympy.simplify(limit)
    return expressions


def _bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    """Compare with the slope of their incomplete beta form, a sum of binomial weights."""

    def slope(rate: NDArray[Any], size: int) -> Any:
        weights = (math.comb(size - 1, s) * rate**s * (1 - rate) ** (size - 1 - s) for s in range(size))
        return sum(_advantage_gap(size, s, rate) * weight for s, weight in enumerate(weights))

    return claim.left(**instance), by_group_size(slope, instance["group_size"], *unify(instance["pass_rate"]))


def _third(size: int) -> Instance:
    return {"pass_rate": np.array([1 / 3]), "group_size": np.array([size])}


CLAIMS = (
    Claim(
        id="L05",
        title="Davis and Recht 2025: GRPO's expected update is the gradient of a function of the pass rate",
        source="Davis and Recht, arXiv 2510.13651, general weights and the GRPO case",
        statement=r"E\hat g = \nabla h_M(p),\quad h_M(t)=\frac1M\sum_{s=0}^{M-1}(b_s-a_s)\,I_t(s+1,M-s),"
        r"\quad h_M'=w_M,\quad h_M\to 2\arcsin\sqrt t",
        assumptions=("M independent rollouts, rewards in {0, 1}", "population standard deviation, nothing added to it"),
        relation=Relation.EQUAL,
        left=_their_slope,
        right=_gain,
        domain=replace(pass_rates((2, 3, 4, 8)), perturb=None),
        certificate=identity(
            "both slopes for M = 2..7, and the binomial form for every M",
            _identities,
            bridge=_bridge,
            sizes="M = 2..7; the binomial form for all M",
            remains="exchangeability, the step to every M, and the limit",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "FirstMoment.h_slope_is_group_gain",
            sizes="all M >= 2, every differentiable policy",
            also=(
                "FirstMoment.update_is_gradient",
                "FirstMoment.h_arcsine_limit",
                "GeneralWeights.general_update_is_gradient",
            ),
            points="groups",
            left="FirstMoment.h_slope (S (S n)) t",
            right="GroupGain.w t n",
            where={"n": "(group - 2)%nat", "t": "rate"},
        ),
        part="h_M' = w_M",
        experiment="finite_group_gain",
        figure="finite_group_gain",
        equality=_third,
        sharp=True,
        notes="Read in secondary accounts of the paper. The limit follows from the brackets of claims B31 and B32: "
        "w_G sqrt(p(1-p)) tends to 1 at every fixed p, and is dominated by 1, so the potentials converge too.",
    ),
)
