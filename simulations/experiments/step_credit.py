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
:func:`~simulations.running.tree_worlds.generated_share` says what a count of steps would charge.
"""

from __future__ import annotations

import pandas as pd
from pydantic import field_validator

from simulations.running.comparison import Comparison, ComparisonConfig, Rates, Worlds, check_names, comparison_cells
from simulations.running.equal_budget import EqualBudgetConfig, run_equal_budget
from simulations.running.experiment import Experiment
from simulations.running.sweep import Cell
from simulations.running.tree_worlds import TREE_WORLDS, tree_world
from simulations.world.tree import TreePoolConfig
from vas_theory.selection.strategies import strategy_class, strategy_names

__all__ = ["COMPARISON", "CONTROLS", "EXPERIMENT", "StepCreditConfig", "train", "tree_arms"]

CONTROLS = ("uniform-8", "uniform-tree")
"""Arms that are uniform sampling with other groups; see the head of this module."""

_SMALL_GROUP = 8


def tree_arms() -> list[str]:
    """Return the names of all arms: the strategies that can play on tree prompts, and the controls."""
    return [*(name for name in strategy_names() if _plays(name)), *CONTROLS]


def _plays(name: str) -> bool:
    found = strategy_class(name)
    return found.sampling in ("independent", "tree") and not found.needs_truth and name != "lspo"


class StepCreditConfig(ComparisonConfig):
    """Who plays where, and how often."""

    worlds: Worlds = tuple(TREE_WORLDS)
    learning_rates: Rates = (0.4, 1.6, 6.4, 25.6, 102.4)

    _worlds_exist = field_validator("worlds")(
        lambda names: check_names(names, TREE_WORLDS, "there is no world of tree prompts {}")
    )
    _arms_exist = field_validator("strategies")(
        lambda names: check_names(names, tree_arms(), "{} cannot play on tree prompts")
    )


def train(place: EqualBudgetConfig, arm: str, seed: int) -> pd.DataFrame:
    """Train with an arm until the budget of a world is spent.

    :func:`simulations.running.equal_budget.run_equal_budget` for tree prompts, and for the controls.

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
    strategy = "uniform" if arm in CONTROLS else arm
    own = strategy_class(strategy).sampling
    options = {"branching": tree.branching, "depth": tree.depth} if own == "tree" else {}
    return run_equal_budget(place, strategy, seed, options, sampling="tree" if arm == "uniform-tree" else own)


def _cells(config: StepCreditConfig) -> list[Cell]:
    return comparison_cells(config, tree_arms(), CONTROLS)


COMPARISON = Comparison(tree_world, train, kept=("rollouts", "pass_rate", "gradient_norm"))
"""How arms are compared; the way keeps how long updates were, too."""


def _run_cell(cell: Cell) -> pd.DataFrame:
    return COMPARISON.run_cell(cell)


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
    arms="strategies",
)
