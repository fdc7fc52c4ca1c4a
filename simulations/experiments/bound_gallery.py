"""Exact gradient norms of random bandits against every bound on them that the ledger states.

For a softmax policy pi over K arms with rewards r in [0, 1], Var/rho <= |grad| <= sqrt(Var/2) for instance, where rho
is the Euclidean norm of r minus its unweighted mean. The families are chosen to fill the gap and to press on both ends
of it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from simulations.experiments._gradient_bounds import BOUNDS, RewardKind, gradient_norm
from simulations.running.experiment import Experiment, ExperimentConfig
from vas_theory.foundation.precision import DIGITS, floating, multiprecision
from vas_theory.policy.gradients import reward_variance
from vas_theory.policy.softmax import softmax

__all__ = ["EXPERIMENT", "BoundGalleryConfig", "run"]

Array = NDArray[np.float64]


class BoundGalleryConfig(ExperimentConfig):
    """Which random bandits to draw; they are split evenly over families, arm counts and reward kinds."""

    bandits: int = Field(default=36_000, ge=1, description="number of random bandits in all")
    arms: tuple[int, ...] = Field(default=(2, 3, 5, 10, 30, 100), min_length=1, description="numbers of arms")
    concentrations: tuple[float, ...] = Field(
        default=(0.1, 1.0, 10.0), min_length=1, description="Dirichlet concentrations of the policy"
    )
    reward_kinds: tuple[RewardKind, ...] = Field(
        default=("binary", "graded"), min_length=1, description="rewards in {0, 1} or uniform in [0, 1]"
    )


def _rewards(rng: np.random.Generator, kind: RewardKind, count: int, arms: int) -> Array:
    """Draw rewards that are never constant: binary ones with 1 to K-1 correct arms, or uniform ones."""
    if kind == "graded":
        return rng.random((count, arms))
    correct = rng.integers(1, arms, size=(count, 1))
    return (rng.permuted(np.tile(np.arange(arms), (count, 1)), axis=1) < correct).astype(np.float64)


def _dirichlet_logits(rng: np.random.Generator, rewards: Array, concentration: float) -> Array:
    """Log of gamma draws, which stay finite where the draws themselves would underflow to zero."""
    boost = np.log(1.0 - rng.random(rewards.shape)) / concentration
    logits: Array = np.log(rng.standard_gamma(concentration + 1.0, rewards.shape)) + boost
    return logits


def _near_tight_logits(rng: np.random.Generator, rewards: Array) -> Array:
    """Logits near the equality case of the lower bound, pi_i proportional to (r_i - mean r)/(r_i - V).

    Any V strictly between the unweighted mean and the next reward above it makes every weight positive.
    A multiplicative jitter of random size then moves the policy off the equality case.
    """
    mean = rewards.mean(-1, keepdims=True)
    above = np.where(rewards > mean, rewards, np.inf).min(-1, keepdims=True)
    value = mean + rng.uniform(0.05, 0.95, mean.shape) * (above - mean)
    jitter = 10.0 ** rng.uniform(-3.0, 0.0, mean.shape) * rng.standard_normal(rewards.shape)
    logits: Array = np.log((rewards - mean) / (rewards - value)) + jitter
    return logits


def _two_arm_logits(rng: np.random.Generator, rewards: Array) -> Array:
    """Logits that put nearly all mass on the best and the worst arm, near the upper bound."""
    logits = rng.standard_normal(rewards.shape) - rng.uniform(0.0, 12.0, (len(rewards), 1))
    rows = np.arange(len(rewards))
    logits[rows, rewards.argmax(-1)] = rng.standard_normal(len(rewards))
    logits[rows, rewards.argmin(-1)] = 0.0
    return logits


def _saturated_logits(rng: np.random.Generator, rewards: Array) -> Array:
    """Logits of a policy that has all but settled on one random arm, where floats are least accurate."""
    logits = rng.standard_normal(rewards.shape)
    winner = rng.integers(rewards.shape[1], size=len(rewards))
    logits[np.arange(len(rewards)), winner] += rng.uniform(5.0, 30.0, len(rewards))
    return logits


def _families(config: BoundGalleryConfig) -> dict[str, Callable[[np.random.Generator, Array], Array]]:
    families: dict[str, Callable[[np.random.Generator, Array], Array]] = {
        f"dirichlet({concentration:g})": partial(_dirichlet_logits, concentration=concentration)
        for concentration in config.concentrations
    }
    return families | {"near_tight": _near_tight_logits, "two_arm": _two_arm_logits, "saturated": _saturated_logits}


def _measure(logits: Array, rewards: Array, kind: RewardKind) -> pd.DataFrame:
    """Return variance, gradient norm and bound over norm of every claim, NaN where a claim does not speak of them.

    What float64 cannot decide is recomputed at 50 digits from the logits, then rounded once: near saturation 1 - p
    loses its digits, which would show as a broken bound.
    """
    probs = softmax(logits)
    frame = pd.DataFrame(
        {"reward_variance": reward_variance(probs, rewards), "gradient_norm": gradient_norm(probs, rewards)}
    )
    rechecked = np.zeros(len(frame), dtype=bool)
    for bound in BOUNDS:
        if not bound.applies(kind, logits.shape[-1]):
            frame[bound.column] = np.nan
            continue
        tightness = bound.tightness(probs, rewards)
        doubtful = bound.is_doubtful(tightness)
        tightness[doubtful] = _at_many_digits(bound.tightness, logits[doubtful], rewards[doubtful])
        rechecked |= doubtful
        frame[bound.column] = tightness
    return frame.assign(rechecked=rechecked)


def _at_many_digits(tightness: Callable[[Any, Any], Any], logits: Array, rewards: Array) -> Array:
    import mpmath

    if not len(logits):
        return np.empty(0)
    with mpmath.workdps(DIGITS):
        high = multiprecision({"logits": logits, "rewards": rewards})
        return floating(tightness(softmax(high["logits"]), high["rewards"]))


def run(config: BoundGalleryConfig) -> pd.DataFrame:
    """Draw the bandits and measure gradient norm and bounds.

    Returns:
        One row a bandit: family, arms, reward_kind, reward_variance, gradient_norm; for every bound of
        :data:`~simulations.experiments._gradient_bounds.BOUNDS` a column ``<kind>_<claim>`` with bound over norm,
        NaN where the claim speaks of other bandits; rechecked (a bound was recomputed at 50 digits because its
        float64 value contradicted a proof or came near to equality with the refuted claim).
    """
    cells = list(product(_families(config).items(), config.arms, config.reward_kinds))
    counts = np.full(len(cells), config.bandits // len(cells))
    counts[: config.bandits % len(cells)] += 1
    frames = []
    for index, (((family, draw_logits), arms, kind), count) in enumerate(zip(cells, counts, strict=True)):
        rng = np.random.default_rng([config.seed, index])
        rewards = _rewards(rng, kind, int(count), arms)
        frame = _measure(draw_logits(rng, rewards), rewards, kind)
        frame.insert(0, "family", family)
        frame.insert(1, "arms", arms)
        frame.insert(2, "reward_kind", kind)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


EXPERIMENT = Experiment(
    name="bound_gallery",
    summary="gradient norms of 36,000 random bandits against every bound of the ledger",
    presets={
        "smoke": BoundGalleryConfig(bandits=600),
        "quick": BoundGalleryConfig(bandits=6_000),
        "paper": BoundGalleryConfig(),
    },
    run=run,
)
