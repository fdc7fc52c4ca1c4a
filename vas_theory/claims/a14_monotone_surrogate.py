r"""The variance promotion score is not a monotone surrogate of the reward variance, for any positive weights.

For alpha, beta > 0 let one prompt have Var = v = beta / (4 (alpha + beta)) < 1/4 and no diversity, the other Var = 0
and diversity 1 (rollouts that are all wrong, or all right, in different words). The first has more variance and the
lower score: alpha v < beta, since beta - alpha v = beta (3 alpha + 4 beta) / (4 (alpha + beta)) > 0.

Whether mixing TDS into the weights raises the variance of what is drawn depends on the pool (A38). With V the
variance and T the diversity of a random prompt of the pool, drawing in proportion to alpha V + beta T instead of V
changes the expected variance by

    E[V (alpha V + beta T)] / E[alpha V + beta T] - E[V^2] / E[V]
      = beta E[T] / E[alpha V + beta T] * (Cov(V, T) / E[T] - Var(V) / E[V]),

so TDS helps if and only if Cov(V, T) / E[T] > Var(V) / E[V].
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import (
    Certificate,
    CertificateKind,
    Claim,
    Domain,
    Evidence,
    Instance,
    Relation,
    Verdict,
)
from vas_theory.claims.lib.certificates import counterexample, identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.credit import no_prior_source
from vas_theory.foundation.arguments import unify

# prompts on the last axis: first the prompt with the larger variance, then the other


def _score(variance: NDArray[Any], diversity: NDArray[Any], alpha: NDArray[Any], beta: NDArray[Any]) -> Any:
    v, t, a, b = unify(variance, diversity, alpha, beta)
    return a[..., None] * v + b[..., None] * t


def _first_score(variance: NDArray[Any], diversity: NDArray[Any], alpha: NDArray[Any], beta: NDArray[Any]) -> Any:
    return _score(variance, diversity, alpha, beta)[..., 0]


def _second_score(variance: NDArray[Any], diversity: NDArray[Any], alpha: NDArray[Any], beta: NDArray[Any]) -> Any:
    return _score(variance, diversity, alpha, beta)[..., 1]


def _pairs() -> Domain:
    def family(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        alpha = rng.uniform(0.05, 0.95, size=size)
        yield {
            "variance": -np.sort(-rng.uniform(0, 0.25, size=(size, 2)), axis=-1),
            "diversity": rng.uniform(size=(size, 2)),
            "alpha": alpha,
            "beta": 1 - alpha,
        }

    return Domain({"random": family})


def _drawn_variance(variance: NDArray[Any], diversity: NDArray[Any], alpha: NDArray[Any], beta: NDArray[Any]) -> Any:
    """Return the expected variance of a prompt drawn in proportion to alpha V + beta T, shape (N,)."""
    v, t, a, b = unify(variance, diversity, alpha, beta)
    weights = a[..., None] * v + b[..., None] * t
    return (weights * v).sum(-1) / weights.sum(-1)


def _drawn_by_formula(variance: NDArray[Any], diversity: NDArray[Any], alpha: NDArray[Any], beta: NDArray[Any]) -> Any:
    """Return E V^2 / E V + beta E T / E[alpha V + beta T] (Cov(V, T) / E T - Var(V) / E V)."""
    v, t, a, b = unify(variance, diversity, alpha, beta)
    count = v.shape[-1]
    mean_v, mean_t = v.sum(-1) / count, t.sum(-1) / count
    centred = v - v.sum(-1, keepdims=True) / count
    covariance, spread = (centred * t).sum(-1) / count, (centred * v).sum(-1) / count
    alone = (v**2).sum(-1) / v.sum(-1)
    return alone + b * mean_t / (a * mean_v + b * mean_t) * (covariance / mean_t - spread / mean_v)


def _identity() -> dict[str, Any]:
    import sympy

    # E V, E T, E V^2, E V T are free numbers, so the identity holds for every pool
    v, t, vv, vt, a, b = sympy.symbols("EV ET EVV EVT alpha beta", positive=True)
    change = (a * vv + b * vt) / (a * v + b * t) - vv / v
    formula = b * t / (a * v + b * t) * ((vt - v * t) / t - (vv - v**2) / v)
    return {"change of the drawn variance - formula": change - formula}


def _pools() -> Domain:
    def family(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        for prompts in (2, 3, 12, 60):
            shape = (max(1, size // 16), prompts)
            rates = 10.0 ** rng.uniform(-6, np.log10(0.5), size=shape)
            alpha = rng.uniform(0.05, 0.95, size=shape[0])
            yield {
                "variance": rates * (1 - rates),
                "diversity": rng.uniform(1e-6, 1, size=shape),
                "alpha": alpha,
                "beta": 1 - alpha,
            }

    return Domain({"random": family})


def _pool(size: int) -> Instance:
    rates = np.linspace(0.05, 0.7, size)[None]
    return {
        "variance": rates * (1 - rates),
        "diversity": np.linspace(0.9, 0.2, size)[None],
        "alpha": np.array([0.8]),
        "beta": np.array([0.2]),
    }


def _two_prompts(*weights: tuple[Fraction, Fraction], variance: Fraction | None = None) -> Instance:
    values = [beta / (4 * (alpha + beta)) if variance is None else variance for alpha, beta in weights]
    return {
        "variance": np.array([[value, Fraction(0)] for value in values], dtype=object),
        "diversity": np.array([[0, 1]] * len(weights)),
        "alpha": np.array([alpha for alpha, _ in weights], dtype=object),
        "beta": np.array([beta for _, beta in weights], dtype=object),
    }


_PAPER = (Fraction(8, 10), Fraction(2, 10))
_INSTANCE = _two_prompts(_PAPER, variance=Fraction(24, 100))


def _check() -> Evidence:
    """Check the paper's weights in rational arithmetic, and the general pair of prompts in symbols."""
    import sympy

    numeric = counterexample("", Relation.AT_LEAST, _first_score, _second_score, _INSTANCE).check()
    alpha, beta = sympy.symbols("alpha beta", positive=True)
    variance = beta / (4 * (alpha + beta))
    gap = beta - alpha * variance - beta * (3 * alpha + 4 * beta) / (4 * (alpha + beta))
    below = sympy.Rational(1, 4) - variance - alpha / (4 * (alpha + beta))
    general = sympy.simplify(gap) == 0 and sympy.simplify(below) == 0
    return Evidence(
        numeric.passed and bool(general),
        f"{numeric.detail}; for every alpha, beta > 0: Var = beta/(4(alpha + beta)) against 0, scores alpha Var < beta",
    )


CLAIMS = (
    Claim(
        id="A14",
        title="The variance promotion score is a monotone surrogate of the reward variance",
        source="arXiv 2509.21268, section 4",
        statement=r"\mathrm{Var}_x\ge\mathrm{Var}_y\;\Rightarrow\;\mathrm{VPS}(x)\ge\mathrm{VPS}(y)",
        assumptions=("VPS = alpha OVS + beta TDS with alpha, beta > 0", "population values of OVS and TDS"),
        relation=Relation.AT_LEAST,
        left=_first_score,
        right=_second_score,
        domain=_pairs(),
        certificate=Certificate(
            CertificateKind.COUNTEREXAMPLE,
            "weights 0.8 and 0.2: (Var .24, TDS 0) scores .192, (Var 0, TDS 1) scores .2; and a pair for all weights",
            _check,
        ),
        verdict=Verdict.REFUTED,
        formal=Formal(
            "RefutedBounds.promotion_score_is_not_monotone",
            sizes="every alpha, beta > 0",
        ),
        experiment="tds_value",
        figure="tds_value",
        counterexample=_INSTANCE,
        lacked="alpha dOVS + beta dTDS of the sign of dVar for every pair of prompts, which no fixed weights give",
        corrected_by=("A38", "B12"),
    ),
    Claim(
        id="A38",
        title="When diversity in the weights raises the drawn variance",
        source=f"corrects section 4 of arXiv 2509.21268; {no_prior_source('pools')}",
        statement=r"\frac{E[V(\alpha V+\beta T)]}{E[\alpha V+\beta T]}=\frac{E[V^2]}{E[V]}+"
        r"\frac{\beta E[T]}{E[\alpha V+\beta T]}\Big(\frac{\mathrm{Cov}(V,T)}{E[T]}-\frac{\mathrm{Var}(V)}{E[V]}\Big)",
        assumptions=(
            "V variance and T diversity of a prompt drawn uniformly from the pool",
            "E V > 0 and E T > 0",
            "drawing with replacement in proportion to alpha V + beta T",
        ),
        relation=Relation.EQUAL,
        left=_drawn_variance,
        right=_drawn_by_formula,
        domain=_pools(),
        certificate=identity(
            "rational identity in the pool's four moments",
            _identity,
            bridge=Claim.sides,
            sizes="all pools (in their four moments)",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Pools.weighted_pool_comparison",
            sizes="all finite pools",
            points="variances",
            left="Pools.U pool (fun x : A => v x * (al * v x + be * t x)) / Pools.U pool (fun x : A => "
            "al * v x + be * t x)",
            right="Pools.U pool (fun x : A => v x ^ 2) / Pools.U pool v + be * Pools.U pool t / Pools.U "
            "pool (fun x : A => al * v x + be * t x) * ((Pools.U pool (fun x : A => v x * t x) - "
            "Pools.U pool v * Pools.U pool t) / Pools.U pool t - (Pools.U pool (fun x : A => v x ^ "
            "2) - Pools.U pool v ^ 2) / Pools.U pool v)",
            where={"pool": "arms", "v": "variance", "t": "diversity", "al": "alpha", "be": "beta"},
        ),
        experiment="tds_value",
        figure="tds_value",
        equality=_pool,
        sharp=True,
        notes="TDS helps over OVS alone if and only if Cov(V, T) / E T > Var(V) / E V; at beta = 0 the drawn variance "
        "is that of B12 with lambda = 1.",
    ),
)
