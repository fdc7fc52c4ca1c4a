"""Sweeps over cells that survive being killed: each finished cell is a table on disk, and only missing ones run."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from simulations.running.stopping import exit_on_termination
from vas_theory.foundation.command_line import require
from vas_theory.foundation.display import Progress
from vas_theory.foundation.errors import ArgumentError, UnknownNameError, VASError
from vas_theory.provenance.fingerprint import Entry, Key, key_of
from vas_theory.provenance.project import this_project
from vas_theory.provenance.tables import read_table, remove_leftovers, table_is_current, write_table

__all__ = ["BACKENDS", "Cell", "SweepError", "run_sweep", "sweep_cells"]

__neutral__ = "how cells are spread over processes and stored"

BACKENDS = ("loky", "dask")
"""Where cells run: processes of this machine, or the workers of a dask cluster."""


@dataclass(frozen=True)
class Cell:
    """One independent piece of a sweep.

    Args:
        name: unique file name without ending.
        config: everything its table depends on besides seed and code, JSON-serialisable.
        seed: its seed.
        uses: what this cell finds by a name in its config, such as ``"package.module:STRATEGY"``, as entries of
            :func:`vas_theory.provenance.fingerprint.key_of`: when one changes, the other cells stay.
        arm: name of the part of the table that the cell belongs to, where each part is a file of its own; cells of an
            arm follow each other.
    """

    name: str
    config: Mapping[str, Any]
    seed: int
    uses: tuple[str, ...] = ()
    arm: str = ""


class SweepError(VASError):
    """Some cells could not be computed."""


def _path(folder: Path, cell: Cell) -> Path:
    name = cell.name
    if "/" in name:  # it names a file of the user's: its own file lies in the folder all the same
        name = f"{Path(name).name}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"
    return folder / f"{name}.parquet"


def _compute(cell: Cell, run_cell: Callable[[Cell], pd.DataFrame], folder: Path, key: Key) -> str | None:
    """Compute and store one cell; return what was wrong with its input, if anything."""
    start = time.perf_counter()
    try:
        frame = run_cell(cell)
    except VASError as error:
        return f"cell {cell.name}: {error}"
    seconds = round(time.perf_counter() - start, 3)
    write_table(frame, _path(folder, cell), config=cell.config, seed=cell.seed, key=key, seconds=seconds)
    return None


def _outcomes(
    tasks: Sequence[tuple[Cell, Key]],
    run_cell: Callable[[Cell], pd.DataFrame],
    folder: Path,
    workers: int,
    backend: str,
) -> Generator[str | None]:
    """Compute the cells and yield what was wrong with each, in the order in which they end."""
    if backend == "dask":
        with _dask_client(workers) as client:
            futures = [client.submit(_compute, cell, run_cell, folder, key, pure=False) for cell, key in tasks]
            for _, outcome in require("distributed", "cluster").as_completed(futures, with_results=True):
                yield outcome
    elif workers == 1:
        for cell, key in tasks:
            yield _compute(cell, run_cell, folder, key)
    else:
        import joblib
        from joblib.externals.loky.process_executor import TerminatedWorkerError

        parallel = joblib.Parallel(n_jobs=min(workers, len(tasks)), backend="loky", return_as="generator_unordered")
        try:
            yield from parallel(joblib.delayed(_compute)(cell, run_cell, folder, key) for cell, key in tasks)
        except TerminatedWorkerError:
            raise SweepError(
                "a worker was killed, as systems do when memory runs out; finished cells are kept, call again, "
                "perhaps with fewer --workers"
            ) from None


@contextlib.contextmanager
def _dask_client(workers: int) -> Iterator[Any]:
    """Yield the current client; without one, connect to the cluster that dask's settings name, or start one here.

    joblib's own dask backend returns nothing before all cells are done, so progress could not be shown.
    """
    distributed = require("distributed", "cluster")
    with contextlib.ExitStack() as stack:
        try:
            client = distributed.Client.current()
        except ValueError:
            address = require("dask", "cluster").config.get("scheduler-address", None)
            here = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None}
            client = stack.enter_context(distributed.Client(address) if address else distributed.Client(**here))
        yield client


def run_sweep(
    name: str, cells: Sequence[Cell], run_cell: Callable[[Cell], pd.DataFrame], folder: Path | str, **options: Any
) -> pd.DataFrame:
    """Return the rows of all cells in the order of ``cells``: :func:`sweep_cells` with its tables in one."""
    return pd.concat(sweep_cells(name, cells, run_cell, folder, **options), ignore_index=True)


def sweep_cells(
    name: str,
    cells: Sequence[Cell],
    run_cell: Callable[[Cell], pd.DataFrame],
    folder: Path | str,
    *,
    entries: Sequence[Entry] = (),
    workers: int = 1,
    backend: str = "loky",
    stream: TextIO | None = None,
) -> list[pd.DataFrame]:
    """Run the cells whose tables are not there yet and return the tables of all.

    A cell's table is written when the cell ends, atomically. Kill the process at any moment and call again: the
    intact tables of the same config, seed and code are kept, everything else is computed (again), and the
    result is the same. A table that was cut short or altered does not match its checksum and is computed again.

    Args:
        name: what the progress line calls the sweep.
        cells: the cells, with different names.
        run_cell: maps a cell to its table; a function of a module, because other processes import it.
        folder: where the cells' tables lie; one sweep at a time may use it.
        entries: where the computation of every cell begins, ``run_cell`` if none is given; with what a cell ``uses``
            they name the code that its rows depend on.
        workers: processes; a dask cluster that is there already keeps its own number.
        backend: one of :data:`BACKENDS`; the workers of a cluster must see ``folder`` under the same path.
        stream: where progress is written, standard error by default.

    Returns:
        One table a cell, in the order of ``cells``.

    Raises:
        ArgumentError: two cells share a name, there is none, or ``workers`` is below 1.
        UnknownNameError: there is no such backend.
        MissingExtraError: the backend is not installed.
        SweepError: cells raised a :class:`~vas_theory.foundation.errors.VASError`; all others were computed first.
    """
    folder = Path(folder).resolve()
    if backend not in BACKENDS:
        raise UnknownNameError("backend", backend, BACKENDS)
    if len({cell.name for cell in cells}) != len(cells) or not cells:
        raise ArgumentError("cells", "be at least one, with different names", [cell.name for cell in cells])
    if workers < 1:
        raise ArgumentError("workers", "be at least 1", workers)
    project = this_project()
    keys = {uses: key_of(*(entries or (run_cell,)), *uses, project=project) for uses in {cell.uses for cell in cells}}
    missing = [
        (cell, keys[cell.uses])
        for cell in cells
        if not table_is_current(_path(folder, cell), config=cell.config, seed=cell.seed, key=keys[cell.uses])
    ]
    failures = []
    with (
        Progress(name, len(missing), stream) as progress,
        exit_on_termination(),
        contextlib.closing(_outcomes(missing, run_cell, folder, workers, backend)) as outcomes,
    ):
        for failure in outcomes:
            progress.advance()
            if failure is not None:
                failures.append(failure)
    if failures:
        more = f" (and {len(failures) - 1} more cells)" if len(failures) > 1 else ""
        raise SweepError(f"{sorted(failures)[0]}{more}; the cells that succeeded are kept in {folder}")
    remove_leftovers(folder)
    return [read_table(_path(folder, cell)) for cell in cells]
