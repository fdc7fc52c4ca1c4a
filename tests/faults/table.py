"""Run the tests of the fault catalogue and write what was promised and seen: ``python tests/faults/table.py``."""

from __future__ import annotations

import sys
import tomllib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent
TABLE = HERE / "table.md"


def catalogue() -> list[dict[str, Any]]:
    """Return the faults: ``name``, ``promise`` and ``tests``, as file::function below the tests."""
    faults: list[dict[str, Any]] = tomllib.loads((HERE / "catalogue.toml").read_text(encoding="utf-8"))["fault"]
    return faults


class _Seen:
    """Collects the outcomes of all cases of each test."""

    def __init__(self) -> None:
        self.outcomes: dict[str, set[str]] = defaultdict(set)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            place = report.nodeid.partition("[")[0].removeprefix("tests/")
            self.outcomes[place].add(report.outcome)


def seen(outcomes: Sequence[set[str]]) -> str:
    """Return what a fault's tests say together."""
    if any("failed" in each for each in outcomes):
        return "NOT HELD"
    if not all(outcomes):
        return "not run"
    if any(each == {"skipped"} for each in outcomes):
        return "held where it could be injected; one test was skipped here"
    return "held"


def main() -> int:
    """Run all tests that the catalogue names, slow ones included, and write the table."""
    faults = catalogue()
    places = sorted({place for fault in faults for place in fault["tests"]})
    plugin = _Seen()
    arguments = ["-q", "-m", "slow or not slow", "-p", "no:cacheprovider", *sys.argv[1:]]
    code = pytest.main([*arguments, *(str(TESTS / place) for place in places)], plugins=[plugin])
    lines = [
        "# Faults that are injected for real",
        "",
        "Written by `make faults`.",
        "",
        "| fault | promise | seen | tests |",
        "|---|---|---|---|",
    ]
    for fault in faults:
        outcome = seen([plugin.outcomes[place] for place in fault["tests"]])
        names = ", ".join(f"`{place.partition('::')[2]}`" for place in fault["tests"])
        lines.append(f"| {fault['name']} | {fault['promise']} | {outcome} | {names} |")
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(faults)} faults: {TABLE.relative_to(TESTS.parent)}")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
