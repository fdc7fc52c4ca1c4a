"""The catalogue of faults names tests that exist; the kill script kills, goes on, and tells equal files from others."""

from __future__ import annotations

import ast
import json
import random
from pathlib import Path

import pandas as pd
import pytest

from tests.faults import kill
from tests.faults.jobs import FIGURES, ROOT, Job, jobs
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


def test_the_committed_table_of_kills_shows_every_job_with_equal_files(tmp_path: Path) -> None:
    (tmp_path / "tiny").mkdir()  # no model is built for this
    rows = kill.shown(TESTS / "faults" / "kills.md")
    known = {name: job.what for name, job in jobs(tmp_path).items()}
    assert rows.keys() == set(known.values()), "run `make kills` and commit its table"
    for row in rows.values():
        _, kills, _, runs, files, different = row.strip("| ").split(" | ")
        assert int(kills) >= 50
        assert int(runs) >= 1
        assert int(files) >= 1
        assert int(different) == 0


def test_the_figures_that_are_built_exist() -> None:
    assert all((ROOT / "paper_figures" / "figures" / f"{name}.py").exists() for name in FIGURES)


COUNT = """
import pathlib, sys, time
folder = pathlib.Path(sys.argv[1])
for step in range(12):
    path = folder / f"{step}.txt"
    if not path.exists():
        (folder / "half").write_text({text})
        (folder / "half").rename(path)
    time.sleep(0.02)
"""


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize(("text", "same"), [("str(step)", True), ("str(time.time())", False)])
def test_a_job_is_killed_so_often_and_compared(text: str, same: bool, tmp_path: Path) -> None:
    script = tmp_path / "count.py"
    script.write_text(COUNT.format(text=text, step="{step}"), encoding="utf-8")
    job = Job("counts", lambda folder: ["", str(script), str(folder)])
    found = kill.survive(job, tmp_path / "work", 3, random.Random(0))
    assert found["kills"] == 3
    assert found["files"] == 12
    assert (found["different"] == []) is same
