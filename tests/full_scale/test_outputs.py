"""A study whose results cannot be written says so in one line: at once, or when the disk becomes full."""

from __future__ import annotations

import errno
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from full_scale.__main__ import main
from full_scale.compact.loop import Run
from full_scale.config.training import load_config
from vas_theory.provenance.folders import verify_folder


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
