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


def shown() -> dict[str, str]:
    """Return what the table says was seen of each fault; empty where there is no table."""
    if not TABLE.is_file():
        return {}
    rows = [line.split(" | ") for line in TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return {row[0].removeprefix("| "): row[2] for row in rows[1:]}


def main() -> int:
    """Run the tests that the catalogue names, slow ones included, and write the table.

    ``--open`` runs those of the faults alone that the table does not show as held. All other arguments are pytest's.
    """
    faults, known = catalogue(), shown()
    options = [option for option in sys.argv[1:] if option != "--open"]
    wanted = [
        fault for fault in faults if "--open" not in sys.argv or not known.get(fault["name"], "").startswith("held")
    ]
    places = sorted({place for fault in wanted for place in fault["tests"]})
    plugin = _Seen()
    code = 0
    if places:
        arguments = ["-q", "-m", "slow or not slow", "-p", "no:cacheprovider", *options]
        code = int(pytest.main([*arguments, *(str(TESTS / place) for place in places)], plugins=[plugin]))
    known |= {fault["name"]: seen([plugin.outcomes[place] for place in fault["tests"]]) for fault in wanted}
    lines = [
        "# Faults that are injected for real",
        "",
        "Written by `make faults`.",
        "",
        "| fault | promise | seen | tests |",
        "|---|---|---|---|",
    ]
    for fault in faults:
        names = ", ".join(f"`{place.partition('::')[2]}`" for place in fault["tests"])
        lines.append(f"| {fault['name']} | {fault['promise']} | {known[fault['name']]} | {names} |")
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(faults)} faults: {TABLE.relative_to(TESTS.parent)}")
    return code


if __name__ == "__main__":
    sys.exit(main())
