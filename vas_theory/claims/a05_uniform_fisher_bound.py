"""No positive constant bounds the Fisher matrix of a tabular softmax below; on the complement of 1 the rarest arm does.

F = diag(pi) - pi pi^T annihilates the vector 1, so lambda_min(F) = 0 for every policy although the scores are bounded
(|g| <= sqrt 2). For u orthogonal to 1, u^T F u = Var_pi(u) = sum pi_i (u_i - m)^2 with m = pi . u, hence

    u^T F u - pi_min |u|^2 = sum (pi_i - pi_min) (u_i - m)^2 + pi_min K m^2 >= 0     (A25),

which still tends to 0 at the vertices: the eigenvalue itself lies between the two smallest probabilities (B20), so
"uniformly in x" fails there too. It holds on compact sets of a minimal exponential family, by continuity.

For the upper end, with a = min u, b = max u and m as above,

    |u|^2 / 2 - Var_pi(u) = (rest of |u|^2) / 2 + (a + b)^2 / 4 + E[(b - u) (u - a)] + (m - (a + b) / 2)^2 >= 0  (A26),

with equality for K = 2, pi = (1/2, 1/2), u = (1, -1).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import CertificateKind, Claim, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import counterexample, identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.domains.bandits import bandits
from vas_theory.claims.lib.domains.extra import Extra, extended, shares, simplex
from vas_theory.foundation.arguments import unify


def _variance_of(probs: NDArray[Any], direction: NDArray[Any]) -> Any:
    """Return u^T F u = sum pi_i (u_i - pi . u)^2."""
    return (probs * (direction - (probs * direction).sum(-1, keepdims=True)) ** 2).sum(-1)


def _quadratic_form(probs: NDArray[Any], direction: NDArray[Any], constant: NDArray[Any]) -> Any:
    return _variance_of(*unify(probs, direction))


def _constant_times_norm(probs: NDArray[Any], direction: NDArray[Any], constant: NDArray[Any]) -> Any:
    u, factor = unify(direction, constant)
    return factor * (u**2).sum(-1)


def _centred(direction: NDArray[Any]) -> Any:
    return direction - direction.sum(-1, keepdims=True) / direction.shape[-1]


def _centred_form(probs: NDArray[Any], direction: NDArray[Any]) -> Any:
    return _variance_of(probs, _centred(direction))


def _rarest_times_norm(probs: NDArray[Any], direction: NDArray[Any]) -> Any:
    return probs.min(-1) * (_centred(direction) ** 2).sum(-1)


def _half_norm(probs: NDArray[Any], direction: NDArray[Any]) -> Any:
    return (direction**2).sum(-1) / 2


def _lower_slack(probs: NDArray[Any], direction: NDArray[Any], rarest: Any) -> Any:
    u = _centred(direction)
    mean = (probs * u).sum(-1, keepdims=True)
    weighted = ((probs - np.asarray(rarest)[..., None]) * (u - mean) ** 2).sum(-1)
    return weighted + rarest * probs.shape[-1] * mean[..., 0] ** 2


def _upper_slack(probs: NDArray[Any], direction: NDArray[Any], low: Any, high: Any) -> Any:
    rest = (direction**2).sum(-1) - low**2 - high**2
    below, above = np.asarray(low)[..., None], np.asarray(high)[..., None]
    inside = (probs * (above - direction) * (direction - below)).sum(-1)
    mean = (probs * direction).sum(-1)
    return rest / 2 + (low + high) ** 2 / 4 + inside + (mean - (low + high) / 2) ** 2


def _symbols() -> tuple[NDArray[Any], NDArray[Any]]:
    import sympy

    free = sympy.symbols("p1:3", positive=True)
    return np.array([*free, 1 - sum(free)], dtype=object), np.array(sympy.symbols("u1:4"), dtype=object)


def _lower_identity() -> dict[str, Any]:
    import sympy

    probs, u = _symbols()
    rarest = sympy.Symbol("t")
    slack = _centred_form(probs, u) - rarest * (_centred(u) ** 2).sum()
    return {"slack - sum (pi_i - t)(u_i - m)^2 - t K m^2, any t": slack - _lower_slack(probs, u, rarest)}


def _upper_identity() -> dict[str, Any]:
    probs, u = _symbols()
    slack = _half_norm(probs, u) - _variance_of(probs, u)
    return {"slack - its four terms, K = 3": slack - _upper_slack(probs, u, u[0], u[2])}


def _lower_bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    return claim.slack(instance), _lower_slack(**instance, rarest=instance["probs"].min(-1))


def _upper_bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    u = instance["direction"]
    return claim.slack(instance), _upper_slack(**instance, low=u.min(-1), high=u.max(-1))


def _uniform(size: int) -> Instance:
    return {"probs": np.full((1, size), 1.0 / size), "direction": np.arange(float(size))[None]}


def _two_arms(size: int) -> Instance:
    return {"probs": np.array([[0.5, 0.5]]), "direction": np.array([[1.0, -1.0]]) * size}


_DIRECTION = Extra(
    lambda rng, instance: rng.standard_normal(instance["probs"].shape),
    lambda rng, values, scale: values + scale * rng.standard_normal(values.shape),
)
_DOMAIN = extended(simplex(bandits()), direction=_DIRECTION)
_THIRD = Fraction(1, 3)
_NULL_VECTOR: Instance = {
    "probs": np.array([[_THIRD, _THIRD, _THIRD], [Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)]], dtype=object),
    "direction": np.array([[1, 1, 1], [1, 1, 1]]),
    "constant": np.array([Fraction(1, 10), Fraction(1, 10**9)], dtype=object),
}

CLAIMS = (
    Claim(
        id="A05",
        title="Prop. 2: the Fisher matrix is uniformly positive definite",
        source="arXiv 2509.21268, Proposition 2",
        statement=r"\exists\,\lambda>0\;\forall x:\quad E[gg^\top]\succeq\lambda I",
        assumptions=("bounded scores",),
        relation=Relation.AT_LEAST,
        left=_quadratic_form,
        right=_constant_times_norm,
        domain=extended(_DOMAIN, constant=shares()),
        certificate=counterexample(
            "tabular softmax: F 1 = 0 at every policy, so u = (1, 1, 1) defeats every constant",
            Relation.AT_LEAST,
            _quadratic_form,
            _constant_times_norm,
            _NULL_VECTOR,
        ),
        verdict=Verdict.REFUTED,
        formal=Formal("RefutedBounds.fisher_is_not_positive_definite", sizes="the negation of the statement"),
        counterexample=_NULL_VECTOR,
        lacked="a minimal parametrisation (no direction that leaves the policy unchanged) and parameters in a compact "
        "set; softmax logits have neither",
        corrected_by=("A25", "A26", "B20"),
    ),
    Claim(
        id="A25",
        title="Tabular Fisher matrix: at least the rarest arm's probability off the vector 1",
        source="corrects Proposition 2 of arXiv 2509.21268",
        statement=r"u^\top F u\ge\pi_{\min}\,\|u\|^2\quad\text{for } u\perp\mathbf 1",
        assumptions=("tabular softmax policy",),
        relation=Relation.AT_LEAST,
        left=_centred_form,
        right=_rarest_times_norm,
        domain=_DOMAIN,
        certificate=identity(
            "the slack is a sum of squares with non-negative weights",
            _lower_identity,
            bridge=_lower_bridge,
            kind=CertificateKind.SUM_OF_SQUARES,
            sizes="K = 3",
            remains="that every coincidence of indices occurs at these sizes",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Tabular.fisher_at_least_rarest_arm",
            sizes="all K",
            also=("Tabular.fisher_is_diagonal_minus_outer",),
            points="tabular, centred direction",
            left="Tabular.fisher arms p u",
            right="Sums.min_over p arms * Tabular.norm2 arms u",
        ),
        equality=_uniform,
        sharp=True,
        notes="Equality in every direction at the uniform policy. Directions are centred before use.",
    ),
    Claim(
        id="A26",
        title="Tabular Fisher matrix: at most 1/2",
        source="makes the upper half of Proposition 2 of arXiv 2509.21268 explicit",
        statement=r"u^\top F u\le\tfrac12\,\|u\|^2",
        assumptions=("tabular softmax policy",),
        relation=Relation.AT_MOST,
        left=_variance_of,
        right=_half_norm,
        domain=_DOMAIN,
        certificate=identity(
            "the slack is a sum of four non-negative terms",
            _upper_identity,
            bridge=_upper_bridge,
            kind=CertificateKind.SUM_OF_SQUARES,
            sizes="K = 3",
            remains="that every coincidence of indices occurs at these sizes, with the extreme entries in any place",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Tabular.fisher_at_most_half",
            sizes="all K",
            also=("Tabular.fisher_is_diagonal_minus_outer",),
            points="tabular, direction",
            left="Tabular.fisher arms p u",
            right="/ 2 * Tabular.norm2 arms u",
        ),
        equality=_two_arms,
        sharp=True,
        notes="Attained at K = 2, pi = (1/2, 1/2) only; for more arms 1/2 is the supremum, approached as all but two "
        "arms lose their probability.",
    ),
)
