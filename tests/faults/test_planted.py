"""Bugs that would let a fault through, planted one by one in a copy of the project: the named test fails."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.faults.jobs import ROOT
from tests.faults.table import catalogue

BUGS = tomllib.loads(Path(__file__).with_name("planted.toml").read_text(encoding="utf-8"))["bug"]
_LEFT_OUT = shutil.ignore_patterns("output", "results", "__pycache__", ".*", "docs", "reference")


def test_every_bug_is_one_change_for_a_fault_and_a_test_of_the_catalogue() -> None:
    faults = {fault["name"] for fault in catalogue()}
    assert len({bug["fault"] for bug in BUGS}) == len(BUGS) >= 25
    for bug in BUGS:
        assert bug["fault"] in faults
        assert (ROOT / bug["file"]).read_text(encoding="utf-8").count(bug["old"]) == 1, bug
        file, _, name = bug["test"].partition("::")
        assert f"def {name}(" in (ROOT / "tests" / file).read_text(encoding="utf-8"), bug


def outcome(copy: Path, *tests: str) -> tuple[int, str]:
    """Run tests in the copy; return pytest's exit status and what it printed."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", "--tb=line"]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    command += ["-m", "slow or not slow", *(f"tests/{test}" for test in tests)]
    answer = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)
    return answer.returncode, answer.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    for room in ("vas_theory", "simulations", "full_scale", "paper_figures", "tests"):
        shutil.copytree(ROOT / room, folder / room, ignore=_LEFT_OUT)
    shutil.copy(ROOT / "pyproject.toml", folder)
    code, text = outcome(folder, *dict.fromkeys(bug["test"] for bug in BUGS))
    assert code == 0, text[-2000:]
    return folder


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug["fault"])
def test_the_named_test_passes_without_the_bug_and_fails_on_it(bug: dict[str, str], copy: Path) -> None:
    path = copy / bug["file"]
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole.replace(bug["old"], bug["new"]), encoding="utf-8")
    try:
        code, text = outcome(copy, bug["test"])
    finally:
        path.write_text(whole, encoding="utf-8")
    assert code == 1, text[-2000:]
    assert f"FAILED tests/{bug['test']}" in text
