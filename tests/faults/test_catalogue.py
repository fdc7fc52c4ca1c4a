"""The catalogue of faults names tests that exist, and the kill script tells equal files from others."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pandas as pd

from tests.faults.kill import digests
from tests.faults.table import TESTS, catalogue, seen, shown


def test_every_fault_names_tests_that_exist() -> None:
    faults = catalogue()
    assert len(faults) >= 50
    assert len({fault["name"] for fault in faults}) == len(faults)
    for fault in faults:
        assert fault["promise"]
        assert fault["tests"]
        for place in fault["tests"]:
            file, _, name = place.partition("::")
            tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
            defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
            assert name in defined, f"{place} does not exist; `make faults` would not run it"


def test_the_committed_table_shows_every_fault_as_held() -> None:
    seen_of = shown()
    assert set(seen_of) == {fault["name"] for fault in catalogue()}, "run `make faults` and commit its table"
    assert all(outcome.startswith("held") for outcome in seen_of.values())


def test_what_the_outcomes_of_a_fault_say_together() -> None:
    assert seen([{"passed"}, {"passed"}]) == "held"
    assert seen([{"passed"}, {"passed", "failed"}]) == "NOT HELD"
    assert seen([{"passed"}, set()]) == "not run"
    assert "skipped" in seen([{"passed"}, {"skipped"}])


def test_digests_leave_out_times_alone(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, seconds in ((first, 1.0), (second, 2.0)):
        folder.mkdir()
        pd.DataFrame({"x": [1.0], "seconds": [seconds]}).to_parquet(folder / "table.parquet")
        (folder / "table.json").write_text(json.dumps({"rows": 1, "seconds": seconds}))
        (folder / "weights").write_bytes(b"\0\1")
    assert digests(first) == digests(second)
    pd.DataFrame({"x": [1.0 + 2**-40], "seconds": [1.0]}).to_parquet(second / "table.parquet")
    (second / "table.json").write_text(json.dumps({"rows": 2}))
    (second / "weights").write_bytes(b"\0\2")
    assert {name for name, digest in digests(first).items() if digests(second)[name] != digest} == {
        "table.parquet",
        "table.json",
        "weights",
    }
