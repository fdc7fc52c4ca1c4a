"""The pipeline from end to end: killed and resumed in every stage with equal results; a shrunk model that learns."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
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
TIMES = ["seconds", "sampler_seconds"]


def test_every_stage_writes_what_it_promises(whole: Path) -> None:
    for stage in STAGES:
        about = verify_folder(whole / stage / "result")
        assert about["stage"] == stage
        assert {"identity", "inputs", "versions", "code"} <= about.keys()
    assert {"cold_start.parquet", "rl.parquet", "pass_rates.parquet", "card.json", "card.md"} == hashes(
        whole, "curate"
    ).keys()
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
        # what a table and its sidecar say of time, and a model's own notes of when, is not what was learned
        timed = (".meta.json", "training_args.bin", "training_steps.parquet")
        kept = {name for name in expected if not name.endswith(timed)}
        assert {name: found.get(name) for name in kept} == {name: expected[name] for name in kept}, stage
        for name in expected.keys() & {"training_steps.parquet"}:
            ours, theirs = (read_table(output / stage / "result" / name) for output in (tmp_path, whole))
            pd.testing.assert_frame_equal(ours.drop(columns=TIMES), theirs.drop(columns=TIMES), check_exact=True)


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


def test_workers_of_a_cluster_give_what_one_process_gives(whole: Path, tmp_path: Path) -> None:
    assert start(tmp_path, "vlm-smoke", "--only", "curate", "--set", "curate.workers=2").wait() == 0
    assert hashes(tmp_path, "curate") == hashes(whole, "curate")


def test_problems_of_text_go_the_whole_way_with_answers_of_an_endpoint(tmp_path: Path, server: Any) -> None:
    def respond(path: str, body: dict[str, Any], number: int) -> tuple[int, Any]:
        first, second = map(int, re.findall(r"[0-9]+", body["messages"][-1]["content"]))
        wrong = [place < (first + second) % 4 for place in range(body["n"])]
        texts = [f"<think>{first}+{second}</think><answer>\\boxed{{{first + second + no}}}</answer>" for no in wrong]
        return 200, {"choices": [{"message": {"content": text}, "finish_reason": "stop"} for text in texts]}

    server.respond = respond
    problems = [
        {"problem": f"What is the sum of {a} and {b}?", "answer": str(a + b)} for a in range(1, 7) for b in range(1, 7)
    ]
    source = tmp_path / "p.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in problems), encoding="utf-8")
    held_out = tmp_path / "test.jsonl"
    held_out.write_text(json.dumps({"problem": "What is the sum of 7 and 8?", "answer": "15"}) + "\n", encoding="utf-8")
    changes = [
        f"problems={{name = 'file', source = '{source}', answer_check = 'exact_match'}}",
        f"answers={{by = 'endpoint', model = 'm', url = '{server.url}', per_problem = 4, max_new_tokens = 50}}",
        f"evaluate.sets=[{{format = 'problems', source = '{held_out}'}}]",
    ]
    arguments = [part for change in changes for part in ("--set", change)]
    assert start(tmp_path / "out", "vlm-smoke", *arguments).wait() == 0
    card = json.loads((tmp_path / "out" / "curate" / "result" / "card.json").read_text(encoding="utf-8"))
    assert card["selection"]["bands"] == {"easy": 9, "medium": 27}  # every fourth sum is answered rightly each time
    assert len(server.bodies) == 36


@pytest.mark.timeout(7200)
def test_the_shrunk_model_learns(tmp_path: Path) -> None:
    """Accuracies of one seed; no claim is made for one way of sampling against another."""
    assert start(tmp_path, "vlm-tiny").wait() == 0
    frame = read_table(tmp_path / "evaluate" / "result" / "accuracies.parquet").set_index(["model", "subset"])
    assert frame.loc[("cold-start", ""), "value"] > 0.3
    gain = frame.loc[("vas-seed0", "gain over cold-start")]
    assert gain["value"] >= 0.04
    assert gain["low"] > 0
