"""Strategies on worlds that were fitted to traces of real runs, at equal budgets, as in the tournament."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd
from pydantic import Field, field_validator, model_validator

from simulations.running.comparison import (
    Comparison,
    ComparisonConfig,
    Rates,
    Worlds,
    check_names,
    comparison_cells,
)
from simulations.running.equal_budget import run_equal_budget
from simulations.running.experiment import Experiment
from simulations.running.fitted_worlds import FITTED, fitted_world, read_world
from simulations.running.sweep import Cell
from vas_theory.selection.strategies import strategy_class, strategy_names

__all__ = ["EXPERIMENT", "FittedConfig"]


class FittedConfig(ComparisonConfig):
    """Who plays where, and how often; a world is a name, or a file of ``python -m simulations fit``."""

    worlds: Worlds = tuple(FITTED)
    learning_rates: Rates = (0.0125, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8)
    fixed_rate: float = Field(default=0.025, gt=0, description="the learning rate that is the same for all")
    fits: dict[str, dict[str, Any]] = Field(default={}, description="what the worlds are, filled in from their names")

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, values: Any) -> Any:
        """A table depends on what its worlds are, not on the names of their files."""
        names = values.get("worlds", tuple(FITTED))
        check_names(tuple(name for name in names if not name.endswith(".json")), FITTED, "there is no fitted world {}")
        fits = values.get("fits", {})
        found = {
            name: fits.get(name) or (read_world(name) if name.endswith(".json") else FITTED[name]) for name in names
        }
        return {**values, "fits": found}

    _strategies_exist = field_validator("strategies")(
        lambda names: check_names(names, strategy_names(), "there is no strategy {}")
    )


def _cells(config: FittedConfig) -> list[Cell]:
    arms = [name for name in strategy_names() if strategy_class(name).sampling != "tree"]
    cells = comparison_cells(config, arms)
    return [
        replace(cell, config={**cell.config, "fits": {place: config.fits[place] for place in [cell.config["world"]]}})
        for cell in cells
    ]


def _run_cell(cell: Cell) -> pd.DataFrame:
    places = partial(fitted_world, fits=cell.config["fits"])
    return Comparison(places, run_equal_budget, kept=("rollouts", "pass_rate")).run_cell(cell)


EXPERIMENT = Experiment(
    name="fitted",
    summary="strategies on worlds fitted to traces of real runs, at equal rollout budgets",
    presets={
        "smoke": FittedConfig(strategies=("uniform",), seeds=2, tuning_seeds=1, learning_rates=(0.05, 0.2), scale=0.02),
        "quick": FittedConfig(
            strategies=("uniform", "vas", "dapo", "mopps", "index"),
            seeds=5,
            tuning_seeds=2,
            learning_rates=(0.025, 0.1, 0.4),
            scale=0.25,
        ),
        "paper": FittedConfig(scale=0.35),
    },
    cells=_cells,
    run_cell=_run_cell,
    arms="strategies",
)
