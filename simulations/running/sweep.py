"""Sweeps over cells that survive being killed: each finished cell is a table on disk, and only missing ones run."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO

import pandas as pd

from vas_theory.foundation.command_line import require
from vas_theory.foundation.errors import ArgumentError, UnknownNameError, VASError
from vas_theory.provenance.sources import first_party_sources
from vas_theory.provenance.tables import read_table, table_is_current, write_table

__all__ = ["BACKENDS", "Cell", "Progress", "SweepError", "run_sweep"]

BACKENDS = ("loky", "dask")
"""Where cells run: processes of this machine, or the workers of a dask cluster."""


@dataclass(frozen=True)
class Cell:
    """One independent piece of a sweep.

    Args:
        name: unique file name without ending.
        config: everything its table depends on besides seed and sources, JSON-serialisable.
        seed: its seed.
        modules: import paths of modules that only some cells depend on, found by name and so not by imports, such as
            a strategy's: when one changes, the other cells stay.
    """

    name: str
    config: Mapping[str, Any]
    seed: int
    modules: tuple[str, ...] = ()


class SweepError(VASError):
    """Some cells could not be computed."""


class Progress:
    """Says how far a sweep is and how long it may take: one line that is rewritten on a terminal, else now and then.

    Args:
        name: what is running.
        total: cells to run.
        stream: where to write.
        interval: seconds between lines where the stream is no terminal.
    """

    def __init__(self, name: str, total: int, stream: TextIO | None = None, interval: float = 10.0) -> None:
        self._name, self._total, self._interval = name, total, interval
        self._stream = sys.stderr if stream is None else stream
        self._terminal = self._stream.isatty()
        self._done = 0
        self._start = self._last = time.monotonic()

    def advance(self) -> None:
        """Count one finished cell."""
        self._done += 1
        now = time.monotonic()
        if self._terminal or now - self._last >= self._interval or self._done == self._total:
            self._last = now
            elapsed = now - self._start
            left = elapsed / self._done * (self._total - self._done)
            text = f"{self._name}: {self._done}/{self._total} cells, {_duration(elapsed)}, {_duration(left)} left"
            end = "\n" if not self._terminal or self._done == self._total else ""
            self._stream.write(f"\r\x1b[K{text}{end}" if self._terminal else f"{text}{end}")
            self._stream.flush()


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def _path(folder: Path, cell: Cell) -> Path:
    return folder / f"{cell.name}.parquet"


def _compute(
    cell: Cell, run_cell: Callable[[Cell], pd.DataFrame], folder: Path, sources: Sequence[ModuleType]
) -> str | None:
    """Compute and store one cell; return what was wrong with its input, if anything."""
    start = time.perf_counter()
    try:
        frame = run_cell(cell)
    except VASError as error:
        return f"cell {cell.name}: {error}"
    seconds = round(time.perf_counter() - start, 3)
    write_table(frame, _path(folder, cell), config=cell.config, seed=cell.seed, sources=sources, seconds=seconds)
    return None


def _outcomes(
    tasks: Sequence[tuple[Cell, Sequence[ModuleType]]],
    run_cell: Callable[[Cell], pd.DataFrame],
    folder: Path,
    workers: int,
    backend: str,
) -> Iterator[str | None]:
    """Compute the cells and yield what was wrong with each, in the order in which they end."""
    if backend == "dask":
        with _dask_client(workers) as client:
            futures = [client.submit(_compute, cell, run_cell, folder, sources, pure=False) for cell, sources in tasks]
            for _, outcome in require("distributed", "cluster").as_completed(futures, with_results=True):
                yield outcome
    elif workers == 1:
        for cell, sources in tasks:
            yield _compute(cell, run_cell, folder, sources)
    else:
        import joblib

        parallel = joblib.Parallel(n_jobs=workers, backend="loky", return_as="generator_unordered")
        yield from parallel(joblib.delayed(_compute)(cell, run_cell, folder, sources) for cell, sources in tasks)


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
    name: str,
    cells: Sequence[Cell],
    run_cell: Callable[[Cell], pd.DataFrame],
    folder: Path | str,
    *,
    sources: Sequence[ModuleType],
    workers: int = 1,
    backend: str = "loky",
    stream: TextIO | None = None,
) -> pd.DataFrame:
    """Run the cells whose tables are not there yet and return all rows.

    A cell's table is written when the cell ends, atomically. Kill the process at any moment and call again: the
    intact tables of the same config, seed and sources are kept, everything else is computed (again), and the
    result is the same. A table that was cut short or altered does not match its checksum and is computed again.

    Args:
        name: what the progress line calls the sweep.
        cells: the cells, with different names.
        run_cell: maps a cell to its table; a function of a module, because other processes import it.
        folder: where the cells' tables lie; one sweep at a time may use it.
        sources: modules that the rows of all cells depend on.
        workers: processes; a dask cluster that is there already keeps its own number.
        backend: one of :data:`BACKENDS`; the workers of a cluster must see ``folder`` under the same path.
        stream: where progress is written, standard error by default.

    Returns:
        The rows of all cells, in the order of ``cells``.

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
    own = {modules: first_party_sources(*modules) for modules in {cell.modules for cell in cells}}
    tasks = [(cell, [*sources, *own[cell.modules]]) for cell in cells]
    missing = [
        (cell, needed)
        for cell, needed in tasks
        if not table_is_current(_path(folder, cell), config=cell.config, seed=cell.seed, sources=needed)
    ]
    progress = Progress(name, len(missing), stream)
    failures = []
    for failure in _outcomes(missing, run_cell, folder, workers, backend):
        progress.advance()
        if failure is not None:
            failures.append(failure)
    if failures:
        more = f" (and {len(failures) - 1} more cells)" if len(failures) > 1 else ""
        raise SweepError(f"{sorted(failures)[0]}{more}; the cells that succeeded are kept in {folder}")
    for leftover in folder.glob(".*.tmp"):  # of a process that was killed while it wrote
        leftover.unlink()
    return pd.concat([read_table(_path(folder, cell)) for cell in cells], ignore_index=True)
