"""Jobs side by side: order within a lane, a failure that ends what runs beside it, and the time that is left."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import pytest

from paper_figures.build.lanes import Job, JobFailed, Lanes


def python(name: str, text: str) -> Job:
    def run(log: TextIO, started: Callable[[subprocess.Popen[bytes]], None]) -> int:
        process = subprocess.Popen([sys.executable, "-c", text], stdout=log, stderr=log)
        started(process)
        return process.wait()

    return Job(name, "stage", run)


def test_a_lane_keeps_its_order_and_what_is_printed(tmp_path: Path) -> None:
    lanes = Lanes(tmp_path, {})
    lanes.run([[python("one", "print('first')"), python("two", "print('second')")], [python("three", "")]])
    assert lanes.done.index("one") < lanes.done.index("two")
    assert set(lanes.seconds) == {"one", "two", "three"}
    assert (tmp_path / "two.log").read_text() == "second\n"


def test_a_failure_names_its_job_and_ends_the_others(tmp_path: Path) -> None:
    lanes = Lanes(tmp_path, {})
    began = time.monotonic()
    slow = [python("slow", "import time; time.sleep(60)"), python("never", "")]
    with pytest.raises(JobFailed, match="bad ended with exit code 3") as failed:
        lanes.run([slow, [python("bad", "import sys; print('why'); sys.exit(3)")]])
    assert time.monotonic() - began < 30
    assert failed.value.log.read_text() == "why\n"
    assert not (tmp_path / "never.log").exists()
    assert lanes.done == []


def test_the_time_left_follows_the_record_and_the_pace(tmp_path: Path) -> None:
    jobs = [Job(name, "stage", lambda log, started: 0) for name in "abc"]
    lanes = Lanes(tmp_path, {"a": 10.0, "b": 20.0, "c": 40.0})
    assert lanes.left(jobs, 2) == pytest.approx(40.0), "the longest job alone takes longer than half of all"
    lanes.seconds["a"] = 20.0  # twice the record
    assert lanes.left(jobs, 2) == pytest.approx(80.0)
    assert lanes.left(jobs[:2], 1) == pytest.approx(40.0)
    assert Lanes(tmp_path, {}).left(jobs, 1) > 0


def test_progress_is_told_while_no_job_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Lanes(tmp_path, {"long": 1.0}, every=0.05).run([[python("long", "import time; time.sleep(0.3)")]])
    assert "min left; running: long" in capsys.readouterr().out
