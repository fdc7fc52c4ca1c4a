"""Graded and shaped rewards: what the sampler learns from them, and what it says when it is told the wrong thing."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest

from vas_theory.foundation.errors import ArgumentError, DataError
from vas_theory.selection import VarianceAwareSampler
from vas_theory.selection.posteriors.normal_gamma import NormalGamma

GROUP = 8


def _graded(rng: np.random.Generator, spread: np.ndarray) -> np.ndarray:
    """Rewards in steps of a tenth: most prompts give always the same, some spread."""
    return np.round(0.5 + spread[:, None] * rng.standard_normal((spread.size, GROUP)), 1).clip(0, 1)


def test_a_group_is_silent_where_its_rewards_are_the_same() -> None:
    posterior = NormalGamma(3, drift=0.0)
    rewards = np.array([[0.3] * GROUP, [0.3] * 7 + [0.9], [0.1, 0.3, 0.5, 0.7] * 2])
    for _ in range(20):
        posterior.update_rewards([0, 1, 2], rewards)
    silent = 1 - posterior.mixed_probability(GROUP)
    # rollouts that deviate: none of 160, 20 of 160, 120 of 160; Beta(.5, 1) prior
    assert silent[0] == pytest.approx(0.975, abs=0.01)
    assert silent[1] == pytest.approx((140 / 160) ** GROUP, abs=0.02)
    assert silent[2] == pytest.approx(0.0, abs=1e-4)
    assert posterior.mean() == pytest.approx(rewards.mean(1), abs=0.01)
    assert posterior.variance()[1:] == pytest.approx([0.04 * 9 / 8, 0.05 * 8 / 7], rel=0.1)


@pytest.mark.parametrize(("scale", "offset"), [(1.0, 0.0), (100.0, -50.0), (1e-3, 0.0)])
def test_the_signal_depends_on_no_scale_of_the_rewards(scale: float, offset: float) -> None:
    rng = np.random.default_rng(0)
    rewards = _graded(rng, np.linspace(0, 0.4, 20))
    one, other = NormalGamma(20), NormalGamma(20)
    one.update_rewards(np.arange(20), rewards)
    other.update_rewards(np.arange(20), rewards * scale + offset)
    assert other.expected_signal(GROUP) == pytest.approx(one.expected_signal(GROUP), rel=1e-6)
    assert (one.expected_signal(GROUP) <= one.largest_signal(GROUP)).all()


def test_what_a_prompt_shows_moves_its_signal_the_right_way() -> None:
    posterior = NormalGamma(3)
    unseen = posterior.expected_signal(GROUP)[0]
    spread = np.tile([0.0, 1.0], GROUP // 2)
    for _ in range(3):
        posterior.update_rewards([0, 1], np.array([np.full(GROUP, 0.2), spread]))
    signal = posterior.expected_signal(GROUP)
    assert signal[0] < 0.3 * signal[2]
    assert signal[1] > signal[2] > 0.5 * unseen
    posterior.advance(100_000)  # what was seen fades
    assert posterior.expected_signal(GROUP)[0] > 0.6 * posterior.expected_signal(GROUP)[2]


def test_the_variance_is_shrunk_to_the_pools_with_the_weight_of_one_degree_of_freedom() -> None:
    posterior = NormalGamma(3, drift=0.0)
    rewards = np.array([[0.0, 0.2, 0.4, 0.6], [0.5, 0.5, 0.5, 0.9]])
    posterior.update_rewards([0, 1], rewards)
    squares = np.square(rewards - rewards.mean(1, keepdims=True)).sum(1)
    pooled = squares.sum() / 6
    assert posterior.variance() == pytest.approx([*(pooled + squares) / (1 + 3), pooled])


def test_a_prompt_that_is_taken_over_keeps_its_evidence_and_a_new_one_has_none() -> None:
    posterior = NormalGamma(2)
    posterior.update_rewards([0], [[0.0, 0.2, 0.4, 0.6]])
    after = NormalGamma(2)
    after.adopt(posterior.state_dict(), np.array([-1, 0]))
    for told in (NormalGamma.mean, NormalGamma.variance):
        assert told(after).tolist() == told(posterior)[[1, 0]].tolist()
    assert after.expected_signal(4).tolist() == posterior.expected_signal(4)[[1, 0]].tolist()
    assert after.quantile(0.9).tolist() == posterior.quantile(0.9)[[1, 0]].tolist()


def test_order_and_parts_of_feedback_do_not_matter() -> None:
    rewards = _graded(np.random.default_rng(1), np.array([0.3, 0.0, 0.2, 0.4]))
    places = np.array([2, 0, 2, 1])
    states = []
    for order in (np.arange(4), np.array([3, 2, 1, 0])):
        posterior = NormalGamma(3)
        posterior.update_rewards(places[order], rewards[order])
        states.append(posterior.state_dict())
    for name, value in states[0].items():
        assert states[1][name] == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    "shape",
    [
        lambda hits: -np.abs(4.0 - hits),  # graded: always negative
        lambda hits: 1.0 + (hits > 4),  # shaped: a constant beside the outcome
        lambda hits: 0.5 * (hits > 4),
        lambda hits: hits / 8,
    ],
)
def test_graded_and_shaped_rewards_find_more_groups_with_a_gradient_than_uniform(shape: Any) -> None:
    """Nine tenths of the prompts always give the same reward; a batch by weight must find the others."""
    rng = np.random.default_rng(0)
    lively = rng.random(400) < 0.1
    found = {}
    for ratio in (0.0, 1.0):
        sampler = VarianceAwareSampler(
            400, batch_size=16, mixture_ratio=ratio, posterior="normal_gamma", reward_range=(-4.0, 4.0), strict=True
        )
        varying = []
        for _ in range(120):
            places = sampler.draw()
            hits = np.where(lively[places, None], rng.integers(0, 9, (16, GROUP)), 3 + 4 * (places % 2)[:, None])
            rewards = shape(hits)
            varying.append((np.ptp(rewards, axis=1) > 0).mean())
            sampler.observe(places, rewards)
        found[ratio] = np.mean(varying[60:])
        metrics = sampler.metrics()
        assert metrics["realised_mixed_share"] == metrics["varying_share"] == pytest.approx(np.mean(varying))
    assert found[0.0] == pytest.approx(0.1, abs=0.04)
    assert found[1.0] > 2.5 * found[0.0]


def test_rewards_outside_the_range_are_refused() -> None:
    for rewards, bounds in (([[-0.5, 0.0]], (0.0, 1.0)), ([[1.1, 0.0]], (0.0, 1.0)), ([[0.0, 3.0]], (-2.0, 2.0))):
        sampler = VarianceAwareSampler(["p"], batch_size=1, reward_range=bounds)
        with pytest.raises(ArgumentError, match=r"rewards of prompt 'p' must lie in reward_range"):
            sampler.observe([0], rewards, successes=[1])
    sampler.observe([0], [[np.nan, 2.0 + 1e-7]], successes=[1])  # sums in single precision


def _mislead(sampler: VarianceAwareSampler, steps: int) -> None:
    """Rewards 1 + hit, all of which count as right."""
    rng = np.random.default_rng(2)
    for _ in range(steps):
        places = sampler.draw()
        sampler.observe(places, 1.0 + rng.integers(0, 2, (8, GROUP)), successes=np.full(8, GROUP))


def test_successes_that_contradict_the_rewards_are_said_once(caplog: pytest.LogCaptureFixture) -> None:
    sampler = VarianceAwareSampler(40, batch_size=8, reward_range=(0.0, 2.0))
    with caplog.at_level(logging.WARNING, logger="vas_theory.selection"):
        _mislead(sampler, 3)
        assert not [r for r in caplog.records if "vary" in r.getMessage()]
        _mislead(sampler, 6)
    said = [r.getMessage() for r in caplog.records if "vary" in r.getMessage()]
    assert len(said) == 1
    assert "the rewards of 32 of 32 groups vary" in said[0]
    assert sampler.metrics()["varying_share"] > 0.9 > sampler.metrics()["realised_mixed_share"] == 0.0
    resumed = VarianceAwareSampler(40, batch_size=8, reward_range=(0.0, 2.0))
    resumed.load_state_dict(sampler.state_dict())
    caplog.clear()
    _mislead(resumed, 2)
    assert not [r for r in caplog.records if "vary" in r.getMessage()]


def test_strict_refuses_feedback_that_contradicts_the_settings() -> None:
    sampler = VarianceAwareSampler(40, batch_size=8, reward_range=(0.0, 2.0), strict=True)
    _mislead(sampler, 3)
    places = sampler.draw()
    before = sampler.state_dict()["checksum"]
    with pytest.raises(DataError, match="normal_gamma"):
        sampler.observe(places, 1.0 + np.eye(8), successes=np.full(8, GROUP))
    assert sampler.state_dict()["checksum"] == before


def test_a_pool_that_cannot_be_solved_yet_contradicts_nothing() -> None:
    sampler = VarianceAwareSampler(40, batch_size=8, strict=True)
    for _ in range(20):
        sampler.observe(sampler.draw(), np.zeros((8, GROUP)))
