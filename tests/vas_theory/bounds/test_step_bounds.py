"""Bounds of what a step gains: exact gradients, one sample, groups."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vas_theory.bounds import (
    ONE_SAMPLE_STEP,
    centred_reward_norm,
    dr_grpo_step_gain,
    exact_step_gain,
    kappa,
    one_sample_step_gain,
    one_sample_step_limit,
    stochastic_step_gain,
    stochastic_step_limit,
    whitened_step_gain,
)
from vas_theory.groups import group_advantages, group_gain
from vas_theory.policy.gradients import (
    expected_reward,
    policy_gradient,
    reward_variance,
)
from vas_theory.policy.softmax import (
    softmax,
    tabular_score,
)

ROUNDING = 1e-9  # bounds are compared relative to themselves; far above rounding, far below any 1 % change


def _gain(logits: np.ndarray, step: np.ndarray, rewards: np.ndarray) -> np.ndarray:
    return expected_reward(softmax(logits + step), rewards) - expected_reward(softmax(logits), rewards)


@given(
    st.lists(st.floats(-6, 6), min_size=4, max_size=4),
    st.lists(st.floats(0, 1), min_size=4, max_size=4),
    st.floats(1e-3, 40),
)
def test_exact_steps_gain_what_is_promised(logits: list[float], rewards: list[float], eta: float) -> None:
    z, r = np.array(logits), np.array(rewards)
    span = float(np.ptp(r))
    if span < 1e-6:
        return
    gradient = policy_gradient(softmax(z), r)
    bound = exact_step_gain(eta, (gradient**2).sum(), span)
    assert _gain(z, eta * gradient, r) >= bound - 1e-15  # the gain is a difference of numbers up to 1


def test_exact_step_gain_takes_the_larger_branch() -> None:
    assert exact_step_gain(1.0, 1.0, 1.0) == pytest.approx(1 - 1 / (6 * math.sqrt(3)))
    s = 3.0
    assert exact_step_gain(12.0, 1.0, 1.0) == pytest.approx(12 * math.exp(-s) * (1 - math.exp(-s)) / s)


def test_one_sample_steps_gain_what_is_promised() -> None:
    rng = np.random.default_rng(8)
    for _ in range(200):
        arms = int(rng.integers(2, 6))
        z, r = rng.normal(size=arms) * rng.choice([1.0, 4.0]), rng.random(arms)
        probs = softmax(z)
        rho = centred_reward_norm(r)
        eta = one_sample_step_limit(rho)
        advantage = r - expected_reward(probs, r)
        gains = [_gain(z, eta * advantage[y] * tabular_score(probs)[y], r) for y in range(arms)]
        bound = one_sample_step_gain(eta, reward_variance(probs, r), rho)
        assert probs @ gains >= bound * (1 - ROUNDING) - 1e-16
    assert one_sample_step_limit(2.0) == ONE_SAMPLE_STEP / 2


@pytest.mark.parametrize("size", [2, 3, 4])
def test_group_steps_gain_what_is_promised(size: int) -> None:
    rng = np.random.default_rng(9)
    groups = np.array(list(itertools.product(range(3), repeat=size)))
    for _ in range(40):
        z = rng.normal(size=3) * 2
        probs = softmax(z)
        weights = probs[groups].prod(-1)
        eta = float(rng.choice([0.01, 0.1, 0.5]))
        graded, binary = rng.random(3), np.array([1.0, 0.0, 0.0])
        for rewards, kind in ((graded, "dr_grpo"), (binary, "grpo")):
            values = group_advantages(rewards[groups], kind=kind)  # type: ignore[arg-type]
            steps = (values[..., None] * tabular_score(probs)[groups]).mean(1)
            gain = weights @ _gain(z, eta * steps, rewards)
            square = (policy_gradient(probs, rewards) ** 2).sum()
            rho = centred_reward_norm(rewards)
            if kind == "dr_grpo":
                bound = dr_grpo_step_gain(eta, square, rho, np.ptp(rewards), size)
            else:
                bound = whitened_step_gain(eta, square, probs[0], rho, size)
            assert gain >= bound - 1e-15


def test_group_step_bounds_have_the_right_slope_and_loss() -> None:
    square, rho, eta = 0.04, 0.8, 0.3
    k = float(kappa())
    loss = k * eta * rho / 4 * math.exp(k * eta * 1.5 / (2 * math.sqrt(2)))
    assert dr_grpo_step_gain(eta, square, rho, 1.5, 4) == pytest.approx(eta * 0.75 * square * (1 - loss), rel=1e-13)
    gain = float(group_gain(0.2, 4))
    loss = k * eta * 4 * rho * math.exp(k * eta / math.sqrt(2)) / (4 * gain)
    assert whitened_step_gain(eta, square, 0.2, rho, 4) == pytest.approx(eta * gain * square * (1 - loss), rel=1e-13)


def test_stochastic_step_keeps_half_of_the_gain_up_to_its_limit() -> None:
    limit = stochastic_step_limit(0.3, 2.0, 5.0)
    assert limit == pytest.approx(0.03)
    assert stochastic_step_gain(limit, 0.3, 2.0, 5.0) == pytest.approx(limit * 0.3 / 2)
    assert stochastic_step_gain(limit / 2, 0.3, 2.0, 5.0) > limit / 2 * 0.3 / 2
