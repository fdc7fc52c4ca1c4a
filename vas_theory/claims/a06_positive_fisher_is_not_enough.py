"""A positive definite Fisher matrix does not bound the gradient below by the reward variance."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.claims.base import Claim, Instance, Relation, Verdict
from vas_theory.claims.certificates import counterexample
from vas_theory.claims.domains import bandits
from vas_theory.gradients import reward_variance


def _feature(arms: int) -> NDArray[Any]:
    """Return one feature with values (1, -1, 0, 0, ...): a policy with a single parameter."""
    return np.concatenate([[1, -1], np.zeros(arms - 2, dtype=int)])


def _centred_score(probs: NDArray[Any]) -> NDArray[Any]:
    feature = _feature(probs.shape[-1])
    return feature - (probs * feature).sum(-1, keepdims=True)


def _gradient_squared(probs: NDArray[Any], rewards: NDArray[Any]) -> Any:
    return (probs * _centred_score(probs) * rewards).sum(-1) ** 2


def _fisher_times_variance(probs: NDArray[Any], rewards: NDArray[Any]) -> Any:
    fisher = (probs * _centred_score(probs) ** 2).sum(-1)
    return fisher * reward_variance(probs, rewards)


def _uniform_on_three() -> Instance:
    third = Fraction(1, 3)
    return {
        "probs": np.array([[third, third, third]], dtype=object),
        "rewards": np.array([[Fraction(0), Fraction(0), Fraction(1)]], dtype=object),
    }


_INSTANCE = _uniform_on_three()

CLAIMS = (
    Claim(
        id="A06",
        title="Assumption 1(ii): a positive Fisher matrix gives |grad|^2 >= c Var",
        source="arXiv 2509.21268, Assumption 1(ii)",
        statement=r"F \succ 0 \;\Rightarrow\; \|\nabla J\|^2 \ge \lambda_{\min}(F)\,\mathrm{Var}[R]",
        assumptions=("Fisher matrix positive definite",),
        relation=Relation.AT_LEAST,
        left=_gradient_squared,
        right=_fisher_times_variance,
        domain=bandits(arm_counts=(3, 4, 8)),
        certificate=counterexample(
            "uniform on three arms, one feature (1, -1, 0), reward (0, 0, 1): F = 2/3, Var = 2/9, grad = 0",
            Relation.AT_LEAST,
            _gradient_squared,
            _fisher_times_variance,
            _INSTANCE,
        ),
        verdict=Verdict.REFUTED,
        counterexample=_INSTANCE,
        lacked="the scores must explain the reward: where R2 = 0 the gradient vanishes however large Var and F are, "
        "so no positive constant c works",
        corrected_by=("B01", "B02", "B04"),
        experiment="bound_gallery",
        figure="bound_gallery",
    ),
)
