"""Judgements of scores by hand, and the laboratory against what a large pool must give."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from simulations.experiments.score_estimation import (
    EXPERIMENT,
    ScoreConfig,
    _Drifting,
    _Periodic,
    answer_diversity,
    judge_scores,
)
from simulations.experiments.score_estimation import run as run_scores


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return run_scores(EXPERIMENT.presets["smoke"])


def test_judgement_of_four_prompts_by_hand() -> None:
    judged = judge_scores(np.array([0.0, 1.0, 1.0, 2.0]), np.array([0.04, 0.08, 0.12, 0.16]))
    assert judged["drawn_gain"] == pytest.approx((0.08 + 0.12 + 2 * 0.16) / 4 / 0.1)
    assert judged["seen_gain"] == pytest.approx((1 + 1 + 4) / 4 / 0.1)
    assert judged["possible_gain"] == pytest.approx((0.04**2 + 0.08**2 + 0.12**2 + 0.16**2) / 0.4 / 0.1)
    wrong = np.array([0 - 0.4, 1 - 0.8, 1 - 1.2, 2 - 1.6])
    assert judged["weight_error"] == pytest.approx(np.sqrt((wrong**2).mean()))
    assert judged["rank_correlation"] == pytest.approx(spearmanr([0, 1, 1, 2], [1, 2, 3, 4]).statistic)
    assert judged["top_gain"] == judged["possible_top_gain"] == pytest.approx(1.6)


def test_scores_without_any_difference_draw_evenly() -> None:
    for level in (0.0, 0.3):
        judged = judge_scores(np.full(3, level), np.array([0.1, 0.2, 0.0]))
        assert judged["drawn_gain"] == pytest.approx(1)
        assert judged["rank_correlation"] == 0


def test_diversity_counts_pairs() -> None:
    answers = [0, 0, 1, 2, 2]
    pairs = [a != b for i, a in enumerate(answers) for b in answers[:i]]
    assert answer_diversity(np.array([2, 1, 2, 0])) == pytest.approx(np.mean(pairs))


def test_plug_in_scores_draw_the_same_variance_from_any_number_of_rollouts() -> None:
    """Uniform pass rates: 1.2 times the mean for every N, while the score seen is 1.2 (1 + 1/N^2) times it."""
    config = ScoreConfig(prompts=8000, seeds=3, difficulties=("uniform",), rollouts=(2, 8), drifts=(), intervals=(8,))
    scores = run_scores(config)
    ovs = scores[scores["score"] == "OVS"].groupby("rollouts")[["drawn_gain", "seen_gain"]].mean()
    np.testing.assert_allclose(ovs["drawn_gain"], 1.2, atol=0.02)
    np.testing.assert_allclose(ovs["seen_gain"], [1.2 * (1 + 1 / 4), 1.2 * (1 + 1 / 64)], atol=0.03)


def test_the_walk_keeps_its_speed_and_its_settled_distribution() -> None:
    rng = np.random.default_rng(0)
    pool = _Drifting(rng.uniform(0, np.pi / 2, 100_000), 1e-3)
    before = pool.angles.copy()
    pool.move(rng)
    inner = (before > 0.3) & (before < 1.2)
    assert np.var((pool.angles - before)[inner]) == pytest.approx(1e-3, rel=0.03)
    for _ in range(50):
        pool.move(rng)
    assert pool.rates.mean() == pytest.approx(0.5, abs=0.01)
    assert pool.rates.var() == pytest.approx(1 / 8, abs=0.003)  # of Beta(1/2, 1/2)
    assert (pool.angles >= 0).all()
    assert (pool.angles <= np.pi / 2).all()


def test_a_refresh_takes_what_was_saved_and_then_waits() -> None:
    way, rng = _Periodic(4, 2.5), np.random.default_rng(0)
    sure, open_rates = np.zeros(50), np.full(50, 0.5)
    way.step(0, sure, rng)
    for step in (1, 2, 3):
        way.step(step, open_rates, rng)
        assert not way.scores.any()
        assert way.age(step) == step
    way.step(4, open_rates, rng)
    assert way.age(4) == 0
    assert way.rollouts == 10
    assert set(np.round(way.scores, 12)) <= {k * (10 - k) / 100 for k in range(11)}
    assert way.scores.mean() == pytest.approx(0.9 * 0.25, abs=0.03)


def test_scores_improve_with_rollouts_and_age_badly(table: pd.DataFrame) -> None:
    still = table[(table["world"] == "bimodal") & (table["score"] == "OVS")]
    ranks = still.groupby("rollouts")["rank_correlation"].mean()
    assert ranks.is_monotonic_increasing
    drifting = table[(table["world"] == "drifting") & (table["score"] == "every 16")]
    by_age = drifting.groupby("age")["rank_correlation"].mean()
    assert by_age.iloc[0] > by_age.iloc[-1]
    assert set(drifting["age"]) == set(range(0, 16, 2))
    # the refresh of a drifting pool may use exactly the rollouts of the steps since the last one
    assert table["seen_gain"].notna().sum() == (table["score"] == "OVS").sum()


def test_the_seed_decides_every_row(table: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(table, run_scores(EXPERIMENT.presets["smoke"]), check_exact=True)
