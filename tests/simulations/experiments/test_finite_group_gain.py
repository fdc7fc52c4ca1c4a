"""Gains and directions of finite groups against enumeration of groups and high precision."""

from __future__ import annotations

from itertools import product
from math import comb

import mpmath
import numpy as np
import pandas as pd
import pytest

from simulations.experiments.finite_group_gain import EXPERIMENT, run, sampled_alignment, sampled_gain


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return run(EXPERIMENT.presets["smoke"])


def test_whitened_gains_are_mean_deviations_over_variances(table: pd.DataFrame) -> None:
    """Sum over the number of right rollouts at 30 digits, from the definition of the update."""
    rows = table[(table["part"] == "gain") & (table["kind"] == "grpo") & (table["ddof"] == 0)]
    assert set(rows["group_size"]) == {2, 8, 64}
    with mpmath.workdps(30):
        for row in rows.itertuples():
            size, p = int(row.group_size), mpmath.mpf(row.pass_rate)
            mean = sum(
                comb(size, k) * p**k * (1 - p) ** (size - k) * mpmath.sqrt(k * (size - k)) / size
                for k in range(size + 1)
            )
            assert row.gain == pytest.approx(float(mean / (p * (1 - p))), rel=1e-12)
            silent = float(p**size + (1 - p) ** size)
            assert row.silent_probability == pytest.approx(silent, rel=1e-12)


def test_brackets_hold_the_gain_and_other_kinds_are_constant(table: pd.DataFrame) -> None:
    gains = table[table["part"] == "gain"]
    whitened = gains[gains["kind"] == "grpo"]
    assert (whitened["lower_bracket"] <= whitened["gain"] * (1 + 1e-12)).all()
    assert (whitened["gain"] <= whitened["upper_bracket"] * (1 + 1e-12)).all()
    np.testing.assert_allclose(gains.loc[gains["kind"] == "rloo", "gain"], 1, rtol=1e-12)
    plain = gains[gains["kind"] == "dr_grpo"]
    np.testing.assert_allclose(plain["gain"], 1 - 1 / plain["group_size"], rtol=1e-12)


def test_sampled_means_agree_with_the_exact_ones(table: pd.DataFrame) -> None:
    # where fewer than 20 right (or wrong) rollouts are expected, the standard error is itself a matter of luck
    expected = 500 * table["group_size"] * np.minimum(table["pass_rate"], 1 - table["pass_rate"])
    rows = table[(table["part"] == "gain") & table["sampled"].notna() & (expected > 20)]
    away = (rows["sampled"] - rows["gain"]) / rows["sampled_error"]
    assert len(rows) > 10
    assert away.abs().max() < 4.5
    rng = np.random.default_rng(0)
    mean, error = sampled_gain(rng, 0.3, 8, 20_000, "rloo", 0)
    assert abs(mean - 1) < 4 * error < 0.1


def test_directions_against_every_group() -> None:
    """The refutation pi = (.95, .04, .01), r = (0, -1/30, 1), G = 2: an alignment of -17999/250000000."""
    probs, rewards = np.array([0.95, 0.04, 0.01]), np.array([0.0, -1 / 30, 1.0])
    gradient = probs * (rewards - probs @ rewards)
    alignment = 0.0
    for arms in product(range(3), repeat=2):
        drawn = rewards[list(arms)]
        if drawn[0] != drawn[1]:
            advantages = (drawn - drawn.mean()) / drawn.std()
            update = sum(a * (np.eye(3)[arm] - probs) for a, arm in zip(advantages, arms, strict=True)) / 2
            alignment += float(probs[list(arms)].prod() * update @ gradient)
    assert alignment == pytest.approx(-17999 / 250000000, rel=1e-9)
    mean, error = sampled_alignment(np.random.default_rng(3), probs, rewards, 2, 200_000, 0.0)
    assert abs(mean - alignment / (gradient @ gradient)) < 4 * error


def test_binary_updates_keep_the_direction_and_rare_successes_turn_it(table: pd.DataFrame) -> None:
    rows = table[table["part"] == "direction"]
    np.testing.assert_allclose(rows.loc[rows["family"] == "binary", "cosine"], 1, rtol=1e-12)
    rare = rows[(rows["family"] == "rare success") & (rows["eps"] == 0)]
    assert (rare["gain"] < 0).any()
    assert (np.sign(rows["gain"]) == np.sign(rows["cosine"])).all()


def test_the_seed_decides_every_row(table: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(table, run(EXPERIMENT.presets["smoke"]), check_exact=True)
