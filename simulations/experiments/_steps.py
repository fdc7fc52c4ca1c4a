"""A run that can be watched step by step, for experiments that look at more than a learning curve."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulations.running.equal_budget import EqualBudgetConfig
from simulations.world.learner import Learner
from simulations.world.pool import PoolConfig, build_pool
from vas_theory.selection.contract.driver import Generated, SelectionDriver
from vas_theory.selection.contract.strategy import IntArray, SelectionSetting, TrainingGroups
from vas_theory.selection.strategies import make_strategy

__all__ = ["Step", "watch_steps"]


@dataclass(frozen=True)
class Step:
    """What a step looks like just before its update.

    Args:
        learner: still at the policy that made the rollouts.
        driver: its books hold this step already.
        groups: about to be trained on.
        rolled_P: prompt of every group that was rolled, trained on or not.
    """

    learner: Learner
    driver: SelectionDriver
    groups: TrainingGroups
    rolled_P: IntArray


def watch_steps(
    config: EqualBudgetConfig, strategy: str, seed: int, options: Mapping[str, Any] | None = None
) -> Iterator[Step]:
    """Train as :func:`~simulations.running.equal_budget.run_equal_budget` does, and pause before each update.

    Args:
        config: a world of bandit prompts whose visits are not limited.
        strategy: name of a strategy that samples independently.
        seed: of pool, rollouts and the strategy's draws.
        options: the strategy's own options.

    Yields:
        Each step; the update follows when the next one is asked for.
    """
    assert isinstance(config.pool, PoolConfig)
    pool = build_pool(config.pool, np.random.default_rng([seed, 0]))
    learner = Learner(pool, config.learner, seed, config.budget)
    setting = SelectionSetting(
        prompts=pool.prompts,
        batch_size=config.batch_size,
        group_size=config.group_size,
        budget=config.budget,
        seed=seed,
        advantage=config.learner.advantage,
        ddof=config.learner.ddof,
        eps=config.learner.eps,
        features_P=None if pool.known_PF is None else pool.known_PF[: pool.prompts],
    )
    driver = SelectionDriver(make_strategy(strategy, setting, **(options or {})))
    rolled: list[IntArray] = []

    def generate(prompts_P: IntArray, counts_P: IntArray, first: int) -> Generated:
        rolled.append(prompts_P)
        return learner.generate(prompts_P, counts_P, first)

    while True:
        fresh_from = driver.generated
        rolled.clear()
        groups = driver.collect(generate)
        if groups is None:
            return
        yield Step(learner, driver, groups, np.concatenate(rolled))
        learner.update(groups, fresh_from)
