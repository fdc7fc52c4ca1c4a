"""How small and how large the tabular gradient can be at a given reward variance, whatever the policy.

B16: rho^2 = sum (r_i - mean r)^2 is convex in each r_i, so on [0, 1]^K it is largest at a vertex, where m ones give
m (K - m) / K, largest at m = floor(K / 2). Then B02 gives the bound.

B17: grad = F r with F = diag(pi) - pi pi^T, so |grad|^2 <= lambda_max(F) r^T F r = lambda_max(F) Var, and by Gershgorin
lambda_max(F) <= max_i 2 pi_i (1 - pi_i) <= 1/2.

B18: for binary rewards |grad|^2 = q^2 (1/N_c + 1/N_w) with N_c, N_w >= 1 (B03).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.bounds import binary_gradient_supremum, gradient_supremum, minimum_gradient
from vas_theory.claims.b02_variance_over_rho import gradient_norm, uniform_within_classes
from vas_theory.claims.lib.base import Claim, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import Step, proof_steps
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.credit import no_prior_source
from vas_theory.claims.lib.domains.bandits import bandits
from vas_theory.policy.gradients import reward_variance


def _least(probs: NDArray[Any], rewards: NDArray[Any]) -> Any:
    return minimum_gradient(reward_variance(probs, rewards), probs.shape[-1])


def _greatest(probs: NDArray[Any], rewards: NDArray[Any]) -> Any:
    return gradient_supremum(reward_variance(probs, rewards))


def _greatest_binary(probs: NDArray[Any], rewards: NDArray[Any]) -> Any:
    return binary_gradient_supremum(reward_variance(probs, rewards))


def _balanced(size: int) -> Instance:
    instance = uniform_within_classes(size)
    # floor(K/2) correct arms; the model instance has ceil(K/2), the same split read from the other side
    return {**instance, "rewards": 1.0 - instance["rewards"]}


def _two_arms(p: float) -> Instance:
    return {"probs": np.array([[p, 1.0 - p]]), "rewards": np.array([[1.0, 0.0]])}


def _vertices_are_largest() -> bool:
    """The second derivative of rho^2 by one reward is 2 (1 - 1/K) > 0; m (K - m) peaks at floor(K/2)."""
    import sympy

    count = 5
    rewards = sympy.symbols(f"r1:{count + 1}")
    rho = sum((r - sum(rewards) / sympy.Integer(count)) ** 2 for r in rewards)
    convex = sympy.diff(rho, rewards[0], 2) == 2 * (1 - sympy.Rational(1, count))
    arms, ones = sympy.symbols("K m", positive=True)
    # K - m zeros deviate by m/K, m ones by 1 - m/K
    at_vertex = (arms - ones) * (ones / arms) ** 2 + ones * (1 - ones / arms) ** 2 - ones * (arms - ones) / arms
    peaks = all(
        max(m * (k - m) for m in range(k + 1)) == (k // 2) * (k - k // 2) for k in range(2, 300)
    )  # (K/2)^2 - (K/2 - m)^2 is monotone on either side
    return bool(convex) and sympy.simplify(at_vertex) == 0 and peaks


def _gershgorin() -> bool:
    """The row sum of F in absolute value is 2 pi_i (1 - pi_i), and 1/2 - 2 x (1 - x) is a square."""
    import sympy

    x, rest = sympy.symbols("x rest")
    row = x - x**2 + x * rest
    square = sympy.Rational(1, 2) - 2 * x * (1 - x) - 2 * (x - sympy.Rational(1, 2)) ** 2
    return bool(sympy.expand(row.subs(rest, 1 - x) - 2 * x * (1 - x)) == 0 and sympy.expand(square) == 0)


CLAIMS = (
    Claim(
        id="B16",
        title="Rewards in [0, 1]: the least gradient at variance v is v sqrt(K / (floor(K/2) ceil(K/2)))",
        source=f"follows from B02; {no_prior_source('gradient')}",
        statement=r"\|\nabla V\|\ge v\sqrt{\frac{K}{\lfloor K/2\rfloor\lceil K/2\rceil}},\qquad v=\mathrm{Var}",
        assumptions=("tabular softmax policy with K >= 2 arms", "rewards in [0, 1]"),
        relation=Relation.AT_LEAST,
        left=gradient_norm,
        right=_least,
        domain=bandits(),
        certificate=proof_steps(
            "B02 with the largest rho on the cube",
            [
                Step(
                    "rho^2 is convex in each reward, and at a vertex with m ones it is m (K - m) / K",
                    _vertices_are_largest,
                    "K = 5 for convexity, K < 300 for the maximum",
                ),
                ("so rho^2 <= floor(K/2) ceil(K/2) / K, and B02 gives the bound", None),
            ],
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Gradients.gradient_at_least_variance_on_cube",
            sizes="all K >= 2",
            points="softmax",
            left="Tabular.norm (Derivative.arms K) (Derivative.partial K r th)",
            right="Derivative.variance K r th * sqrt (INR K / (INR (K / 2) * INR (K - K / 2)))",
        ),
        equality=_balanced,
        sharp=True,
        experiment="bound_gallery",
        figure="bound_gallery",
    ),
    Claim(
        id="B17",
        title="The gradient is at most sqrt(Var / 2)",
        source=no_prior_source("gradient", "for the constant"),
        statement=r"\|\nabla V\|\le\sqrt{\lambda_{\max}(F)\,\mathrm{Var}}\le\sqrt{\mathrm{Var}/2}",
        assumptions=("tabular softmax policy",),
        relation=Relation.AT_MOST,
        left=gradient_norm,
        right=_greatest,
        domain=bandits(),
        certificate=proof_steps(
            "largest Fisher eigenvalue by Gershgorin",
            [
                ("grad = F r and Var = r^T F r, so |grad|^2 <= lambda_max(F) Var", None),
                ("every row of F sums to 2 pi_i (1 - pi_i) <= 1/2 in absolute value", _gershgorin),
            ],
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Tabular.gradient_at_most_half_variance",
            sizes="all K",
            also=("Derivative.gradient_at_most_half_variance",),
            points="tabular",
            left="Tabular.norm arms (Tabular.grad arms p r)",
            right="sqrt (Tabular.Var arms p r / 2)",
        ),
        part="the outer inequality, without lambda_max(F)",
        equality=lambda size: _two_arms(0.5),
        sharp=True,
        experiment="bound_gallery",
        figure="bound_gallery",
        notes="Attained by two arms at p = 1/2 alone (more arms only in the limit of vanishing probability).",
    ),
    Claim(
        id="B18",
        title="Binary rewards: the gradient is at most sqrt(2) Var",
        source=f"follows from B03; {no_prior_source('gradient')}",
        statement=r"\|\nabla V\|\le\sqrt2\,\mathrm{Var}",
        assumptions=("tabular softmax policy", "R in {0, 1}"),
        relation=Relation.AT_MOST,
        left=gradient_norm,
        right=_greatest_binary,
        domain=bandits(binary=True),
        certificate=proof_steps(
            "effective counts are at least one",
            [
                ("|grad|^2 = q^2 (1/N_c + 1/N_w) by B03", None),
                ("N_c, N_w >= 1, since a sum of squares of probabilities is at most their sum, one", None),
            ],
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Tabular.binary_gradient_at_most_variance",
            sizes="all K",
            also=("Derivative.binary_gradient_at_most_variance",),
            points="tabular, binary",
            left="Tabular.norm arms (Tabular.grad arms p r)",
            right="sqrt 2 * Tabular.Var arms p r",
        ),
        equality=lambda size: _two_arms(1.0 / (size + 1)),
        sharp=True,
    ),
)
