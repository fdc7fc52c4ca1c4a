"""One report for all benchmarks of a run, printed and written when the last has ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.benchmarks.harness import FOLDER, Report


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let ``pytest tests/benchmarks -m bench --output FOLDER`` write its table elsewhere, to be committed."""
    parser.addoption("--output", type=Path, default=FOLDER, help="folder of the table of speed ratios")


@pytest.fixture(scope="session")
def report(pytestconfig: pytest.Config) -> Iterator[Report]:
    collected = Report()
    yield collected
    if collected.rows:
        # where this folder was not named on the command line, its options are not known
        folder = pytestconfig.getoption("--output", default=FOLDER)
        collected.write(folder)
        print(f"\n{collected.text()}\nwritten to {folder}")
