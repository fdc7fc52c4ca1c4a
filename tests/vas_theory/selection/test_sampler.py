"""What the sampler draws, learns, refuses and reports."""

from __future__ import annotations

import logging
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import vas_theory.selection
from tests.false_alarms import RARE
from vas_theory.foundation.errors import ArgumentError, DataError, UnknownNameError, VASError
from vas_theory.selection import DiscountedBeta, VarianceAwareSampler
from vas_theory.selection.sampler.tally import ARMS, gini

WEIGHTED, PROBE, UNIFORM = (ARMS.index(name) for name in ("weighted", "probe", "uniform"))


def _groups(sampler: VarianceAwareSampler, positions: np.ndarray, size: int = 8) -> np.ndarray:
    """Rewards that depend on the step alone."""
    return np.random.default_rng([7, sampler.step]).integers(0, 2, (len(positions), size))


def _run(sampler: VarianceAwareSampler, steps: int) -> list[np.ndarray]:
    batches = []
    for _ in range(steps):
        batches.append(sampler.draw())
        sampler.observe(batches[-1], _groups(sampler, batches[-1]))
    return batches


def test_public_names_are_all_there() -> None:
    for name in vas_theory.selection.__all__:
        assert getattr(vas_theory.selection, name) is not None
    assert set(vas_theory.selection.__all__) <= set(dir(vas_theory.selection))
    with pytest.raises(AttributeError, match="nothing_like_this"):
        vas_theory.selection.nothing_like_this  # noqa: B018


@given(st.integers(1, 2000), st.floats(0, 1))
def test_the_share_by_weight_is_exact_in_the_long_run(batch: int, ratio: float) -> None:
    config = VarianceAwareSampler(2000, batch_size=batch, mixture_ratio=ratio).config
    total = 0
    for step in range(60):
        places = config.weighted_places(step)
        assert math.floor(ratio * batch + 1e-9) <= places <= math.ceil(ratio * batch - 1e-9)
        total += places
        assert abs(total - (step + 1) * ratio * batch) < 1 + 1e-6
    assert config.num_weighted == math.floor(ratio * batch + 1e-9)
    if abs(ratio * batch - round(ratio * batch)) < 1e-9:
        assert total == 60 * round(ratio * batch)


def test_a_batch_of_one_prompt_is_drawn_by_weight_as_often_as_the_ratio_says() -> None:
    for ratio, of_100 in ((0.5, 50), (0.3, 30), (0.25, 25), (1.0, 100), (0.0, 0)):
        sampler = VarianceAwareSampler(50, batch_size=1, mixture_ratio=ratio, seed=3)
        arms = []
        for step in range(100):
            assert sampler.weighted_places == sampler.config.weighted_places(step)
            _run(sampler, 1)
            arms.append(int(sampler.last_arms[0]))
        assert arms.count(WEIGHTED) == of_100
        assert sampler.metrics()["weighted_per_batch"] == ratio


def test_what_is_carried_over_is_saved() -> None:
    whole, half = (VarianceAwareSampler(50, batch_size=3, mixture_ratio=0.4, seed=3) for _ in range(2))
    batches = _run(whole, 7)
    _run(half, 3)
    resumed = VarianceAwareSampler(50, batch_size=3, mixture_ratio=0.4, seed=9)
    resumed.load_state_dict(half.state_dict())
    assert all(np.array_equal(a, b) for a, b in zip(_run(resumed, 4), batches[3:], strict=True))
    assert np.array_equal(resumed.last_arms, whole.last_arms)


def test_the_guard_undoes_a_rounding_that_the_released_code_keeps() -> None:
    assert 100 * 0.29 < 29
    for mode, weighted in (("default", 29), ("mmr1-released", 28)):
        assert VarianceAwareSampler(100, batch_size=100, mixture_ratio=0.29, mode=mode).config.num_weighted == weighted


@pytest.mark.parametrize("ratio", [0.0, 0.3, 1.0])
@pytest.mark.parametrize(("prompts", "batch"), [(1, 1), (7, 7), (10, 3), (50, 20), (5000, 64)])
def test_no_prompt_comes_twice_in_a_batch(prompts: int, batch: int, ratio: float) -> None:
    sampler = VarianceAwareSampler(prompts, batch_size=batch, mixture_ratio=ratio, seed=4)
    for _ in range(25):
        (positions,) = _run(sampler, 1)
        assert positions.dtype == np.int64
        assert positions.shape == (batch,)
        assert len(set(positions.tolist())) == batch
        assert positions.min() >= 0
        assert positions.max() < prompts
        share = int((sampler.last_arms == WEIGHTED).sum())
        assert share == sampler.config.weighted_places(sampler.step - 1)


@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize(("prompts", "batch", "ratio"), [(10, 7, 0.3), (11, 10, 0.0), (64, 9, 0.5), (8, 8, 0.5)])
def test_counts_of_the_uniform_share_differ_by_at_most_one(
    prompts: int, batch: int, ratio: float, replace: bool
) -> None:
    sampler = VarianceAwareSampler(prompts, batch_size=batch, mixture_ratio=ratio, seed=1, replace=replace)
    counts = np.zeros(prompts, dtype=int)
    orders = []
    for _ in range(60):
        positions = sampler.draw()
        walked = positions[sampler.config.weighted_places(sampler.step - 1) :]
        orders.extend(walked.tolist())
        np.add.at(counts, walked, 1)
        assert counts.max() - counts.min() <= 1
        sampler.observe(positions, _groups(sampler, positions))
    passes = [orders[i : i + prompts] for i in range(0, len(orders) - prompts + 1, prompts)]
    assert all(sorted(each) == list(range(prompts)) for each in passes)
    assert len({tuple(each) for each in passes}) == len(passes)  # reshuffled each time


def test_limits_of_the_mixture_ratio_and_of_one_hot_scores() -> None:
    one_hot = np.zeros(30)
    one_hot[17] = 1.0
    settings = {"score": "custom", "floor": 0.0, "batch_size": 5}
    for replace in (True, False):
        sampler = VarianceAwareSampler(30, mixture_ratio=1.0, replace=replace, **settings)
        sampler.set_scores(np.arange(30), one_hot)
        for _ in range(20):
            positions = sampler.draw()
            assert positions[0] == 17
            if replace:
                assert (positions == 17).all()
            else:  # four places are left for prompts that weigh nothing: uniformly
                assert len(set(positions.tolist())) == 5
        assert sampler.metrics()["filled_places"] == (0 if replace else 80)
    sampler = VarianceAwareSampler(30, mixture_ratio=0.0, **settings)
    sampler.set_scores(np.arange(30), one_hot)
    assert sorted(np.concatenate([sampler.draw() for _ in range(6)]).tolist()) == list(range(30))


@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize(("value", "reason"), [(0.0, "zero"), (0.3, "equal")])
def test_equal_scores_fall_back_to_uniform_and_say_so(
    value: float, reason: str, replace: bool, caplog: pytest.LogCaptureFixture
) -> None:
    sampler = VarianceAwareSampler(20, batch_size=4, mixture_ratio=0.5, score="custom", floor=0.0, replace=replace)
    sampler.set_scores(np.arange(20), np.linspace(0.1, 1, 20))
    sampler.observe(sampler.draw(), np.zeros((4, 8)))
    assert sampler.metrics()["uniform_scores"] == 0
    sampler.set_scores(np.arange(20), value)
    with caplog.at_level(logging.WARNING, logger="vas_theory.selection"):
        batches = [sampler.draw() for _ in range(2000)]
    assert [record.getMessage() for record in caplog.records] == [
        f"step 1: all scores are {reason}, so the share drawn by weight is uniform"
    ]
    metrics = sampler.metrics()
    assert metrics["uniform_scores"] == 1
    assert metrics["uniform_fallbacks"] == 2000
    counts = np.bincount(np.concatenate([batch[:2] for batch in batches]), minlength=20)
    assert stats.chisquare(counts).pvalue > RARE
    sampler.set_scores([3], 0.9)
    sampler.draw()
    assert sampler.uniform_reason is None


def test_unequal_scores_of_large_pools_are_told_from_equal_ones() -> None:
    sampler = VarianceAwareSampler(100_000, batch_size=4, score="custom", floor=0.0)
    sampler.set_scores(np.arange(100_000), 0.5)
    sampler.set_scores([77_777], np.nextafter(0.5, 1))
    sampler.draw()
    assert sampler.uniform_reason is None


def test_bad_scores_name_the_prompt() -> None:
    sampler = VarianceAwareSampler(["easy", "hard", "new"], batch_size=1, score="custom")
    before = sampler.weights.copy()
    for bad in (np.nan, -0.1, np.inf):
        with pytest.raises(ArgumentError, match="'hard'"):
            sampler.set_scores([0, 1], [0.5, bad])
    assert np.array_equal(sampler.weights, before)
    with pytest.raises(ArgumentError, match="custom"):
        VarianceAwareSampler(3, batch_size=1).set_scores([0], [1.0])


def test_every_prompt_keeps_the_probability_floor() -> None:
    sampler = VarianceAwareSampler(50, batch_size=8, floor=0.1, posterior=DiscountedBeta(50, drift=0.0))
    rewards = np.ones((50, 8))
    rewards[::10, 4:] = 0  # all other prompts are always right
    for _ in range(40):
        sampler.observe(np.arange(50), rewards)
    probabilities = sampler.weights / sampler.weights.sum()
    assert sampler.posterior.expected_signal(8)[1] < 0.1 * sampler.rule.largest_score  # the floor is needed
    assert probabilities.min() >= 0.1 / 50
    assert probabilities.max() > 5 * probabilities.min()  # and is not all there is


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
    assert sampler.step == 1


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


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"batch_size": 11}, "batch_size"),
        ({"batch_size": 0}, "batch_size"),
        ({"mixture_ratio": 1.1}, "mixture_ratio"),
        ({"mixture_ratio": np.nan}, "mixture_ratio"),
        ({"group_size": 1}, "group_size"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**64}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"floor": -0.1}, "floor"),
        ({"alpha": -1.0}, "alpha"),
        ({"score": "vps", "alpha": 0.0, "beta": 0.0}, "alpha"),
        ({"score": "ovs"}, "score"),
        ({"mode": "papr"}, "paper"),
        ({"batchsize": 3}, "batch_size"),
        ({"normalization": "min_max"}, "normalization"),
        ({"refresh": "periodic", "max_probes": 1}, "max_probes"),
        ({"refresh": "periodic", "score": "custom"}, "refresh"),
        ({"reward_range": (1.0, 1.0)}, "reward_range"),
        ({"update_interval": 0}, "update_interval"),
    ],
)
def test_bad_settings_are_named(options: dict[str, object], named: str) -> None:
    with pytest.raises(VASError, match=named):
        VarianceAwareSampler(10, **{"batch_size": 2, **options})  # type: ignore[arg-type]


def test_a_batch_may_pass_the_pool_with_replacement_only() -> None:
    sampler = VarianceAwareSampler(2, batch_size=9, replace=True)
    assert np.bincount(sampler.draw()[4:], minlength=2).tolist() in ([2, 3], [3, 2])


def test_probes_reach_every_stale_prompt_and_stay_within_their_cap() -> None:
    sampler = VarianceAwareSampler(
        400, batch_size=8, mixture_ratio=1.0, score="custom", floor=0.0, max_probes=2, probe_after=10
    )
    sampler.set_scores(np.arange(400), np.r_[np.ones(8), np.zeros(392)])
    seen: set[int] = set()
    for step in range(600):
        positions = sampler.draw()
        probes = positions[sampler.last_arms == PROBE]
        assert probes.size <= 2
        assert (step >= 10) or probes.size == 0
        idle = step - np.maximum(sampler.posterior.last_seen[probes], 0)
        assert (idle >= 10).all()
        seen |= set(probes.tolist())
        sampler.observe(positions, _groups(sampler, positions))
    assert len(seen) >= 392
    assert sampler.metrics()["probe/groups"] > 0
    assert sampler.metrics()["scoring_rollouts"] == 0  # they are trained on


def test_probes_are_not_drawn_twice() -> None:
    sampler = VarianceAwareSampler(12, batch_size=9, mixture_ratio=0.5, max_probes=4, probe_after=1)
    for _ in range(200):  # nothing is ever observed, so every prompt is stale
        positions = sampler.draw()
        assert len(set(positions.tolist())) == 9
    assert (sampler.last_arms == PROBE).any()


def test_weights_follow_the_drift_within_one_turn() -> None:
    sampler = VarianceAwareSampler(40, batch_size=4, rescore_per_step=10, floor=0.0)
    sampler.observe(np.arange(40), np.tile([[1] * 8], (40, 1)))
    low = sampler.weights.copy()
    for _ in range(5):  # at the first step no time has passed
        sampler.draw()
    assert (sampler.weights > low).all()
    fixed = VarianceAwareSampler(40, batch_size=4, rescore_per_step=0, floor=0.0)
    fixed.observe(np.arange(40), np.tile([[1] * 8], (40, 1)))
    for _ in range(4):
        fixed.draw()
    assert np.array_equal(fixed.weights, low)


@pytest.mark.parametrize("score", ["vps", "expected_signal"])
def test_periodic_refreshes_are_due_at_their_steps_and_on_the_ledger(score: str) -> None:
    sampler = VarianceAwareSampler(
        6, batch_size=2, refresh="periodic", update_interval=3, score=score, alpha=1.0, beta=0.0, floor=0.0
    )
    for step in range(7):
        due = sampler.refresh_due()
        assert due.tolist() == (list(range(6)) if step % 3 == 0 else [])
        if due.size:
            with pytest.raises(VASError, match="6 prompts are due"):
                sampler.draw()
            before = sampler.weights.copy()
            sampler.refresh(due[:4], np.tile([1, 1, 0, 0], (4, 1)))
            assert np.array_equal(sampler.weights, before)  # as a whole or not at all
            assert sampler.refresh_due().tolist() == [4, 5]
            with pytest.raises(ArgumentError, match="due"):
                sampler.refresh(due[:1], [[1, 1, 0, 0]])
            sampler.refresh(due[4:], np.tile([1, 1, 1, 1], (2, 1)))
            assert sampler.weights[:4].min() > sampler.weights[4:].max()
            if score == "vps":
                assert sampler.weights.tolist() == [0.25] * 4 + [0.0] * 2
        weights = sampler.weights.copy()
        positions = sampler.draw()
        sampler.observe(positions, np.zeros((2, 8)))
        assert np.array_equal(sampler.weights, weights)  # training rollouts do not move a periodic score
    assert sampler.scoring_rollouts == 3 * 6 * 4
    assert sampler.metrics()["training_rollouts"] == 7 * 16
    with pytest.raises(ArgumentError, match="due"):
        sampler.refresh([0], [[1, 0, 1, 0]])


def test_a_prompt_without_any_usable_reward_does_not_hold_up_a_refresh() -> None:
    sampler = VarianceAwareSampler(3, batch_size=1, mode="paper", beta=0.0)
    sampler.refresh(np.arange(3), [[1, 0], [np.nan, np.nan], [1, 0]])
    assert sampler.refresh_due().size == 0
    assert sampler.weights == pytest.approx([0.2, 0.0, 0.2])
    assert sampler.scoring_rollouts == 6
    assert sampler.metrics()["excluded_groups"] == 1


def test_online_mode_needs_no_scoring_rollouts() -> None:
    sampler = VarianceAwareSampler(20, batch_size=4)
    for _ in range(10):
        assert sampler.refresh_due().size == 0
        positions = sampler.draw()
        sampler.observe(positions, _groups(sampler, positions))
    assert sampler.scoring_rollouts == 0
    with pytest.raises(ArgumentError, match="due"):
        sampler.refresh([0], [[1, 0]])


def test_metrics_against_a_count_by_hand() -> None:
    sampler = VarianceAwareSampler(10, batch_size=4, mixture_ratio=0.5, seed=2)
    predicted, mixed = [], []
    tallies = {arm: [0, 0, 0, 0] for arm in ("weighted", "uniform")}
    drawn = np.zeros(10, dtype=int)
    seen = np.full(10, -1)
    for step in range(12):
        positions = sampler.draw()
        drawn[positions] += 1
        seen[positions] = step
        rewards = _groups(sampler, positions) * (positions[:, None] % 3 > 0) | (positions[:, None] % 3 > 1)
        predicted.extend(sampler.posterior.mixed_probability(8, positions))
        right = rewards.sum(1)
        mixed.extend((right > 0) & (right < 8))
        for k, position in enumerate(positions):
            arm = ARMS[sampler.drawn_by[position]]
            for column, hit in enumerate((True, 0 < right[k] < 8, right[k] == 8, right[k] == 0)):
                tallies[arm][column] += hit
        sampler.observe(positions, rewards)
    metrics = sampler.metrics()
    assert metrics["predicted_mixed_share"] == pytest.approx(np.mean(predicted))
    assert metrics["realised_mixed_share"] == pytest.approx(np.mean(mixed))
    for arm, (groups, *hits) in tallies.items():
        assert metrics[f"{arm}/groups"] == groups == 24
        for name, value in zip(("mixed", "all_right", "all_wrong"), hits, strict=True):
            assert metrics[f"{arm}/{name}_share"] == pytest.approx(value / groups)
    weights = sampler.weights
    assert metrics["effective_sample_size"] == pytest.approx(weights.sum() ** 2 / (weights**2).sum())
    assert metrics["coverage"] == np.mean(drawn > 0)
    assert metrics["gini"] == pytest.approx(np.abs(np.subtract.outer(drawn, drawn)).sum() / (2 * 10 * drawn.sum()))
    assert metrics["staleness_mean"] == pytest.approx(np.mean(12 - seen[seen >= 0]))
    assert metrics["staleness_max"] == np.max(12 - seen[seen >= 0])
    assert metrics["scoring_rollouts"] == 0


@given(st.lists(st.integers(0, 30), min_size=1, max_size=30))
def test_gini_against_all_pairs(counts: list[int]) -> None:
    values = np.array(counts)
    pairs = np.abs(np.subtract.outer(values, values)).sum()
    expected = pairs / (2 * values.size * values.sum()) if values.sum() else 0.0
    assert gini(values) == pytest.approx(expected, abs=1e-12)


def test_pooling_by_category_moves_prompts_that_were_never_drawn() -> None:
    labels = ["algebra"] * 30 + ["logic"] * 30
    sampler = VarianceAwareSampler(60, batch_size=4, posterior="hierarchical_beta", categories=labels, optimism=0.0)
    for start in (0, 30):
        rewards = np.zeros((20, 8)) if start else np.tile([1, 0], (20, 4))
        sampler.observe(np.arange(start, start + 20), rewards)
    for _ in range(15):
        sampler.draw()
    unseen = sampler.posterior.last_seen < 0
    assert sampler.weights[:30][unseen[:30]].min() > 2 * sampler.weights[30:][unseen[30:]].max()


def test_draws_depend_on_seed_and_step_only() -> None:
    first, second, other = (VarianceAwareSampler(500, batch_size=16, seed=seed) for seed in (3, 3, 4))
    for sampler in (first, second, other):
        sampler.metrics()
    assert all(np.array_equal(a, b) for a, b in zip(_run(first, 20), _run(second, 20), strict=True))
    assert not np.array_equal(VarianceAwareSampler(500, batch_size=16, seed=3).draw(), other.draw())
