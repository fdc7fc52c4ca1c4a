"""An experiment as a function that returns its table, for notebooks."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulations.experiments import get_experiment
from simulations.running.stored import run_experiment
from vas_theory.provenance.tables import read_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["run"]


def run(
    name: str, preset: str = "quick", folder: Path | str | None = None, workers: int = 1, **overrides: Any
) -> pd.DataFrame:
    """Run an experiment and return its table.

    Args:
        name: of the experiment, see ``python -m simulations list``.
        preset: ``smoke``, ``quick`` or ``paper``.
        folder: where its table is kept, so that a second call only reads it; by default nothing is kept.
        workers: processes, for experiments made of many cells.
        overrides: values of its config that replace the preset's; not of the experiments that it reads.

    Raises:
        UnknownNameError: there is no such experiment, preset or value.
        ArgumentError: a value is not allowed.

    >>> import simulations
    >>> table = simulations.run("bound_gallery", preset="smoke")
    >>> len(table) > 0
    True
    """
    experiment = get_experiment(name)
    config = experiment.configure(preset, overrides)
    if folder is None:
        with tempfile.TemporaryDirectory() as kept:
            return run(name, preset, kept, workers, **overrides)
    for read in experiment.reads:
        run(read, preset, folder, workers)
    path = Path(folder) / f"{name}.parquet"
    run_experiment(experiment, config, path, workers=workers)
    return read_table(path)
