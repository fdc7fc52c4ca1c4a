"""The bound gallery against independent formulas, and its families against what they are for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import log_softmax

from simulations.experiments import bound_gallery
from simulations.experiments.bound_gallery import EXPERIMENT, BoundGalleryConfig, run


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return run(BoundGalleryConfig(bandits=6000, seed=5))


def test_counts_and_columns(table: pd.DataFrame) -> None:
    assert len(table) == 6000
    per_cell = table.groupby(["family", "arms", "reward_kind"]).size()
    assert len(per_cell) == 6 * 6 * 2
    assert per_cell.max() - per_cell.min() <= 1
    assert not table.isna().any().any()
    assert EXPERIMENT.presets["paper"].model_dump()["bandits"] == 60_000


def test_no_bandit_leaves_the_bounds(table: pd.DataFrame) -> None:
    assert (table["ratio"] >= 1 - 1e-12).all()
    assert (table["gradient_norm"] <= table["upper_bound"] * (1 + 1e-12)).all()


def test_families_press_on_both_ends(table: pd.DataFrame) -> None:
    graded = table[(table["reward_kind"] == "graded") & (table["arms"] > 2)].groupby("family")
    assert graded["ratio"].median()["near_tight"] < 1.001
    share = (table["gradient_norm"] / table["upper_bound"]).groupby(table["family"]).quantile(0.9)
    assert share["two_arm"] > 0.9
    assert graded["ratio"].max()["two_arm"] > 3


def test_measures_match_a_gradient_by_differences() -> None:
    """Central differences of log-space mean rewards know nothing of pi_i (r_i - V)."""
    rng = np.random.default_rng(0)
    logits, rewards = rng.normal(size=(20, 7)), rng.random((20, 7))
    measured = bound_gallery._measure(logits, rewards)
    step = 1e-5

    def value(z: np.ndarray) -> np.ndarray:
        return (np.exp(log_softmax(z, axis=-1)) * rewards).sum(-1)

    shifts = step * np.eye(7)
    gradient = np.stack([(value(logits + e) - value(logits - e)) / (2 * step) for e in shifts], axis=-1)
    np.testing.assert_allclose(measured["gradient_norm"], np.linalg.norm(gradient, axis=-1), rtol=1e-8)
    weights = np.exp(log_softmax(logits, axis=-1))
    variance = [np.cov(r, aweights=w, ddof=0) for r, w in zip(rewards, weights, strict=True)]
    np.testing.assert_allclose(measured["reward_variance"], variance, rtol=1e-12)
    np.testing.assert_allclose(measured["rho"], rewards.std(-1) * np.sqrt(7), rtol=1e-12)


def test_rows_outside_the_bounds_are_recomputed() -> None:
    rng = np.random.default_rng(1)
    logits, rewards = rng.normal(size=(4, 3)), rng.random((4, 3))
    right = pd.DataFrame(bound_gallery._measure(logits, rewards))
    wrong = right.copy()
    wrong.loc[2, "gradient_norm"] *= 0.5 / (wrong["gradient_norm"] / wrong["lower_bound"])[2]
    bound_gallery._remeasure(wrong, logits, rewards)
    assert wrong.pop("rechecked").tolist() == [False, False, True, False]
    pd.testing.assert_frame_equal(wrong, right, rtol=1e-14)


def test_the_seed_decides_every_row() -> None:
    config = BoundGalleryConfig(bandits=200, seed=9)
    pd.testing.assert_frame_equal(run(config), run(config), check_exact=True)
    other = run(config.model_copy(update={"seed": 10}))
    assert (run(config)["gradient_norm"] != other["gradient_norm"]).all()
