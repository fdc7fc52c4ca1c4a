"""All strategies on all worlds at equal budgets: at one learning rate for all, and each at a rate tuned alike.

For the second comparison every strategy first tries every learning rate of a grid on a few seeds in each world; the
rate with the best mean final pass rate is then run on the seeds of the first comparison, which no tuning has seen. The
tuning runs are in the table too: what was selected, from what, and at what cost.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from pydantic import Field, field_validator

from simulations.equal_budget import run_equal_budget
from simulations.experiment import Experiment, ExperimentConfig
from simulations.sweep import Cell
from simulations.worlds import WORLDS, run_seed, world
from vas_theory.selection.strategies import strategy_class, strategy_names

__all__ = ["EXPERIMENT", "REGIMES", "TournamentConfig"]

REGIMES = ("fixed", "tuned")
"""One learning rate for all, or the best of the grid for each strategy in each world."""


class TournamentConfig(ExperimentConfig):
    """Who plays where, and how often."""

    strategies: tuple[str, ...] = Field(default=(), description="names of the strategies; all when empty")
    worlds: tuple[str, ...] = Field(default=tuple(WORLDS), min_length=1, description="names of the worlds")
    seeds: int = Field(default=20, ge=2, description="paired seeds of the final runs")
    tuning_seeds: int = Field(default=3, ge=1, description="other seeds, for the choice of the learning rate")
    fixed_rate: float = Field(default=0.4, gt=0, description="the learning rate that is the same for all")
    learning_rates: tuple[float, ...] = Field(
        default=(0.2, 0.4, 0.8, 1.6, 3.2, 6.4), min_length=1, description="the grid for tuning, the same for all"
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
    rates = {"fixed": (config.fixed_rate,), "tuned": config.learning_rates}
    shared = {"seeds": config.seeds, "tuning_seeds": config.tuning_seeds, "scale": config.scale}
    return [
        Cell(
            f"{place}.{name}.{regime}",
            {**shared, "learning_rates": list(rates[regime]), "world": place, "strategy": name, "regime": regime},
            config.seed,
            (strategy_class(name).__module__,),
        )
        for regime in REGIMES
        for place in config.worlds
        for name in config.strategies or _bandit_strategies()
    ]


def _bandit_strategies() -> list[str]:
    return [name for name in strategy_names() if strategy_class(name).sampling != "tree"]


def _curve(cell: Cell, rate: float, seed: int, phase: str) -> pd.DataFrame:
    """Run once; measurements on the way keep what was spent and reached, the last one keeps all."""
    where, who = cell.config["world"], cell.config["strategy"]
    place = world(where, learning_rate=rate, scale=cell.config["scale"])
    curve = run_equal_budget(place, who, run_seed(where, seed))
    if phase == "tuning":
        curve = curve.iloc[[-1]]
    else:
        curve.loc[curve.index[:-1], curve.columns.difference(["rollouts", "pass_rate"])] = np.nan
    measured = curve.astype(np.float32).assign(rollouts=curve["rollouts"])
    key = {"world": where, "strategy": who, "regime": cell.config["regime"], "phase": phase}
    key |= {"learning_rate": rate, "seed": seed, "budget": place.budget}
    return pd.concat([pd.DataFrame(key, index=curve.index), measured], axis=1)


def _run_cell(cell: Cell) -> pd.DataFrame:
    """Tune where there is a choice, then run the final seeds; the tuning seeds follow them, so that they never meet."""
    first, seeds, rates = cell.seed * 1000, cell.config["seeds"], cell.config["learning_rates"]
    tuning: list[pd.DataFrame] = []
    best = rates[0]
    if len(rates) > 1:
        tuning = [
            _curve(cell, rate, first + seeds + index, "tuning")
            for rate in rates
            for index in range(cell.config["tuning_seeds"])
        ]
        reached = pd.concat(tuning).groupby("learning_rate")["pass_rate"].mean()
        best = rates[int(np.argmax(reached.reindex(rates)))]
    final = [_curve(cell, best, first + index, "final") for index in range(seeds)]
    return pd.concat([*tuning, *final], ignore_index=True)


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
)
