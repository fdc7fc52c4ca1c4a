"""Results: files that both harnesses' users can read, accuracies with intervals, the paper's numbers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from full_scale.benchmarks.accuracies import accuracy_rows, paper_rows, seed_rows
from full_scale.benchmarks.examples import Example
from full_scale.benchmarks.writing import Judged, write_lmms_eval, write_vlmevalkit


def judged(index: int, *right: bool, group: str = "a") -> Judged:
    example = Example(
        str(index), f"Q{index}?", "7", "latex", groups={"type": group}, row={"pid": index, "note": "x\ty"}
    )
    texts = tuple("\\boxed{7}" if value else "no\nline" for value in right)
    return Judged(example, texts, tuple("7" if value else "line" for value in right), right, ("rules",) * len(right))


ITEMS = [judged(0, True, True), judged(1, True, False), judged(2, False, False, group="b"), judged(3, False, False)]
"""Shares 1, 1/2, 0, 0: 37.5%."""


def test_lmms_eval_s_files(tmp_path: Path) -> None:
    samples, results = write_lmms_eval(tmp_path, {"mathvista": ITEMS}, {"temperature": 0.5}, "m")
    lines = [json.loads(line) for line in samples.read_text(encoding="utf-8").splitlines()]
    assert [line["doc_id"] for line in lines] == [0, 1, 2, 3]
    assert lines[1]["resps"] == [["\\boxed{7}", "no\nline"]]
    assert lines[1]["filtered_resps"] == ["7", "line"]
    assert (lines[1]["target"], lines[1]["doc"]["pid"], lines[1]["accuracy"]) == ("7", 1, 0.5)
    content = json.loads(results.read_text(encoding="utf-8"))
    found = content["results"]["mathvista"]
    assert found["accuracy,none"] == 0.375
    assert found["accuracy_stderr,none"] == pytest.approx(np.std([1, 0.5, 0, 0], ddof=1) / 2)
    assert content["n-samples"]["mathvista"]["effective"] == 4
    assert results.name.endswith("_results.json")
    assert samples.name.endswith("_samples_mathvista.jsonl")


def test_vlmevalkit_s_files(tmp_path: Path) -> None:
    table, scores = write_vlmevalkit(tmp_path, "MathVista_MINI", ITEMS, "m")
    frame = pd.read_csv(table, sep="\t")
    assert list(frame["index"]) == [0, 1, 2, 3]
    assert frame.prediction[0] == "\\boxed{7}"
    assert frame.note[0] == "x\ty"
    assert list(frame.hit) == [1, 1, 0, 0]
    found = pd.read_csv(scores).set_index("split")
    assert found.loc["Overall", "acc"] == 37.5
    assert found.loc["type: b", "acc"] == 0.0
    assert (found.loc["type: a", "tot"], found.loc["type: a", "acc"]) == (3, 50.0)
    assert (table.name, scores.name) == ("m_MathVista_MINI.tsv", "m_MathVista_MINI_score.csv")


def test_accuracies_and_gains() -> None:
    before = [judged(n, False, False, group=item.example.groups["type"]) for n, item in enumerate(ITEMS)]
    more = [judged(n, n < 8, n < 8) for n in range(10)]
    sets = {"before": {"x": before, "y": more}, "after": {"x": ITEMS, "y": more}}
    options = {"coverage": 0.9, "resamples": 400, "seed": 0}
    rows = accuracy_rows(sets, [("after", "before")], **options)
    by = {(row["model"], row["set"], row["subset"]): row for row in rows}
    assert by["after", "x", ""]["value"] == 0.375
    assert by["after", "x", "type: a"]["value"] == 0.5
    assert by["after", "average", ""]["value"] == pytest.approx((0.375 + 0.8) / 2)
    assert by["after", "x", "gain over before"]["value"] == 0.375
    assert by["after", "y", "gain over before"]["value"] == 0.0
    zero = by["after", "y", "gain over before"]
    assert (zero["low"], zero["high"]) == (0.0, 0.0)  # paired: the same answers differ nowhere
    assert ("after", "y", "type: a") not in by  # the only subset is the whole
    for row in rows:
        assert row["low"] <= row["value"] <= row["high"]
    assert accuracy_rows(sets, [("after", "before")], **options) == rows


def test_intervals_of_a_share_are_the_binomial_s() -> None:
    items = [judged(n, n % 2 == 0) for n in range(400)]
    (row, *_) = accuracy_rows({"m": {"x": items}}, [], coverage=0.95, resamples=4000, seed=1)
    half = 1.96 * np.sqrt(0.25 / 400)
    assert row["low"] == pytest.approx(0.5 - half, abs=0.006)
    assert row["high"] == pytest.approx(0.5 + half, abs=0.006)


def test_the_paper_s_numbers_stand_beside_whole_sets_alone() -> None:
    assert paper_rows([]) == []
    (first, second) = paper_rows(["ChartQA_TEST"])
    assert (first["model"], first["set"], first["value"]) == ("MMR1-3B (paper)", "ChartQA_TEST", 0.812)
    assert second["value"] == pytest.approx(0.837)
    every = paper_rows(["mathverse", "mathvista", "mathvision", "logicvista", "chartqa"])
    averages = {row["model"]: row["value"] for row in every if row["set"] == "average"}
    assert averages["MMR1-7B (paper)"] == pytest.approx(0.584)
    assert averages["3B, GRPO + VAS (paper)"] == pytest.approx(0.529)


def test_arms_are_compared_over_five_paired_seeds_or_not_at_all() -> None:
    gains = [0.05, 0.01, 0.03, 0.02, 0.04]
    row = {"set": "x", "questions": 9, "samples": 1, "low": -1.0, "high": 1.0}
    rows = [
        {**row, "model": f"vas-seed{seed}", "subset": f"gain over uniform-seed{seed}", "value": gain}
        for seed, gain in enumerate(gains)
    ]
    others = [{**row, "model": "vas-seed0", "subset": "gain over cold-start", "value": 9.0}]
    (found,) = seed_rows(rows + others, 0.95)
    assert (found["model"], found["subset"]) == ("vas", "mean gain over uniform, 5 seeds")
    assert found["value"] == pytest.approx(0.03)
    reach = 2.776 * np.std(gains, ddof=1) / np.sqrt(5)  # Student's quantile for four degrees of freedom
    assert found["high"] - found["value"] == pytest.approx(reach, rel=1e-3)
    assert seed_rows(rows[:4], 0.95) == []
