"""How much a finite group's expected update exceeds the gradient, and how far whitening turns it.

Binary rewards: the expected update is w_G(p) times the gradient of the pass rate, so one number a pass rate and group
size says everything; it comes exactly and from sampled groups. Graded rewards: whitening weighs every group by its own
deviation, and the expected update need not point along the gradient, nor even within a right angle of it.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from simulations.running.experiment import Experiment, ExperimentConfig
from vas_theory.bounds.improvement import group_gain_bounds
from vas_theory.groups.advantages import AdvantageKind, group_advantages
from vas_theory.groups.pass_rate_laws import arcsine_gain, group_gain, silent_group_probability
from vas_theory.groups.updates import expected_update
from vas_theory.policy.gradients import policy_gradient
from vas_theory.policy.softmax import softmax

__all__ = ["EXPERIMENT", "FiniteGroupConfig", "run", "sampled_alignment", "sampled_gain"]

Array = NDArray[np.float64]
Family = Literal["binary", "graded", "rare success"]

_ADVANTAGES: tuple[tuple[AdvantageKind, int], ...] = (("grpo", 0), ("grpo", 1), ("dr_grpo", 0), ("rloo", 0))
"""Kinds of advantage with the degrees of freedom of the deviation they divide by."""


class FiniteGroupConfig(ExperimentConfig):
    """Pass rates, group sizes and bandits."""

    group_sizes: tuple[int, ...] = Field(default=(2, 3, 4, 8, 16, 32, 64), min_length=1, description="rollouts, >= 2")
    pass_rates: int = Field(default=61, ge=2, description="pass rates, spread evenly in the logit")
    smallest_pass_rate: float = Field(default=1e-3, gt=0, lt=0.5, description="first pass rate; the last is 1 minus it")
    every: int = Field(default=6, ge=1, description="groups are sampled at every so many-th pass rate")
    groups: int = Field(default=4000, ge=2, description="groups sampled for each mean")
    bandits: int = Field(default=150, ge=1, description="bandits of each family, arm count, group size and eps")
    arms: tuple[int, ...] = Field(default=(3, 4), min_length=1, description="arms of the bandits")
    enumerated_sizes: tuple[int, ...] = Field(default=(2, 3, 4, 8), min_length=1, description="their group sizes")
    eps: tuple[float, ...] = Field(default=(0.0, 0.01), min_length=1, description="added to the standard deviation")
    sampled_bandits: int = Field(default=10, ge=0, description="of those, how many are sampled as well")


def sampled_gain(
    rng: np.random.Generator, pass_rate: float, group_size: int, groups: int, kind: AdvantageKind, ddof: int
) -> tuple[float, float]:
    """Return the gain of sampled groups and its standard error: the mean of A_i (r_i - p), over p (1 - p)."""
    rewards = (rng.random((groups, group_size)) < pass_rate).astype(np.float64)
    pushes = (group_advantages(rewards, kind=kind, ddof=ddof, eps=0.0) * (rewards - pass_rate)).mean(-1)
    scale = pass_rate * (1 - pass_rate)
    return float(pushes.mean() / scale), float(pushes.std(ddof=1) / np.sqrt(groups) / scale)


def sampled_alignment(
    rng: np.random.Generator, probs: Array, rewards: Array, group_size: int, groups: int, eps: float
) -> tuple[float, float]:
    """Return <ghat, grad V> / |grad V|^2 over sampled whitened groups of one bandit, and its standard error."""
    gradient = policy_gradient(probs, rewards)
    arms = rng.choice(len(probs), size=(groups, group_size), p=probs)
    advantages = group_advantages(rewards[arms], kind="grpo", ddof=0, eps=eps)
    # the advantages of a group sum to zero, so <e_y - pi, grad> may be replaced by the gradient's entry of y
    products = (advantages * gradient[arms]).mean(-1) / (gradient @ gradient)
    return float(products.mean()), float(products.std(ddof=1) / np.sqrt(groups))


def _gain_rows(config: FiniteGroupConfig) -> pd.DataFrame:
    edge = np.log(config.smallest_pass_rate) - np.log1p(-config.smallest_pass_rate)
    rates = 1 / (1 + np.exp(-np.linspace(edge, -edge, config.pass_rates)))
    frames = []
    for size in config.group_sizes:
        for kind, ddof in _ADVANTAGES:
            frame = pd.DataFrame({"pass_rate": rates, "gain": group_gain(rates, size, kind=kind, ddof=ddof)})
            if kind == "grpo":
                frame["lower_bracket"], frame["upper_bracket"] = group_gain_bounds(rates, size, ddof=ddof)
                frame["large_group_limit"] = arcsine_gain(rates)
            frame["silent_probability"] = silent_group_probability(rates, size)
            for row in range(0, len(rates), config.every):
                rng = np.random.default_rng([config.seed, 0, size, _ADVANTAGES.index((kind, ddof)), row])
                measured = sampled_gain(rng, float(rates[row]), size, config.groups, kind, ddof)
                frame.loc[row, ["sampled", "sampled_error"]] = measured
            frames.append(frame.assign(kind=kind, ddof=ddof, group_size=size, family="binary", part="gain"))
    return pd.concat(frames, ignore_index=True)


def _bandits(rng: np.random.Generator, family: Family, count: int, arms: int) -> tuple[Array, Array]:
    """Draw policies and rewards; ``rare success`` is a sure failure beside rare arms, one of them the only good one."""
    if family == "rare success":
        rest = 10.0 ** rng.uniform(-3, -1, (count, arms - 1)) / (arms - 1)
        probs = np.concatenate([1 - rest.sum(-1, keepdims=True), rest], axis=-1)
        rewards = -0.1 * rng.random((count, arms))
        rewards[:, 0], rewards[:, -1] = 0.0, 1.0
        return probs, rewards
    probs = softmax(rng.uniform(0.1, 3.0, (count, 1)) * rng.standard_normal((count, arms)))
    if family == "graded":
        return probs, rng.random((count, arms))
    correct = rng.integers(1, arms, (count, 1))
    return probs, (rng.permuted(np.tile(np.arange(arms), (count, 1)), axis=1) < correct).astype(np.float64)


def _direction_rows(config: FiniteGroupConfig) -> pd.DataFrame:
    frames = []
    families: tuple[Family, ...] = ("binary", "graded", "rare success")
    for index, family in enumerate(families):
        for arms in config.arms:
            # the same bandits for every group size and eps, so that these can be compared bandit by bandit
            probs, rewards = _bandits(
                np.random.default_rng([config.seed, 1, index, arms]), family, config.bandits, arms
            )
            gradient = policy_gradient(probs, rewards)
            square = (gradient**2).sum(-1)
            for size in config.enumerated_sizes:
                for place, eps in enumerate(config.eps):
                    update = expected_update(probs, rewards, size, eps=eps)
                    product = (update * gradient).sum(-1)
                    frame: dict[str, Any] = {
                        "gain": product / square,
                        "cosine": product / np.sqrt(square * (update**2).sum(-1)),
                        "pass_rate": (probs * rewards).sum(-1),
                        "bandit": np.arange(config.bandits),
                    }
                    table = pd.DataFrame(frame)
                    for row in range(min(config.sampled_bandits, config.bandits)):
                        rng = np.random.default_rng([config.seed, 2, index, arms, size, place, row])
                        measured = sampled_alignment(rng, probs[row], rewards[row], size, config.groups, eps)
                        table.loc[row, ["sampled", "sampled_error"]] = measured
                    frames.append(table.assign(kind="grpo", ddof=0, group_size=size, family=family, arms=arms, eps=eps))
    return pd.concat(frames, ignore_index=True).assign(part="direction")


def run(config: FiniteGroupConfig) -> pd.DataFrame:
    """Compute gains over pass rates, and directions of whitened updates over bandits.

    Returns:
        Rows with part "gain", one a kind of advantage, group size and pass rate: kind, ddof, group_size, pass_rate,
        gain (exact w_G), lower_bracket and upper_bracket and large_group_limit (grpo), silent_probability, sampled
        and sampled_error (mean and standard error over sampled groups; NaN where none were drawn). Rows with part
        "direction", one a bandit, group size and eps: family, arms, bandit, eps, pass_rate (mean reward), gain
        (<E ghat, grad> / |grad|^2), cosine of the angle between them, sampled and sampled_error of that gain.
    """
    table = pd.concat([_gain_rows(config), _direction_rows(config)], ignore_index=True)
    first = ["part", "family", "kind", "ddof", "group_size", "pass_rate", "gain"]
    return table[first + [column for column in table.columns if column not in first]]


EXPERIMENT = Experiment(
    name="finite_group_gain",
    summary="the gain of a finite group's expected update over the gradient, and how far whitening turns it",
    presets={
        "smoke": FiniteGroupConfig(group_sizes=(2, 8, 64), pass_rates=13, groups=500, bandits=20, sampled_bandits=2),
        "quick": FiniteGroupConfig(),
        "paper": FiniteGroupConfig(groups=20_000, bandits=400),
    },
    run=run,
)
