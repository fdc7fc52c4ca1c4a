"""What is skipped is said with the command that enables it, and on CI nothing is skipped that is not on the list."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.skips import ALLOWED, allowed, refusal, summary

ROOT = Path(__file__).parents[1]
SKIPPING = """
import pytest

def test_listed():
    pytest.skip("no LaTeX on this machine")

def test_to_be_installed():
    pytest.skip("no Chromium on this machine")

def test_unlisted():
    pytest.skip("not today")

@pytest.mark.xfail(strict=True)
def test_known_to_fail():
    raise ValueError
"""


def run(folder: Path, **variables: str) -> str:
    (folder / "test_skipping.py").write_text(SKIPPING, encoding="utf-8")
    (folder / "test_file.py").write_text("import pytest\npytest.importorskip('no_such_module')\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-c", "pyproject.toml", "-p", "tests.skips", "-p", "no:cacheprovider"]
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "VAS_MISSING")}
    answer = subprocess.run(
        [*command, "-q", "--continue-on-collection-errors", str(folder)],
        cwd=ROOT,
        env=environment | variables,
        capture_output=True,
        text=True,
    )
    return answer.stdout


def test_elsewhere_skips_are_said_with_what_enables_them(tmp_path: Path) -> None:
    said = run(tmp_path)
    assert "4 skipped, 1 xfailed" in said
    assert "1 skipped: no Chromium (a program of the system); to run: apt-get install chromium" in said
    assert "1 skipped: not today" in said


def test_on_ci_a_skip_that_is_not_listed_is_a_failure(tmp_path: Path) -> None:
    said = run(tmp_path, CI="true")
    assert "2 failed, 1 skipped, 1 xfailed, 1 error" in said
    for words in ("not list: Skipped: not today", "(apt-get install chromium): Skipped", "no_such_module"):
        assert words in said


def test_what_ci_could_not_install_may_be_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.delenv("VAS_MISSING", raising=False)
    assert refusal("Skipped: no LaTeX on this machine") is None
    assert "not list: Skipped: not today" in str(refusal("Skipped: not today"))
    assert "apt-get install chromium" in str(refusal("Skipped: no Chromium on this machine"))
    monkeypatch.setenv("VAS_MISSING", "coq chromium")
    assert refusal("Skipped: no Chromium on this machine") is None
    monkeypatch.delenv("CI")
    assert refusal("Skipped: not today") is None


def test_every_entry_is_a_reason_that_some_test_gives() -> None:
    files = [path for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)]
    sources = "".join(path.read_text(encoding="utf-8") for path in [*files, ROOT / "tests" / "conftest.py"])
    for entry in ALLOWED:
        words = re.sub(r"could not import '(\w+)'", r'importorskip("\1")', entry.reason)
        assert words in sources, entry.reason
        assert entry.why


def test_the_script_of_ci_names_what_it_could_not_install() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "export CI=" in script
    for entry in ALLOWED:
        if entry.missing is not None:
            assert re.search(rf"\b{entry.missing}\b", script), entry.missing


def test_reasons_are_counted_together() -> None:
    lines = summary(Counter({"Skipped: no LaTeX on this machine": 3, "Skipped: not today": 1}))
    assert lines[0].startswith("3 skipped: no LaTeX (a gigabyte")
    assert lines[1] == "1 skipped: not today"
    assert allowed("Skipped: could not import 'reasoning_gym': No module named 'reasoning_gym'") is not None
