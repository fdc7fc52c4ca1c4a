"""A study's tables are stamped for other code on the evidence of parts that come out the same, or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from full_scale.__main__ import main
from vas_theory.provenance.tables import read_metadata, read_table, write_json

pytestmark = pytest.mark.usefixtures("fewer_draws")

TRAINED = ("training_steps", "training_prompts", "accounts", "evaluation", "evaluation_prompts")
TABLES = ("pilot", "recount", "predictions", "probe", *TRAINED, "validation")


def _sidecar(folder: Path, name: str) -> Path:
    return folder / ("predictions.json.meta.json" if name == "predictions" else f"{name}.parquet.meta.json")


def _keys(folder: Path) -> dict[str, str]:
    return {name: read_metadata(_file(folder, name))["key"] for name in TABLES}


def _file(folder: Path, name: str) -> Path:
    path = _sidecar(folder, name)
    return path.with_name(path.name.removesuffix(".meta.json"))


@pytest.fixture
def study(finished_study: Path, tmp_path: Path) -> Path:
    """A copy of the finished study whose sidecars name other code."""
    folder = tmp_path / "study"
    shutil.copytree(finished_study, folder)
    for name in TABLES:
        write_json(_sidecar(folder, name), {**read_metadata(_file(folder, name)), "key": "old"})
    return folder


def _recheck(folder: Path, toml: Path, *more: str) -> int:
    return main(["recheck", *more, "--config", str(toml), "--output", str(folder), "--seed", "3"])


def test_tables_whose_parts_are_the_same_are_stamped(
    study: Path, study_toml: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _recheck(study, study_toml, "pilot", "recount", "probe", "validation") == 0
    assert {name for name, key in _keys(study).items() if key == "old"} == {"predictions", *TRAINED}
    (record,) = read_metadata(study / "probe.parquet")["rechecked"]
    assert record["seed"] == 3
    assert record["cells"][0] in set(read_table(study / "probe.parquet").prompt_key)
    assert record["instead_of"] == "old"
    capsys.readouterr()
    assert _recheck(study, study_toml, "pilot") == 0
    assert "pilot: current" in capsys.readouterr().out


def test_a_run_is_trained_again_and_one_that_differs_is_named(
    study: Path, study_toml: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from full_scale.config.training import load_config
    from full_scale.study import Study
    from vas_theory.provenance.tables import write_table

    work = ("--work", str(tmp_path / "work"))
    assert _recheck(study, study_toml, "training_steps", *work) == 0
    assert set(TRAINED).isdisjoint(name for name, key in _keys(study).items() if key == "old")
    steps = read_table(study / "training_steps.parquet")
    about = Study(load_config(str(study_toml)), study, print).making("training_steps")
    write_table(steps.assign(rollouts=steps.rollouts + 1), study / "training_steps.parquet", **about)
    capsys.readouterr()
    assert _recheck(study, study_toml, "training_steps", "--every", *work) == 1
    out = capsys.readouterr().out
    assert "training_steps: 1 of" in out
    assert "differ: not stamped" in out
    assert out.count("the same, stamped") == 4


def test_what_was_made_for_another_config_is_refused(
    study: Path, study_toml: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _recheck(study, study_toml, "pilot", "--set", "seed=9") == 2
    assert "another config" in capsys.readouterr().err
    assert _recheck(study, study_toml, "pilott") == 2
    assert "did you mean pilot" in capsys.readouterr().err
    assert _recheck(study, study_toml, "pilot", "--against", str(study)) == 0, "the same code, on this machine"
    shutil.copytree(study, study / "other")
    write_json(
        _sidecar(study / "other", "pilot"),
        {**read_metadata(study / "pilot.parquet"), "key": "third", "commit": "another"},
    )
    assert _recheck(study, study_toml, "pilot", "--every", "--against", str(study / "other")) == 2
    assert "was not made by the code that made" in capsys.readouterr().err
