"""The compiled learner against plain Python, vectorised numpy and bare sampling, side by side in one run."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import softmax

from simulations import _kernels, reference
from simulations.learner import Learner, LearnerConfig
from simulations.pool import Pool, PoolConfig, build_pool

pytestmark = pytest.mark.bench

PROMPTS, ARMS, BATCH, GROUP, STEPS = 2000, 16, 64, 8, 500
CONFIG = LearnerConfig(learning_rate=0.2)


@pytest.fixture(scope="module")
def pool() -> Pool:
    return build_pool(PoolConfig(prompts=PROMPTS, held_out=0, arms=ARMS), np.random.default_rng(0))


@pytest.fixture(scope="module")
def schedule() -> np.ndarray:
    return np.random.default_rng(1).integers(0, PROMPTS, (STEPS, BATCH))


def _best_times(functions: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Shortest time of each, with the candidates taking turns so that all meet the same load."""
    times = dict.fromkeys(functions, np.inf)
    for _ in range(repeats):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            times[name] = min(times[name], time.perf_counter() - start)
    return times


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


def test_speed_floors(pool: Pool, schedule: np.ndarray) -> None:
    weights, taken = np.exp(pool.base_PA), np.empty((BATCH, GROUP), np.int64)

    def floor() -> None:
        _kernels.sampling_floor(schedule, GROUP, np.zeros(PROMPTS, np.int64), np.uint64(1), weights, taken)

    few = schedule[: STEPS // 10]
    candidates: dict[str, Callable[[], object]] = {
        "kernel": lambda: _learn(pool, schedule),
        "floor": floor,
        "numpy": lambda: _vectorised(pool, schedule),
        "python": lambda: reference.train_schedule(pool, CONFIG, 1, few.tolist(), GROUP),
    }
    _learn(pool, few)
    floor()
    times = _best_times(candidates, repeats=8)
    times["python"] *= STEPS / len(few)
    ratios = {
        "python / kernel": times["python"] / times["kernel"],
        "numpy / kernel": times["numpy"] / times["kernel"],
        "kernel / floor": times["kernel"] / times["floor"],
    }
    print("\n" + ", ".join(f"{name} {seconds * 1e3:.1f} ms" for name, seconds in times.items()))
    print(", ".join(f"{name} = {ratio:.1f}" for name, ratio in ratios.items()))
    assert ratios["python / kernel"] >= 200
    assert ratios["numpy / kernel"] >= 5
    assert ratios["kernel / floor"] <= 3
