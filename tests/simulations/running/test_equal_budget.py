"""Equal budgets: every arm spends what it may, is paired by seed, and its curve says what happened."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simulations.running.equal_budget import EqualBudgetConfig, Recorder, run_equal_budget
from simulations.world.learner import Learner, LearnerConfig, UpdateReport
from simulations.world.pool import PoolConfig
from vas_theory.selection.contract.ledger import RolloutLedger
from vas_theory.selection.contract.strategy import TrainingGroups

CONFIG = EqualBudgetConfig(
    pool=PoolConfig(prompts=40, held_out=10, arms=6, coupling="shared"),
    learner=LearnerConfig(learning_rate=0.5),
    batch_size=8,
    group_size=4,
    budget=1610,
    evaluations=5,
)


@pytest.fixture(scope="module")
def curve() -> pd.DataFrame:
    return run_equal_budget(CONFIG, "uniform", seed=1)


def test_the_budget_is_spent_to_the_last_step_that_fits(curve: pd.DataFrame) -> None:
    assert curve["rollouts"].iloc[-1] == 1600  # 50 steps of 32; 10 are left
    assert curve["updates"].iloc[-1] == 50
    assert (curve["training_rollouts"] == curve["rollouts"]).all()
    assert len(curve) == 6  # the start, four marks on the way, and the end before the fifth mark, which is 1610
    assert curve["rollouts"].is_monotonic_increasing


def test_uniform_training_improves_the_pool_and_what_shares_its_skills(curve: pd.DataFrame) -> None:
    assert curve["pass_rate"].iloc[-1] > curve["pass_rate"].iloc[0] + 0.05
    assert curve["held_out_pass_rate"].iloc[-1] > curve["held_out_pass_rate"].iloc[0]
    assert curve["coverage"].tolist()[0] == 0
    assert curve["coverage"].iloc[-1] == 1
    assert curve["gini"].iloc[-1] == 0
    assert (curve["pass_at_64"] >= curve["pass_at_8"]).all()
    assert (curve["pass_at_8"] >= curve["pass_rate"]).all()


def test_runs_repeat_bit_for_bit_and_seeds_differ(curve: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(run_equal_budget(CONFIG, "uniform", seed=1), curve, check_exact=True)
    other = run_equal_budget(CONFIG, "uniform", seed=2)
    assert other["pass_rate"].iloc[0] != curve["pass_rate"].iloc[0]


def test_a_fresh_pool_ends_when_it_is_used_up() -> None:
    fresh = CONFIG.model_copy(update={"pool": PoolConfig(prompts=40, held_out=0, arms=6, max_visits=2)})
    curve = run_equal_budget(fresh, "uniform", seed=1)
    assert curve["rollouts"].iloc[-1] == 2 * 40 * 4
    assert np.isnan(curve["held_out_pass_rate"]).all()


def test_curves_by_hand() -> None:
    """Three measurements of four prompts, the last of them held out, with every column worked out."""
    pool = SimpleNamespace(prompts=3, binary=True)
    rates = iter([[0.05, 0.5, 0.9, 0.1], [0.25, 0.6, 0.7, 0.2], [0.15, 0.8, 0.8, 0.3]])
    learner: Any = SimpleNamespace(pool=pool, pass_rates=lambda: np.array(held))
    held = next(rates)
    ledger = RolloutLedger()
    setting = SimpleNamespace(budget=100)
    driver: Any = SimpleNamespace(
        generated=0, step=0, ledger=ledger, visits_P=np.zeros(3, dtype=int), strategy=SimpleNamespace(setting=setting)
    )
    recorder = Recorder(learner, driver, evaluations=2)
    driver.generated, driver.step, driver.visits_P = 40, 1, np.array([1, 0, 1])
    ledger.charge("training", rollouts=40, tokens=7)
    recorder.after_update(UpdateReport(gradient_norm=1.0, clip_fraction=0.5, effective_groups=3))
    assert len(recorder.rows) == 1  # the first mark is at 50
    held = next(rates)
    driver.generated, driver.step, driver.visits_P = 60, 2, np.array([2, 0, 1])
    ledger.charge("rejected", rollouts=20, tokens=5)
    recorder.after_update(UpdateReport(gradient_norm=2.0, clip_fraction=0.0, effective_groups=2))
    held = next(rates)
    driver.generated = 90
    curve = recorder.finish()
    assert curve["rollouts"].tolist() == [0, 60, 90]
    assert curve["updates"].tolist() == [0, 2, 2]
    assert curve["tokens"].tolist() == [0, 12, 12]
    assert curve["rejected_rollouts"].tolist() == [0, 20, 20]
    np.testing.assert_allclose(curve["pass_rate"], np.array([1.45, 1.55, 1.75]) / 3)
    np.testing.assert_allclose(curve["held_out_pass_rate"], [0.1, 0.2, 0.3])
    np.testing.assert_allclose(curve["forgotten"], np.array([0, 0.2, 0.1 + 0.1]) / 3)
    np.testing.assert_allclose(curve["lifted"], [0, 1, 1])
    np.testing.assert_allclose(curve["coverage"], [0, 2 / 3, 2 / 3])
    np.testing.assert_allclose(curve["effective_groups"], [0, 5, 5])
    np.testing.assert_allclose(curve["gradient_norm"], [np.nan, 1.5, np.nan])
    np.testing.assert_allclose(curve["clip_fraction"], [np.nan, 0.25, np.nan])
    np.testing.assert_allclose(curve["pass_at_8"][0], 1 - (0.95**8 + 0.5**8 + 0.1**8) / 3)


def test_the_learner_is_told_which_rollouts_are_of_this_step(monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    update = Learner.update

    def spy(self: Learner, groups: TrainingGroups, fresh_from: int) -> UpdateReport:
        told.append(fresh_from)
        return update(self, groups, fresh_from)

    monkeypatch.setattr(Learner, "update", spy)
    run_equal_budget(CONFIG, "uniform", seed=1)
    assert told == list(range(0, 1600, 32))
