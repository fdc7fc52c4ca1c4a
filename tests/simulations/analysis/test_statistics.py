"""Statistics against scipy's bootstrap, simulation of coverage, and definitions worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from simulations.analysis.statistics import (
    bootstrap_interval,
    holm,
    interquartile_mean,
    noninferiority_p_value,
    probability_of_improvement,
    restricted_mean_time,
    time_to_target,
)
from tests.false_alarms import OFTEN
from vas_theory.foundation.errors import ArgumentError


def test_interquartile_mean_by_hand() -> None:
    assert interquartile_mean([100.0, 1.0, 2.0, -50.0, 3.0, 4.0, 5.0, 6.0]) == pytest.approx((2 + 3 + 4 + 5) / 4)


def test_one_stratum_agrees_with_scipy() -> None:
    scores = np.random.default_rng(0).normal(size=(1, 40))
    ours = bootstrap_interval(interquartile_mean, scores, seed=1, resamples=4000)
    theirs = stats.bootstrap(
        (scores[0],), interquartile_mean, method="percentile", n_resamples=4000, rng=np.random.default_rng(2)
    ).confidence_interval
    assert ours.low == pytest.approx(theirs.low, abs=0.03)
    assert ours.high == pytest.approx(theirs.high, abs=0.03)
    assert ours.estimate == interquartile_mean(scores)


def test_worlds_are_strata() -> None:
    """Differences between worlds must not widen the interval: seeds vary by 1, worlds by 1000."""
    scores = np.random.default_rng(0).normal(size=(8, 30)) + 1000 * np.arange(8)[:, None]
    interval = bootstrap_interval(lambda s: s.mean(), scores, seed=1)
    expected = 2 * 1.96 / np.sqrt(240)
    assert interval.high - interval.low == pytest.approx(expected, rel=0.2)


def test_worlds_draw_their_own_seeds() -> None:
    """Two worlds with equal scores still differ in a resample; with shared draws the difference would be 0 always."""
    scores = np.tile(np.random.default_rng(0).normal(size=(1, 30)), (2, 1))
    interval = bootstrap_interval(lambda s: s[0].mean() - s[1].mean(), scores, seed=1)
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * np.sqrt(2 / 30) * scores.std(), rel=0.2)


def test_many_resamples_at_once_are_the_same_ones() -> None:
    scores = np.random.default_rng(0).normal(size=(3, 8))
    one = bootstrap_interval(lambda s: s.mean(), scores, seed=4, resamples=600)
    many = bootstrap_interval(lambda s: s.mean((-2, -1)), scores, seed=4, resamples=600, vectorized=True)
    assert (many.low, many.high) == pytest.approx((one.low, one.high))
    assert many.estimate == pytest.approx(one.estimate)


def test_arms_are_resampled_together() -> None:
    """Paired arms that differ by a constant have a difference without any uncertainty."""
    scores = np.random.default_rng(0).normal(size=(3, 10))
    interval = bootstrap_interval(lambda x, y: (x - y).mean(), scores + 0.25, scores, seed=1)
    assert interval.low == pytest.approx(0.25)
    assert interval.high == pytest.approx(0.25)


def test_the_interval_covers_and_repeats() -> None:
    rng = np.random.default_rng(5)
    hits = 0
    for index in range(120):
        interval = bootstrap_interval(lambda s: s.mean(), rng.normal(size=(4, 20)), seed=index, resamples=200)
        hits += interval.low <= 0 <= interval.high
    assert stats.binomtest(hits, 120, 0.94).pvalue > OFTEN  # percentile intervals of 20 seeds fall a little short
    scores = rng.normal(size=(2, 6))
    one, two, other = (bootstrap_interval(interquartile_mean, scores, seed=s, resamples=50) for s in (3, 3, 4))
    assert one == two != other


def test_probability_of_improvement_by_hand() -> None:
    assert probability_of_improvement([[1, 2, 3], [5, 5, 5]], [[0, 2, 4], [4, 4, 4]]) == pytest.approx((0.5 + 1) / 2)


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=8))
def test_improvement_of_one_is_the_complement_of_the_other(pairs: list[tuple[int, int]]) -> None:
    x, y = np.array(pairs, dtype=float).T
    assert probability_of_improvement([x], [y]) + probability_of_improvement([y], [x]) == pytest.approx(1)


def test_time_to_target_interpolates_and_censors() -> None:
    rollouts, scores = [0, 100, 200, 300], [0.1, 0.2, 0.15, 0.4]
    assert time_to_target(rollouts, scores, 0.2) == (100, True)
    assert time_to_target(rollouts, scores, 0.3) == (pytest.approx(260), True)
    assert time_to_target(rollouts, scores, 0.05) == (0, True)
    assert time_to_target(rollouts, scores, 0.5) == (300, False)
    with pytest.raises(ArgumentError, match="increase"):
        time_to_target([0, 0], [1, 2], 1.5)


def test_missing_the_target_costs_the_whole_budget() -> None:
    assert restricted_mean_time([100, 290, 50], [True, False, True], budget=300) == 150


def test_noninferiority_against_the_t_test_by_hand() -> None:
    ours, theirs = np.array([0.50, 0.52, 0.49, 0.55]), np.array([0.50, 0.50, 0.50, 0.53])
    shifted = ours - theirs + 0.005
    t = shifted.mean() / (shifted.std(ddof=1) / 2)
    assert noninferiority_p_value(ours, theirs, 0.005) == pytest.approx(stats.t(3).sf(t))
    assert noninferiority_p_value([1, 2], [1, 2], 0.005) == 0
    assert noninferiority_p_value([1, 2], [1.01, 2.01], 0.005) == pytest.approx(1)


def test_holm_by_hand_and_never_below_bonferroni_s_smallest() -> None:
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]).max() <= 1


@pytest.mark.parametrize("scores", [np.zeros(3), np.zeros((2, 0)), np.array([[np.nan, 1.0]])])
def test_missing_or_misshapen_scores_are_refused(scores: np.ndarray) -> None:
    with pytest.raises(ArgumentError, match="scores_WS"):
        bootstrap_interval(interquartile_mean, scores, seed=0)
