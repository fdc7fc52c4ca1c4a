"""Potentials, flows and paths against differences, quadrature and training by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad

from simulations.experiments.potential_flows import EXPERIMENT, METHODS, FlowConfig, run, sampled_path


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return run(EXPERIMENT.presets["smoke"])


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if method.weights is not None])
def test_potentials_are_integrals_of_their_slopes(name: str) -> None:
    method = METHODS[name]
    area, error = quad(lambda p: float(method.slope(np.array([p]))[0]), 0.1, 0.8, epsabs=1e-12)
    rise = np.ptp(method.potential(np.array([0.1, 0.8])))
    assert rise == pytest.approx(area, abs=1e-9 + error)


def test_fields_climb_their_potentials(table: pd.DataFrame) -> None:
    """Where there is a potential, the logits' velocity is parallel to its gradient: W' p (1-p), by differences of W."""
    step = 1e-6
    for name, part in table[table["part"] == "field"].groupby("method"):
        method = METHODS[str(name)]
        if method.weights is None:
            assert part["potential"].isna().all()
            continue
        rates = part[["p1", "p2"]].to_numpy()
        slope = (method.potential(rates + step) - method.potential(rates - step)) / (2 * step)
        speed = part[["speed1", "speed2"]].to_numpy() / (rates * (1 - rates)) ** 2
        cross = speed[:, 0] * slope[:, 1] - speed[:, 1] * slope[:, 0]
        np.testing.assert_allclose(
            cross / (np.linalg.norm(speed, axis=1) * np.linalg.norm(slope, axis=1)), 0, atol=1e-7
        )
        assert (speed > 0).all()


def test_paths_follow_the_field_and_never_descend(table: pd.DataFrame) -> None:
    for (name, _), part in table[table["part"] == "path"].groupby(["method", "start"]):
        rates = part[["p1", "p2"]].to_numpy()
        assert rates[-1].mean() == pytest.approx(0.95, abs=1e-6)
        if METHODS[name].weights is not None:
            assert part["potential"].is_monotonic_increasing
        # many Euler steps know nothing of the solver
        logits = np.log(rates[0] / (1 - rates[0]))
        for _ in range(500):
            logits = logits + float(part["time"].iloc[4]) / 500 * METHODS[name].velocity(1 / (1 + np.exp(-logits)))
        np.testing.assert_allclose(1 / (1 + np.exp(-logits)), rates[4], atol=5e-3)


def test_sampled_training_follows_the_flow_as_steps_shrink() -> None:
    config = FlowConfig(replicas=300, learning_rate=0.02)
    method, start = METHODS["VAS, whitened"], (0.1, 0.4)
    times = np.array([0.0, 2.0, 4.0])
    means, errors = sampled_path(np.random.default_rng(0), method, start, times, config)
    logits = np.log(start) - np.log1p(-np.array(start))
    for _ in range(4000):
        logits = logits + 1e-3 * method.velocity(1 / (1 + np.exp(-logits)))
    np.testing.assert_allclose(means[0], start, rtol=1e-12)
    # of the order of the learning rate, besides the sampling error
    assert (np.abs(means[-1] - 1 / (1 + np.exp(-logits))) < 4 * errors[-1] + 0.02).all()
    assert means[-1, 1] > 0.5


def test_only_the_mix_has_no_potential(table: pd.DataFrame) -> None:
    defects = table[table["part"] == "defect"].set_index("mixture_ratio")["defect"]
    assert defects[0.0] == defects[1.0] == 0
    assert (defects.drop([0.0, 1.0]).abs() > 1e-6).all()

    # F . curl F by differences of the flow itself, at lambda = 1/2
    def field(logits: np.ndarray) -> np.ndarray:
        p = 1 / (1 + np.exp(-logits))
        q = p * (1 - p)
        return q * (0.5 * q / q.sum() + 0.5 / 3)

    at, step = np.log([1 / 3, 1.0, 3.0]), 1e-5
    rows = [(field(at + e) - field(at - e)) / (2 * step) for e in step * np.eye(3)]
    jacobian = np.stack(rows, axis=1)  # d F_i / d z_j
    curl = np.array([jacobian[2, 1] - jacobian[1, 2], jacobian[0, 2] - jacobian[2, 0], jacobian[1, 0] - jacobian[0, 1]])
    assert defects[0.5] == pytest.approx(float(field(at) @ curl), rel=1e-5)


def test_the_seed_decides_every_row(table: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(table, run(EXPERIMENT.presets["smoke"]), check_exact=True)
