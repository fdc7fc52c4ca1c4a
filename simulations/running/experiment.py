"""What an experiment is: a frozen config, presets of it, and a function from config to a tidy table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulations.running.refusals import as_refusal, refuse_overrides
from simulations.running.sweep import Cell
from vas_theory.foundation.errors import ArgumentError, UnknownNameError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PRESETS", "Experiment", "ExperimentConfig"]

PRESETS = ("smoke", "quick", "paper")
"""Sizes every experiment has: seconds, minutes, and the size its committed table has."""

_LIMITS = {"seed": 1 << 32, "seeds": 10_001, "tuning_seeds": 10_001}
"""Seeds of runs are made of a preset's seed and have 64 bits; more runs than this would not end."""


class ExperimentConfig(BaseModel):
    """Base of all experiment configs: values are checked, unknown keys refused, instances frozen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(default=0, ge=0, description="seed of every random draw of the experiment")


@dataclass(frozen=True)
class Experiment:
    """One experiment: a tidy frame, one row an observation, as a function of its config.

    Small experiments give ``run``. Those made of many independent cells give ``cells`` and ``run_cell`` instead,
    which :func:`~simulations.running.sweep.run_sweep` spreads over processes and resumes; where the cells name arms,
    each arm is stored as a file of its own. What is computed from other tables gives ``summarise`` and ``reads``.

    Args:
        name: the experiment's name, which is the name of its file.
        summary: one line for the list.
        presets: config of each size in :data:`PRESETS`.
        run: maps a config to the table; equal configs give equal tables.
        cells: maps a config to its cells.
        run_cell: maps a cell to its table, of which the experiment's table is the concatenation.
        arms: the field of the config that chooses arms, if there is one: the other arms stay as they are.
        summarise: maps a config and the tables that it reads, by name, to the table.
        reads: names of the experiments whose tables these are.
    """

    name: str
    summary: str
    presets: Mapping[str, ExperimentConfig]
    run: Callable[[Any], pd.DataFrame] | None = None
    cells: Callable[[Any], Sequence[Cell]] | None = None
    run_cell: Callable[[Cell], pd.DataFrame] | None = None
    arms: str = ""
    summarise: Callable[[Any, Mapping[str, pd.DataFrame]], pd.DataFrame] | None = None
    reads: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        given = [function for function in (self.run, self.run_cell, self.summarise) if function is not None]
        if len(given) != 1 or (self.cells is None) != (self.run_cell is None):
            raise ArgumentError("run", "be given, or else cells and run_cell, or summarise and reads", self.name)
        if bool(self.reads) != (self.summarise is not None):
            raise ArgumentError("reads", "name tables if and only if there is summarise", self.name)

    @property
    def entry(self) -> Callable[..., pd.DataFrame]:
        """The function that computes the rows, where their key begins."""
        function = self.run or self.run_cell or self.summarise
        assert function is not None
        return function

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
        for key, limit in _LIMITS.items():
            if isinstance(value := (overrides or {}).get(key), int) and value >= limit:
                raise ArgumentError(key, f"be below {limit:,}", value)
        refuse_overrides(base, overrides)
        try:
            return type(base).model_validate({**base.model_dump(), **(overrides or {})})
        except ValidationError as error:
            raise as_refusal(error, self.name) from error
