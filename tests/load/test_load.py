"""The figures under load: the committed table is of the full loads and holds, smaller ones hold here too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.load.__main__ import LOADS, TABLE, lines_of, measure, write
from tests.load.hostile import hostile_answers
from tests.load.rows import Row


def test_the_committed_table_holds_and_is_of_the_full_loads() -> None:
    lines = lines_of(TABLE)
    assert len(lines) >= 4 * len(LOADS), "run `make load` and commit its table"
    assert all(line.endswith("| yes |") for line in lines)
    loads = {line.split(" | ")[0].removeprefix("| ") for line in lines}
    for words in ("10,000 steps of 512 of 20,000,000 prompts", "64 keys of 1,000,000 characters", "1,000 resumes"):
        assert words in loads
    assert any(load.startswith("10,000 hostile answers") for load in loads)
    assert "`watch` with 200 runs" in loads


def test_a_limit_that_is_missed_is_shown(tmp_path: Path) -> None:
    assert Row("a", "b", 1.0, 1.0).held
    assert not Row("a", "b", 1.01, 1.0).held
    assert not Row("a", "b", float("nan"), 1.0).held
    table = tmp_path / "table.md"
    write(table, [Row("a", "b", 2.0, 1.0).cells(), Row("c", "d", 0.0, 0.0).cells()])
    write(table, [Row("a", "b", 0.5, 1.0).cells()])
    assert lines_of(table) == ["| c | d | 0 | 0 | yes |", "| a | b | 0.5 | 1 | yes |"]


def test_hostile_answers_differ_and_are_the_same_each_time() -> None:
    answers = list(hostile_answers(500, costly=50))
    assert len(set(answers)) == 500
    assert answers == list(hostile_answers(500, costly=50))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", LOADS)
def test_smaller_loads_hold(name: str) -> None:
    assert [row.cells() for row in measure(name, small=True) if not row.held] == []
