"""Stamping a stored table for code that changed: on the evidence of cells that come out the same, or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from simulations.running.earlier import OtherCodeError, check_checkout, run_earlier
from simulations.running.experiment import Experiment, ExperimentConfig
from simulations.running.stored import Piece, compute, pieces_of
from simulations.running.sweep import Cell
from vas_theory.foundation.errors import ArgumentError, DataError
from vas_theory.provenance.stamps import choose_cells, contains, made_for, processor, stamp
from vas_theory.provenance.tables import read_metadata, read_table

__all__ = ["Outcome", "recheck"]


@dataclass(frozen=True)
class Outcome:
    """The result of rechecking one file of a table.

    Args:
        path: the file.
        checked: names of the cells that were computed again; none where it was current already.
        differs: those of them whose rows are others now: the file was not stamped.
        refused: whether ``against`` does not hold the code that made the file.
    """

    path: Path
    checked: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    refused: bool = False


def recheck(
    experiment: Experiment,
    config: ExperimentConfig,
    path: Path,
    *,
    cells: int,
    seed: int | None = None,
    every: bool = False,
    against: Path | None = None,
    report: Callable[[str], None] = print,
) -> list[Outcome]:
    """Compute random cells of every file whose code changed again, and stamp the files whose cells are the same.

    A cell is the same if its rows are in the file, one after the other, bit for bit. Another kind of processor may give
    other last bits: then ``against`` is a checkout of the code that made the file, and a cell is the same if both codes
    give the same bits on this machine. An experiment without cells is computed as a whole.

    Args:
        experiment: whose table.
        config: the config that it was made for.
        path: the table.
        cells: how many of each file, at random without repetition.
        seed: of the choice, which the stamp records; a fresh one by default.
        every: check files that are current, too.
        against: folder of a checkout of the commit that made the files.
        report: called with a line for each file.

    Returns:
        One outcome a file.

    Raises:
        ArgumentError: ``cells`` is below 1.
        DataError: a file is missing, or was made for another config, so that nothing can be said of it.
        IntegrityError: a file was altered.
    """
    if cells < 1:
        raise ArgumentError("--cells", "be at least 1", cells)
    seed = secrets.randbelow(2**32) if seed is None else seed
    outcomes = []
    for piece in pieces_of(experiment, config, path):
        if piece.is_current and not every:
            outcomes.append(Outcome(piece.path))
            continue
        try:
            outcome = _recheck_piece(experiment, config, path, piece, cells, seed, against)
        except OtherCodeError as error:  # the files of one table may be of different commits
            report(f"{piece.path}: {error}")
            outcomes.append(Outcome(piece.path, refused=True))
            continue
        outcomes.append(outcome)
        kept = f"{len(outcome.checked)} of {max(len(piece.cells), 1)} cells"
        word = f"{', '.join(outcome.differs)} differ: not stamped" if outcome.differs else "the same, stamped"
        report(f"{piece.path}: {kept} computed again: {word}")
    return outcomes


def _recheck_piece(
    experiment: Experiment,
    config: ExperimentConfig,
    path: Path,
    piece: Piece,
    count: int,
    seed: int,
    against: Path | None,
) -> Outcome:
    metadata, stored = read_metadata(piece.path), read_table(piece.path)
    if not made_for(metadata, piece.config, piece.seed):
        raise DataError(f"table {piece.path} was made for another config: compute it with run")
    commit = None if against is None else check_checkout(metadata, against)
    cells: dict[str, Cell | None] = {cell.name: cell for cell in piece.cells} or {"all": None}
    chosen = choose_cells(list(cells), count, seed, str(piece.config.get("arm", experiment.name)))
    same, in_file = [], []
    for name in chosen:
        rows = _rows(experiment, config, path, cells[name])
        stays = contains(stored, rows) and (cells[name] is not None or len(rows) == len(stored))
        in_file.append(stays)
        if against is not None and not stays:
            earlier = run_earlier(metadata, against, cells[name])
            stays = len(earlier) == len(rows) and contains(earlier, rows)
        same.append(stays)
    differs = tuple(name for name, stays in zip(chosen, same, strict=True) if not stays)
    if not differs:
        reference = {} if all(in_file) else {"against": commit, "rows_in_file": in_file, "processor": processor()}
        stamp(piece.path, piece.key, checked=chosen, of=len(cells), seed=seed, **reference)
    return Outcome(piece.path, tuple(chosen), differs)


def _rows(experiment: Experiment, config: ExperimentConfig, path: Path, cell: Cell | None) -> pd.DataFrame:
    if cell is None:
        return compute(experiment, config, path)
    assert experiment.run_cell is not None
    return experiment.run_cell(cell)
