"""The files of an experiment's table: which code and config each belongs to, and computing those that do not."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from simulations.running.experiment import Experiment, ExperimentConfig
from simulations.running.sweep import Cell, sweep_cells
from vas_theory.foundation.errors import ArgumentError, DataError
from vas_theory.provenance.fingerprint import Key, differing_modules, key_of
from vas_theory.provenance.project import Project, this_project
from vas_theory.provenance.stamps import made_for
from vas_theory.provenance.tables import (
    read_metadata,
    read_table,
    remove_table,
    sha256_file,
    table_files,
    table_hash,
    table_is_current,
    write_table,
)

__all__ = ["Piece", "compute", "pieces_of", "problem", "run_experiment"]


@dataclass(frozen=True)
class Piece:
    """One file of an experiment's table: all of it, or one arm.

    Args:
        path: where it lies.
        config: everything its rows depend on besides seed and code.
        seed: the experiment's.
        key: of the code that computes its rows today.
        cells: what it is made of; none for an experiment that is computed at once.
    """

    path: Path
    config: Mapping[str, Any]
    seed: int
    key: Key
    cells: tuple[Cell, ...] = ()

    @property
    def is_current(self) -> bool:
        """Whether an intact file of this making is there."""
        return table_is_current(self.path, config=self.config, seed=self.seed, key=self.key)


def pieces_of(experiment: Experiment, config: ExperimentConfig, path: Path) -> list[Piece]:
    """Return the files of an experiment's table as they would be made today.

    Args:
        experiment: whose table.
        config: its config.
        path: where the table lies, ending in ``.parquet``; arms lie in the folder of this name without the ending.

    Raises:
        ArgumentError: some cells name an arm and others do not.
        DataError: a table that it reads is not there.
    """
    project = this_project()
    values = config.model_dump(mode="json", exclude={"seed"})
    if experiment.cells is None:
        if experiment.reads:
            values["reads"] = {name: table_hash(path.with_name(f"{name}.parquet")) for name in experiment.reads}
        return [Piece(path, values, config.seed, key_of(experiment.entry, project=project))]
    cells = experiment.cells(config)
    arms = list(dict.fromkeys(cell.arm for cell in cells))
    if arms == [""]:
        return [_piece(experiment, path, values, config.seed, cells, project)]
    if "" in arms:
        raise ArgumentError("cells", "all name an arm, or none", [cell.name for cell in cells if not cell.arm])
    values.pop(experiment.arms, None)
    return [
        _piece(
            experiment, path.with_suffix("") / f"{arm}.parquet", {**values, "arm": arm}, config.seed,
            [cell for cell in cells if cell.arm == arm], project,
        )
        for arm in arms
    ]  # fmt: skip


def _piece(
    experiment: Experiment, path: Path, values: Mapping[str, Any], seed: int, cells: Sequence[Cell], project: Project
) -> Piece:
    described = json.dumps([[cell.name, cell.config, cell.seed] for cell in cells], sort_keys=True)
    config = {**values, "cells": hashlib.sha256(described.encode()).hexdigest()[:16]}
    uses = sorted({use for cell in cells for use in cell.uses})
    return Piece(path, config, seed, key_of(experiment.entry, *uses, project=project), tuple(cells))


def run_experiment(
    experiment: Experiment, config: ExperimentConfig, path: Path, *, workers: int = 1, backend: str = "loky"
) -> Literal["current", "computed", "replaced"]:
    """Run an experiment and store its table, unless an intact table of the same making is there.

    Of a table of arms only the arms that are not there are computed. Arms that were not asked for stay if they are of
    the same making.

    Args:
        experiment: what to run.
        config: its config.
        path: the table's file, ending in ``.parquet``; finished cells lie in a folder ``cells/<name>`` beside it.
        workers: processes for experiments made of cells.
        backend: where they run, see :func:`~simulations.running.sweep.sweep_cells`.

    Returns:
        ``"current"`` when nothing was run, ``"computed"`` for new files, ``"replaced"`` when a file from another
        config, from older code or with altered bytes was in the place of one of them.
    """
    pieces = pieces_of(experiment, config, path)
    missing = [piece for piece in pieces if not piece.is_current]
    leftover = _leftover(pieces, path)
    existed = bool(leftover) or any(piece.path.exists() for piece in missing)
    if missing:
        start = time.perf_counter()
        frames = _compute_pieces(experiment, config, path, missing, workers, backend)
        spent = time.perf_counter() - start
        rows = sum(map(len, frames)) or 1
        for piece, frame in zip(missing, frames, strict=True):
            seconds = round(spent * len(frame) / rows, 3)  # arms are computed together
            write_table(frame, piece.path, config=piece.config, seed=piece.seed, key=piece.key, seconds=seconds)
    for file in leftover:
        remove_table(file)
    return "replaced" if existed else "computed" if missing else "current"


def compute(experiment: Experiment, config: ExperimentConfig, path: Path) -> pd.DataFrame:
    """Return the rows of an experiment without cells; the tables that it reads lie beside ``path``."""
    if experiment.run is not None:
        return experiment.run(config)
    assert experiment.summarise is not None
    read = {name: read_table(path.with_name(f"{name}.parquet")) for name in experiment.reads}
    return experiment.summarise(config, read)


def _compute_pieces(
    experiment: Experiment, config: ExperimentConfig, path: Path, pieces: Sequence[Piece], workers: int, backend: str
) -> list[pd.DataFrame]:
    if experiment.run_cell is None:
        return [compute(experiment, config, path)]
    cells = [cell for piece in pieces for cell in piece.cells]
    folder = path.parent / "cells" / path.stem
    found = iter(sweep_cells(experiment.name, cells, experiment.run_cell, folder, workers=workers, backend=backend))
    return [pd.concat([next(found) for _ in piece.cells], ignore_index=True) for piece in pieces]


def _making(metadata: Mapping[str, Any]) -> tuple[Any, ...]:
    config = {name: value for name, value in metadata["config"].items() if name not in ("arm", "cells")}
    return metadata["seed"], config


def _leftover(pieces: Sequence[Piece], path: Path) -> list[Path]:
    """Return files of the table that belong to another making than its arms of today."""
    if [piece.path for piece in pieces] == [path]:
        return []
    own = {piece.path for piece in pieces}
    wanted = _making({"seed": pieces[0].seed, "config": json.loads(json.dumps(pieces[0].config))})
    others = [file for file in table_files(path) if file not in own]
    return [file for file in others if file == path or _making(read_metadata(file)) != wanted]


def problem(piece: Piece) -> str | None:
    """Say why a file is not current; ``None`` if it is."""
    try:
        metadata = read_metadata(piece.path)
    except DataError as error:
        return str(error)
    if metadata["sha256"] != sha256_file(piece.path):
        return f"table {piece.path} was altered or cut short"
    if not made_for(metadata, piece.config, piece.seed):
        return f"table {piece.path} was made for another config"
    if metadata.get("key") != piece.key.digest:
        return f"table {piece.path} was made by other code: {', '.join(differing_modules(metadata, piece.key))}"
    return None
