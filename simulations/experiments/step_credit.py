"""Credit for steps against the choice of prompts: all strategies that can play on tree prompts, at equal rollouts.

A group has ``branching ** depth`` rollouts for every strategy, the leaves of a tree, and every rollout is charged.
The tree strategies, treerpo and tree-opo, choose prompts as uniform sampling does, so that they differ from it in two
things: the rollouts of a group share prefixes, and every step gets an advantage of its own. Two controls beside the
registered strategies tell these, and the size of the groups, apart:

- ``uniform-tree``: uniform sampling whose groups are trees, each rollout with one advantage for all its steps. To
  uniform it is the cost of shared prefixes; from it to treerpo and tree-opo, what the credit is worth.
- ``uniform-8``: uniform sampling in groups of 8 with as many rollouts a step, where a tree has 27 leaves. Where it
  has 8, the same as uniform.

Strategies with a group size of their own, for pilots, rounds or screening, keep it. Three cannot play: ``oracle``
looks ahead with the true rewards of a bandit's arms, ``props`` needs rollouts that are stratified by answers, which a
tree prompt does not draw, and ``lspo`` filters by lengths, which are alike on trees, so that it would be ``dapo``.

Learning rates as in the tournament: one for all, or for each strategy in each world the best of a grid by other seeds.
Every rollout is charged in full, though a tree generates a shared prefix once:
:func:`~simulations.tree_worlds.generated_share` says what a count of steps would charge.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from pydantic import Field, field_validator

from simulations.equal_budget import EqualBudgetConfig, run_equal_budget
from simulations.experiment import Experiment, ExperimentConfig
from simulations.experiments.tournament import REGIMES
from simulations.sweep import Cell
from simulations.tree import TreePoolConfig
from simulations.tree_worlds import TREE_WORLDS, tree_world
from simulations.worlds import run_seed
from vas_theory.selection.strategies import strategy_class, strategy_names

__all__ = ["CONTROLS", "EXPERIMENT", "StepCreditConfig", "train", "tree_arms"]

CONTROLS = ("uniform-8", "uniform-tree")
"""Arms that are uniform sampling with other groups; see the head of this module."""

_SMALL_GROUP = 8


def tree_arms() -> list[str]:
    """Return the names of all arms: the strategies that can play on tree prompts, and the controls."""
    return [*(name for name in strategy_names() if _plays(name)), *CONTROLS]


def _plays(name: str) -> bool:
    found = strategy_class(name)
    return found.sampling in ("independent", "tree") and not found.needs_truth and name != "lspo"


class StepCreditConfig(ExperimentConfig):
    """Who plays where, and how often."""

    strategies: tuple[str, ...] = Field(default=(), description="names of the arms; all when empty")
    worlds: tuple[str, ...] = Field(default=tuple(TREE_WORLDS), min_length=1, description="names of the worlds")
    seeds: int = Field(default=20, ge=2, description="paired seeds of the final runs")
    tuning_seeds: int = Field(default=3, ge=1, description="other seeds, for the choice of the learning rate")
    fixed_rate: float = Field(default=0.4, gt=0, description="the learning rate that is the same for all")
    learning_rates: tuple[float, ...] = Field(
        default=(0.4, 1.6, 6.4, 25.6, 102.4), min_length=1, description="the grid for tuning, the same for all"
    )
    scale: float = Field(default=1.0, gt=0, le=1, description="multiplies pools and budgets")

    @field_validator("worlds")
    @classmethod
    def _worlds_exist(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        unknown = set(names) - set(TREE_WORLDS)
        if unknown:
            raise ValueError(f"there is no world of tree prompts {', '.join(sorted(unknown))}")
        return names

    @field_validator("strategies")
    @classmethod
    def _arms_exist(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        unknown = set(names) - set(tree_arms())
        if unknown:
            raise ValueError(f"{', '.join(sorted(unknown))} cannot play on tree prompts")
        return names


def _strategy(arm: str) -> str:
    return "uniform" if arm in CONTROLS else arm


def _cells(config: StepCreditConfig) -> list[Cell]:
    rates = {"fixed": (config.fixed_rate,), "tuned": config.learning_rates}
    shared = {"seeds": config.seeds, "tuning_seeds": config.tuning_seeds, "scale": config.scale}
    return [
        Cell(
            f"{place}.{arm}.{regime}",
            {**shared, "learning_rates": list(rates[regime]), "world": place, "strategy": arm, "regime": regime},
            config.seed,
            (strategy_class(_strategy(arm)).__module__,),
        )
        for regime in REGIMES
        for place in config.worlds
        for arm in config.strategies or tree_arms()
    ]


def train(place: EqualBudgetConfig, arm: str, seed: int) -> pd.DataFrame:
    """Train with an arm until the budget of a world is spent.

    :func:`simulations.equal_budget.run_equal_budget` for tree prompts, and for the controls.

    Args:
        place: the world, of tree prompts.
        arm: one of :func:`tree_arms`.
        seed: of pool, rollouts and the strategy's draws.

    Returns:
        The learning curve, with the columns of ``run_equal_budget``.
    """
    tree = place.pool
    assert isinstance(tree, TreePoolConfig)
    if arm == "uniform-8":
        batch = max(round(place.batch_size * place.group_size / _SMALL_GROUP), 1)
        place = place.model_copy(update={"batch_size": batch, "group_size": _SMALL_GROUP})
    own = strategy_class(_strategy(arm)).sampling
    options = {"branching": tree.branching, "depth": tree.depth} if own == "tree" else {}
    return run_equal_budget(place, _strategy(arm), seed, options, sampling="tree" if arm == "uniform-tree" else own)


def _curve(cell: Cell, rate: float, seed: int, phase: str) -> pd.DataFrame:
    """Run once; rows on the way keep what was spent and reached and how long updates were, the last one keeps all."""
    where, arm = cell.config["world"], cell.config["strategy"]
    place = tree_world(where, learning_rate=rate, scale=cell.config["scale"])
    curve = train(place, arm, run_seed(where, seed))
    if phase == "tuning":
        curve = curve.iloc[[-1]]
    else:
        kept = ["rollouts", "pass_rate", "gradient_norm"]
        curve.loc[curve.index[:-1], curve.columns.difference(kept)] = np.nan
    measured = curve.astype(np.float32).assign(rollouts=curve["rollouts"])
    key = {"world": where, "strategy": arm, "regime": cell.config["regime"], "phase": phase}
    key |= {"learning_rate": rate, "seed": seed, "budget": place.budget}
    return pd.concat([pd.DataFrame(key, index=curve.index), measured], axis=1)


def _run_cell(cell: Cell) -> pd.DataFrame:
    """Tune where there is a choice, then run the final seeds; the tuning seeds follow them, so that they never meet."""
    first, seeds, rates = cell.seed * 1000, cell.config["seeds"], cell.config["learning_rates"]
    tuning: list[pd.DataFrame] = []
    best = rates[0]
    if len(rates) > 1:
        others = range(first + seeds, first + seeds + cell.config["tuning_seeds"])
        tuning = [_curve(cell, rate, seed, "tuning") for rate in rates for seed in others]
        reached = pd.concat(tuning).groupby("learning_rate")["pass_rate"].mean()
        best = rates[int(np.argmax(reached.reindex(rates)))]
    final = [_curve(cell, best, first + index, "final") for index in range(seeds)]
    return pd.concat([*tuning, *final], ignore_index=True)


EXPERIMENT = Experiment(
    name="step_credit",
    summary="credit for steps against the choice of prompts: all strategies that can play on tree prompts",
    presets={
        "smoke": StepCreditConfig(
            strategies=("uniform", "uniform-tree", "treerpo"),
            worlds=("bimodal-27", "bimodal-8"),
            seeds=2,
            tuning_seeds=1,
            learning_rates=(0.4, 6.4),
            scale=0.125,
        ),
        "quick": StepCreditConfig(
            strategies=("uniform", "uniform-8", "uniform-tree", "treerpo", "tree-opo", "index", "mopps", "vas"),
            worlds=("bimodal-27", "hard-27", "bimodal-8"),
            seeds=4,
            tuning_seeds=1,
            learning_rates=(1.6, 25.6),
            scale=0.375,
        ),
        "paper": StepCreditConfig(),
    },
    cells=_cells,
    run_cell=_run_cell,
)
