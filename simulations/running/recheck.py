"""Stamping a stored table for code that changed: on the evidence of cells that come out the same, or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from simulations.running.experiment import Experiment, ExperimentConfig
from simulations.running.stored import Piece, compute, pieces_of
from vas_theory.foundation.errors import ArgumentError, DataError
from vas_theory.provenance.stamps import choose_cells, contains, made_for, stamp
from vas_theory.provenance.tables import read_metadata, read_table

__all__ = ["Outcome", "recheck"]


@dataclass(frozen=True)
class Outcome:
    """What came of one file of a table.

    Args:
        path: the file.
        checked: names of the cells that were computed again; none where it was current already.
        differs: those of them whose rows are others now: the file was not stamped.
    """

    path: Path
    checked: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()


def recheck(
    experiment: Experiment,
    config: ExperimentConfig,
    path: Path,
    *,
    cells: int,
    seed: int | None = None,
    every: bool = False,
    report: Callable[[str], None] = print,
) -> list[Outcome]:
    """Compute random cells of every file whose code changed again, and stamp the files whose cells are the same.

    A cell is the same if its rows are in the file, one after the other, bit for bit. An experiment without cells is
    computed as a whole.

    Args:
        experiment: whose table.
        config: the config that it was made for.
        path: the table.
        cells: how many of each file, at random without repetition.
        seed: of the choice, which the stamp records; a fresh one by default.
        every: check files that are current, too.
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
        outcome = _recheck_piece(experiment, config, path, piece, cells, seed)
        outcomes.append(outcome)
        kept = f"{len(outcome.checked)} of {max(len(piece.cells), 1)} cells"
        word = f"{', '.join(outcome.differs)} differ: not stamped" if outcome.differs else "the same, stamped"
        report(f"{piece.path}: {kept} computed again: {word}")
    return outcomes


def _recheck_piece(
    experiment: Experiment, config: ExperimentConfig, path: Path, piece: Piece, count: int, seed: int
) -> Outcome:
    metadata, stored = read_metadata(piece.path), read_table(piece.path)
    if not made_for(metadata, piece.config, piece.seed):
        raise DataError(f"table {piece.path} was made for another config: compute it with run")
    if experiment.run_cell is not None:
        cells = {cell.name: cell for cell in piece.cells}
        chosen = choose_cells(list(cells), count, seed, str(piece.config.get("arm", experiment.name)))
        found = {name: contains(stored, experiment.run_cell(cells[name])) for name in chosen}
    else:
        whole = compute(experiment, config, path)
        found = {"all": len(whole) == len(stored) and contains(stored, whole)}
    differs = tuple(name for name, same in found.items() if not same)
    if not differs:
        stamp(piece.path, piece.key, checked=list(found), of=max(len(piece.cells), 1), seed=seed)
    return Outcome(piece.path, tuple(found), differs)
