"""Arms are files of their own, and a table is stamped for other code on the evidence of cells, or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import Field

from simulations.__main__ import main
from simulations.running.experiment import PRESETS, Experiment, ExperimentConfig
from simulations.running.recheck import recheck
from simulations.running.stored import pieces_of, problem, run_experiment
from simulations.running.sweep import Cell
from vas_theory.foundation.errors import ArgumentError, DataError, IntegrityError
from vas_theory.provenance.stamps import contains
from vas_theory.provenance.tables import read_metadata, read_table, sha256_file, write_metadata


class _Config(ExperimentConfig):
    arms: tuple[str, ...] = Field(default=("a", "b"), description="arms")
    size: int = Field(default=3, description="rows of a cell")


_calls: list[str] = []


def _cells(config: _Config) -> list[Cell]:
    return [
        Cell(f"{arm}{index}", {"arm": arm, "index": index, "size": config.size}, config.seed, arm=arm)
        for index in range(2)
        for arm in config.arms
    ]


def _run_cell(cell: Cell) -> pd.DataFrame:
    _calls.append(cell.name)
    arm, index, size = (cell.config[name] for name in ("arm", "index", "size"))
    x = np.random.default_rng([cell.seed, index, ord(arm)]).random(size)
    return pd.DataFrame({"arm": arm, "index": index, "x": x, "gap": np.where(x > 0.5, np.nan, x)})


def _other(cell: Cell) -> pd.DataFrame:
    frame = _run_cell(cell)
    return frame.assign(x=np.nextafter(frame["x"], 2)) if cell.name == "b1" else frame


def _experiment(run_cell: object = _run_cell) -> Experiment:
    presets = {name: _Config() for name in PRESETS}
    return Experiment("t", "", presets, cells=_cells, run_cell=run_cell, arms="arms")  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    _calls.clear()
    path = tmp_path / "t.parquet"
    assert run_experiment(_experiment(), _Config(), path) == "computed"
    _calls.clear()
    return path


def _clone(path: Path) -> None:
    """Leave what a clone has: the table's files without the finished cells."""
    for file in (path.parent / "cells" / "t").iterdir():
        file.unlink()


def test_a_new_arm_is_computed_alone_after_a_clone(path: Path) -> None:
    _clone(path)
    before = {file.name: sha256_file(file) for file in path.with_suffix("").iterdir()}
    assert run_experiment(_experiment(), _Config(arms=("a", "b", "c")), path) == "computed"
    assert _calls == ["c0", "c1"]
    after = {file.name: sha256_file(file) for file in path.with_suffix("").iterdir()}
    assert {name: after[name] for name in before} == before
    assert read_table(path)["arm"].tolist() == ["a"] * 6 + ["b"] * 6 + ["c"] * 6


def test_arms_that_are_not_asked_for_stay_if_they_are_of_the_same_making(path: Path) -> None:
    assert run_experiment(_experiment(), _Config(arms=("c",)), path) == "computed"
    assert set(read_table(path)["arm"]) == {"a", "b", "c"}
    assert run_experiment(_experiment(), _Config(arms=("c",), size=4), path) == "replaced"
    assert set(read_table(path)["arm"]) == {"c"}, "rows of two sizes are no table"


def test_a_table_in_one_file_gives_way_to_arms(path: Path) -> None:
    path.write_bytes((path.with_suffix("") / "a.parquet").read_bytes())
    write_metadata(path, read_metadata(path.with_suffix("") / "a.parquet"))
    run_experiment(_experiment(), _Config(), path)
    assert not path.exists()
    assert len(read_table(path)) == 12


def _mark(path: Path, key: str = "old") -> None:
    """Make the sidecars name other code."""
    for file in path.with_suffix("").glob("*.parquet"):
        write_metadata(file, {**read_metadata(file), "key": key})


def test_recheck_stamps_what_comes_out_the_same(path: Path) -> None:
    _clone(path)
    _mark(path)
    assert [problem(piece) for piece in pieces_of(_experiment(), _Config(), path)] != [None, None]
    before = sha256_file(path.with_suffix("") / "a.parquet")
    outcomes = recheck(_experiment(), _Config(), path, cells=1, seed=5)
    assert [len(outcome.checked) for outcome in outcomes] == [1, 1]
    assert len(_calls) == 2
    assert [problem(piece) for piece in pieces_of(_experiment(), _Config(), path)] == [None, None]
    (record,) = read_metadata(path.with_suffix("") / "a.parquet")["rechecked"]
    assert record["seed"] == 5
    assert record["of"] == 2
    assert record["cells"] == list(outcomes[0].checked)
    assert record["instead_of"] == "old"
    assert sha256_file(path.with_suffix("") / "a.parquet") == before
    assert not any(outcome.checked for outcome in recheck(_experiment(), _Config(), path, cells=1))
    assert all(outcome.checked for outcome in recheck(_experiment(), _Config(), path, cells=9, every=True))


def test_recheck_names_the_cell_that_differs_and_stamps_nothing_of_its_file(path: Path) -> None:
    outcomes = recheck(_experiment(_other), _Config(), path, cells=2)
    assert [outcome.differs for outcome in outcomes] == [(), ("b1",)], "the last bit of three numbers"
    first, second = pieces_of(_experiment(_other), _Config(), path)
    assert problem(first) is None
    assert "made by other code" in (problem(second) or "")
    assert "rechecked" not in read_metadata(second.path)


def test_recheck_refuses_what_it_can_say_nothing_of(path: Path) -> None:
    with pytest.raises(DataError, match="another config"):
        recheck(_experiment(_other), _Config(size=4), path, cells=1)
    with pytest.raises(ArgumentError, match="--cells"):
        recheck(_experiment(), _Config(), path, cells=0)
    file = path.with_suffix("") / "a.parquet"
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(IntegrityError):
        recheck(_experiment(), _Config(), path, cells=1)


def test_another_processor_is_no_other_code(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that this machine cannot make again are held against what the code that made them gives here."""
    codes = {"earlier": _other}
    monkeypatch.setattr("simulations.running.recheck.check_checkout", lambda metadata, checkout: "abc")
    monkeypatch.setattr(
        "simulations.running.recheck.run_earlier", lambda metadata, checkout, cell: codes["earlier"](cell)
    )
    outcomes = recheck(_experiment(_other), _Config(), path, cells=2, against=path.parent)
    assert not any(outcome.differs for outcome in outcomes)
    first, second = (read_metadata(path.with_suffix("") / f"{arm}.parquet")["rechecked"][0] for arm in "ab")
    assert "against" not in first
    assert second["against"] == "abc"
    assert second["rows_in_file"] == [True, False]
    assert second["processor"]
    _mark(path)
    codes["earlier"] = _run_cell
    assert recheck(_experiment(_other), _Config(), path, cells=2, against=path.parent)[1].differs == ("b1",)


def test_a_checkout_of_other_code_is_refused(path: Path) -> None:
    _mark(path)
    said: list[str] = []
    outcomes = recheck(_experiment(), _Config(), path, cells=1, against=path.parent, report=said.append)
    assert all(outcome.refused for outcome in outcomes)
    assert all("--against" in line for line in said)
    assert not any("rechecked" in read_metadata(file) for file in path.with_suffix("").glob("*.parquet"))


def test_the_command_line_rechecks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--preset", "smoke", "--output", str(tmp_path)]
    assert main(["run", "one_step_progress", *where]) == 0
    sidecar = tmp_path / "one_step_progress.parquet.meta.json"
    metadata = json.loads(sidecar.read_text())
    sidecar.write_text(json.dumps({**metadata, "key": "old"}))
    assert main(["recheck", "one_step_progress", *where]) == 0
    assert "1 by cells computed again, 0 differ" in capsys.readouterr().out
    assert json.loads(sidecar.read_text())["key"] == metadata["key"]
    assert main(["recheck", "one_step_progress", *where, "--cells", "0"]) == 2


def test_rows_are_found_bit_for_bit() -> None:
    stored = pd.DataFrame({"a": [1, 1, 2, 2], "x": [0.0, np.nan, 0.5, -0.0], "name": ["u", "u", "v", "v"]})
    assert contains(stored, stored.iloc[1:3])
    assert contains(stored, pd.DataFrame({"name": ["v"], "x": [0.5], "a": [2]}))
    assert not contains(stored, stored.iloc[[0, 2]])
    assert not contains(stored, pd.DataFrame({"a": [2], "x": [0.0], "name": ["v"]})), "the sign of zero"
    assert not contains(stored, stored.assign(more=1))
    assert contains(stored, stored.iloc[:0])


def test_cells_all_name_an_arm_or_none(tmp_path: Path) -> None:
    def mixed(config: _Config) -> list[Cell]:
        return [Cell("x", {}, 0), Cell("y", {}, 0, arm="b")]

    wrong = Experiment("t", "", {}, cells=mixed, run_cell=_run_cell)
    with pytest.raises(ArgumentError, match="name an arm"):
        run_experiment(wrong, _Config(), tmp_path / "t.parquet")
