"""All strategies on all worlds at equal budgets: at one learning rate for all, and each at a rate tuned alike.

:mod:`simulations.running.comparison` says how a rate is tuned, and on which seeds.
"""

from __future__ import annotations

import pandas as pd
from pydantic import field_validator

from simulations.running.bandit_worlds import WORLDS, world
from simulations.running.comparison import (
    REGIMES,
    Comparison,
    ComparisonConfig,
    Rates,
    Worlds,
    check_names,
    comparison_cells,
)
from simulations.running.equal_budget import run_equal_budget
from simulations.running.experiment import Experiment
from simulations.running.sweep import Cell
from vas_theory.selection.strategies import strategy_class, strategy_names

__all__ = ["COMPARISON", "EXPERIMENT", "REGIMES", "TournamentConfig", "bandit_strategies"]


class TournamentConfig(ComparisonConfig):
    """Who plays where, and how often."""

    worlds: Worlds = tuple(WORLDS)
    learning_rates: Rates = (0.2, 0.4, 0.8, 1.6, 3.2, 6.4)

    _worlds_exist = field_validator("worlds")(lambda names: check_names(names, WORLDS, "there is no world {}"))
    _strategies_exist = field_validator("strategies")(
        lambda names: check_names(names, strategy_names(), "there is no strategy {}")
    )


def bandit_strategies() -> list[str]:
    """Return the names of the strategies that a pool of bandits can play."""
    return [name for name in strategy_names() if strategy_class(name).sampling != "tree"]


def _cells(config: TournamentConfig) -> list[Cell]:
    return comparison_cells(config, bandit_strategies())


COMPARISON = Comparison(world, run_equal_budget, kept=("rollouts", "pass_rate"))
"""How arms are compared."""


def _run_cell(cell: Cell) -> pd.DataFrame:
    return COMPARISON.run_cell(cell)


EXPERIMENT = Experiment(
    name="tournament",
    summary="all strategies on 16 worlds at equal rollout budgets, at one learning rate and at tuned ones",
    presets={
        "smoke": TournamentConfig(
            strategies=("uniform",),
            worlds=("bimodal-alone", "bimodal-shared"),
            seeds=2,
            tuning_seeds=1,
            learning_rates=(0.2, 0.8),
            scale=0.02,
        ),
        "quick": TournamentConfig(
            worlds=("bimodal-shared", "hard-interference", "bimodal-noisy", "small-groups"),
            seeds=5,
            tuning_seeds=2,
            learning_rates=(0.4, 1.6, 6.4),
            scale=0.25,
        ),
        "paper": TournamentConfig(scale=0.35),
    },
    cells=_cells,
    run_cell=_run_cell,
    arms="strategies",
)
