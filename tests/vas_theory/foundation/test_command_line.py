"""What the command lines share."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vas_theory.foundation.command_line import parse_assignments
from vas_theory.foundation.errors import ArgumentError


@pytest.mark.parametrize("entry", ["draws", "=3", "a=" + 9999 * "["])
def test_assignments_need_a_key_and_a_value(entry: str) -> None:
    with pytest.raises(ArgumentError, match="--set"):
        parse_assignments([entry])


def test_values_are_json_or_toml_or_text() -> None:
    entries = ["a=1", "b = [2, 3]", "c=word", "d=x=y", "e.f=1_000", "g={h = 'i'}", "j=null", 'k={"l": true}']
    assert parse_assignments(entries) == {
        "a": 1, "b": [2, 3], "c": "word", "d": "x=y", "e.f": 1000, "g": {"h": "i"}, "j": None, "k": {"l": True},
    }  # fmt: skip


def test_a_key_is_set_once() -> None:
    with pytest.raises(ArgumentError, match="once"):
        parse_assignments(["a=1", "a=2"])


def _list_claims(**options: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONUNBUFFERED": "", **options.pop("environment", {})}  # type: ignore[dict-item]
    command = [sys.executable, "-m", "vas_theory", "list"]
    return subprocess.run(command, stderr=subprocess.PIPE, text=True, env=environment, **options)  # type: ignore[call-overload, no-any-return]


def test_signs_that_a_terminal_lacks_are_written_as_escapes(tmp_path: Path) -> None:
    with open(tmp_path / "shown", "wb") as shown:
        ended = _list_claims(stdout=shown, environment={"PYTHONIOENCODING": "ascii"})
    assert (ended.returncode, ended.stderr) == (0, "")
    assert b"\\u2013" in (tmp_path / "shown").read_bytes()


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_left_is_told_by_the_exit_code_alone(unbuffered: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = _list_claims(stdout=writing, environment={"PYTHONUNBUFFERED": unbuffered})
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_that_finds_no_room_is_one_line() -> None:
    with open("/dev/full", "wb") as full:
        ended = _list_claims(stdout=full)
    assert (ended.returncode, ended.stderr) == (2, "error: No space left on device\n")
