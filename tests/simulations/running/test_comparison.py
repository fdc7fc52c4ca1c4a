"""The protocol of comparisons on a made-up world whose curves are known: who is tuned on what, and what is kept."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simulations.running.bandit_worlds import run_seed
from simulations.running.comparison import REGIMES, Comparison, ComparisonConfig, check_names, comparison_cells
from simulations.running.sweep import Cell

# Pass rates by learning rate and index of the seed; 0 and 1 are the final seeds, 2 and 3 those of the tuning.
RATES = {
    0.1: [0.9, 0.9, 0.3, 0.3],
    0.2: [0.5, 0.6, 0.75, 0.25],
    0.4: [0.4, 0.7, 0.9, 0.0],
    0.8: [0.1, 0.2, 0.125, 0.875],
}
BUDGET = 50


def _world(name: str, *, learning_rate: float, scale: float) -> Any:
    return SimpleNamespace(name=name, learning_rate=learning_rate, budget=round(BUDGET * scale))


def _train(place: Any, arm: str, seed: int) -> pd.DataFrame:
    index = next(index for index in range(10_000) if run_seed(place.name, index) == seed) % 1000
    end = RATES[place.learning_rate][index]
    return pd.DataFrame({"rollouts": [0, 3, 7], "pass_rate": [0.1, 0.2, end], "gini": 0.5, "forgotten": len(arm) / 8})


MADE_UP = Comparison(_world, _train, ("rollouts", "pass_rate", "gini"))
CONFIG = ComparisonConfig(
    seed=3, worlds=("a", "b"), seeds=2, tuning_seeds=2, fixed_rate=0.8, learning_rates=tuple(RATES), scale=0.5
)


def _cells(config: ComparisonConfig = CONFIG) -> list[Cell]:
    return comparison_cells(config, ["uniform", "index", "half"], ("half",))


def test_every_regime_world_and_arm_is_a_cell_that_depends_on_its_own_strategy_alone() -> None:
    cells = _cells()
    assert [cell.name for cell in cells] == [
        f"{place}.{arm}.{regime}" for regime in REGIMES for place in "ab" for arm in ("uniform", "index", "half")
    ]
    uses = {cell.config["strategy"]: [name.rsplit(".")[-1] for name in cell.uses] for cell in cells}
    assert uses == {"uniform": ["uniform:STRATEGY"], "index": ["index:STRATEGY"], "half": ["uniform:STRATEGY"]}
    assert all(cell.arm == cell.config["strategy"] for cell in cells)
    assert {cell.seed for cell in cells} == {3}
    some = _cells(CONFIG.model_copy(update={"strategies": ("index",)}))
    assert {cell.config["strategy"] for cell in some} == {"index"}


def test_the_best_mean_of_the_tuning_seeds_plays_on_the_others_and_the_first_of_equals() -> None:
    (cell,) = (cell for cell in _cells() if cell.name == "b.index.tuned")
    table = MADE_UP.run_cell(cell)
    tuning, final = (table[table["phase"] == phase] for phase in ("tuning", "final"))
    assert tuning["learning_rate"].tolist() == [0.1, 0.1, 0.2, 0.2, 0.4, 0.4, 0.8, 0.8]
    assert tuning["seed"].tolist() == [3002, 3003] * 4
    np.testing.assert_array_equal(tuning["pass_rate"], np.float32([0.3, 0.3, 0.75, 0.25, 0.9, 0.0, 0.125, 0.875]))
    assert (tuning["rollouts"] == 7).all()
    assert set(final["learning_rate"]) == {0.2}  # the mean of 0.2 and of 0.8 is 0.5
    assert final["seed"].tolist() == [3000] * 3 + [3001] * 3
    np.testing.assert_array_equal(final["pass_rate"], np.float32([0.1, 0.2, 0.5, 0.1, 0.2, 0.6]))


def test_one_rate_is_not_tuned_and_the_way_keeps_what_is_asked_for() -> None:
    (cell,) = (cell for cell in _cells() if cell.name == "a.half.fixed")
    table = MADE_UP.run_cell(cell)
    assert set(table["phase"]) == {"final"}
    assert set(table["learning_rate"]) == {0.8}
    assert set(table["budget"]) == {25}
    key = ["world", "strategy", "regime", "phase", "learning_rate", "seed", "budget"]
    assert table.columns.tolist() == [*key, "rollouts", "pass_rate", "gini", "forgotten"]
    assert (table["gini"] == 0.5).all()
    np.testing.assert_array_equal(table["forgotten"], np.float32([np.nan, np.nan, 0.5] * 2))
    assert table["rollouts"].dtype.kind == "i"
    assert table["pass_rate"].dtype == np.float32


def test_names_that_are_not_known_are_said() -> None:
    assert check_names(("b", "a"), "abc", "there is no {}") == ("b", "a")
    with pytest.raises(ValueError, match=r"^there is no d, e$"):
        check_names(("e", "a", "d"), "abc", "there is no {}")
