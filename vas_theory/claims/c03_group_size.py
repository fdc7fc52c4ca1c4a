r"""The group size that gives the least noisy RLOO update for a fixed number of rollouts.

B rollouts are spent on B/G prompts drawn at random, G on each. By the law of total variance and claim B10 the trace of
the variance of the mean update is

.. math:: \frac{G}{B}\Big(v + \frac{a}{G} + \frac{c}{G(G-1)}\Big),\qquad
          v = \mathrm{tr\,Var}_x\,\nabla V_x,\ a = E_x[M_x - \|\nabla V_x\|^2],\ c = E_x[\mathrm{Var}_x\Gamma_x +
          \|\nabla V_x\|^2],

that is :math:`(v G + a + c/(G-1))/B`. Less its value at :math:`G^* = 1 + s`, s = sqrt(c/v), it is
:math:`v (G - 1 - s)^2 / (B (G-1))`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import CertificateKind, Claim, Domain, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import identity
from vas_theory.claims.lib.completeness import Formal
from vas_theory.foundation.arguments import unify
from vas_theory.foundation.precision import sqrt
from vas_theory.policy.gradients import policy_gradient


def pool_moments(probs: NDArray[Any], rewards: NDArray[Any]) -> tuple[Any, Any, Any]:
    """Return v, a, c of a pool of tabular softmax prompts.

    Args:
        probs: (..., X, K) probabilities.
        rewards: (..., X, K) rewards.

    Returns:
        (...) the spread of the gradients over prompts, E(M - |grad|^2) and E(Var Gamma + |grad|^2).
    """
    pi, r = unify(probs, rewards)
    prompts = pi.shape[-2]
    gradient = policy_gradient(pi, r)
    square = (gradient**2).sum(-1)
    mean = gradient.sum(-2) / prompts
    spread = ((gradient - mean[..., None, :]) ** 2).sum(-1).sum(-1) / prompts
    centred = r - (pi * r).sum(-1, keepdims=True)
    score = (1 - pi) ** 2 + (pi**2).sum(-1, keepdims=True) - pi**2  # |e_i - pi|^2
    moment = (pi * centred**2 * score).sum(-1)
    product = (pi * centred**2).sum(-1) * (pi * score).sum(-1)
    return spread, (moment - square).sum(-1) / prompts, (product + square).sum(-1) / prompts


def _variance(probs: NDArray[Any], rewards: NDArray[Any], budget: NDArray[Any], group: NDArray[Any]) -> Any:
    pi, r, total, size = unify(probs, rewards, budget, group)
    v, a, c = pool_moments(pi, r)
    return size / total * (v + a / size + c / (size * (size - 1)))


def _least(probs: NDArray[Any], rewards: NDArray[Any], budget: NDArray[Any], group: NDArray[Any]) -> Any:
    """Return the variance at 1 + sqrt(c/v): (v + a + 2 sqrt(v c))/B."""
    pi, r, total, _ = unify(probs, rewards, budget, group)
    v, a, c = pool_moments(pi, r)
    return (v + a + 2 * sqrt(v * c)) / total


def _square() -> dict[str, Any]:
    import sympy

    v, a, s, budget, size = sympy.symbols("v a s B G", positive=True)
    at = lambda g: g / budget * (v + a / g + v * s**2 / (g * (g - 1)))  # noqa: E731
    return {
        "value at G less value at 1 + s = v (G-1-s)^2/(B (G-1))": at(size)
        - at(1 + s)
        - v * (size - 1 - s) ** 2 / (budget * (size - 1)),
        "value at 1 + s, where sqrt(v c) = v s": at(1 + s) - (v + a + 2 * v * s) / budget,
    }


def _bridge(claim: Claim, instance: Instance) -> tuple[Any, Any]:
    v, _, c = pool_moments(instance["probs"], instance["rewards"])
    size, s = instance["group"], np.sqrt(c / v)
    left, right = claim.sides(instance)
    return left, right + v * (size - 1 - s) ** 2 / (instance["budget"] * (size - 1))


def _pools() -> Domain:
    def family(binary: bool) -> Any:
        def generate(rng: np.random.Generator, size: int) -> Iterator[Instance]:
            for prompts, arms in ((2, 2), (4, 3), (8, 5)):
                count = max(1, size // 6)
                probs = rng.standard_gamma(0.7, size=(count, prompts, arms)) + 1e-3
                rewards = rng.uniform(size=probs.shape)
                if binary:
                    rewards = (rewards < 0.5).astype(float)
                    rewards[..., 0], rewards[..., 1] = 1.0, 0.0
                group = 1 + 10.0 ** rng.uniform(-0.5, 2, size=count)
                budget = 10.0 ** rng.uniform(1, 4, size=count)
                yield {"probs": probs / probs.sum(-1, keepdims=True), "rewards": rewards, "budget": budget} | {
                    "group": group
                }

        return generate

    return Domain({"graded": family(False), "binary": family(True)})


def _best(size: int) -> Instance:
    rng = np.random.default_rng(size)
    probs = rng.dirichlet(np.ones(3), size=(1, min(size, 8)))
    rewards = rng.uniform(size=probs.shape)
    v, _, c = pool_moments(probs, rewards)
    return {"probs": probs, "rewards": rewards, "budget": np.array([64.0]), "group": 1 + np.sqrt(c / v)}


CLAIMS = (
    Claim(
        id="C03",
        title="Best RLOO group size at a fixed budget of rollouts",
        source="arXiv 2603.01162 treats RLOO and GRPO as U-statistics and asks for the best group size; the closed "
        "form is our derivation from claim B10",
        statement=r"\frac GB\Big(v+\frac aG+\frac c{G(G-1)}\Big)\ge\frac{v+a+2\sqrt{vc}}B,\quad"
        r"\text{equal iff } G=G^*=1+\sqrt{c/v};\qquad v=\mathrm{tr\,Var}_x\nabla V_x,"
        r"\ a=E_x[M_x-\|\nabla V_x\|^2],\ c=E_x[\mathrm{Var}_x\Gamma_x+\|\nabla V_x\|^2]",
        assumptions=(
            "RLOO with G > 1 rollouts on each of B/G prompts drawn independently and uniformly",
            "G is treated as a real number",
            "any differentiable policy with E g = 0; the check uses tabular softmax prompts",
            "v > 0: the prompts' gradients are not all equal",
        ),
        relation=Relation.AT_LEAST,
        left=_variance,
        right=_least,
        domain=_pools(),
        certificate=identity(
            "the difference is a square over a positive number",
            _square,
            bridge=_bridge,
            sizes="all pools, budgets and G > 1",
            kind=CertificateKind.SUM_OF_SQUARES,
            remains="the law of total variance, which joins B10's form to the spread over prompts",
        ),
        verdict=Verdict.PROVED,
        formal=Formal(
            "Additions.best_group_size",
            sizes="all finite pools and policies, all numbers of groups; the least over all real G > 1",
            also=("GroupSize.rloo_batch_variance", "GroupUpdate.rloo_trace_variance"),
            untied={"right": "the least of the left side, which the theorem names by its place"},
            points="prompts, groups",
            left="Additions.estimator_variance_at (INR m * INR G) (GroupSize.gradient_spread pool dims v) "
            "(GroupSize.rollout_noise pool acts dims pol r theta g v) "
            "(GroupSize.baseline_noise pool acts dims pol r theta g v) (INR G)",
            where={
                "pool": "seq 0 2",
                "acts": "seq 0 2",
                "dims": "seq 0 2",
                "pol": "fun (x : nat) (_ : D -> R) (a : nat) => p x a",
                "theta": "fun _ : nat => 0",
                "g": "fun (x a k : nat) => (if Nat.eq_dec a k then 1 else 0) - p x k",
                "v": "fun x k : nat => Sums.sum_over (fun a : nat => p x a * g x a k * r x a) acts",
                "m": "groups",
                "G": "group",
            },
        ),
        equality=_best,
        sharp=True,
        notes="Among whole group sizes the best is a neighbour of G*. It weighs noise alone: a group that is silent "
        "costs its rollouts all the same, and prompts that are alike (v small) ask for large groups.",
    ),
)
