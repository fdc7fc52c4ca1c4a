r"""Which reward's variance: that of a shaped reward orders prompts otherwise than that of the outcome.

Shaped reward S = a R + b F, with an outcome R and a further part F such as the format, often with
the weights 9/10 and 1/10. By the Cauchy-Schwarz inequality
:math:`(\sigma_S - a\sigma_R)^2 \le b^2\sigma_F^2`: written out,
:math:`\mathrm{Var}\,S = a^2\sigma_R^2 + b^2\sigma_F^2 + 2ab\,\mathrm{Cov}(R,F)` and
:math:`|\mathrm{Cov}| \le \sigma_R\sigma_F`. Where the outcome does not vary, all of S's spread is the format's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Certificate, Claim, Domain, Evidence, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import counterexample, identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.foundation.arguments import unify
from vas_theory.foundation.precision import exact, sqrt
from vas_theory.policy.gradients import reward_variance

_OUTCOME_WEIGHT, _FORMAT_WEIGHT = Fraction(9, 10), Fraction(1, 10)


def _shaped_variance(probs: Any, outcome: Any, form: Any) -> Any:
    """Return Var[9/10 R + 1/10 F]."""
    pi, r, f = unify(probs, outcome, form)
    weights = (_OUTCOME_WEIGHT, _FORMAT_WEIGHT) if pi.dtype == object else (0.9, 0.1)
    return reward_variance(pi, weights[0] * r + weights[1] * f)


def _outcome_variance(**pair: NDArray[Any]) -> Any:
    """Return the outcome's variance at the prompt whose shaped reward varies more."""
    return reward_variance(*unify(pair["probs"], pair["outcome"]))


def _other_outcome_variance(**pair: NDArray[Any]) -> Any:
    return reward_variance(*unify(pair["other_probs"], pair["other_outcome"]))


def _pairs() -> Domain:
    def prompt(rng: np.random.Generator, count: int) -> Instance:
        probs = rng.dirichlet(np.full(4, 0.5), size=count)
        outcome, form = (rng.uniform(size=(2, count, 4)) < rng.uniform(size=(2, count, 1))).astype(float)
        return {"probs": probs, "outcome": outcome, "form": form}

    def family(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        one, two = prompt(rng, size), prompt(rng, size)
        swap = (_shaped_variance(**one) < _shaped_variance(**two))[:, None]
        more = {name: np.where(swap, two[name], one[name]) for name in one}
        yield more | {f"other_{name}": np.where(swap, one[name], two[name]) for name in one}

    return Domain({"random": family})


_HALF, _RARE = Fraction(1, 2), Fraction(1, 1000)
_INSTANCE: Instance = {
    "probs": np.array([[_HALF, _HALF]], dtype=object),
    "outcome": np.array([[0, 0]]),
    "form": np.array([[1, 0]]),
    "other_probs": np.array([[_RARE, 1 - _RARE]], dtype=object),
    "other_outcome": np.array([[1, 0]]),
    "other_form": np.array([[1, 1]]),
}


def _reversed_order() -> Certificate:
    """Certify the counterexample and, what it needs besides, that its first prompt has the larger shaped variance."""
    plain = counterexample(
        "never solved, format right in half: shaped 1/400, outcome 0; solved once in 1000, format right: outcome > 0",
        Relation.AT_LEAST,
        _outcome_variance,
        _other_outcome_variance,
        _INSTANCE,
    )

    def check() -> Evidence:
        evidence, pair = plain.check(), {name: exact(values) for name, values in _INSTANCE.items()}
        first = _shaped_variance(pair["probs"], pair["outcome"], pair["form"])[0]
        other = _shaped_variance(pair["other_probs"], pair["other_outcome"], pair["other_form"])[0]
        return Evidence(evidence.passed and first > other, f"{evidence.detail}; shaped variances {first} > {other}")

    return replace(plain, check=check)


def _gap(probs: Any, outcome: Any, form: Any, weight: Any) -> Any:
    """Return |sd S - a sd R| for S = a R + (1-a) F."""
    pi, r, f, a = unify(probs, outcome, form, weight)
    shaped = a[..., None] * r + (1 - a)[..., None] * f
    return abs(sqrt(reward_variance(pi, shaped)) - a * sqrt(reward_variance(pi, r)))


def _format_spread(probs: Any, outcome: Any, form: Any, weight: Any) -> Any:
    pi, _, f, a = unify(probs, outcome, form, weight)
    return (1 - a) * sqrt(reward_variance(pi, f))


def _cauchy_schwarz() -> dict[str, Any]:
    import sympy

    a = sympy.Symbol("a")
    expressions: dict[str, Any] = {}
    for arms in (2, 3):
        p, r, f = (np.array(sympy.symbols(f"{name}1:{arms + 1}"), dtype=object) for name in "prf")
        p[-1] = 1 - sum(p[:-1])

        def mean(x: Any, p: Any = p) -> Any:
            return (p * x).sum()

        var_r, var_f = mean(r * r) - mean(r) ** 2, mean(f * f) - mean(f) ** 2
        cov = mean(r * f) - mean(r) * mean(f)
        shaped = a * r + (1 - a) * f
        expressions[f"Var S written out, K = {arms}"] = (
            mean(shaped**2) - mean(shaped) ** 2 - a**2 * var_r - (1 - a) ** 2 * var_f - 2 * a * (1 - a) * cov
        )
        r, f = r - mean(r), f - mean(f)
        squares = sum(p[i] * p[j] * (r[i] * f[j] - r[j] * f[i]) ** 2 for i, j in combinations(range(arms), 2))
        expressions[f"Var R Var F - Cov^2 is a sum of squares, K = {arms}"] = var_r * var_f - cov**2 - squares
    x, y, c = sympy.symbols("x y c")  # sd R, sd F and Cov(R, F)
    variance = a**2 * x**2 + (1 - a) ** 2 * y**2 + 2 * a * (1 - a) * c
    expressions["Var S = (a x + b y)^2 - 2 a b (x y - Cov)"] = (
        variance - (a * x + (1 - a) * y) ** 2 + 2 * a * (1 - a) * (x * y - c)
    )
    expressions["Var S = (a x - b y)^2 + 2 a b (x y + Cov)"] = (
        variance - (a * x - (1 - a) * y) ** 2 - 2 * a * (1 - a) * (x * y + c)
    )
    return expressions


def _weights() -> Domain:
    def family(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        for arms in (3, 4, 16):
            count = max(1, size // 6)
            outcome, form = rng.uniform(size=(2, count, arms))
            probs = rng.dirichlet(np.full(arms, 0.7), size=count) + 1e-9
            yield {
                "probs": probs / probs.sum(-1, keepdims=True),
                "outcome": outcome,
                "form": form,
                "weight": rng.uniform(0.05, 0.95, size=count),
            }

    return Domain({"graded": family})


def _proportional(size: int) -> Instance:
    outcome = np.linspace(0, 1, size)[None]
    return {
        "probs": np.full((1, size), 1 / size),
        "outcome": outcome,
        "form": outcome / 2,
        "weight": np.array([0.9]),
    }


CLAIMS = (
    Claim(
        id="C09",
        title="A larger variance of a shaped reward means a larger variance of the outcome",
        source="assumed where prompts are gated or scored by a shaped reward's variance, such as 9/10 accuracy and "
        "1/10 format; a search for an earlier statement found none (terms: shaped or format reward, variance, "
        "prompt filter)",
        statement=r"S=\tfrac9{10}R+\tfrac1{10}F:\quad \mathrm{Var}_x S\ge\mathrm{Var}_y S"
        r"\;\Rightarrow\;\mathrm{Var}_x R\ge\mathrm{Var}_y R",
        assumptions=("R and F in {0, 1}",),
        relation=Relation.AT_LEAST,
        left=_outcome_variance,
        right=_other_outcome_variance,
        domain=_pairs(),
        certificate=_reversed_order(),
        verdict=Verdict.REFUTED,
        counterexample=_INSTANCE,
        lacked="a further part whose spread is the same at both prompts, or none: the format's spread alone can put a "
        "prompt that is never solved above one that is sometimes solved",
        corrected_by=("C13",),
    ),
    Claim(
        id="C13",
        title="The shaped reward's deviation is a times the outcome's, up to b times the further part's",
        source="the triangle inequality for standard deviations, applied to reward shaping",
        statement=r"|\sigma_S-a\,\sigma_R|\le(1-a)\,\sigma_F,\qquad S=aR+(1-a)F",
        assumptions=("0 < a < 1", "any rewards"),
        relation=Relation.AT_MOST,
        left=_gap,
        right=_format_spread,
        domain=_weights(),
        certificate=identity(
            "Var S written out and Lagrange's identity for Cov, K = 2, 3",
            _cauchy_schwarz,
            sizes="K = 2, 3",
            remains="Lagrange's identity for every K, and that |Cov| <= sd sd gives the bound",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Shaping.shaped_deviation",
            sizes="all finite policies, any rewards",
            points="tabular, shaped",
            left="Rabs (Shaping.deviation arms p (Shaping.shaped r f weight) - weight * Shaping.deviation arms p r)",
            right="(1 - weight) * Shaping.deviation arms p f",
        ),
        equality=_proportional,
        sharp=True,
        notes="Gate on the outcome's variance where the outcome is what is trained for. With a = 9/10 a shaped "
        "deviation above 1/20 cannot come from a format reward in {0, 1} alone.",
    ),
)
