"""The check for GPUs runs here as far as a machine without one can: every step, on the CPU, with a tiny model."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.full_scale.conftest import build_tiny
from tests.gpu_check import ROOT, Plan, check, main
from vas_theory.provenance.tables import read_table

TINY = (
    "model.precision=float32", "rollouts.prompts_per_step=4", "rollouts.group_size=4", "rollouts.max_new_tokens=2",
    "trl.per_device_batch_size=16", 'task={name = "arithmetic", largest_operand = 4}',
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(1600)
def test_every_step_runs_on_the_cpu(tmp_path: Path) -> None:
    model = build_tiny(tmp_path / "tiny")
    output = tmp_path / "gpu_check.parquet"
    options = ["--device", "cpu", "--model", str(model), "--steps", "5", "--seconds", "1500", "--no-vllm"]
    for change in TINY:
        options += ["--set", change]
    status = main([*options, "--output", str(output)])
    table = read_table(output).set_index("step")
    print(table.to_string())
    assert list(table.index) == ["device", "gpu tests", "trl uniform", "trl predictor", "chain network"]
    assert (table["outcome"] == "ok").all(), table["detail"].tolist()
    assert status == 0
    trained = table.loc[["trl uniform", "trl predictor"]]
    assert (trained["step_seconds"] > 0).all()
    assert trained["sampler_share"].between(0, 1, inclusive="neither").all()
    assert "1 passed" in table.loc["gpu tests", "detail"]


def test_a_machine_without_the_device_gets_one_row_that_says_so(tmp_path: Path) -> None:
    lines: list[str] = []
    plan = Plan("no-such-device", "m", 5, 400.0, tmp_path, False)
    rows = check(plan, lines.append)
    assert [(row.step, row.outcome) for row in rows] == [("device", "failed")]
    assert "no-such-device" in rows[0].detail
    assert len(lines) == 1


def test_what_there_is_no_time_for_is_skipped_aloud(tmp_path: Path) -> None:
    rows = check(Plan("cpu", "m", 5, 12.0, tmp_path, True), lambda _: None)
    assert {row.outcome for row in rows} == {"skipped"}
    assert all("no time" in row.detail for row in rows)


@pytest.mark.parametrize("options", [["--steps", "3"], ["--seconds", "0"]])
def test_bad_options_are_refused(options: list[str]) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "tests.gpu_check", *options], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert answer.returncode == 2
    assert options[0] in answer.stderr


def test_the_table_is_written_also_where_a_step_failed(tmp_path: Path) -> None:
    output = tmp_path / "t.parquet"
    assert main(["--device", "no-such-device", "--no-vllm", "--seconds", "400", "--output", str(output)]) == 1
    assert pd.read_parquet(output)["outcome"].tolist() == ["failed"]
