"""Stamping a study's tables for code that changed: on the evidence of parts that come out the same, or not at all.

A part of ``probe`` and ``calibration`` is a prompt; of the tables of training and evaluation a run, which is trained
again from the start; ``pilot``, ``recount``, ``predictions`` and ``validation`` are computed as a whole.

Another kind of processor may give other last bits, and then other samples. There the reference is a study that the code
which made the tables made on this machine: a part is the same if both codes give the same bits.
"""

from __future__ import annotations

import json
import secrets
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from full_scale.measuring.held_out import held_out_counts
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
from vas_theory.foundation.errors import ArgumentError, DataError, UnknownNameError
from vas_theory.provenance.stamps import choose_cells, contains, made_for, processor, stamp
from vas_theory.provenance.tables import read_metadata, read_table, sha256_file

__all__ = ["GROUPS", "recheck"]

GROUPS: tuple[tuple[str, ...], ...] = (
    ("pilot",), ("calibration",), ("predictions",), ("recount",), ("probe",), (*TRAINED, *EVALUATED), ("validation",),
)  # fmt: skip
"""Tables that are checked together, in the order in which they are made."""

_CLOCK = ("seconds", "rollout_seconds", "sampler_seconds", "sampler_share")
"""Columns that a clock gives: they are no part of what has to come out the same."""


def recheck(
    study: Study,
    names: Sequence[str],
    *,
    cells: int,
    seed: int | None = None,
    every: bool = False,
    against: Path | None = None,
    work: Path | None = None,
    report: Callable[[str], None],
) -> int:
    """Compute random parts of tables whose code changed again, and stamp the tables whose parts are the same.

    Args:
        study: whose tables; ``predictions`` names the predictions.
        names: which tables; all when none are given. Tables that are made together are checked together.
        cells: parts of each, at random without repetition.
        seed: of the choice, which the stamp records; a fresh one by default.
        every: check tables that are current, too.
        against: folder of such a study; of runs it may hold those that are chosen alone.
        work: folder in which runs are trained and kept, so that a recheck that was stopped goes on where it was.
        report: called with a line for each table.

    Returns:
        How many tables have parts that differ, and were not stamped.

    Raises:
        ArgumentError: ``cells`` is below 1.
        UnknownNameError: there is no such table.
        DataError: a table is missing, or was made for another config or from other tables.
    """
    if cells < 1:
        raise ArgumentError("--cells", "be at least 1", cells)
    known = [name for group in GROUPS for name in group]
    for name in names:
        if name not in known:
            raise UnknownNameError("table", name, known)
    seed = secrets.randbelow(2**32) if seed is None else seed
    differing = 0
    for group in GROUPS:
        if names and not set(names) & set(group):
            continue
        about = {name: study.making(name) for name in group}
        stale = [name for name in group if every or _is_stale(study, name, about[name])]
        if not stale:
            report(f"{' and '.join(group)}: current")
            continue
        parts = _parts(study, group)
        chosen = choose_cells(parts, cells, seed, group[0])
        stored = {name: _rows_of(study, name, chosen, against) for name in group}
        differs = _check(study, group, chosen, stored, work, report)
        for name in stale:
            wrong = differs.get(name, [])
            differing += bool(wrong)
            if not wrong:
                commit = _commit(study, name, chosen, against)
                reference = {} if commit is None else {"against": commit, "processor": processor()}
                stamp(_path(study, name), about[name]["key"], checked=chosen, of=len(parts), seed=seed, **reference)
            word = f"{', '.join(wrong)} differ: not stamped" if wrong else "the same, stamped"
            report(f"{name}: {len(chosen)} of {len(parts)} parts computed again: {word}")
    return differing


def _path(study: Study, name: str) -> Path:
    return study.predictions if name == "predictions" else study.path(name)


def _is_stale(study: Study, name: str, about: Mapping[str, Any]) -> bool:
    path = _path(study, name)
    metadata = read_metadata(path)
    if metadata["sha256"] != sha256_file(path):
        raise DataError(f"{path} was altered or cut short")
    if not made_for(metadata, about["config"], about["seed"]):
        raise DataError(f"{path} was made for another config or from other tables: make it with its stage")
    return bool(metadata["key"] != about["key"].digest)


def _parts(study: Study, group: tuple[str, ...]) -> list[str]:
    if group[0] in ("calibration", "probe"):
        return study.read(group[0]).prompt_key.tolist()
    if group[0] in TRAINED:
        return [f"{run.arm.name}-seed{run.seed}" for run in study.runs()]
    return ["all"]


def _rows_of(study: Study, name: str, chosen: Sequence[str], against: Path | None) -> Any:
    """Return the rows, or the predictions, that a table's parts are held against."""
    path = _path(study, name) if _commit(study, name, chosen, against) is None else _beside(name, against)
    return read_predictions(path) if name == "predictions" else read_table(path)


def _beside(name: str, against: Path | None) -> Path:
    assert against is not None
    return against / ("predictions.json" if name == "predictions" else f"{name}.parquet")


def _commit(study: Study, name: str, chosen: Sequence[str], against: Path | None) -> str | None:
    """Return the commit at which a reference was made by the code that a table of the study names; ``None`` for none.

    It may serve again if the table was last rechecked against this very commit on these parts: both codes agreed.

    Raises:
        DataError: it was made by other code.
    """
    if against is None or not _beside(name, against).exists():
        return None
    metadata = read_metadata(_path(study, name))
    if name == "predictions" and not (against / "predictions.json.meta.json").exists():
        name = "pilot"  # what was made before predictions had a sidecar
    found = read_metadata(_beside(name, against))
    carried = metadata.get("carried", {}).get("commit", "no commit")
    of_commit = "key" not in found and str(found["commit"]).startswith(carried) and "rechecked" not in metadata
    last = metadata.get("rechecked", [{}])[-1]
    same = last.get("against") == found["commit"] and set(chosen) <= set(last.get("cells", []))
    if found.get("key") != metadata["key"] and not of_commit and not same:
        raise DataError(f"{_beside(name, against)} was not made by the code that made {_path(study, name)}")
    return str(found["commit"])


def _check(
    study: Study,
    group: tuple[str, ...],
    chosen: Sequence[str],
    stored: Mapping[str, Any],
    work: Path | None,
    report: Callable[[str], None],
) -> dict[str, list[str]]:
    """Return table -> the chosen parts of it that come out otherwise today."""
    if group[0] in TRAINED:
        if work is not None:
            return _check_runs(study, chosen, stored, work, report)
        with tempfile.TemporaryDirectory(prefix="recheck-") as folder:
            return _check_runs(study, chosen, stored, Path(folder), report)
    (name,) = group
    if name == "predictions":
        return {} if _predictions_agree(study, stored[name]) else {name: ["all"]}
    if name in ("calibration", "probe"):
        keys = study.read(name).prompt_key.tolist()
        found = {key: _measured(study, name, keys.index(key), report) for key in chosen}
        return {name: [key for key, rows in found.items() if not contains(stored[name], rows)]}
    whole = _whole(study, name)
    return {} if len(whole) == len(stored[name]) and contains(stored[name], whole) else {name: ["all"]}


def _whole(study: Study, name: str) -> pd.DataFrame:
    if name == "pilot":
        return pilot_table(study.config, study.task, study.load)
    if name == "recount":
        return recount_table(study.config, study.task, study.load, study.read("pilot"))
    tables = {table: study.read(table) for table in MEASURED}
    return validate(read_predictions(study.predictions), tables, study.config, study.networks)


def _measured(study: Study, name: str, place: int, report: Callable[[str], None]) -> pd.DataFrame:
    """Return the row of one prompt."""
    config, task, pilot = study.config, study.task, study.read("pilot")
    if name == "calibration":
        return calibration_table(config, task, study.load, pilot, report, [place])
    predicted = read_predictions(study.predictions)["predictions"]
    return probe_table(config, task, study.load, pilot, predicted, report, [place])


def _predictions_agree(study: Study, stored: Mapping[str, Any]) -> bool:
    pilot, calibration = study.read("pilot"), study.read("calibration")
    content = json.loads(json.dumps(prediction_content(study.config, study.task, pilot, calibration, study.networks)))
    return _by_id(content) == _by_id({name: stored.get(name) for name in content})


def _by_id(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document whose predictions do not depend on the order in which they stand."""
    items = {item["id"]: item for item in content["predictions"]}
    assert len(items) == len(content["predictions"]), "two predictions share an id"
    return {**content, "predictions": items}


def _check_runs(
    study: Study, chosen: Sequence[str], stored: Mapping[str, Any], work: Path, report: Callable[[str], None]
) -> dict[str, list[str]]:
    """Train runs again, evaluate them, and name those whose rows are others now, table by table."""
    config, differs = study.config, dict[str, list[str]]()
    for run in Study(config, work, report).runs():
        part = f"{run.arm.name}-seed{run.seed}"
        if part not in chosen:
            continue
        progress = run.finished() if run.has_weights() else None
        progress = progress or run.train(partial(_say, report, part))
        counts = held_out_counts(
            run.load_weights(), study.task.held_out, config.evaluation, config.rollouts, config.seed
        )
        evaluated = evaluation_tables(config, [(run.arm.name, run.seed, counts)], report)
        frames = zip((*TRAINED, *EVALUATED), (*training_tables([(run, progress)]), *evaluated), strict=True)
        for name, frame in frames:
            if not contains(_without_clock(stored[name]), _without_clock(frame)):
                differs.setdefault(name, []).append(part)
    return differs


def _say(report: Callable[[str], None], part: str, line: str) -> None:
    report(f"{part}, {line}")


def _without_clock(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns=[name for name in _CLOCK if name in frame])
