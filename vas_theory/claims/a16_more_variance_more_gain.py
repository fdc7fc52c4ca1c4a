"""A prompt with more reward variance need not improve more, not even to first order.

The first-order gain of a gradient step is eta |grad|^2. Tabular softmax, binary rewards, uniform within the classes:
p = 1/2 with 50 correct and 50 wrong arms has Var = 1/4 and |grad|^2 = 1/400; p = 1/10 with one of each has Var =
9/100 and |grad|^2 = 81/5000, more than six times as much. What decides besides the variance is over how many arms it
is spread (B03).
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.lib.base import Claim, Domain, Instance, Relation, Verdict
from vas_theory.claims.lib.certificates import counterexample
from vas_theory.claims.lib.completeness import Formal
from vas_theory.claims.lib.domains.bandits import bandits
from vas_theory.policy.gradients import policy_gradient, reward_variance


def _first(probs: NDArray[Any], rewards: NDArray[Any], other_probs: NDArray[Any], other_rewards: NDArray[Any]) -> Any:
    """Return |grad|^2 of the prompt with the larger reward variance, shape (N,)."""
    return (policy_gradient(probs, rewards) ** 2).sum(-1)


def _other(probs: NDArray[Any], rewards: NDArray[Any], other_probs: NDArray[Any], other_rewards: NDArray[Any]) -> Any:
    return (policy_gradient(other_probs, other_rewards) ** 2).sum(-1)


def _pairs() -> Domain:
    plain = bandits(binary=True)

    def family(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        batches = plain.families["random"](rng, size)
        for one, two in zip(batches, plain.families["random"](rng, size), strict=True):
            swap = (reward_variance(**one) < reward_variance(**two))[:, None]
            more = {name: np.where(swap, two[name], one[name]) for name in one}
            less = {name: np.where(swap, one[name], two[name]) for name in one}
            yield {**more, **{f"other_{name}": values for name, values in less.items()}}

    return Domain({"random": family})


_MANY, _FEW = Fraction(1, 100), Fraction(1, 10)
_INSTANCE: Instance = {
    "probs": np.array([[_MANY] * 100], dtype=object),
    "rewards": np.array([[1] * 50 + [0] * 50]),
    "other_probs": np.array([[_FEW, 1 - _FEW]], dtype=object),
    "other_rewards": np.array([[1, 0]]),
}

CLAIMS = (
    Claim(
        id="A16",
        title="More reward variance gives more improvement",
        source="arXiv 2509.21268, appendix A.4",
        statement=r"\mathrm{Var}_x\ge\mathrm{Var}_y\;\Rightarrow\;\|\nabla J_x\|^2\ge\|\nabla J_y\|^2",
        assumptions=("tabular softmax policies", "R in {0, 1}", "first order in the step size"),
        relation=Relation.AT_LEAST,
        left=_first,
        right=_other,
        domain=_pairs(),
        certificate=counterexample(
            "Var 1/4 over 50 + 50 arms: 1/400; Var 9/100 on two arms: 81/5000",
            Relation.AT_LEAST,
            _first,
            _other,
            _INSTANCE,
        ),
        verdict=Verdict.REFUTED,
        formal=Formal("RefutedBounds.more_variance_is_not_more_gradient", sizes="the negation of the statement"),
        counterexample=_INSTANCE,
        lacked="the same policy geometry at both prompts: the effective number of arms, in general the between-class "
        "dispersion of the scores",
        corrected_by=("B01", "B02", "B03", "B08"),
    ),
)
