"""The compiled learner against plain Python, vectorised numpy and bare sampling, side by side in one run."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from simulations.world import kernels, reference
from simulations.world.learner import Learner, LearnerConfig
from simulations.world.pool import Pool, PoolConfig, build_pool
from tests.benchmarks.harness import Report, interleaved_seconds

pytestmark = pytest.mark.bench

PROMPTS, ARMS, BATCH, GROUP, STEPS = 2000, 16, 64, 8, 500
CONFIG = LearnerConfig(learning_rate=0.2)


@pytest.fixture(scope="module")
def pool() -> Pool:
    return build_pool(PoolConfig(prompts=PROMPTS, held_out=0, arms=ARMS), np.random.default_rng(0))


@pytest.fixture(scope="module")
def schedule() -> np.ndarray:
    return np.random.default_rng(1).integers(0, PROMPTS, (STEPS, BATCH))


def _vectorised(pool: Pool, schedule: np.ndarray) -> np.ndarray:
    """A fair numpy learner: whole batches at once, only sampled arms moved, cached weights, one generator call."""
    rng = np.random.default_rng(2)
    logits, weights = pool.base_PA.copy(), np.exp(pool.base_PA)
    for batch in schedule:
        cumulative = weights[batch].cumsum(1)
        targets = rng.random((BATCH, GROUP)) * cumulative[:, -1:]
        arms = (cumulative[:, None, :-1] <= targets[:, :, None]).sum(2)
        rewards = pool.rewards_PA[batch[:, None], arms]
        centred = rewards - rewards.mean(1, keepdims=True)
        push = CONFIG.learning_rate / GROUP * centred / (rewards.std(1, keepdims=True) + CONFIG.eps)
        rows = np.broadcast_to(batch[:, None], arms.shape)
        np.add.at(logits, (rows, arms), push)
        weights[rows, arms] = np.exp(logits[rows, arms])
    return logits


def _learn(pool: Pool, schedule: np.ndarray) -> Learner:
    learner = Learner(pool, CONFIG, seed=1, budget=1)
    learner.train_schedule(schedule, GROUP)
    return learner


def test_numpy_rival_learns_as_much(pool: Pool, schedule: np.ndarray) -> None:
    """The rival is no straw man: with other random numbers it reaches the same mean pass rate."""
    rival = (softmax(_vectorised(pool, schedule), axis=1) * pool.rewards_PA).sum(1).mean()
    before = (softmax(pool.base_PA, axis=1) * pool.rewards_PA).sum(1).mean()
    ours = _learn(pool, schedule).pass_rates().mean()
    assert ours > before + 0.02
    assert rival == pytest.approx(ours, abs=0.005)


def test_speed_floors(report: Report, pool: Pool, schedule: np.ndarray) -> None:
    weights, taken = np.exp(pool.base_PA), np.empty((BATCH, GROUP), np.int64)
    few = schedule[: STEPS // 10]
    seconds = interleaved_seconds(
        {
            "ours": lambda: _learn(pool, schedule),
            "sampling": lambda: kernels.sampling_floor(
                schedule, GROUP, np.zeros(PROMPTS, np.int64), np.uint64(1), weights, taken
            ),
            "numpy": lambda: _vectorised(pool, schedule),
            "python": lambda: reference.train_schedule(pool, CONFIG, 1, few.tolist(), GROUP),
        },
        repeats=15,
        calls={"ours": 3, "sampling": 6},
    )
    seconds["python"] = [each * STEPS / len(few) for each in seconds["python"]]
    for peer, floor in (("python", 200), ("numpy", 5), ("sampling", 1 / 3)):
        report.compare(
            "bandit learner",
            ours=seconds["ours"],
            peer=f"{peer} only" if peer == "sampling" else f"{peer} learner",
            theirs=seconds[peer],
            shape=f"P {PROMPTS}, K {ARMS}, B {BATCH}, G {GROUP}, T {STEPS}",
            floor=floor,
        )
