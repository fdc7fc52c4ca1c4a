"""A study whose results cannot be written says so in one line: at once, or when the disk becomes full."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from full_scale.__main__ import main
from full_scale.compact.loop import Run
from full_scale.config.training import load_config
from full_scale.runs import only_writer
from vas_theory.provenance.folders import verify_folder

ROOT = Path(__file__).parents[2]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system that holds one checkpoint of a run and not two; skipped where none may be mounted."""
    folder = tmp_path / "small"
    folder.mkdir()
    try:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], check=True, capture_output=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no file system may be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


_HOLDER = """
import sys, time
from pathlib import Path
from full_scale.runs import only_writer

with only_writer(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(300)
"""


def test_a_second_command_in_one_folder_is_refused_until_the_first_is_gone(
    study_toml: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("work was begun")

    monkeypatch.setattr("full_scale.study.Study.__init__", refuse)
    output = tmp_path / "output"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", _HOLDER, str(output)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        for stage in ("study", "train", "predict"):
            assert main([stage, "--config", str(study_toml), "--output", str(output)]) == 2
            heard = capsys.readouterr().err
            assert heard.count("\n") == 1
            assert "no other command is writing" in heard
        monkeypatch.setenv("RANK", "1")  # a further process of the run that holds it
        with only_writer(output):
            pass
        monkeypatch.delenv("RANK")
        holder.send_signal(signal.SIGKILL)
        holder.wait(timeout=30)
    with only_writer(output):
        pass


@pytest.mark.parametrize("kind", ["a file", "a link to nothing"])
def test_an_output_that_is_no_folder_is_refused_before_the_task_is_read(
    kind: str, study_toml: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("work was begun")

    monkeypatch.setattr("full_scale.study.Study.__init__", refuse)
    output = tmp_path / "output"
    if kind == "a file":
        output.write_text("mine")
    else:
        output.symlink_to(tmp_path / "nowhere")
    for stage in ("study", "train"):
        assert main([stage, "--config", str(study_toml), "--output", str(output)]) == 2
        heard = capsys.readouterr().err
        assert heard.count("\n") == 1
        assert f"is {kind}" in heard


def test_a_disk_that_becomes_full_leaves_what_was_there_and_nothing_half_written(
    study_toml: Path, small_disk: Path
) -> None:
    config = load_config(study_toml)
    run = Run(config, config.arms[1], 0, small_disk / "run", {})
    with pytest.raises(OSError, match="No space left on device") as caught:
        run.train(lambda _: None)
    assert caught.value.errno == errno.ENOSPC
    steps = sorted((small_disk / "run" / "checkpoints").iterdir())
    assert [path.name for path in steps] == ["step-000001"]
    verify_folder(steps[0])


def test_a_disk_that_becomes_read_only_half_way_leaves_a_run_that_goes_on(
    study_toml: Path, tmp_path: Path, small_disk: Path
) -> None:
    """The file system is remounted after the second step; once it can be written to again the run ends as it would."""
    subprocess.run(["mount", "-o", "remount,size=16m", str(small_disk)], check=True)
    config = load_config(study_toml)

    def remount(line: str) -> None:
        if line.startswith("step 2,"):
            subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)

    run = Run(config, config.arms[1], 0, small_disk / "run", {})
    with pytest.raises(OSError, match="Read-only file system"):
        run.train(remount)
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    heard: list[str] = []
    run.train(heard.append)
    assert heard[0] == "resumed after step 1"
    whole = Run(config, config.arms[1], 0, tmp_path / "whole", {})
    whole.train(lambda _: None)
    weights = [(each.folder / "weights" / "model.safetensors").read_bytes() for each in (run, whole)]
    assert weights[0] == weights[1]


def test_the_newest_checkpoint_is_the_one_of_the_last_step_whatever_the_clock_said(
    study_toml: Path, tmp_path: Path
) -> None:
    """Dates of files jump back by years while a run saves; the run goes on from its last step."""
    config = load_config(study_toml)

    class StoppedError(Exception):
        pass

    def stop(line: str) -> None:
        for index, path in enumerate(sorted((tmp_path / "checkpoints").glob("step-*"))):
            os.utime(path, (10**9 - index * 10**8,) * 2)
        if line.startswith("step 5,"):
            raise StoppedError

    run = Run(config, config.arms[1], 0, tmp_path, {})
    with pytest.raises(StoppedError):
        run.train(stop)
    heard: list[str] = []
    run.train(heard.append)
    assert heard[0] == "resumed after step 4"
