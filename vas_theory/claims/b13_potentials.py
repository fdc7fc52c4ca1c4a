r"""What sampling and whitening make training ascend, and that a mix of samplings ascends nothing.

Prompt x is drawn with weight u_x and updated with gain w(p_x), so the expected flow is the one-form
:math:`\omega = \sum_x u_x w(p_x)\,dp_x`. With exact outcome variances as weights, :math:`u_x = q_x/\sum q` and
q = p(1-p), :math:`(\sum q)\,\omega = d \sum_x W(p_x)` with :math:`W' = q w`: a change of time apart, training ascends
the sum of W. Uniform sampling gives :math:`W' = w`.

For a mix, :math:`\omega = \sum_x (\lambda q_x/S + (1-\lambda)/n)\,dP_x` with S = sum q and dP = w dp. If training
ascended some :math:`\Phi` up to a change of time, :math:`\omega = \mu\,d\Phi`, then
:math:`\omega\wedge d\omega = 0` (Frobenius). For three prompts its coefficient is a multiple of
:math:`\lambda(1-\lambda)\sum_{cyc}(q_2 q_3' - q_3 q_2')`, which is not zero at the rates 1/4, 1/2, 3/4.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Claim, Domain, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import counterexample, identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.credit import no_prior_source
from vas_theory.foundation.arguments import unify
from vas_theory.groups import expected_group_std, group_gain
from vas_theory.potentials import (
    Weights,
    integrability_defect,
    plain_potential,
    sampling_weights,
    whitened_limit_potential,
    whitened_potential,
)

_KINDS: tuple[Weights, Weights] = ("uniform", "vas")


def _rise_of_the_potential(start: NDArray[Any], end: NDArray[Any]) -> Any:
    """Return the rise of sum_x W(p_x), W = p^2/2 - p^3/3, between two states of a pool."""
    before, after = unify(start, end)
    return (plain_potential(after, "vas") - plain_potential(before, "vas")).sum(-1)


def _work_along_the_segment(start: NDArray[Any], end: NDArray[Any]) -> Any:
    """Return the integral of (sum q) sum_x u_x dp_x along the straight way, u the VAS weights.

    The integrand is quadratic along it, which Simpson's rule integrates exactly.
    """
    before, after = unify(start, end)

    def push(rates: NDArray[Any]) -> Any:
        q = rates * (1 - rates)
        return (q.sum(-1, keepdims=True) * sampling_weights(rates, 1.0) * (after - before)).sum(-1)

    return (push(before) + 4 * push((before + after) / 2) + push(after)) / 6


def _slopes() -> dict[str, Any]:
    """Return W' - u w for each potential."""
    import sympy

    p, odds_root = sympy.symbols("p u", positive=True)
    point = np.array([p], dtype=object)
    q = p * (1 - p)
    slope = lambda values: sympy.diff(values[0], p)  # noqa: E731
    expressions: dict[str, Any] = {
        "plain, uniform: W' = 1": slope(plain_potential(point, "uniform")) - 1,
        "plain, VAS: W' = p(1-p)": slope(plain_potential(point, "vas")) - q,
    }
    uniform, vas = (slope(whitened_limit_potential(point, kind)) for kind in _KINDS)
    for name, difference in {"uniform": uniform - 1 / sympy.sqrt(q), "VAS": vas - sympy.sqrt(q)}.items():
        # p = u^2/(1 + u^2) makes p, 1 - p and sqrt(p(1-p)) rational in u and sqrt(1 + u^2)
        rational = difference.subs(p, odds_root**2 / (1 + odds_root**2))
        expressions[f"whitened limit, {name}"] = sympy.simplify(rational)
    for size in (2, 3, 4, 5):
        uniform, vas = (slope(whitened_potential(point, size, kind)) for kind in _KINDS)
        expressions[f"whitened, uniform, G = {size}: W' = w_G"] = uniform - group_gain(point, size)[0]
        expressions[f"whitened, VAS, G = {size}: W' = E s"] = vas - expected_group_std(point, size)[0]
    for size, factor in ((2, sympy.Integer(1)), (3, sympy.sqrt(2))):
        value = whitened_potential(point, size, "uniform")[0]
        expressions[f"whitened, uniform, G = {size}: a multiple of p"] = value - factor * p
    return expressions


def _bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    rise = [(rates**2 / 2 - rates**3 / 3).sum(-1) for rates in (instance["start"], instance["end"])]
    return claim.right(**instance), rise[1] - rise[0]


def _pairs() -> Domain:
    def random(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        for prompts in (1, 3, 16):
            start, end = rng.uniform(size=(2, size // 8, prompts))
            yield {"start": start, "end": end}

    def extreme(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        tails = 10.0 ** rng.uniform(-9, -0.3, size=(2, size // 8, 4))
        start, end = np.where(rng.uniform(size=tails.shape) < 0.5, tails, 1 - tails)
        yield {"start": start, "end": end}

    return Domain({"random": random, "extreme": extreme})


def _half_mixed_defect(rates: NDArray[Any]) -> Any:
    """Return F . curl F of the flow of three prompts with lambda = 1/2."""
    return integrability_defect(rates, 0.5)


def _no_defect(rates: NDArray[Any]) -> Any:
    (p,) = unify(rates)
    return 0 * p[..., 0]


def _triples() -> Domain:
    def family(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        yield {"rates": rng.uniform(0.05, 0.95, size=(size, 3))}

    return Domain({"random": family})


def _learned(size: int) -> Instance:
    return {"start": np.linspace(0.1, 0.4, size)[None], "end": np.linspace(0.3, 0.9, size)[None]}


_COUNTEREXAMPLE: Instance = {
    "rates": np.array([[Fraction(1, 4), Fraction(1, 2), Fraction(3, 4)]], dtype=object),
}

_FLOW = ("expected continuous-time flow", "exact outcome variances as weights", "on-policy, no clipping, no KL penalty")

CLAIMS = (
    Claim(
        id="B13",
        title="Variance-proportional sampling changes the objective: training ascends the sum of p^2/2 - p^3/3",
        source="extends arXiv 2510.13651 (uniform sampling) to weighted sampling; arXiv 2605.24331 derives weights of "
        f"prompts from a utility of pass rates; {no_prior_source('pools', 'of these potentials')}",
        statement=r"\Big(\sum_y q_y\Big)\sum_x u_x\,dp_x = d\sum_x W(p_x),\quad u_x=\frac{q_x}{\sum_y q_y},\ W'=p(1-p);"
        r"\qquad \text{whitened: } W'=E\hat\sigma_G\to\sqrt{p(1-p)};\ \text{uniform: } W'=1,\ w_G\to 1/\sqrt{p(1-p)}",
        assumptions=(*_FLOW, "lambda = 1 (or 0 for the uniform forms)"),
        not_computed={"W'=1": "no factor at all"},
        relation=Relation.EQUAL,
        left=_rise_of_the_potential,
        right=_work_along_the_segment,
        domain=_pairs(),
        certificate=identity(
            "the slope of every potential is weight times gain",
            _slopes,
            bridge=_bridge,
            sizes="all p for the plain and the limit forms; G = 2..5 for the whitened ones",
            remains="the step to every G, and the limit of large groups",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Potentials.sampling_potentials",
            sizes="all pools, all G >= 2, any moving pass rates",
            also=(
                "Potentials.potential_slopes",
                "Potentials.potential_slope_limits",
                "Potentials.rise_is_work",
            ),
            points="two states",
            left="Potentials.rise pool start finish",
            right="Potentials.simpson pool start finish",
            where={"pool": "arms"},
        ),
        part="the plain form, along a straight way of the pass rates",
        experiment="potential_flows",
        figure="potentials",
        equality=_learned,
        sharp=True,
        notes="For G = 2 and 3 uniform whitened training ascends a multiple of p. At practical G the arcsine limit "
        "fails for small p: w_G sqrt(q) = 0.0835 at p = 0.001, G = 8.",
    ),
    Claim(
        id="B52",
        title="A mix of uniform and variance-proportional sampling ascends some potential",
        source="the use of a mixture in arXiv 2509.21268, algorithm 1",
        statement=r"0<\lambda<1\;\Rightarrow\;\exists\,\mu>0,\Phi:\quad "
        r"\sum_x\Big(\lambda\frac{q_x}{\sum_y q_y}+\frac{1-\lambda}{n}\Big)dp_x = \mu\,d\Phi",
        assumptions=(*_FLOW, "lambda = 1/2, three prompts with independent parameters"),
        not_computed={"whole statement": "says that some functions exist, and is refuted; nothing of it is computed"},
        relation=Relation.EQUAL,
        left=_half_mixed_defect,
        right=_no_defect,
        domain=_triples(),
        certificate=counterexample(
            "pass rates 1/4, 1/2, 3/4 at lambda = 1/2: the flow is not integrable, even up to a change of time",
            Relation.EQUAL,
            _half_mixed_defect,
            _no_defect,
            _COUNTEREXAMPLE,
            remains="Frobenius: such mu and Phi would make F . (curl F) vanish, F the flow's coefficients",
        ),
        verdict=Verdict.REFUTED,
        formal=Formal(
            "RefutedSteps.mixed_sampling_ascends_nothing",
            sizes="every lambda in (0, 1), three prompts, any mu > 0 and any Phi whose mixed slopes agree (Schwarz)",
            remains="potentials whose mixed slopes do not agree",
        ),
        part="F . (curl F) = 0, which such mu and Phi would need; F the coefficients of dp_x",
        experiment="potential_flows",
        figure="potentials",
        counterexample=_COUNTEREXAMPLE,
        lacked="lambda in {0, 1}: the defect is lambda (1 - lambda) times a function of the rates that is not zero",
        corrected_by=("B13",),
        notes="Whitening replaces dp by w dp prompt by prompt, which changes coordinates and not the verdict.",
    ),
)
