"""A step of the sampler on a pool of 1.6 million prompts, against a sum over them, one multinomial draw and a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.benchmarks.harness import Report, interleaved_seconds
from vas_theory.selection import VarianceAwareSampler

pytestmark = pytest.mark.bench

PROMPTS, BATCH = 1_600_000, 512
STEPS_BEFORE = 50

SETTINGS: dict[str, tuple[int, dict[str, Any]]] = {
    "discounted Beta": (4, {"group_size": 8}),
    "discounted Beta, G = 32": (2, {"group_size": 32}),
    "arcsine Kalman": (2, {"posterior": "arcsine_kalman"}),
    "hierarchical Beta": (2, {"posterior": "hierarchical_beta", "categories": np.arange(PROMPTS) % 13}),
    "variance promotion score": (4, {"score": "vps", "beta": 0.0}),
}
"""The least ratio of a cumulative sum over all weights to draw and observe together, and the settings. Any draw that
looks at every prompt needs such a sum; what the sampler does by default has the higher floor."""


def _step(sampler: VarianceAwareSampler, rates: np.ndarray) -> Callable[[], None]:
    """Draw and observe; the rewards come from a table, so that making them costs next to nothing."""
    size = sampler.config.group_size
    right = np.random.default_rng(2).random((64, BATCH, size))

    def step() -> None:
        positions = sampler.draw()
        sampler.observe(positions, right[sampler.step % 64] < rates[positions, None])

    return step


GROUP = 8
LAYERS, HIDDEN, KEY_VALUE, INNER = 30, 576, 192, 1536
"""The shape of a language model with 135 million parameters, SmolLM2's smallest."""


def _layer(rng: np.random.Generator) -> Callable[[], None]:
    """The products with all weights of one layer, for one token of one rollout of each prompt."""
    shapes = [(HIDDEN, HIDDEN)] * 2 + [(HIDDEN, KEY_VALUE)] * 2 + [(HIDDEN, INNER)] * 2 + [(INNER, HIDDEN)]
    weights = [rng.standard_normal(shape, dtype=np.float32) for shape in shapes]
    tokens = {width: rng.standard_normal((BATCH, width), dtype=np.float32) for width in (HIDDEN, INNER)}

    def multiply() -> None:
        for weight in weights:
            tokens[len(weight)] @ weight

    return multiply


def test_against_the_model_it_serves(report: Report) -> None:
    """Model time is counted low: one token a rollout, its products with the layers' weights, nothing else."""
    rates = np.random.default_rng(0).beta(0.5, 0.5, PROMPTS)
    step = _step(VarianceAwareSampler(PROMPTS, batch_size=BATCH, seed=1, group_size=GROUP), rates)
    for _ in range(STEPS_BEFORE):
        step()
    seconds = interleaved_seconds(
        {"ours": step, "layer": _layer(np.random.default_rng(3))}, repeats=9, calls={"ours": 30}
    )
    row = report.compare(
        "sampler draw + observe, discounted Beta",
        ours=seconds["ours"],
        peer="one token a rollout, 135M model",
        theirs=[LAYERS * GROUP * each for each in seconds["layer"]],
        shape=f"{BATCH} of {PROMPTS}, {GROUP} rollouts each",
        floor=1000.0,
    )
    assert row.met, row


@pytest.mark.parametrize("name", SETTINGS)
def test_draw_and_observe(report: Report, name: str) -> None:
    import torch

    floor, settings = SETTINGS[name]
    rates = np.random.default_rng(0).beta(0.5, 0.5, PROMPTS)
    sampler = VarianceAwareSampler(PROMPTS, batch_size=BATCH, seed=1, **settings)
    step = _step(sampler, rates)
    for _ in range(STEPS_BEFORE):
        step()
    weights = torch.from_numpy(sampler.weights.copy())
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            seconds = interleaved_seconds(
                {
                    "ours": step,
                    "sum": lambda: sampler.weights.cumsum(),
                    "torch": lambda: torch.multinomial(weights, BATCH, replacement=False),
                },
                repeats=15,
                calls={"ours": 30, "sum": 3},
            )
    finally:
        torch.set_num_threads(threads)
    shape = f"{BATCH} of {PROMPTS}"
    rows = [
        report.compare(
            f"sampler draw + observe, {name}",
            ours=seconds["ours"],
            peer="cumulative sum of the weights",
            theirs=seconds["sum"],
            shape=shape,
            floor=floor,
        ),
        report.compare(
            f"sampler draw + observe, {name}",
            ours=seconds["ours"],
            peer="torch.multinomial float64 draw",
            theirs=seconds["torch"],
            shape=shape,
            floor=10.0,
            packages=("torch",),
        ),
    ]
    assert all(row.met for row in rows), rows
