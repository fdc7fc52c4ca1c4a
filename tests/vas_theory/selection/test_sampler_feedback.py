"""What the sampler learns from feedback: in which order, how late, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from vas_theory.foundation.errors import ArgumentError, DataError, UnknownNameError
from vas_theory.selection import DiscountedBeta, VarianceAwareSampler


def test_unseen_prompts_are_judged_with_optimism() -> None:
    largest = VarianceAwareSampler(2, batch_size=1).rule.largest_score
    for optimism in (0.0, 0.5, 1.0):
        sampler = VarianceAwareSampler(2, batch_size=1, optimism=optimism)
        prior = DiscountedBeta(1).expected_signal(8)[0]
        assert sampler.weights == pytest.approx([prior + optimism * (largest - prior)] * 2)
        sampler.observe([0], [[1, 0, 1, 0, 1, 0, 1, 0]])
        assert sampler.weights[0] == pytest.approx(_expected_signal_after(4, 8))


def _expected_signal_after(right: int, size: int) -> float:
    m = np.arange(9)
    return float(stats.betabinom(8, 0.5 + right, 0.5 + size - right).pmf(m) @ np.sqrt(m * (8 - m)) / 8)


def test_repeated_prompts_are_pooled_in_any_order() -> None:
    positions = np.array([3, 1, 3, 2, 3])
    rewards = np.random.default_rng(0).integers(0, 2, (5, 4))
    states = []
    for order in (np.arange(5), np.array([4, 2, 0, 3, 1])):
        sampler = VarianceAwareSampler(5, batch_size=2)
        sampler.observe(positions[order], rewards[order])
        states.append(sampler.posterior.state_dict())
    assert states[0]["successes"].tolist() == states[1]["successes"].tolist()
    assert states[0]["successes"][3] == rewards[[0, 2, 4]].sum()
    assert states[0]["failures"][3] == 12 - rewards[[0, 2, 4]].sum()


def test_feedback_by_key_and_late_rejected_groups() -> None:
    by_key = VarianceAwareSampler(["c", "a", "b"], batch_size=1)
    by_position = VarianceAwareSampler(3, batch_size=1)
    rewards = [[1, 0, 0, 0], [1, 1, 1, 0]]
    by_key.observe_by_key(["b", "c"], rewards, trained=[True, False])
    by_position.observe([2, 0], rewards)
    assert np.array_equal(by_key.weights, by_position.weights)  # rejected groups teach as much
    assert by_key.positions_of(["a"]).tolist() == [1]
    assert by_key.metrics()["rejected_rollouts"] == 4
    assert by_key.metrics()["training_rollouts"] == 4
    assert by_key.ledger.rollouts == by_position.ledger.rollouts == 8
    with pytest.raises(UnknownNameError, match="'d'"):
        by_key.observe_by_key(["a", "d"], rewards)


def test_keys_have_to_be_unique_and_of_one_kind() -> None:
    with pytest.raises(DataError, match="'x' occurs twice, in rows 0 and 2"):
        VarianceAwareSampler(["x", "y", "x"], batch_size=1)
    for bad in ([], 0, -1, 20_000_001, [1.5], ["a", 1], [[1, 2]]):
        with pytest.raises((ArgumentError, DataError, ValueError)):
            VarianceAwareSampler(bad, batch_size=1)  # type: ignore[arg-type]
    assert VarianceAwareSampler(np.array([9, 2**62]), batch_size=1).positions_of([2**62]).tolist() == [1]


def test_observations_of_old_policies_are_discounted_and_counted() -> None:
    sampler = VarianceAwareSampler(4, batch_size=1, max_policy_lag=2, late_discount=0.5)
    sampler.draw(policy_version=10)
    sampler.observe([0, 1, 2], np.ones((3, 8)), policy_version=[10, 8, 6])
    assert sampler.posterior.state_dict()["successes"].tolist() == [8.0, 8.0, 2.0, 0.0]
    assert sampler.metrics()["late_groups"] == 1
    with pytest.raises(ArgumentError, match="policy_version"):
        sampler.observe([0], np.ones((1, 8)), policy_version=11)
    with pytest.raises(ArgumentError, match="policy_version"):
        sampler.draw(policy_version=9)
    with pytest.raises(ArgumentError, match="policy_version"):
        sampler.draw(policy_version=2**53)
    assert sampler.step == 1
    sampler.draw(policy_version=2**53 - 1)


def test_late_observations_move_a_variance_score_part_of_the_way() -> None:
    sampler = VarianceAwareSampler(2, batch_size=1, score="vps", alpha=1.0, beta=0.0, floor=0.0, max_policy_lag=0)
    sampler.draw(policy_version=1)
    before = sampler.weights[0]
    sampler.observe([0], [[1, 0, 0, 1]], policy_version=0)
    assert sampler.weights[0] == pytest.approx(0.5 * before + 0.5 * 0.25)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_rewards_that_are_not_finite_are_left_out_and_counted(bad: float) -> None:
    sampler = VarianceAwareSampler(3, batch_size=1)
    sampler.observe([0, 1], [[1.0, bad, 0.0, 1.0], [bad] * 4])
    assert sampler.posterior.state_dict()["successes"].tolist() == [2.0, 0.0, 0.0]
    assert sampler.posterior.state_dict()["failures"].tolist() == [1.0, 0.0, 0.0]
    assert sampler.posterior.last_seen.tolist() == [0, -1, -1]
    metrics = sampler.metrics()
    assert (metrics["excluded_rewards"], metrics["excluded_groups"]) == (5, 1)
    assert metrics["training_rollouts"] == 8  # they were generated all the same


def test_scalar_rewards_need_successes_where_pass_rates_are_learned() -> None:
    rewards = [[0.0, 0.5, 2.0, 1.0], [0.1] * 4]
    wide = {"batch_size": 1, "reward_range": (0.0, 2.0)}
    with pytest.raises(ArgumentError, match="'p'"):
        VarianceAwareSampler(["p", "q"], **wide).observe([0, 1], rewards)
    by_variance = {**wide, "score": "vps", "alpha": 1.0, "beta": 0.0, "floor": 0.0}
    for successes in ([2, 0], None):
        sampler = VarianceAwareSampler(["p", "q"], **by_variance)
        sampler.observe([0, 1], rewards, successes=successes)
        assert sampler.weights == pytest.approx([np.var(rewards[0]), 0.0], abs=0)
        known = 0.5 if successes is None else (0.5 + 2) / 5  # nothing is made up about what nobody said
        assert sampler.posterior.mean()[0] == pytest.approx(known)
        assert sampler.posterior.last_seen.tolist() == [0, 0]
        assert sampler.metrics()["undrawn/mixed_share"] == sampler.metrics()["varying_share"] == 0.5
    with pytest.raises(ArgumentError, match="successes"):
        VarianceAwareSampler(2, **{**by_variance, "variance_of": "success"}).observe([0, 1], rewards)
    flags = VarianceAwareSampler(2, **wide)
    flags.observe([0, 1], rewards, successes=np.array([[0, 0, 1, 1], [0, 0, 0, 0]], dtype=bool))
    assert flags.posterior.state_dict()["successes"].tolist() == [2.0, 0.0]


def test_diversity_enters_the_variance_promotion_score() -> None:
    sampler = VarianceAwareSampler(3, batch_size=1, score="vps", alpha=0.8, beta=0.2, floor=0.0)
    sampler.observe([0, 1, 0], [[1, 0], [1, 1], [1, 0]], diversity=[0.25, 0.5, 0.75])
    assert sampler.weights[:2] == pytest.approx([0.8 / 4 + 0.2 * 0.5, 0.2 * 0.5])
    with pytest.raises(ArgumentError, match="diversity"):
        sampler.observe([0], [[1, 0]])
    with pytest.raises(ArgumentError, match="diversity of prompt 2"):
        sampler.observe([1, 2], [[1, 0], [1, 1]], diversity=[0.5, 1.5])


@pytest.mark.parametrize(
    ("positions", "rewards", "arguments", "named"),
    [
        ([5], [[1, 0]], {}, "positions"),
        ([-1], [[1, 0]], {}, "positions"),
        ([0.5], [[1, 0]], {}, "positions"),
        ([0], [1, 0], {}, "rewards"),
        ([0, 1], [[1, 0]], {}, "rewards"),
        ([0], [[0.3, 0]], {}, "successes"),
        ([0], [[1, 0]], {"successes": [3]}, "successes"),
        ([0], [[1, 0]], {"successes": [1.5]}, "successes"),
        ([0], [[1, 0]], {"successes": [[1, 0, 1]]}, "successes"),
        ([0], [[1, 0]], {"diversity": [np.nan]}, "diversity"),
        ([0], [[1, 0]], {"trained": [True, False]}, "trained"),
    ],
)
def test_bad_feedback_is_named_and_changes_nothing(
    positions: list[float], rewards: list[object], arguments: dict[str, object], named: str
) -> None:
    sampler = VarianceAwareSampler(5, batch_size=2)
    before = sampler.state_dict()["checksum"]
    with pytest.raises(ArgumentError, match=named):
        sampler.observe(positions, rewards, **arguments)  # type: ignore[arg-type]
    assert sampler.state_dict()["checksum"] == before
