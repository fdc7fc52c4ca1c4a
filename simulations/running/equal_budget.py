"""One strategy training one learner on one pool until a rollout budget is spent."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from simulations.world.learner import Learner, LearnerConfig, UpdateReport
from simulations.world.pool import Pool, PoolConfig, build_pool
from simulations.world.tree import TreeLearner, TreePoolConfig, build_tree_pool
from vas_theory.selection.contract.driver import SelectionDriver
from vas_theory.selection.contract.strategy import SelectionSetting
from vas_theory.selection.sampler.tally import gini
from vas_theory.selection.strategies import make_strategy, strategy_class

__all__ = ["EqualBudgetConfig", "Recorder", "run_equal_budget"]

_HARD = 0.1
"""A prompt with a pass rate below this at the start counts as hard."""


class EqualBudgetConfig(BaseModel):
    """A world: the pool, how a batch is learned from, and what may be spent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pool: PoolConfig | TreePoolConfig = Field(default=PoolConfig(), description="the prompts")
    learner: LearnerConfig = Field(default=LearnerConfig(), description="how a batch becomes an update")
    batch_size: int = Field(default=64, ge=1, description="groups of a step")
    group_size: int = Field(default=8, ge=2, description="rollouts of a group")
    budget: int = Field(default=153_600, ge=1, description="rollouts of every kind")
    evaluations: int = Field(default=24, ge=1, description="rows of the learning curve after the first")


class Recorder:
    """Collects a learning curve: one row each time another share of the budget is spent.

    Args:
        learner: whose pass rates are measured.
        driver: whose ledger and visits are read.
        evaluations: rows after the first.
    """

    def __init__(self, learner: Learner | TreeLearner, driver: SelectionDriver, evaluations: int) -> None:
        self._learner, self._driver = learner, driver
        self._pool = learner.pool
        budget = driver.strategy.setting.budget
        self._marks = [round(budget * (index + 1) / evaluations) for index in range(evaluations)]
        self._start_P = learner.pass_rates()[: self._pool.prompts]
        self._best_P = self._start_P.copy()
        self._reports: list[UpdateReport] = []
        self._effective = 0
        self.rows: list[dict[str, float]] = []
        self._measure()

    def after_update(self, report: UpdateReport) -> None:
        """Take note of an update, and measure if another share of the budget is spent."""
        self._reports.append(report)
        self._effective += report.effective_groups
        if self._marks and self._driver.generated >= self._marks[0]:
            self._measure()

    def finish(self) -> pd.DataFrame:
        """Measure the end, if it is not measured yet, and return the curve."""
        if self._reports or self.rows[-1]["rollouts"] < self._driver.generated:
            self._measure()
        return pd.DataFrame(self.rows)

    def _measure(self) -> None:
        driver, prompts = self._driver, self._pool.prompts
        rates_P = self._learner.pass_rates()
        train_P, held_P = rates_P[:prompts], rates_P[prompts:]
        self._best_P = np.maximum(self._best_P, train_P)
        hard_P = self._start_P < _HARD
        ledger = driver.ledger.as_dict()
        binary = self._pool.binary
        self.rows.append(
            {
                "rollouts": driver.generated,
                "updates": driver.step,
                "tokens": sum(charge["tokens"] for charge in ledger.values()),
                **{f"{purpose}_rollouts": charge["rollouts"] for purpose, charge in ledger.items()},
                "pass_rate": float(train_P.mean()),
                "held_out_pass_rate": float(held_P.mean()) if len(held_P) else np.nan,
                "pass_at_8": float((1 - (1 - train_P) ** 8).mean()) if binary else np.nan,
                "pass_at_64": float((1 - (1 - train_P) ** 64).mean()) if binary else np.nan,
                "effective_groups": self._effective,
                "coverage": float((driver.visits_P > 0).mean()),
                "gini": gini(driver.visits_P),
                "lifted": float((train_P[hard_P] >= _HARD).mean()) if hard_P.any() else np.nan,
                "forgotten": float((self._best_P - train_P).mean()),
                "gradient_norm": _mean([report.gradient_norm for report in self._reports]),
                "clip_fraction": _mean([report.clip_fraction for report in self._reports]),
            }
        )
        self._reports.clear()
        while self._marks and driver.generated >= self._marks[0]:
            self._marks.pop(0)


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else np.nan


@lru_cache(maxsize=32)
def _bandit_pool(config: PoolConfig, seed: int) -> Pool:
    """Arms and learning rates that are compared on one seed train on one pool, which no run changes."""
    return build_pool(config, np.random.default_rng([seed, 0]))


def _build_learner(config: EqualBudgetConfig, seed: int, sampling: str) -> Learner | TreeLearner:
    if isinstance(config.pool, TreePoolConfig):
        tree = build_tree_pool(config.pool, np.random.default_rng([seed, 0]))
        return TreeLearner(tree, config.learner, seed, config.budget, sampling=sampling)
    return Learner(_bandit_pool(config.pool, seed), config.learner, seed, config.budget, sampling=sampling)


def run_equal_budget(
    config: EqualBudgetConfig,
    strategy: str,
    seed: int,
    options: Mapping[str, Any] | None = None,
    *,
    sampling: str | None = None,
) -> pd.DataFrame:
    """Train with a strategy until the budget is spent.

    The pool, and the k-th rollout of each of its prompts, depend on ``seed`` alone, so that strategies with one
    seed are paired.

    Args:
        config: the world.
        strategy: name of the strategy.
        seed: of pool, rollouts and the strategy's draws.
        options: the strategy's own options.
        sampling: how a group's rollouts are drawn, if not as the strategy asks.

    Returns:
        The learning curve, one row a measurement: ``rollouts`` spent in all, ``updates``, ``tokens``, rollouts by
        purpose; mean ``pass_rate`` of the pool and of held-out prompts, ``pass_at_8``, ``pass_at_64`` (NaN for
        graded rewards); ``effective_groups`` trained on so far, ``coverage`` (share of prompts ever rolled),
        ``gini`` of their visits, ``lifted`` (share of prompts that began below .1 and are not any more),
        ``forgotten`` (mean drop below each prompt's best); ``gradient_norm`` and ``clip_fraction``, means over
        the updates since the row before.
    """
    learner = _build_learner(config, seed, sampling or strategy_class(strategy).sampling)
    pool, known_PF = learner.pool, learner.pool.known_PF
    setting = SelectionSetting(
        prompts=pool.prompts,
        batch_size=config.batch_size,
        group_size=config.group_size,
        budget=config.budget,
        seed=seed,
        max_visits=pool.max_visits,
        advantage=config.learner.advantage,
        ddof=config.learner.ddof,
        eps=config.learner.eps,
        features_P=None if known_PF is None else known_PF[: pool.prompts],
    )
    chosen = make_strategy(strategy, setting, **(options or {}))
    if chosen.needs_truth:
        chosen.truth = learner
    driver = SelectionDriver(chosen)
    recorder = Recorder(learner, driver, config.evaluations)
    while True:
        fresh_from = driver.generated
        groups = driver.collect(learner.generate)
        if groups is None:
            return recorder.finish()
        recorder.after_update(learner.update(groups, fresh_from))
