"""The compiled loops of the bandit learner give what their version has always given."""

from __future__ import annotations

import numpy as np

from simulations.world.kernels import train_schedule
from tests.golden import hold


def test_the_learner_gives_its_golden_values() -> None:
    rng = np.random.default_rng(11)
    weights, rewards = rng.random((6, 4)) + 0.1, rng.integers(0, 2, (6, 4)).astype(np.float64)
    drawn, schedule = np.zeros(6, np.int64), rng.integers(0, 6, (20, 3))
    train_schedule(schedule, 8, 0.4, 0, 0, 1e-6, False, drawn, np.uint64(12), weights, rewards)
    hold("simulations.world.kernels", {"weights": weights, "drawn": drawn})
