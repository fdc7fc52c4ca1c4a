"""Evaluating a model: unbiased metrics, intervals, tables with a manifest, and the command line."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from full_scale.__main__ import main
from full_scale.config.evaluation import ModelEvaluationConfig
from full_scale.measuring.held_out import mean_interval, mixed_share, pass_at_k
from full_scale.measuring.one_model import summarise
from vas_theory.provenance.tables import read_metadata, read_table, sha256_file


@given(st.integers(1, 7), st.data())
def test_metrics_by_listing_every_choice(rollouts: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, rollouts))
    k = data.draw(st.integers(1, rollouts))
    outcomes = [True] * right + [False] * (rollouts - right)
    choices = list(itertools.combinations(outcomes, k))
    assert pass_at_k(np.array([right]), rollouts, k)[0] == pytest.approx(np.mean([any(c) for c in choices]))
    mixed = np.mean([any(c) and not all(c) for c in choices])
    assert mixed_share(np.array([right]), rollouts, k)[0] == pytest.approx(mixed, abs=1e-12)


def test_metrics_of_many_rollouts_do_not_overflow() -> None:
    values = pass_at_k(np.array([0, 1, 5000, 9999, 10000]), 10000, 4000)
    assert values == pytest.approx([0.0, 0.4, 1.0, 1.0, 1.0])


@given(st.floats(0.05, 0.95), st.integers(1, 8))
def test_mixed_share_is_unbiased(rate: float, group: int) -> None:
    n = 8
    right = np.arange(n + 1)
    weight = binom.pmf(right, n, rate)
    expected = 1 - rate**group - (1 - rate) ** group
    assert weight @ mixed_share(right, n, group) == pytest.approx(expected, abs=1e-12)


def test_interval_covers_as_often_as_it_says() -> None:
    """Prompts drawn from a known mixture: 400 data sets, nominal 90 %, binomial error 1.5 points."""
    draw = np.random.default_rng(1)
    rates = draw.beta(0.5, 1.5, 5000)
    covered = 0
    for index in range(400):
        chosen = draw.choice(rates, 40)
        values = draw.binomial(8, chosen) / 8
        low, high, method = mean_interval(values, 0.9, np.random.default_rng(index))
        assert method == "bootstrap"
        covered += low <= rates.mean() <= high
    assert 0.84 <= covered / 400 <= 0.95


@pytest.mark.parametrize("values", [[0.0] * 9, [1.0] * 9, [0.5] * 9, [0.0, 1.0, 1.0], [0.25]])
def test_intervals_that_would_have_no_width_are_wilsons(values: list[float]) -> None:
    low, high, method = mean_interval(np.array(values), 0.95, np.random.default_rng(0))
    assert method == "wilson"
    assert low <= np.mean(values) <= high
    assert high - low > 0.1


def test_summary_has_every_scope_and_its_own_prompts() -> None:
    counts = pd.DataFrame(
        {
            "prompt_key": list("abcdef"),
            "stratum": ["x", "x", "x", "x", "y", "y"],
            "level": [0, 0, 1, 1, 0, 0],
            "rollouts": 4,
            "successes": [4, 2, 0, 0, 1, 3],
            "mean_score": [1.0, 0.5, 0.0, 0.1, 0.25, 0.75],
        }
    )
    frame = summarise(counts, ModelEvaluationConfig(samples=4, group_size=2, ks=(1, 2)))
    found = frame.set_index(["scope", "stratum", "level", "metric"]).value
    assert found["all", "", -1, "pass@1"] == pytest.approx(10 / 24)
    assert found["stratum", "x", -1, "pass@1"] == pytest.approx(6 / 16)
    assert found["level", "x", 1, "pass@1"] == 0
    assert found["level", "y", 0, "mixed@2"] == pytest.approx(0.5)
    assert found["level", "x", 0, "pass@2"] == pytest.approx((1 + 5 / 6) / 2)
    assert found["all", "", -1, "reward"] == pytest.approx(2.6 / 6)
    assert len(frame) == 6 * 4
    assert (frame.low <= frame.value).all()
    assert (frame.value <= frame.high).all()


@pytest.mark.parametrize(("samples", "ks"), [(1, (1,)), (5, (1, 4)), (64, (1, 4, 8, 16, 32))])
def test_ks_follow_the_samples(samples: int, ks: tuple[int, ...]) -> None:
    assert ModelEvaluationConfig(samples=samples).ks == ks


def command(tiny_folder: Path, output: Path, *more: str) -> list[str]:
    return ["evaluate", "--model", str(tiny_folder), "--samples", "4", "--limit", "3", "--output", str(output), *more]


def test_command_writes_tables_with_a_manifest(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--task", "arithmetic", "--set", "max_new_tokens=1", "--set", "task.largest_operand=4")
    for folder in ("one", "two"):
        assert main(command(tiny_folder, tmp_path / folder, *options)) == 0
    assert "pass@4" in capsys.readouterr().out
    names = ("model_evaluation.parquet", "model_evaluation_prompts.parquet")
    assert all(sha256_file(tmp_path / "one" / name) == sha256_file(tmp_path / "two" / name) for name in names)
    prompts = read_table(tmp_path / "one" / names[1])
    assert prompts.groupby(["stratum", "level"]).size().max() == 3
    assert prompts.successes.sum() > 0, "one token of a random model is sometimes the right digit"
    about = read_metadata(tmp_path / "one" / names[0])
    assert about["config"]["task"]["largest_operand"] == 4
    assert {"full_scale.tasks.arithmetic", "full_scale.rewards.checks", "full_scale.compact.rollouts"} <= set(
        about["modules"]
    )


def test_command_evaluates_a_users_file(tiny_folder: Path, tmp_path: Path) -> None:
    rows = "".join(f'{{"problem": "{n} + 1 =", "answer": "{n + 1}"}}\n' for n in range(9))
    (tmp_path / "mine.jsonl").write_text(rows, encoding="utf-8")
    task = ("--task", f"file:{tmp_path / 'mine.jsonl'}", "--side", "all", "--set", "task.answer_check=exact_match")
    assert main(command(tiny_folder, tmp_path / "out", *task, "--set", "max_new_tokens=2")) == 0
    assert len(read_table(tmp_path / "out" / "model_evaluation_prompts.parquet")) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--task", "reasoning_gym:gdc"), "did you mean gcd?"),
        (("--task", "riddles"), "'riddles'"),
        (("--task", "file:/none.jsonl"), "/none.jsonl cannot be read"),
        (("--task", "arithmetic", "--samples", "0"), "samples (command line) must be valid"),
        (("--task", "arithmetic", "--style", "evaluation"), "chat template"),
        (("--task", "arithmetic", "--set", "ks=[9]"), "every k in ks must be at most samples"),
    ],
)
def test_command_says_what_is_wrong_in_one_line(
    options: tuple[str, ...], message: str, tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(tiny_folder, tmp_path, *options)) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not list(tmp_path.glob("*.parquet"))
