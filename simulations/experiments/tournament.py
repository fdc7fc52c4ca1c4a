"""All strategies on all worlds at equal budgets, each with a learning rate tuned alike.

In each world every strategy first tries every learning rate on a few seeds; the rate with the best mean final pass
rate is then run on fresh seeds. The tuning runs are in the table too: what was selected, from what, and at what cost.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from pydantic import Field, field_validator

from simulations.equal_budget import run_equal_budget
from simulations.experiment import Experiment, ExperimentConfig
from simulations.sweep import Cell
from simulations.worlds import OPTIONS, WORLDS, run_seed, world
from vas_theory.selection.strategies import strategy_class, strategy_names

__all__ = ["EXPERIMENT", "TournamentConfig"]


class TournamentConfig(ExperimentConfig):
    """Who plays where, and how often."""

    strategies: tuple[str, ...] = Field(default=(), description="names of the strategies; all when empty")
    worlds: tuple[str, ...] = Field(default=tuple(WORLDS), min_length=1, description="names of the worlds")
    seeds: int = Field(default=20, ge=2, description="paired seeds of the final runs")
    tuning_seeds: int = Field(default=3, ge=1, description="other seeds, for the choice of the learning rate")
    learning_rates: tuple[float, ...] = Field(
        default=(0.1, 0.2, 0.4, 0.8), min_length=1, description="the grid, the same for all"
    )
    scale: float = Field(default=1.0, gt=0, le=1, description="multiplies pools and budgets")

    @field_validator("worlds")
    @classmethod
    def _worlds_exist(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        unknown = set(names) - set(WORLDS)
        if unknown:
            raise ValueError(f"there is no world {', '.join(sorted(unknown))}")
        return names

    @field_validator("strategies")
    @classmethod
    def _strategies_exist(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        unknown = set(names) - set(strategy_names())
        if unknown:
            raise ValueError(f"there is no strategy {', '.join(sorted(unknown))}")
        return names


def _cells(config: TournamentConfig) -> list[Cell]:
    values = config.model_dump(mode="json", include={"seeds", "tuning_seeds", "learning_rates", "scale"})
    return [
        Cell(f"{place}.{name}", {**values, "world": place, "strategy": name}, config.seed, _modules(name))
        for place in config.worlds
        for name in config.strategies or _bandit_strategies()
    ]


def _bandit_strategies() -> list[str]:
    return [name for name in strategy_names() if strategy_class(name).sampling != "tree"]


def _modules(strategy: str) -> tuple[str, ...]:
    return (strategy_class(strategy).__module__,)


def _curve(cell: Cell, rate: float, seed: int, phase: str) -> pd.DataFrame:
    where, who = cell.config["world"], cell.config["strategy"]
    place = world(where, learning_rate=rate, scale=cell.config["scale"])
    curve = run_equal_budget(place, who, run_seed(where, seed), OPTIONS.get((where, who)))
    for position, (name, value) in enumerate(
        [
            ("world", where),
            ("strategy", who),
            ("phase", phase),
            ("learning_rate", rate),
            ("seed", seed),
            ("budget", place.budget),
        ]
    ):
        curve.insert(position, name, value)
    return curve


def _run_cell(cell: Cell) -> pd.DataFrame:
    """Tune, then run the final seeds; tuning seeds follow the final ones, so that they never meet."""
    first, seeds = cell.seed * 1000, cell.config["seeds"]
    tuning = [
        _curve(cell, rate, first + seeds + index, "tuning").iloc[[-1]]
        for rate in cell.config["learning_rates"]
        for index in range(cell.config["tuning_seeds"])
    ]
    reached = pd.concat(tuning).groupby("learning_rate")["pass_rate"].mean()
    best = cell.config["learning_rates"][int(np.argmax(reached.reindex(cell.config["learning_rates"])))]
    final = [_curve(cell, best, first + index, "final") for index in range(seeds)]
    table = pd.concat([*tuning, *final], ignore_index=True)
    return table.astype(dict.fromkeys(table.columns[table.columns.get_loc("pass_rate") :], np.float64))


EXPERIMENT = Experiment(
    name="tournament",
    summary="all strategies on 16 worlds at equal rollout budgets, with learning rates tuned alike",
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
            learning_rates=(0.2, 0.8),
            scale=0.25,
        ),
        "paper": TournamentConfig(scale=0.5),
    },
    cells=_cells,
    run_cell=_run_cell,
)
