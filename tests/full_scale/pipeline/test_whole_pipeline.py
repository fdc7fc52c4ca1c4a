"""The pipeline from end to end: killed and resumed in every stage with equal results; a shrunk model that learns."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from full_scale.pipeline import STAGES
from full_scale.pipeline.config import load_pipeline
from full_scale.pipeline.run import Pipeline
from vas_theory.provenance.folders import verify_folder
from vas_theory.provenance.tables import read_table

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def start(output: Path, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "full_scale", "pipeline", *arguments, "--output", str(output)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)


def kill_when(process: subprocess.Popen[bytes], ready: Callable[[], bool]) -> bool:
    """Kill a process without warning as soon as something is there; say whether it was still running."""
    while process.poll() is None:
        if ready():
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return True
        time.sleep(0.02)
    return False


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("whole")
    assert start(output, "vlm-smoke").wait() == 0
    return output


def hashes(output: Path, stage: str) -> dict[str, str]:
    manifest = json.loads((output / stage / "result" / "manifest.json").read_text(encoding="utf-8"))
    found: dict[str, str] = manifest["sha256"]
    return found


MIDDLE = {
    "curate": "curate/work/answered/part-000000.json",
    "cold-start": "cold-start/work/checkpoints/checkpoint-2/trainer_state.json",
    "train": "train/work/runs/vas-seed0/checkpoints/checkpoint-1/trainer_state.json",
    "evaluate": "evaluate/work/start/mathvista.jsonl",
}
"""What is there when a stage is half way."""


def test_every_stage_writes_what_it_promises(whole: Path) -> None:
    for stage in STAGES:
        about = verify_folder(whole / stage / "result")
        assert about["stage"] == stage
        assert {"identity", "inputs", "versions", "code"} <= about.keys()
    assert {"cold_start.parquet", "rl.parquet", "card.json", "card.md"} == hashes(whole, "curate").keys()
    assert "model.safetensors" in hashes(whole, "cold-start")
    assert "vas-seed0/model.safetensors" in hashes(whole, "train")
    frame = read_table(whole / "evaluate" / "result" / "accuracies.parquet")
    assert set(frame.model) == {"start", "cold-start", "vas-seed0"}
    assert (frame.low <= frame.value).all()


def test_killed_in_every_stage_it_ends_with_equal_results(whole: Path, tmp_path: Path) -> None:
    for stage in STAGES:
        process = start(tmp_path, "vlm-smoke", "--only", stage)
        assert kill_when(process, (tmp_path / MIDDLE[stage]).exists), f"{stage} was over before it could be killed"
        assert not (tmp_path / stage / "result").exists()
        assert start(tmp_path, "vlm-smoke", "--only", stage).wait() == 0
        found, expected = hashes(tmp_path, stage), hashes(whole, stage)
        # what a table's sidecar says of time, and a model's own notes of when, is not what was learned
        kept = {name for name in expected if not name.endswith((".meta.json", "training_args.bin"))}
        assert {name: found.get(name) for name in kept} == {name: expected[name] for name in kept}, stage


def test_other_settings_are_refused_and_restart_drops(whole: Path) -> None:
    command = [sys.executable, "-m", "full_scale", "pipeline", "vlm-smoke", "--output", str(whole)]
    answer = subprocess.run([*command, "--set", "cold_start.steps=7"], capture_output=True, text=True)
    assert answer.returncode == 2
    assert "finished stage cold-start" in answer.stderr
    assert "cold_start.steps: expected 7, found 6" in answer.stderr


def test_finished_stages_are_read_back(whole: Path) -> None:
    lines: list[str] = []
    Pipeline(load_pipeline("vlm-smoke"), whole, lines.append).run()
    assert len(lines) == 4
    assert all("finished before" in line for line in lines)


@pytest.mark.timeout(7200)
def test_the_shrunk_model_learns(tmp_path: Path) -> None:
    """Accuracies of one seed; no claim is made for one way of sampling against another."""
    assert start(tmp_path, "vlm-tiny").wait() == 0
    frame = read_table(tmp_path / "evaluate" / "result" / "accuracies.parquet").set_index(["model", "subset"])
    assert frame.loc[("cold-start", ""), "value"] > 0.3
    gain = frame.loc[("vas-seed0", "gain over cold-start")]
    assert gain["value"] >= 0.04
    assert gain["low"] > 0
