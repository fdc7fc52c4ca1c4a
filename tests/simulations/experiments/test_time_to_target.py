"""Times of the flow against closed forms, the fit of exponents against known ones, and bounds against both."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import solve_ivp

from simulations.experiments.time_to_target import EXPERIMENT, UPDATES, TimeConfig, censored_exponent, flow_time, run
from simulations.experiments.time_to_target import Update as TimedUpdate
from simulations.experiments.time_to_target import train as train_runs


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return run(EXPERIMENT.presets["smoke"])


def test_the_gradients_flow_has_a_closed_time() -> None:
    """dz/dt = 2 s p (1-p) gives t = [z + sinh z] / s."""
    start, scale = np.array([1e-3, 0.1, 0.3]), np.array([1.0, 0.5, 0.03])
    goal = start + 0.4
    low, high = np.log(start / (1 - start)), np.log(goal / (1 - goal))
    exact = (high + np.sinh(high) - low - np.sinh(low)) / scale
    np.testing.assert_allclose(flow_time(TimedUpdate("dr_grpo", None), start, goal, scale), exact, rtol=1e-12)


def test_whitened_flow_against_a_solver() -> None:
    def velocity(_: float, z: np.ndarray) -> np.ndarray:
        p = 1 / (1 + np.exp(-z))
        k = np.arange(9)
        chance = np.array([1, 8, 28, 56, 70, 56, 28, 8, 1]) * p**k * (1 - p) ** (8 - k)
        return np.array([(chance * np.sqrt(k * (8 - k)) / 8).sum()])

    time = flow_time(UPDATES["whitened, G = 8"], np.array([0.02]), np.array([0.42]), np.ones(1))[0]
    solved = solve_ivp(velocity, (0, time), [np.log(0.02 / 0.98)], rtol=1e-10, atol=1e-12)
    assert 1 / (1 + np.exp(-solved.y[0, -1])) == pytest.approx(0.42, abs=1e-8)


def test_no_time_lies_below_a_bound(table: pd.DataFrame) -> None:
    flow = table[(table["part"] == "flow") & (table["update"] == "gradient")]
    assert len(flow) == 6
    assert (flow["bound_l02"] < flow["bound_b14"]).all()
    assert (flow["bound_b14"] < flow["bound_b53"]).all()
    assert (flow["bound_b53"] < flow["time"]).all()
    others = table[(table["part"] == "flow") & (table["update"] != "gradient")]
    assert others["bound_b14"].isna().all()


@pytest.mark.parametrize(("budget", "misses"), [(np.inf, 0.0), (150.0, 0.3)])
def test_exponents_are_recovered_with_and_without_misses(budget: float, misses: float) -> None:
    variance = np.geomspace(0.01, 0.3, 8)[:, None]
    fits = []
    for seed in range(6):
        times = 20 * variance**-0.7 * np.exp(0.3 * np.random.default_rng(seed).standard_normal((8, 60)))
        hit = times < budget
        assert (~hit).mean() >= misses
        steps = np.where(hit, times, budget)
        fits.append(censored_exponent(variance, steps, hit, seed=0, resamples=40))
        if misses:  # taking the budget for the time of a miss would flatten the line
            flat = np.polyfit(np.log(np.broadcast_to(variance, steps.shape)).ravel(), np.log(steps).ravel(), 1)[0]
            assert flat > fits[-1][2]
    exponents, lows, highs = np.array(fits).T
    assert exponents.mean() == pytest.approx(-0.7, abs=0.03)
    assert ((lows < exponents) & (exponents < highs)).all()
    assert ((lows < -0.7) & (highs > -0.7)).sum() >= 4


def test_sampled_runs_take_the_flows_time_and_misses_take_the_budget() -> None:
    config = TimeConfig(learning_rate=0.05, max_steps=400)
    update = UPDATES["whitened, G = 8"]
    start, scale = np.repeat([0.05, 0.2], 60), np.full(120, 0.3)
    steps, hit = train_runs(update, start, scale, 2, config, seed=9)
    expected = flow_time(update, np.array([0.05, 0.2]), np.array([0.45, 0.6]), np.ones(2)) / 0.05
    for level in (0, 1):
        part = slice(60 * level, 60 * level + 60)
        assert hit[part].all()
        assert np.median(steps[part]) == pytest.approx(expected[level], rel=0.1)
    slow, missed = train_runs(UPDATES["plain"], np.full(4, 0.01), np.ones(4), 16, config, seed=9)
    assert not missed.any()
    assert (slow == 400).all()


def test_whitening_removes_the_scale_and_the_plain_update_keeps_it(table: pd.DataFrame) -> None:
    fitted = table[(table["part"] == "exponent") & (table["route"] == "small rewards")].set_index(["update", "arms"])
    assert fitted.loc[("whitened, G = 64", 2), "flow_exponent"] == pytest.approx(0, abs=1e-9)
    assert fitted.loc[("plain", 2), "flow_exponent"] == pytest.approx(-0.5, abs=1e-9)
    assert fitted.loc[("plain", 2), "exponent"] == pytest.approx(-0.5, abs=0.05)
    assert (fitted["runs"] == 18).all()


def test_the_seed_decides_every_row(table: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(table, run(EXPERIMENT.presets["smoke"]), check_exact=True)
