r"""The time bounds of Razin et al. (arXiv 2503.15477): theorem 4 for any policy, proposition 3 for tabular ones.

Theorem 4 (appendix B.1): with trained and target reward in [-1, 1], KL weight lambda towards the initial policy,
sequences of at most L tokens and Jacobians of the token logits of spectral norm at most J on the way,
:math:`t \ge \min(1 - e^{-\gamma/9}, 1 - e^{-7/(3\lambda)})\,(8 L^2 J^2)^{-1}\,(E_x \mathrm{Var}_0)^{-1/3}`.
It follows from claim B14: the score of a sequence has :math:`G^2 \le 2 L^2 J^2`, and :math:`V_0 \le 1` gives
:math:`V_0^{-1/2} \ge V_0^{-1/3}`.

Proposition 3 (appendix D.6): for tabular policies :math:`t \ge 2|S|(1 - e^{-\gamma/2})\,\mathrm{Var}_0^{-1/2}`, S the
training prompts. There :math:`|\nabla|_1 \le \sqrt V` and :math:`|e_y - \pi|_\infty \le 1` replace G^2 by 1/|S| in the
proof of claim B53, with :math:`|m_t - m_0| \le \gamma` for the target.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.bounds import razin_time_bound
from vas_theory.claims.lib.base import Claim, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import Step, proof_steps
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.flow_time import ONE_LOGIT, flow_domain, flow_facts, time_to_rise
from vas_theory.foundation.arguments import unify
from vas_theory.foundation.precision import exp, log, sqrt


def _theorem_4(**flow: NDArray[Any]) -> Any:
    """Return the bound for two tokens with logits (z/2, -z/2), whose Jacobian has norm 1/sqrt 2, and L = 1."""
    facts = flow_facts(**flow)
    rise, root = unify(facts.rise, sqrt(np.asarray(facts.rise * 0 + 0.5)))
    rows = zip(rise, root, facts.variance, facts.kl_weight, strict=True)
    bounds = np.empty(rise.shape, dtype=rise.dtype)
    for row, (gamma, norm, variance, weight) in enumerate(rows):
        bounds[row] = razin_time_bound(gamma, norm, 1, variance, kl_weight=weight)
    return bounds


def _tabular_time(**flow: NDArray[Any]) -> Any:
    """Return the time of two tabular arms: both logits move, so their difference moves twice as fast."""
    return time_to_rise(**flow) / 2


def _proposition_3(**flow: NDArray[Any]) -> Any:
    facts = flow_facts(**flow)
    top, root = unify(2 * (1 - exp(-facts.rise / 2)), sqrt(facts.variance))
    return top / root


def _weaker_than_b14() -> bool:
    """Check (1 - e^-g)/2 >= (1 - e^(-g/9))/8 by e^-g = a^9: the difference has the factor 1 - a and positive terms."""
    import sympy

    a = sympy.Symbol("a")
    difference = sympy.expand((1 - a**9) / 2 - (1 - a) / 8)
    quotient = sympy.Poly(sympy.cancel(difference / (1 - a)), a)
    return all(coefficient > 0 for coefficient in quotient.all_coeffs())


def _score_of_a_token() -> bool:
    """Check |e_y - pi|^2 <= 2 for three tokens."""
    import sympy

    b, c = sympy.symbols("b c", nonnegative=True)
    norm = (b + c) ** 2 + b**2 + c**2
    return bool(sympy.expand(2 * (b + c) ** 2 - norm - 2 * b * c) == 0)


def _tabular_integral() -> bool:
    """Check that t = 2 S (1 - e^(-g/2))/v solves g = -2 log(1 - t v/(2 S))."""
    import sympy

    rise, prompts, v = sympy.symbols("gamma S v", positive=True)
    t = 2 * prompts * (1 - sympy.exp(-rise / 2)) / v
    return bool(sympy.simplify(-2 * sympy.log(1 - t * v / (2 * prompts)) - rise) == 0)


def _inverse_bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    """Put the bound into the integral that was certified; it must give the rise."""
    facts = flow_facts(**instance)
    return -2 * log(1 - claim.right(**instance) * sqrt(facts.variance) / 2), facts.rise


_ASSUMPTIONS = ("gradient flow with exact gradients", "trained and target reward in [-1, 1]")

CLAIMS = (
    Claim(
        id="L02",
        title="Razin et al. 2025, theorem 4: time at least of order (reward variance)^(-1/3)",
        source="Razin et al., arXiv 2503.15477, theorem 4 (appendix B.1); theorem 1 is its abridged form",
        statement=r"t_\gamma \ge \frac{\min\big(1-e^{-\gamma/9},\,1-e^{-7/(3\lambda)}\big)}{8L^2J^2}\,"
        r"\big(E_x\mathrm{Var}_0\big)^{-1/3}",
        assumptions=(
            *_ASSUMPTIONS,
            "KL penalty of weight lambda >= 0 towards the initial policy",
            "softmax over tokens",
        ),
        relation=Relation.AT_LEAST,
        left=time_to_rise,
        right=_theorem_4,
        domain=flow_domain(),
        certificate=proof_steps(
            "it follows from claim B14",
            [
                Step(
                    "|e_y - pi|^2 <= 2, so the score of a sequence has norm at most sqrt 2 L J",
                    _score_of_a_token,
                    "three tokens",
                ),
                ("V_0 <= 1 for rewards in [-1, 1], so V_0^(-1/2) >= V_0^(-1/3)", None),
                ("(1 - e^-g)/2 >= (1 - e^(-g/9))/8, at least the minimum over 8", _weaker_than_b14),
            ],
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "TokenFlow.razin_time",
            sizes="all numbers of tokens, lengths, prompts and parameters",
            also=("GradientFlow.razin_time_bound",),
            untied={"left": "the time of one flow, by quadrature; the theorem is about every flow"},
            points="flow",
            right="Rmin (1 - exp (- (gamma / 9))) (GradientFlow.penalty_share beta) / (8 * L ^ 2 * J ^ 2) * "
            "Rpower (GradientFlow.start_variance prompts acts pol mu reward theta) (- (1 / 3))",
            where={**ONE_LOGIT, "beta": "0", "L": "1", "J": "sqrt (1 / 2)"},
        ),
        experiment="time_to_target",
        figure="time_to_target",
        notes="Claim B14 implies it, with a factor of at least 4 (1 - e^-g)/(1 - e^(-g/9)) V_0^(-1/6) to spare.",
    ),
    Claim(
        id="L06",
        title="Razin et al. 2025, proposition 3: tabular policies, time at least of order (reward variance)^(-1/2)",
        source="Razin et al., arXiv 2503.15477, proposition 3 (appendix D.6)",
        statement=r"t_\gamma \ge \frac{2|S|\,(1-e^{-\gamma/2})}{\sqrt{\mathrm{Var}_0}}",
        assumptions=(*_ASSUMPTIONS, "tabular softmax policy", "KL penalty of any weight towards the initial policy"),
        relation=Relation.AT_LEAST,
        left=_tabular_time,
        right=_proposition_3,
        domain=flow_domain(),
        certificate=proof_steps(
            "the differential inequality of claim B53 with the l1 norm of a tabular gradient",
            [
                (
                    "|grad|_1 = E|R~ - m| <= sqrt V and |e_y - pi|_inf <= 1, so V' <= V^(3/2)/S, as in claim B14",
                    None,
                ),
                ("|m'| <= sqrt V/S for a target in [-1, 1], whose gradient has l2 norm at most 1", None),
                ("integrating", _tabular_integral),
            ],
            bridge=_inverse_bridge,
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "TabularFlow.tabular_time",
            sizes="all prompts, all K",
            untied={"left": "the time of one flow, by quadrature; the theorem is about every flow"},
            points="flow",
            right="2 * INR N * (1 - exp (- (gamma / 2))) / sqrt (TabularFlow.start_variance K reward theta x)",
            where={
                **ONE_LOGIT,
                "K": "2%nat",
                "N": "1%nat",
                "x": "0%nat",
                "theta": "fun (_ : R) (i : nat * nat) => ln (if Nat.eq_dec (snd i) 0 then start else 1 - start)",
            },
        ),
        notes="Stated for one prompt of S: the objective is a mean over the prompts, so each moves at 1/|S| of "
        "the speed it would have alone.",
    ),
)
