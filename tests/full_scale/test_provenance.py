"""Keys are complete: what a tiny study really executes is in the keys of its tables."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from full_scale.config.training import load_config
from full_scale.measuring.held_out import held_out_counts
from full_scale.models.loading import LanguageModel, load_language_model
from full_scale.predictions.document import read_predictions
from full_scale.predictions.validation import validate
from full_scale.stages import (
    calibration_table,
    evaluation_tables,
    pilot_table,
    prediction_content,
    probe_table,
    recount_table,
    training_tables,
)
from full_scale.study import EVALUATED, MEASURED, TRAINED, Study
from tests.tracing import PROJECT, record
from vas_theory.provenance.fingerprint import place
from vas_theory.provenance.project import Project
from vas_theory.provenance.reach import reach
from vas_theory.provenance.stamps import key_today
from vas_theory.provenance.tables import read_metadata, read_table

RESULTS = PROJECT.root / "full_scale" / "results" / "paper"


def _outside(ran: Any, *names: str) -> list[str]:
    """Return what ran outside of the keys of tables, as their entries reach code today."""
    study = Study(load_config("paper"), RESULTS, print)
    entries = {entry for name in names for entry in study.making(name)["key"].entries}
    reached = reach(PROJECT, [place(entry) for entry in entries])
    # configs are stored by value
    return [name for name in ran.outside(reached) if not name.startswith(("full_scale.study", "full_scale.config."))]


@pytest.mark.usefixtures("fewer_draws")
def test_what_measuring_executes_is_in_its_key(finished_study: Path, study_toml: Path) -> None:
    config = load_config(str(study_toml))
    study = Study(config, finished_study, lambda line: None)
    pilot, calibration, content = study.read("pilot"), study.read("calibration"), read_predictions(study.predictions)
    tables = {name: study.read(name) for name in MEASURED}

    def report(line: str) -> None:
        del line

    def load() -> LanguageModel:
        return load_language_model(config.model)

    stages: dict[str, Callable[[], object]] = {
        "pilot": lambda: pilot_table(config, study.task, load),
        "recount": lambda: recount_table(config, study.task, load, pilot),
        "calibration": lambda: calibration_table(config, study.task, load, pilot, report, [0]),
        "probe": lambda: probe_table(config, study.task, load, pilot, content["predictions"], report, [0]),
        "predictions": lambda: prediction_content(config, study.task, pilot, calibration),
        "validation": lambda: validate(content, tables, config),
    }
    for name, run in stages.items():
        with record() as ran:
            run()
        assert len(ran.codes) > 5, "nothing was recorded"
        assert not _outside(ran, name), name


def test_what_training_and_evaluating_execute_is_in_their_keys(study_toml: Path, tmp_path: Path) -> None:
    config = load_config(str(study_toml))
    study = Study(config, tmp_path, lambda line: None)
    run = study.runs()[1]
    assert run.arm.strategy == "vas"
    with record() as ran:
        progress = run.train(lambda line: None)
        counts = held_out_counts(
            run.load_weights(), study.task.held_out, config.evaluation, config.rollouts, config.seed
        )
        training_tables([(run, progress)])
        evaluation_tables(config, [(run.arm.name, run.seed, counts)], lambda line: None)
    assert {"full_scale.compact.loop", "vas_theory.selection.sampler.variance_aware"} <= ran.modules()
    assert not _outside(ran, "evaluation", "training_steps")


FIVE = {
    "vas_theory/selection/sampler/batch.py": TRAINED,
    "vas_theory/selection/sampler/config.py": TRAINED,
    "vas_theory/selection/scores.py": TRAINED,
    "full_scale/rewards/math_worker.py": (*TRAINED, *EVALUATED, "pilot"),
    "full_scale/config/training.py": (*TRAINED, *EVALUATED, "pilot"),
}
"""Files that lists of sources once missed, and tables that a change in them has to make stale."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code, to break and mend."""
    root = tmp_path_factory.mktemp("copy")
    for room in ("vas_theory", "simulations", "full_scale"):
        ignored = shutil.ignore_patterns("results", "output", "__pycache__", "proofs")
        shutil.copytree(PROJECT.root / room, root / room, ignore=ignored)
    return root


@pytest.mark.parametrize("file", FIVE)
def test_a_change_in_a_file_that_matters_makes_the_committed_tables_stale(file: str, copy: Path) -> None:
    path = copy / file
    text = path.read_text(encoding="utf-8")

    def keys() -> dict[str, str]:
        project = Project(copy)
        return {name: key_today(read_metadata(RESULTS / f"{name}.parquet"), project).digest for name in FIVE[file]}

    before = keys()
    path.write_text(text.replace('"""', '"""Reworded. ', 1), encoding="utf-8")
    assert keys() == before
    path.write_text(f"{text}\nraise RuntimeError\n", encoding="utf-8")
    after = keys()
    assert all(after[name] != before[name] for name in before)
    path.write_text(text, encoding="utf-8")


OPTIONS = "--preset paper --output full_scale/results/paper"
COMMAND = (
    f"make it again with: python -m full_scale study {OPTIONS}; "
    f"or keep what comes out the same with: python -m full_scale recheck {OPTIONS}"
)


OTHERS = ("pilot", "calibration", "predictions", "recount", "probe", "validation")


@pytest.mark.parametrize("name", [*OTHERS, *TRAINED, *EVALUATED])
def test_the_committed_table_is_that_of_todays_code_and_config(name: str) -> None:
    study = Study(load_config("paper"), RESULTS, print)
    about = study.making(name)
    path = study.predictions if name == "predictions" else study.path(name)
    metadata = read_metadata(path)
    assert metadata["config"] == about["config"]
    assert metadata["key"] == about["key"].digest, f"{COMMAND} {name}"
    if name != "predictions":
        assert len(read_table(path)) == metadata["rows"]
