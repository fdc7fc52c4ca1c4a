"""Strategies on worlds that were fitted to traces of real runs, at equal budgets, as in the tournament."""

from __future__ import annotations

import pandas as pd
from pydantic import field_validator

from simulations.experiments.tournament import bandit_strategies
from simulations.running.comparison import Comparison, ComparisonConfig, Rates, Worlds, check_names, comparison_cells
from simulations.running.equal_budget import run_equal_budget
from simulations.running.experiment import Experiment
from simulations.running.fitted_worlds import FITTED, fitted_world
from simulations.running.sweep import Cell
from vas_theory.selection.strategies import strategy_names

__all__ = ["COMPARISON", "EXPERIMENT", "FittedConfig"]


class FittedConfig(ComparisonConfig):
    """Who plays where, and how often; a world is a name, or a file of ``python -m simulations fit``."""

    worlds: Worlds = tuple(FITTED)
    learning_rates: Rates = (0.0125, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8)
    fixed_rate: float = 0.025

    @field_validator("worlds")
    @classmethod
    def _worlds_exist(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        check_names(tuple(name for name in names if not name.endswith(".json")), FITTED, "there is no fitted world {}")
        return names

    _strategies_exist = field_validator("strategies")(
        lambda names: check_names(names, strategy_names(), "there is no strategy {}")
    )


COMPARISON = Comparison(fitted_world, run_equal_budget, kept=("rollouts", "pass_rate"))
"""How arms are compared."""


def _cells(config: FittedConfig) -> list[Cell]:
    return comparison_cells(config, bandit_strategies())


def _run_cell(cell: Cell) -> pd.DataFrame:
    return COMPARISON.run_cell(cell)


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
)
