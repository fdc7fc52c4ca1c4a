"""The weighted index against torch.multinomial on a pool of 1.6 million prompts."""

from __future__ import annotations

import numpy as np
import pytest

from tests.benchmarks.harness import Report, interleaved_seconds
from vas_theory.selection.drawing.weighted_index import WeightedIndex

pytestmark = pytest.mark.bench

PROMPTS, BATCH = 1_600_000, 512


def pool(kind: str) -> np.ndarray:
    rng = np.random.default_rng(0)
    if kind == "scores":
        pass_rates = rng.beta(0.5, 0.5, PROMPTS)
        return pass_rates * (1 - pass_rates)
    return rng.pareto(1.0, PROMPTS) + 1e-6


# Where torch takes its fast way (with replacement, one cumulative sum), the floor stands for scores in our own
# precision; float32 cannot tell the prompts of such a pool apart to more than 24 bits, and a heavy tail makes us
# walk the tree.
@pytest.mark.parametrize(
    ("kind", "replace", "floors"),
    [
        ("scores", True, {"float64": 40, "float32": 20}),
        ("scores", False, {"float64": 40, "float32": 40}),
        ("heavy tail", True, {"float64": 10, "float32": 10}),
        ("heavy tail", False, {"float64": 40, "float32": 40}),
    ],
)
def test_against_multinomial(report: Report, kind: str, replace: bool, floors: dict[str, float]) -> None:
    """Our draw and update of 512 against torch's draw of 512 alone, on one thread."""
    import torch

    weights = pool(kind)
    index = WeightedIndex(weights)
    rng = np.random.default_rng(1)
    fresh = rng.random(BATCH) * 0.25
    double, single = torch.from_numpy(weights), torch.from_numpy(weights.astype(np.float32))

    def ours() -> None:
        index.update(index.draw(rng, BATCH, replace=replace), fresh)

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            seconds = interleaved_seconds(
                {
                    "ours": ours,
                    "float64": lambda: torch.multinomial(double, BATCH, replacement=replace),
                    "float32": lambda: torch.multinomial(single, BATCH, replacement=replace),
                },
                repeats=15,
                calls={"ours": 50},
            )
    finally:
        torch.set_num_threads(threads)
    how = "with" if replace else "without"
    rows = [
        report.compare(
            "WeightedIndex draw + update",
            ours=seconds["ours"],
            peer=f"torch.multinomial {precision} draw",
            theirs=seconds[precision],
            shape=f"{BATCH} of {PROMPTS} {how} replacement, {kind}",
            floor=floor,
            packages=("torch",),
        )
        for precision, floor in floors.items()
    ]
    assert all(row.met for row in rows), rows
