"""The framework: configs are checked, equal configs give equal bytes, current tables are kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import Field

from simulations.experiments import experiment_names, get_experiment
from simulations.running.experiment import PRESETS, Experiment, ExperimentConfig
from simulations.running.stored import run_experiment
from simulations.running.sweep import Cell
from vas_theory.foundation.errors import ArgumentError, UnknownNameError
from vas_theory.provenance.tables import read_metadata, read_table


class _Config(ExperimentConfig):
    draws: int = Field(default=3, ge=1, description="numbers to draw")


_calls: list[int] = []


def _run(config: _Config) -> pd.DataFrame:
    _calls.append(config.draws)
    return pd.DataFrame({"draw": np.random.default_rng(config.seed).random(config.draws)})


_EXPERIMENT = Experiment("numbers", "draws numbers", {name: _Config() for name in PRESETS}, _run)


@pytest.fixture(autouse=True)
def _no_calls() -> None:
    _calls.clear()


def test_overrides_are_validated() -> None:
    assert _EXPERIMENT.configure("smoke", {"draws": 7, "seed": 2}) == _Config(draws=7, seed=2)
    with pytest.raises(ArgumentError, match=r"draws must satisfy: .*greater than or equal to 1; received 0"):
        _EXPERIMENT.configure("smoke", {"draws": 0})
    with pytest.raises(UnknownNameError, match="did you mean draws"):
        _EXPERIMENT.configure("smoke", {"drawz": 1})
    with pytest.raises(UnknownNameError, match="preset"):
        _EXPERIMENT.configure("huge")


def test_configs_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        _Config().draws = 4


def test_a_table_is_run_once_and_replaced_when_stale(tmp_path: Path) -> None:
    path = tmp_path / "numbers.parquet"
    assert run_experiment(_EXPERIMENT, _Config(), path) == "computed"
    assert run_experiment(_EXPERIMENT, _Config(), path) == "current"
    assert run_experiment(_EXPERIMENT, _Config(seed=1), path) == "replaced"
    assert _calls == [3, 3]
    metadata = read_metadata(path)
    assert metadata["config"] == {"draws": 3}
    assert metadata["seed"] == 1
    assert metadata["entries"] == [f"{__name__}:_run"]
    assert __name__ in metadata["modules"]


def test_a_cut_table_is_computed_again(tmp_path: Path) -> None:
    path = tmp_path / "numbers.parquet"
    run_experiment(_EXPERIMENT, _Config(), path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    assert run_experiment(_EXPERIMENT, _Config(), path) == "replaced"
    assert path.read_bytes() == whole
    assert len(read_table(path)) == 3


def _cells(config: _Config) -> list[Cell]:
    return [Cell(f"draw{index}", {"index": index}, config.seed + index) for index in range(config.draws)]


def _run_cell(cell: Cell) -> pd.DataFrame:
    _calls.append(cell.seed)
    return pd.DataFrame({"index": [cell.config["index"]], "seed": [cell.seed]})


def test_cells_are_computed_once_and_gathered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    presets = {name: _Config() for name in PRESETS}
    swept = Experiment("swept", "made of cells", presets, cells=_cells, run_cell=_run_cell)
    path = tmp_path / "swept.parquet"
    assert run_experiment(swept, _Config(draws=2), path) == "computed"
    assert run_experiment(swept, _Config(draws=4), path) == "replaced"
    assert _calls == [0, 1, 2, 3]
    assert read_table(path)["seed"].tolist() == [0, 1, 2, 3]
    assert "swept: 2/2 cells" in capsys.readouterr().err


def test_an_experiment_is_one_run_or_cells() -> None:
    with pytest.raises(ArgumentError, match="cells"):
        Experiment("neither", "", {})
    with pytest.raises(ArgumentError, match="cells"):
        Experiment("half", "", {}, run_cell=_run_cell)


def test_every_experiment_is_complete() -> None:
    for name in experiment_names():
        experiment = get_experiment(name)
        assert experiment.name == name
        assert tuple(experiment.presets) == PRESETS
        for field in type(experiment.presets["paper"]).model_fields.values():
            assert field.description


def test_unknown_experiment_is_named() -> None:
    with pytest.raises(UnknownNameError, match="unknown experiment 'bound_galery'; did you mean bound_gallery"):
        get_experiment("bound_galery")
