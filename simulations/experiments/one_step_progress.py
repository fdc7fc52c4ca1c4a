"""What one step gains, exactly, against the gains that are guaranteed and the gain that was claimed.

Two kinds of rows. Random softmax bandits take exact, one-sample, Dr.GRPO and whitened steps of many lengths, and each
expected gain is compared with its lower bounds. Policies of one parameter and the same bandits take steps of the
lengths that Theorem 1 of arXiv 2509.21268 allows, and each gain is compared with the gain it claims there,
eta c Var / 4 with the largest constant c = |grad|^2 / Var that its assumption (ii) permits.

Every expectation is a sum over the sampled arm, or over the arm counts of a group: no row has sampling error.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from simulations.experiments._step_gains import (
    Policies,
    Quadratics,
    ScaledLogits,
    SoftmaxPolicies,
    gain_of_steps,
    group_updates,
    one_sample_gain,
)
from simulations.running.experiment import Experiment, ExperimentConfig
from vas_theory.bounds.gradient import centred_reward_norm, reward_range
from vas_theory.bounds.improvement import (
    ONE_SAMPLE_STEP,
    dr_grpo_step_gain,
    exact_step_gain,
    one_sample_step_gain,
    stochastic_step_gain,
    whitened_step_gain,
)
from vas_theory.bounds.sharper_improvement import sharper_one_sample_step_gain, sharper_whitened_step_gain
from vas_theory.policy.gradients import policy_gradient, reward_variance
from vas_theory.policy.softmax import softmax

__all__ = ["EXPERIMENT", "OneStepConfig", "run"]

Array = NDArray[np.float64]
Rows = dict[str, Any]

_CLAIMED = {
    "A07": ("exact", "c / (4 L Gamma)"),
    "A08": ("one sample", "c / (4 L Gamma)"),
    "A09": ("exact", "c / (4 L)"),
    "A31": ("one sample", "|grad|^2 / (L M)"),
}
"""Update and largest step of Theorem 1 in its readings, and of the statement that replaces it, by claim."""


class OneStepConfig(ExperimentConfig):
    """Which bandits take which steps."""

    bandits: int = Field(default=40, ge=1, description="random bandits for every number of arms and kind of reward")
    arms: tuple[int, ...] = Field(default=(2, 3, 5, 20), min_length=1, description="numbers of arms")
    most_group_arms: int = Field(default=3, ge=2, description="arms up to which groups are enumerated")
    group_sizes: tuple[int, ...] = Field(default=(2, 8), min_length=1, description="rollouts of a group")
    steps: int = Field(default=10, ge=2, description="step lengths, spread evenly in the logarithm")
    shortest: float = Field(default=0.01, gt=0, description="shortest step, eta times the scale of the rewards")
    longest: float = Field(default=10.0, gt=0, description="longest step")
    one_parameter: int = Field(default=300, ge=1, description="policies of one parameter of each kind")


def _bandits(rng: np.random.Generator, count: int, arms: int, kind: str) -> tuple[Array, Array]:
    """Draw policies from near uniform to nearly settled, with rewards that are never constant."""
    if kind == "binary":
        correct = rng.integers(1, arms, size=(count, 1))
        rewards = (rng.permuted(np.tile(np.arange(arms), (count, 1)), axis=1) < correct).astype(np.float64)
    else:
        rewards = rng.random((count, arms))
    logits = rng.uniform(0.1, 4.0, (count, 1)) * rng.standard_normal((count, arms))
    return softmax(logits), rewards


def _step_rows(config: OneStepConfig, probs: Array, rewards: Array, binary: bool) -> list[Rows]:
    """Return the rows of one batch of bandits: every update, step length and bound."""
    square = (policy_gradient(probs, rewards) ** 2).sum(-1)
    variance, rho, delta = reward_variance(probs, rewards), centred_reward_norm(rewards), reward_range(rewards)
    rate = np.minimum((probs * rewards).sum(-1), 1.0)
    grouped = [
        (size, whitened, group_updates(probs, rewards, size, whitened=whitened))
        for size in config.group_sizes
        for whitened in ((False, True) if binary else (False,))
        if probs.shape[-1] <= config.most_group_arms
    ]
    rows = []
    for step in np.geomspace(config.shortest, config.longest, config.steps):
        eta = step / delta
        gain = gain_of_steps(probs, rewards, eta[:, None] * policy_gradient(probs, rewards))
        rows.append(_row("exact", "B08", 0, step, eta, gain, exact_step_gain(eta, square, delta)))
        eta = step / rho
        gain = one_sample_gain(probs, rewards, eta)
        if step <= ONE_SAMPLE_STEP:
            rows.append(_row("one sample", "B25", 1, step, eta, gain, one_sample_step_gain(eta, variance, rho)))
        rows.append(_row("one sample", "B54", 1, step, eta, gain, sharper_one_sample_step_gain(eta, square, rho)))
        for size, whitened, (chance, updates) in grouped:
            eta = step / delta
            gains = gain_of_steps(probs[:, None, :], rewards[:, None, :], eta[:, None, None] * updates)
            gain = (chance * gains).sum(-1)
            if whitened:
                bounds = {
                    "B28": whitened_step_gain(eta, square, rate, rho, size),
                    "B55": sharper_whitened_step_gain(eta, square, rate, rho, size),
                }
            else:
                bounds = {"B27": dr_grpo_step_gain(eta, square, rho, delta, size)}
            update = "whitened" if whitened else "dr_grpo"
            rows.extend(_row(update, claim, size, step, eta, gain, bound) for claim, bound in bounds.items())
    return [row | {"policy": "softmax", "reward_variance": variance, "gradient_square": square} for row in rows]


def _row(update: str, claim: str, size: int, step: float, eta: Array, gain: Array, bound: Array) -> Rows:
    return {
        "update": update, "claim": claim, "group_size": size, "step": step, "eta": eta, "gain": gain, "bound": bound,
    }  # fmt: skip


def _claimed_rows(policies: Policies) -> list[Rows]:
    """Return the rows of Theorem 1's readings; ``step`` is the share of the largest step that is allowed."""
    rows = []
    for claim, (update, rule) in _CLAIMED.items():
        for share in (0.25, 0.5, 1.0):
            eta = share * policies.largest_step[rule]
            gain, claimed = policies.gain(update, eta), eta * policies.square / 4
            if claim == "A31":
                claimed = stochastic_step_gain(eta, policies.square, policies.moment, policies.curvature)
            rows.append(
                _row(update, claim, 0 if update == "exact" else 1, share, eta, gain, claimed)
                | {"policy": policies.name, "reward_variance": policies.variance, "gradient_square": policies.square}
            )
    return rows


def _frame(rows: list[Rows], first: int, arms: int, kind: str) -> pd.DataFrame:
    """Return rows of arrays as a table, one row a policy."""
    frames = [pd.DataFrame(row).assign(policy_id=lambda part: first + np.arange(len(part))) for row in rows]
    return pd.concat(frames, ignore_index=True).assign(arms=arms, reward_kind=kind)


def run(config: OneStepConfig) -> pd.DataFrame:
    """Draw the policies, take the steps, and compare every gain with its bound.

    Returns:
        One row a policy, step and statement: policy (softmax, scaled logit, quadratic), policy_id, arms, reward_kind,
        reward_variance, gradient_square, update (exact, one sample, dr_grpo, whitened), group_size (0 for exact),
        claim, step (eta times the reward range, or for one-sample bounds times rho; for A07, A08, A09 and A31 the
        share of the largest step allowed), eta, gain (exact expectation), bound, share (bound / gain), violated.
    """
    frames, first = [], 0
    for index, arms in enumerate(config.arms):
        for kind in ("binary", "graded"):
            rng = np.random.default_rng([config.seed, 0, index, kind == "graded"])
            probs, rewards = _bandits(rng, config.bandits, arms, kind)
            rows = _step_rows(config, probs, rewards, kind == "binary") + _claimed_rows(SoftmaxPolicies(probs, rewards))
            frames.append(_frame(rows, first, arms, kind))
            first += config.bandits
    rng = np.random.default_rng([config.seed, 1])
    rate, count = rng.uniform(0.02, 0.98, config.one_parameter), config.one_parameter
    logits = ScaledLogits(rate, 2.0 ** rng.uniform(0, 5, count))
    rate = 0.5 * rng.random(count) ** 2 + 0.01
    quadratic = Quadratics(rate, np.sqrt(2 * (1 - rate) * rng.random(count)))  # keeps the maximum at most 1
    for policies in (logits, quadratic):
        frames.append(_frame(_claimed_rows(policies), first, 2, "binary"))
        first += count
    table = pd.concat(frames, ignore_index=True).dropna(subset=["gain"]).reset_index(drop=True)
    table["share"] = table["bound"] / table["gain"]
    # both sides are sums of a few dozen float64 terms
    table["violated"] = table["gain"] < table["bound"] - 1e-12 * np.abs(table["bound"])
    return table


EXPERIMENT = Experiment(
    name="one_step_progress",
    summary="exact gains of exact, one-sample, Dr.GRPO and whitened steps against guaranteed and claimed gains",
    presets={
        "smoke": OneStepConfig(bandits=4, arms=(2, 3, 5), steps=4, one_parameter=40),
        "quick": OneStepConfig(),
        "paper": OneStepConfig(bandits=60, steps=13, one_parameter=1000),
    },
    run=run,
)
