"""Pools of bandit prompts: how hard they are, how training one moves the others, what grading gets wrong.

A prompt is a softmax over arms (the answers a model may give); an arm has a reward in [0, 1] and a length.
Arms are ordered by role, the right ones first, so that a skill shared by two prompts means the same arm.

The logits a learner sees are ``base + own + features @ weights``: a push on the logits of one prompt moves
those of all others through the kernel ``I + U U^T`` with ``U`` the features, whose eigenvalues are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from vas_theory.foundation.errors import ArgumentError

__all__ = ["COUPLINGS", "DIFFICULTIES", "Pool", "PoolConfig", "build_pool", "draw_pass_rates"]

Array = NDArray[np.float64]

DIFFICULTIES: dict[str, tuple[tuple[float, float, float], ...]] = {
    "bimodal": ((0.55, 0.5, 4.0), (0.45, 4.0, 0.6)),
    "uniform": ((1.0, 1.0, 1.0),),
    "mostly_hard": ((1.0, 0.4, 3.6),),
    "mostly_easy": ((1.0, 3.6, 0.6),),
}
"""Mixtures of Beta distributions of the pass rate: (share, a, b)."""

COUPLINGS: dict[str, tuple[tuple[float, ...], float]] = {
    "none": ((), 0.0),
    "shared": ((2.0, 1.0, 0.5, 0.25, 0.125), 0.0),
    "interference": ((2.0, 16.0, 16.0, 16.0, 16.0), 0.003),
}
"""Eigenvalues of ``U U^T`` and the share of what was learned that a step forgets.

An eigenvalue says how far a push on every prompt along its eigenvector comes back through the features, in units of
the push itself. The first belongs to the skill that all prompts share alike; the others have both signs, so that
training one prompt helps some and harms others.
"""

_EDGE = 0.002
"""Pass rates are kept this far from 0 and 1, where a softmax cannot start."""


class PoolConfig(BaseModel):
    """How to build a pool."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["bandit"] = "bandit"
    prompts: int = Field(default=2000, ge=1, description="prompts that can be trained on")
    held_out: int = Field(default=200, ge=0, description="further prompts that are only evaluated")
    arms: int = Field(default=16, ge=2, description="answers of a prompt")
    rewards: Literal["binary", "graded", "bernoulli"] = Field(
        default="binary", description="rewards of the arms; bernoulli is one logit a prompt"
    )
    difficulty: str = Field(default="bimodal", description="mix of pass rates, or 'measured'")
    measured: tuple[float, ...] = Field(default=(), description="pass rates to resample when difficulty is 'measured'")
    coupling: str = Field(default="none", description="how training one prompt moves others")
    length_slope: float = Field(default=0.0, ge=0.0, description="relative extra length of a hopeless prompt")
    false_positive: float = Field(default=0.0, ge=0.0, le=1.0, description="chance that a wrong answer is graded right")
    false_negative: float = Field(default=0.0, ge=0.0, le=1.0, description="chance that a right answer is graded wrong")
    max_visits: int | None = Field(default=None, ge=1, description="steps in which a prompt may be rolled")

    @model_validator(mode="after")
    def _names_exist(self) -> PoolConfig:
        if self.difficulty not in (*DIFFICULTIES, "measured"):
            raise ValueError(f"difficulty is one of {', '.join((*DIFFICULTIES, 'measured'))}")
        if self.coupling not in COUPLINGS:
            raise ValueError(f"coupling is one of {', '.join(COUPLINGS)}")
        if (self.difficulty == "measured") != bool(self.measured):
            raise ValueError("measured pass rates and difficulty 'measured' go together")
        if self.rewards == "bernoulli" and self.arms != 2:
            raise ValueError("a bernoulli prompt has 2 arms")
        return self


@dataclass(frozen=True, eq=False)
class Pool:
    """The prompts of a world; those from number ``prompts`` on are held out.

    Suffixes: ``_P`` all prompts, ``_A`` arms, ``_F`` features.

    Args:
        prompts: how many prompts can be trained on.
        base_PA: initial logits.
        rewards_PA: true rewards of the arms, in [0, 1].
        lengths_PA: lengths of the answers in tokens.
        features_PF: features U.
        known_PF: the features as seen from outside, with as much noise as signal, which strategies may use; ``None``
            where there are none.
        forgetting: share of what was learned that is lost in a step.
        one_logit: whether the last arm's logit is fixed (Bernoulli prompts).
        false_positive: chance that a reward below 1/2 is seen as 1 minus itself.
        false_negative: chance that a reward of 1/2 or more is seen as 1 minus itself.
        max_visits: steps in which a prompt may be rolled.
    """

    prompts: int
    base_PA: Array
    rewards_PA: Array
    lengths_PA: Array
    features_PF: Array
    known_PF: Array | None = None
    forgetting: float = 0.0
    one_logit: bool = False
    false_positive: float = 0.0
    false_negative: float = 0.0
    max_visits: int | None = None

    @property
    def binary(self) -> bool:
        """Whether every reward is 0 or 1, so that the expected reward is a pass rate."""
        return bool(np.isin(self.rewards_PA, (0.0, 1.0)).all())

    @property
    def arms(self) -> int:
        """Number of arms of every prompt."""
        return self.base_PA.shape[1]


def draw_pass_rates(difficulty: str, rng: np.random.Generator, count: int, *, measured: Sequence[float] = ()) -> Array:
    """Draw initial pass rates of ``count`` prompts from a mix, or resample measured ones."""
    if difficulty == "measured":
        rates = np.asarray(measured)
        if not ((rates >= 0) & (rates <= 1)).all():
            raise ArgumentError("measured", "lie in [0, 1]", measured)
        drawn = rng.choice(rates, count)
    else:
        shares, a, b = np.array(DIFFICULTIES[difficulty]).T
        part = rng.choice(len(shares), count, p=shares)
        drawn = rng.beta(a[part], b[part])
    return np.clip(drawn, _EDGE, 1 - _EDGE)


def _orthonormal(rng: np.random.Generator, count: int, rank: int) -> Array:
    """Orthonormal columns, the first of them constant."""
    columns = rng.standard_normal((count, rank))
    columns[:, 0] = 1.0
    q, r = np.linalg.qr(columns)
    signed: Array = q * np.sign(np.diag(r))
    return signed


def _tilt_to(base_PA: Array, rewards_PA: Array, rates_P: Array) -> Array:
    """Return ``base + t * rewards`` with the t for which the expected reward is the wanted pass rate.

    The expected reward grows with t, so bisection cannot fail; 80 halvings of [-400, 400] reach float64's limit.
    """
    low, high = np.full(len(rates_P), -400.0), np.full(len(rates_P), 400.0)
    for _ in range(80):
        middle = (low + high) / 2
        logits = base_PA + middle[:, None] * rewards_PA
        weights = np.exp(logits - logits.max(-1, keepdims=True))
        too_low = (weights * rewards_PA).sum(-1) / weights.sum(-1) < rates_P
        low, high = np.where(too_low, middle, low), np.where(too_low, high, middle)
    tilted = base_PA + low[:, None] * rewards_PA
    centred: Array = tilted - tilted.max(-1, keepdims=True)
    return centred


def build_pool(config: PoolConfig, rng: np.random.Generator) -> Pool:
    """Build a pool.

    Args:
        config: what it is like.
        rng: draws pass rates, answers, features and lengths.

    Returns:
        The pool; each prompt's expected reward is its drawn pass rate.
    """
    count = config.prompts + config.held_out
    rates_P = draw_pass_rates(config.difficulty, rng, count, measured=config.measured)
    shape = (count, config.arms)
    if config.rewards == "bernoulli":
        rewards_PA = np.tile([1.0, 0.0], (count, 1))
        base_PA = np.stack([np.log(rates_P) - np.log1p(-rates_P), np.zeros(count)], axis=1)
    else:
        if config.rewards == "binary":
            correct_P = rng.integers(1, max(config.arms // 4, 1) + 1, count)
            rewards_PA = (np.arange(config.arms) < correct_P[:, None]).astype(np.float64)
        else:
            rewards_PA = -np.sort(-rng.random(shape), axis=1)
            rewards_PA[:, 0], rewards_PA[:, -1] = 1.0, 0.0
        base_PA = _tilt_to(rng.standard_normal(shape), rewards_PA, rates_P)
    eigenvalues, forgetting = COUPLINGS[config.coupling]
    features_PF, known_PF = np.zeros((count, 0)), None
    if eigenvalues:
        features_PF = _orthonormal(rng, count, len(eigenvalues)) * np.sqrt(eigenvalues)
        known_PF = features_PF + features_PF.std(0) * rng.standard_normal(features_PF.shape)
    mean_P = 100.0 * (1 + config.length_slope * (1 - rates_P))
    lengths_PA = np.round(mean_P[:, None] * rng.lognormal(0.0, 0.25, shape))
    return Pool(
        prompts=config.prompts,
        base_PA=np.ascontiguousarray(base_PA),
        rewards_PA=rewards_PA,
        lengths_PA=lengths_PA,
        features_PF=features_PF,
        known_PF=known_PF,
        forgetting=forgetting,
        one_logit=config.rewards == "bernoulli",
        false_positive=config.false_positive,
        false_negative=config.false_negative,
        max_visits=config.max_visits,
    )
