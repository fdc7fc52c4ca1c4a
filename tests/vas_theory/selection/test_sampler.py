"""What the sampler draws, which settings it refuses, and what it reports."""

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
from vas_theory.foundation.errors import ArgumentError, VASError
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
    with pytest.raises(ArgumentError, match="batch_size"):
        VarianceAwareSampler(2, batch_size=9)
    sampler = VarianceAwareSampler(2, batch_size=9, replace=True)
    assert np.bincount(sampler.draw()[4:], minlength=2).tolist() in ([2, 3], [3, 2])


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
