"""The prediction of what diversity does to the draws, against the ledger, exact pools and sampling."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from simulations.experiments.tds_value import EXPERIMENT, WORLDS, TdsConfig, _moments, predicted_gain, run
from vas_theory.claims.a14_monotone_surrogate import CLAIMS

A38 = next(claim for claim in CLAIMS if claim.id == "A38")


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return run(TdsConfig(prompts=1500, seeds=4, rollouts=(8,), betas=(0.0, 0.2, 1.0), draws=8000))


def test_prediction_is_the_ledgers_with_alpha_shrunk_by_the_rollouts() -> None:
    rng = np.random.default_rng(0)
    variance, diversity = 0.25 * rng.random(30), rng.random(30)
    alpha = np.array([0.7 * (1 - 1 / 8)])
    drawn = A38.right(variance=variance[None], diversity=diversity[None], alpha=alpha, beta=np.array([0.3]))
    ours = predicted_gain(variance, diversity, variance, 0.3, 8)
    assert ours * variance.mean() == pytest.approx(float(drawn[0]), rel=1e-12)


def test_moments_of_a_world_against_its_rollouts() -> None:
    """Pairs of trajectories and verdicts, drawn one by one."""
    rng = np.random.default_rng(1)
    for build in WORLDS.values():
        world = build(rng, 3)
        variance, diversity, graded = _moments(world)
        for prompt in range(3):
            probs = world.probs[prompt] / world.probs[prompt].sum()
            first, second = rng.choice(len(probs), size=(2, 20_000), p=probs)
            right = world.rewards[prompt, first]
            passed = right + (1 - right) * (rng.random(20_000) < world.false_positive)
            assert right.var() == pytest.approx(variance[prompt], abs=0.01)
            assert passed.var() == pytest.approx(graded[prompt], abs=0.01)
            assert (first != second).mean() == pytest.approx(diversity[prompt], abs=0.02)


def test_measured_changes_are_the_predicted_ones(table: pd.DataFrame) -> None:
    means = table[table["beta"] > 0].groupby(["world", "beta"])[["predicted_change", "measured_change"]].mean()
    np.testing.assert_allclose(means["measured_change"], means["predicted_change"], atol=0.04)
    assert means["measured_change"].min() < -0.3
    assert means["measured_change"].max() > 0.05


def test_the_condition_decides_the_sign_of_the_prediction(table: pd.DataFrame) -> None:
    rows = table[(table["beta"] > 0) & (table["world"] != "two answers")]
    assert (np.sign(rows["condition"]) == np.sign(rows["predicted_change"])).all()
    # the condition in coefficients of variation, where the verifier makes no mistake
    exact = rows[rows["world"] != "two answers, lenient verifier"]
    in_words = exact["correlation"] * exact["cv_diversity"] > exact["cv_score"]
    assert (in_words == (exact["condition"] > 0)).all()
    tie = table[table["world"] == "two answers"]
    np.testing.assert_allclose(tie["predicted_change"], 0, atol=1e-12)


def test_changes_are_against_the_same_scoring_rollouts(table: pd.DataFrame) -> None:
    alone = table[table["beta"] == 0]
    assert (alone["measured_change"] == 0).all()
    joined = table.merge(alone[["world", "seed", "measured"]], on=["world", "seed"], suffixes=("", "_alone"))
    np.testing.assert_allclose(joined["measured_change"], joined["measured"] / joined["measured_alone"] - 1)


def test_the_seed_decides_every_row() -> None:
    first = run(EXPERIMENT.presets["smoke"])
    pd.testing.assert_frame_equal(first, run(EXPERIMENT.presets["smoke"]), check_exact=True)
