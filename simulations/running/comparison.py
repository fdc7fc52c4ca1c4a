"""Comparisons at equal rollouts: every arm in every world at one learning rate for all, and each at a rate tuned alike.

For the second comparison every arm first tries every learning rate of a grid on a few seeds in each world; the rate
with the best mean final pass rate is then run on the seeds of the first comparison, which no tuning has seen. The
tuning runs are in the table too: what was selected, from what, and at what cost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field

from simulations.running.bandit_worlds import run_seed
from simulations.running.equal_budget import EqualBudgetConfig
from simulations.running.experiment import ExperimentConfig
from simulations.running.sweep import Cell
from vas_theory.selection.strategies import strategy_entry

__all__ = ["REGIMES", "Comparison", "ComparisonConfig", "Rates", "Worlds", "check_names", "comparison_cells"]

REGIMES = ("fixed", "tuned")
"""One learning rate for all, or the best of the grid for each arm in each world."""

Worlds = Annotated[tuple[str, ...], Field(min_length=1, description="names of the worlds")]
Rates = Annotated[tuple[float, ...], Field(min_length=1, description="the grid for tuning, the same for all")]


class ComparisonConfig(ExperimentConfig):
    """Who plays where, and how often."""

    strategies: tuple[str, ...] = Field(default=(), description="names of the arms; all when empty")
    worlds: Worlds
    seeds: int = Field(default=20, ge=2, description="paired seeds of the final runs")
    tuning_seeds: int = Field(default=3, ge=1, description="other seeds, for the choice of the learning rate")
    fixed_rate: float = Field(default=0.4, gt=0, description="the learning rate that is the same for all")
    learning_rates: Rates
    scale: float = Field(default=1.0, gt=0, le=1, description="multiplies pools and budgets")


def check_names(names: tuple[str, ...], known: Iterable[str], problem: str) -> tuple[str, ...]:
    """Return the names if all are known, else raise a ``ValueError``: the problem, ``{}`` being those that are not."""
    unknown = set(names) - set(known)
    if unknown:
        raise ValueError(problem.format(", ".join(sorted(unknown))))
    return names


def comparison_cells(config: ComparisonConfig, arms: Iterable[str], controls: Iterable[str] = ()) -> list[Cell]:
    """Return one cell for each regime, world and arm.

    Args:
        config: who plays where, and how often.
        arms: the names of all arms, of which the config may choose some.
        controls: arms that are forms of uniform sampling and no strategies of their own.
    """
    rates = {"fixed": (config.fixed_rate,), "tuned": config.learning_rates}
    shared = {"seeds": config.seeds, "tuning_seeds": config.tuning_seeds, "scale": config.scale}
    return [
        Cell(
            f"{place}.{arm}.{regime}",
            {**shared, "learning_rates": list(rates[regime]), "world": place, "strategy": arm, "regime": regime},
            config.seed,
            (strategy_entry("uniform" if arm in controls else arm),),
            arm,
        )
        for regime in REGIMES
        for place in config.worlds
        for arm in config.strategies or arms
    ]


@dataclass(frozen=True)
class Comparison:
    """What differs between comparisons; the rest of the procedure is shared.

    Args:
        world: maps a name, ``learning_rate`` and ``scale`` to a world.
        train: maps a world, an arm and a seed to a learning curve, as
            :func:`~simulations.running.equal_budget.run_equal_budget` does.
        kept: columns that a final run's measurements on the way keep; the last one keeps all.
    """

    world: Callable[..., EqualBudgetConfig]
    train: Callable[[EqualBudgetConfig, str, int], pd.DataFrame]
    kept: tuple[str, ...]

    def run(self, cell: Cell, rate: float, seed: int, phase: str) -> pd.DataFrame:
        """Train once and return the labelled curve: its end when tuning, else also what is kept of the way."""
        where, arm = cell.config["world"], cell.config["strategy"]
        place = self.world(where, learning_rate=rate, scale=cell.config["scale"])
        curve = self.train(place, arm, run_seed(where, seed))
        if phase == "tuning":
            curve = curve.iloc[[-1]]
        else:
            curve.loc[curve.index[:-1], curve.columns.difference(list(self.kept))] = np.nan
        measured = curve.astype(np.float32).assign(rollouts=curve["rollouts"])
        key = {"world": where, "strategy": arm, "regime": cell.config["regime"], "phase": phase}
        key |= {"learning_rate": rate, "seed": seed, "budget": place.budget}
        return pd.concat([pd.DataFrame(key, index=curve.index), measured], axis=1)

    def run_cell(self, cell: Cell) -> pd.DataFrame:
        """Tune where there is a choice, then run the final seeds; the tuning seeds follow them, so they never meet."""
        first, seeds, rates = cell.seed * 1000, cell.config["seeds"], cell.config["learning_rates"]
        tuning: list[pd.DataFrame] = []
        best = rates[0]
        if len(rates) > 1:
            others = range(first + seeds, first + seeds + cell.config["tuning_seeds"])
            tuning = [self.run(cell, rate, seed, "tuning") for rate in rates for seed in others]
            reached = pd.concat(tuning).groupby("learning_rate")["pass_rate"].mean()
            best = rates[int(np.argmax(reached.reindex(rates)))]
        final = [self.run(cell, best, first + index, "final") for index in range(seeds)]
        return pd.concat([*tuning, *final], ignore_index=True)
