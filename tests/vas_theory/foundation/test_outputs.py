"""Where results cannot be written is found out before they are computed, on real links and file systems."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from vas_theory.foundation.command_line import build_parser, run
from vas_theory.foundation.errors import ArgumentError
from vas_theory.foundation.outputs import check_output_file, check_output_folder


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB; skipped where none may be mounted."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no file system may be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_folders_that_are_there_or_can_be_made_pass_and_stay_as_they_are(tmp_path: Path) -> None:
    assert check_output_folder(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert check_output_folder(str(tmp_path)) == tmp_path
    (tmp_path / "link").symlink_to(tmp_path)
    check_output_folder(tmp_path / "link" / "deeper")
    assert check_output_file(tmp_path / "a" / "b.json") == tmp_path / "a" / "b.json"
    assert [path.name for path in tmp_path.iterdir()] == ["link"]


def test_files_and_links_to_nothing_are_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for path, reason in (
        (tmp_path / "file", "file is a file"),
        (tmp_path / "file" / "deeper", "file is a file"),
        (tmp_path / "link", "link is a link to nothing"),
        (tmp_path / "link" / "deeper", "link is a link to nothing"),
    ):
        with pytest.raises(ArgumentError, match=rf"--output must be a folder: .*{reason}"):
            check_output_folder(path)
    for path in (tmp_path, tmp_path / "link"):
        with pytest.raises(ArgumentError, match="--output must be a file"):
            check_output_file(path)


def test_a_result_never_takes_the_place_of_a_device_or_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/full", "/dev/null", "/dev/stdout", "/dev/new"):
        with pytest.raises(ArgumentError, match=r"is a device or a pipe|is a link to nothing"):
            check_output_file(path)


def test_a_full_disk_is_named(mounted: Path) -> None:
    (mounted / "ballast").write_bytes(b"x" * 4096)
    with pytest.raises(ArgumentError, match="No space left on device"):
        check_output_folder(mounted / "results")
    with pytest.raises(ArgumentError, match="No space left on device"):
        check_output_file(mounted / "results.json")


def test_a_disk_that_becomes_full_is_one_line(mounted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def fill(arguments: object) -> None:
        (mounted / "results").write_bytes(b"x" * 100_000)

    parser = build_parser("vas_theory", "")
    parser.set_defaults(handler=fill)
    assert run(parser, []) == 2
    heard = capsys.readouterr().err
    assert heard.startswith("error: No space left on device")
    assert heard.count("\n") == 1
    with pytest.raises(OSError, match="No space left"):
        run(parser, ["--debug"])


def test_other_errors_of_the_system_are_not_taken_for_the_users(tmp_path: Path) -> None:
    parser = build_parser("vas_theory", "")
    parser.set_defaults(handler=lambda _: (tmp_path / "absent").read_text())
    with pytest.raises(FileNotFoundError):
        run(parser, [])


def test_a_read_only_file_system_is_named(mounted: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(mounted)], check=True)
    with pytest.raises(ArgumentError, match="Read-only file system"):
        check_output_folder(mounted / "results")
