"""Skips: what may be skipped and why, what enables it, and that nothing else is skipped where CI runs.

On CI (the variable ``CI`` is set) a skip that is not on the list is a failure. Entries with ``missing`` are on it only
where ``VAS_MISSING`` names them: ``.ci/run`` puts there what it could not install, and says so.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import pytest


@dataclass(frozen=True)
class Allowed:
    """A reason that a test may be skipped for.

    Attributes:
        reason: pattern of what the test says.
        why: why it cannot be had everywhere.
        enable: the command that lets the tests run; empty where the test does not apply at all.
        missing: name by which ``VAS_MISSING`` allows it; None where it is always allowed.
    """

    reason: str
    why: str
    enable: str = ""
    missing: str | None = None


ALLOWED = (
    Allowed("no Chromium", "a program of the system", "apt-get install chromium", "chromium"),
    Allowed(
        "Rocq or a library", "programs of the system", "apt-get install coq libcoq-coquelicot libcoq-interval", "coq"
    ),
    Allowed(
        "could not import 'reasoning_gym'", "needs a C compiler", "pip install -c constraints.txt '.[tasks]'", "tasks"
    ),
    Allowed("node is not installed", "a program of the system", "apt-get install nodejs", "nodejs"),
    Allowed("no LaTeX", "a gigabyte for one exported table", "apt-get install texlive-latex-recommended"),
    Allowed("deepspeed is not installed", "no dependency; needs a compiler", "DS_BUILD_OPS=0 pip install deepspeed"),
    Allowed("torchdata", "a package of verl's", "make test-verl"),
    Allowed("slime is not installed", "no package index has it", "install slime from its repository"),
    Allowed("prime-rl is not installed", "no package index has it", "install prime-rl from its repository"),
    Allowed("no file system may be mounted", "needs root and a kernel that permits it", "run as root"),
    Allowed("this copy has no table of the paper size", "a source without committed tables", "use a checkout"),
    Allowed("the process has a handler of its own", "the test is about the default handler"),
    Allowed("its credit is not a function of the group's rewards alone", "does not apply to that strategy"),
    Allowed("its state has its own tests, or is empty", "does not apply to that strategy"),
    Allowed("the fields are the same", "does not apply to that strategy"),
)  # fmt: skip


def allowed(reason: str) -> Allowed | None:
    """Return the entry of a reason, or None."""
    return next((entry for entry in ALLOWED if re.search(entry.reason, reason)), None)


def refusal(reason: str) -> str | None:
    """Return why a skip is a failure here, or None where it may be."""
    if not os.environ.get("CI"):
        return None
    entry = allowed(reason)
    if entry is None:
        return f"skipped on CI for a reason that tests/skips.py does not list: {reason}"
    if entry.missing is not None and entry.missing not in os.environ.get("VAS_MISSING", "").split():
        return f"skipped on CI, where this is to be installed ({entry.enable}): {reason}"
    return None


def reason_of(report: Any) -> str:
    """Return the words that a skipped test or file gave."""
    return str(report.longrepr[2] if isinstance(report.longrepr, tuple | list) else report.longrepr)


def _refuse(report: Any) -> None:
    if report.outcome == "skipped" and not hasattr(report, "wasxfail") and (words := refusal(reason_of(report))):
        report.outcome, report.longrepr = "failed", words


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skipped test that is not on the list into a failure."""
    report = yield
    _refuse(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn a skipped file that is not on the list into an error."""
    report = yield
    _refuse(report)
    return report


def summary(reasons: Counter[str]) -> list[str]:
    """Return a line for every reason: how many were skipped, and the one command that would let them run."""
    lines = Counter[str]()
    for reason, count in reasons.items():
        entry = allowed(reason)
        if entry is None:
            lines[reason.removeprefix("Skipped: ")] += count
        elif entry.enable:
            lines[f"{entry.reason} ({entry.why}); to run: {entry.enable}"] += count
        else:
            lines[f"{entry.reason} ({entry.why})"] += count
    return [f"{count} skipped: {line}" for line, count in lines.most_common()]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what was skipped and what would enable it."""
    reports = terminalreporter.stats.get("skipped", [])
    if reports:
        terminalreporter.section("skipped, and what would let it run")
        for line in summary(Counter(map(reason_of, reports))):
            terminalreporter.write_line(line)
