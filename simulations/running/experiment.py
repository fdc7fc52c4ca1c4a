"""What an experiment is: a frozen config, presets of it, and a function from config to a tidy table."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulations.running.sweep import Cell, run_sweep
from vas_theory.foundation.errors import ArgumentError, UnknownNameError
from vas_theory.provenance.sources import first_party_sources
from vas_theory.provenance.tables import table_is_current, write_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PRESETS", "Experiment", "ExperimentConfig", "parse_assignments", "run_experiment"]

PRESETS = ("smoke", "quick", "paper")
"""Sizes every experiment has: seconds, minutes, and the size its committed table has."""


class ExperimentConfig(BaseModel):
    """Base of all experiment configs: values are checked, unknown keys refused, instances frozen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(default=0, ge=0, description="seed of every random draw of the experiment")


@dataclass(frozen=True)
class Experiment:
    """One experiment: a tidy frame, one row an observation, as a function of its config.

    Small experiments give ``run``. Those made of many independent pieces give ``cells`` and ``run_cell`` instead,
    which :func:`~simulations.running.sweep.run_sweep` spreads over processes and resumes.

    Args:
        name: the experiment's name, which is the name of its file.
        summary: one line for the list.
        presets: config of each size in :data:`PRESETS`.
        run: maps a config to the table; equal configs give equal tables.
        cells: maps a config to its cells.
        run_cell: maps a cell to its table, of which the experiment's table is the concatenation.
    """

    name: str
    summary: str
    presets: Mapping[str, ExperimentConfig]
    run: Callable[[Any], pd.DataFrame] | None = None
    cells: Callable[[Any], Sequence[Cell]] | None = None
    run_cell: Callable[[Cell], pd.DataFrame] | None = None

    def __post_init__(self) -> None:
        if (self.run is None) == (self.run_cell is None) or (self.cells is None) != (self.run_cell is None):
            raise ArgumentError("run", "be given, or else cells and run_cell", self.name)

    @property
    def module(self) -> str:
        """Import path of the module that computes the rows."""
        function = self.run or self.run_cell
        assert function is not None
        return function.__module__

    def configure(self, preset: str, overrides: Mapping[str, Any] | None = None) -> ExperimentConfig:
        """Return a preset's config with some values replaced.

        Raises:
            UnknownNameError: there is no such preset, or a key is not a field of the config.
            ArgumentError: a value is not allowed.
        """
        if preset not in self.presets:
            raise UnknownNameError("preset", preset, self.presets)
        base = self.presets[preset]
        for key in overrides or {}:
            if key not in type(base).model_fields:
                raise UnknownNameError(f"config key of {self.name}", key, type(base).model_fields)
        try:
            return type(base).model_validate({**base.model_dump(), **(overrides or {})})
        except ValidationError as error:
            problem = error.errors()[0]
            where = ".".join(str(part) for part in problem["loc"]) or self.name
            raise ArgumentError(where, f"satisfy: {problem['msg']}", problem["input"]) from error


def parse_assignments(assignments: list[str]) -> dict[str, Any]:
    """Turn ``["bandits=100", "arms=[2, 3]"]`` into values; what is not JSON stays a string.

    Raises:
        ArgumentError: an entry has no ``=`` or no key, or a key comes twice.
    """
    values: dict[str, Any] = {}
    for assignment in assignments:
        key, separator, text = assignment.partition("=")
        if not separator or not key:
            raise ArgumentError("--set", "have the form key=value", assignment)
        if key in values:
            raise ArgumentError("--set", "name each key once", assignment)
        try:
            values[key] = json.loads(text)
        except json.JSONDecodeError:
            values[key] = text
    return values


def run_experiment(
    experiment: Experiment, config: ExperimentConfig, path: Path, *, workers: int = 1, backend: str = "loky"
) -> Literal["current", "computed", "replaced"]:
    """Run an experiment and store its table, unless an intact table of the same making is there.

    Args:
        experiment: what to run.
        config: its config.
        path: the table's file, ending in ``.parquet``; cells lie in a folder ``cells/<name>`` beside it.
        workers: processes for experiments made of cells.
        backend: where they run, see :func:`~simulations.running.sweep.run_sweep`.

    Returns:
        ``"current"`` when nothing was run, ``"computed"`` for a new table, ``"replaced"`` when a table from
        another config, from older sources or with altered bytes was in its place.
    """
    cells = [] if experiment.cells is None else experiment.cells(config)
    sources = first_party_sources(experiment.module)
    all_sources = first_party_sources(experiment.module, *(module for cell in cells for module in cell.modules))
    values = config.model_dump(mode="json", exclude={"seed"})
    if table_is_current(path, config=values, seed=config.seed, sources=all_sources):
        return "current"
    existed = path.exists()
    start = time.perf_counter()
    if experiment.run is not None:
        frame = experiment.run(config)
    else:
        assert experiment.run_cell is not None
        folder = path.parent / "cells" / path.stem
        frame = run_sweep(
            experiment.name, cells, experiment.run_cell, folder, sources=sources, workers=workers, backend=backend
        )
    seconds = round(time.perf_counter() - start, 3)
    write_table(frame, path, config=values, seed=config.seed, sources=all_sources, seconds=seconds)
    return "replaced" if existed else "computed"
