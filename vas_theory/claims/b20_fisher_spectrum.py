r"""The tabular Fisher matrix bounds the gradient below by its second eigenvalue, hence by the rarest arm.

F = diag(pi) - pi pi^T has the null vector 1. grad = F r = F^{1/2} (F^{1/2} r), and F^{1/2} r is orthogonal to that
null vector, so |grad|^2 >= lambda_2(F) |F^{1/2} r|^2 = lambda_2(F) Var. An eigenvector with eigenvalue lambda
satisfies (pi_i - lambda) x_i = pi_i (pi . x), so lambda != 0 solves sum_i pi_i / (pi_i - lambda) = 0 (or pi . x = 0
and lambda is a repeated pi_i): the second eigenvalue interlaces, pi_(1) <= lambda_2 <= pi_(2) in order statistics.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Claim, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import Step, proof_steps
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.domains.bandits import bandits
from vas_theory.claims.lib.step_gain import gradient_squared
from vas_theory.policy.gradients import reward_variance


def second_eigenvalue(probs: NDArray[Any]) -> Any:
    """Return the smallest non-zero eigenvalue of diag(pi) - pi pi^T, shape (N,).

    Bisection of sum_i pi_i / (pi_i - x) = 0, increasing between the two smallest probabilities, in any real
    arithmetic; an eigenvalue solver would lose the relative accuracy of an eigenvalue of 1e-12.
    """
    if probs.shape[-1] == 2:
        return 2 * probs[..., 0] * probs[..., 1]  # the trace, since the other eigenvalue is zero
    ordered = np.sort(probs, axis=-1)
    low, high = ordered[..., 0], ordered[..., 1]
    for _ in range(200 if probs.dtype == object else 80):
        middle = (low + high) / 2
        gap = probs - middle[..., None]
        hit = (gap == 0).any(-1)  # the interval has closed on an end
        value = (probs / np.where(gap == 0, 1, gap)).sum(-1)
        low = np.where(hit | (value < 0), middle, low)
        high = np.where(hit | (value >= 0), middle, high)
    return low


def _squared_norm(probs: NDArray[Any], rewards: NDArray[Any]) -> Any:
    return gradient_squared(probs, rewards)


def _by_second_eigenvalue(probs: NDArray[Any], rewards: NDArray[Any]) -> Any:
    return second_eigenvalue(probs) * reward_variance(probs, rewards)


def _by_rarest_arm(probs: NDArray[Any], rewards: NDArray[Any]) -> Any:
    return probs.min(-1) * reward_variance(probs, rewards)


def _uniform(size: int) -> Instance:
    return {"probs": np.full((1, size), 1.0 / size), "rewards": np.linspace(0.0, 1.0, size)[None]}


def _secular_equation() -> bool:
    """The characteristic polynomial is -lambda prod(pi_i - lambda) sum pi_i / (pi_i - lambda), K = 2, 3, 4."""
    import sympy

    x = sympy.Symbol("x")
    for arms in (2, 3, 4):
        free = sympy.symbols(f"p1:{arms}")
        probs = [*free, 1 - sum(free)]
        matrix = sympy.diag(*probs) - sympy.Matrix(probs) * sympy.Matrix(probs).T
        polynomial = (matrix - x * sympy.eye(arms)).det()
        secular = sum(p * sympy.prod([o - x for j, o in enumerate(probs) if j != i]) for i, p in enumerate(probs))
        if sympy.expand(polynomial + x * secular) != 0:
            return False
    return True


_DOMAIN = bandits()

CLAIMS = (
    Claim(
        id="B20",
        title="|grad|^2 is at least the second Fisher eigenvalue times Var",
        source="corrects Proposition 2 and Assumption 1(ii) of arXiv 2509.21268 in the tabular case",
        statement=r"\|\nabla V\|^2\ge\lambda_2(F)\,\mathrm{Var},\qquad \pi_{(1)}\le\lambda_2\le\pi_{(2)}",
        assumptions=("tabular softmax policy", "all probabilities positive"),
        relation=Relation.AT_LEAST,
        left=_squared_norm,
        right=_by_second_eigenvalue,
        domain=_DOMAIN,
        certificate=proof_steps(
            "spectral theorem on the complement of the null vector",
            [
                ("grad = F r, Var = r^T F r, and F^{1/2} r is orthogonal to the null vector 1 of F", None),
                Step(
                    "the other eigenvalues solve sum pi_i / (pi_i - x) = 0, so they interlace with the pi_i",
                    _secular_equation,
                    "K = 2, 3, 4",
                ),
            ],
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Fisher.gradient_at_least_second_eigenvalue",
            sizes="all K",
            also=("Fisher.second_eigenvalue_exists", "Eigenvalues.least_quotient_is_eigenvalue"),
            untied={"right": "an eigenvalue; the theorem has it as a hypothesis"},
            points="softmax",
            left="Sums.sum_over (fun i : nat => Derivative.partial K r th i ^ 2) (seq 0 K)",
        ),
        part="the bound; not the interlacing",
        equality=_uniform,
        sharp=True,
    ),
    Claim(
        id="B21",
        title="|grad|^2 is at least the rarest arm's probability times Var",
        source="follows from B20",
        statement=r"\|\nabla V\|^2\ge\pi_{\min}\,\mathrm{Var}",
        assumptions=("tabular softmax policy",),
        relation=Relation.AT_LEAST,
        left=_squared_norm,
        right=_by_rarest_arm,
        domain=_DOMAIN,
        certificate=proof_steps(
            "each term against the smallest weight",
            [("|grad|^2 = sum pi_i^2 A_i^2 >= pi_min sum pi_i A_i^2 = pi_min Var", None)],
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Tabular.gradient_at_least_rarest_arm",
            sizes="all K",
            also=("Derivative.gradient_at_least_rarest_arm",),
            points="tabular",
            left="Tabular.norm2 arms (Tabular.grad arms p r)",
            right="Sums.min_over p arms * Tabular.Var arms p r",
        ),
        equality=_uniform,
        sharp=True,
    ),
)
