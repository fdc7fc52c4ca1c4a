"""self-BLEU against nltk, fast-bleu and np.unique, and a whole refresh against sorting its tokens."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu
from numpy.typing import NDArray

from tests.benchmarks.harness import Report, interleaved_seconds
from vas_theory.selection.diversity import self_bleu

__reads__ = ("refresh_budget.py",)
pytestmark = pytest.mark.bench

TOKENS = 1024
VOCABULARY = 150_000
WEIGHTS = (1 / 3, 1 / 3, 1 / 3)


def rollouts(kind: str, sequences: int) -> NDArray[np.int64]:
    """Token ids of ``sequences`` rollouts: all alike but for one token in ten, Zipf-distributed, or uniform."""
    rng = np.random.default_rng(0)
    shape = sequences, TOKENS
    if kind == "uniform":
        return rng.integers(0, VOCABULARY, shape)
    if kind == "zipf":
        return np.minimum(rng.zipf(1.3, shape), VOCABULARY)
    base = np.minimum(rng.zipf(1.3, TOKENS), VOCABULARY)
    return np.where(rng.random(shape) < 0.1, rng.integers(0, VOCABULARY, shape), base)


def nltk_self_bleu(sequences: list[list[int]]) -> float:
    smoothing = SmoothingFunction().method1
    scores = [
        sentence_bleu(sequences[:i] + sequences[i + 1 :], sequence, weights=WEIGHTS, smoothing_function=smoothing)
        for i, sequence in enumerate(sequences)
    ]
    return float(np.mean(scores))


@pytest.mark.parametrize("kind", ["alike", "zipf", "uniform"])
@pytest.mark.parametrize(("sequences", "floor"), [(16, 400), (32, 1000)])
def test_against_nltk(report: Report, sequences: int, floor: float, kind: str) -> None:
    ids = rollouts(kind, sequences)
    nested, flat, offsets = ids.tolist(), ids.ravel(), np.arange(sequences + 1) * TOKENS
    assert self_bleu(flat, offsets) == pytest.approx(nltk_self_bleu(nested), abs=1e-12)
    seconds = interleaved_seconds(
        {"ours": lambda: self_bleu(flat, offsets), "nltk": lambda: nltk_self_bleu(nested)},
        repeats=3,
        calls={"ours": 20},
    )
    row = report.compare(
        "self_bleu",
        ours=seconds["ours"],
        peer="nltk sentence_bleu",
        theirs=seconds["nltk"],
        shape=f"N={sequences} T={TOKENS} {kind}",
        floor=floor,
        packages=("nltk",),
    )
    assert row.met, row


@pytest.mark.parametrize("kind", ["alike", "zipf", "uniform"])
@pytest.mark.parametrize("sequences", [16, 32])
def test_against_fast_bleu(report: Report, sequences: int, kind: str) -> None:
    fast_bleu = pytest.importorskip("fast_bleu", reason="fast-bleu is not installed: pip install fast-bleu")
    ids = rollouts(kind, sequences)
    flat, offsets = ids.ravel(), np.arange(sequences + 1) * TOKENS
    words = [[str(token) for token in sequence] for sequence in ids.tolist()]

    def theirs() -> float:
        return float(np.mean(fast_bleu.SelfBLEU(words, {"123": WEIGHTS}).get_score()["123"]))

    assert self_bleu(flat, offsets) == pytest.approx(theirs(), abs=1e-6)  # it computes in single precision
    seconds = interleaved_seconds(
        {"ours": lambda: self_bleu(flat, offsets), "theirs": theirs}, repeats=5, calls={"ours": 20}
    )
    row = report.compare(
        "self_bleu",
        ours=seconds["ours"],
        peer="fast-bleu",
        theirs=seconds["theirs"],
        shape=f"N={sequences} T={TOKENS} {kind}",
        floor=150,
        packages=("fast-bleu",),
    )
    assert row.met, row


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
@pytest.mark.parametrize("kind", ["alike", "zipf", "uniform"])
def test_against_unique(report: Report, kind: str, dtype: type[np.integer]) -> None:
    sequences = 32
    flat, offsets = rollouts(kind, sequences).astype(dtype).ravel(), np.arange(sequences + 1) * TOKENS
    seconds = interleaved_seconds(
        {"ours": lambda: self_bleu(flat, offsets), "unique": lambda: np.unique(flat)},
        repeats=15,
        calls={"ours": 10, "unique": 10},
    )
    row = report.compare(
        "self_bleu",
        ours=seconds["ours"],
        peer="np.unique",
        theirs=seconds["unique"],
        shape=f"N={sequences} T={TOKENS} {kind} {np.dtype(dtype).name}",
        floor=1 / 1.5,
    )
    assert row.met, row


@pytest.mark.parametrize("dtype", ["int32", "int64"])
@pytest.mark.parametrize("groups", [1500, pytest.param(15000, marks=pytest.mark.slow)])
def test_a_refresh_against_sorting_its_tokens(report: Report, groups: int, dtype: str) -> None:
    """In one process, so in one run: sorting the tokens of each group, and no more memory than the input takes."""
    script = Path(__file__).with_name("refresh_budget.py")
    answer = subprocess.run(
        [sys.executable, str(script), str(groups), dtype], capture_output=True, text=True, check=True, timeout=280
    )
    measured = json.loads(answer.stdout)
    shape = f"{groups} x 16 x 1000 {dtype}"
    time_row = report.compare(
        "self_bleu_groups, processor time",
        ours=[measured["seconds"]],
        peer="np.unique of each group",
        theirs=[measured["peer_seconds"]],
        shape=shape,
        floor=1 / 2,
    )
    memory_row = report.compare(
        "self_bleu_groups, memory at most",
        ours=[measured["megabytes"]],
        peer="its input",
        theirs=[measured["input"]],
        shape=shape,
        floor=1,
    )
    assert time_row.met, time_row
    assert memory_row.met, memory_row
