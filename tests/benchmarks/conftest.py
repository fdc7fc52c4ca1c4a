"""One report for all benchmarks of a run, printed and written when the last has ended."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.benchmarks.harness import FOLDER, Report


@pytest.fixture(scope="session")
def report() -> Iterator[Report]:
    collected = Report()
    yield collected
    if collected.rows:
        collected.write()
        print(f"\n{collected.text()}\nwritten to {FOLDER}")
