"""The paper's table of settings in simulation, with the scoring rollouts free, as there, and charged.

With free scoring a run ends when the rollouts it trained on reach the budget, with charged scoring when those of every
kind do. Seeds are paired, so that the charged run is the beginning of the free one.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field, field_validator

from simulations.running.bandit_worlds import WORLDS, run_seed, world
from simulations.running.comparison import check_names
from simulations.running.equal_budget import EqualBudgetConfig, run_equal_budget
from simulations.running.experiment import Experiment, ExperimentConfig
from simulations.running.sweep import Cell
from vas_theory.selection.strategies import strategy_entry

__all__ = ["BASE", "EXPERIMENT", "PUBLISHED", "SettingsSweepConfig"]

BASE: dict[str, float] = {
    "mixture_ratio": 0.5,
    "update_interval": 28,
    "scoring_rollouts": 8,
    "alpha": 0.5,
    "beta": 0.5,
}
"""Settings of the paper's ablations; each row of its table 4 changes one of them."""

PUBLISHED: dict[str, dict[Any, float]] = {
    "mixture_ratio": {0.2: 51.5, 0.5: 51.7, 0.8: 52.0, 1.0: 51.7},
    "update_interval": {4: 51.2, 7: 51.5, 14: 52.3, 28: 51.7, 35: 52.2, 56: 50.9},
    "scoring_rollouts": {8: 51.7, 16: 51.3, 32: 51.6},
    "alpha, beta": {(0.0, 1.0): 51.0, (0.2, 0.8): 51.5, (0.5, 0.5): 51.7, (0.8, 0.2): 52.3, (1.0, 0.0): 51.2},
}
"""Average accuracy over five benchmarks in percent, one run each: arXiv 2509.21268, table 4."""


class SettingsSweepConfig(ExperimentConfig):
    """Which settings to try where; ratios and intervals are tried together for some coefficients, the rest alone."""

    worlds: tuple[str, ...] = Field(
        default=("bimodal-shared", "hard-shared"), min_length=1, description="names of the worlds"
    )
    seeds: int = Field(default=10, ge=2, description="paired seeds")
    mixture_ratios: tuple[float, ...] = Field(
        default=tuple(PUBLISHED["mixture_ratio"]), min_length=1, description="lambda"
    )
    update_intervals: tuple[int, ...] = Field(
        default=(*PUBLISHED["update_interval"], 300), min_length=1, description="T_update; 300 scores once"
    )
    scoring_rollouts: tuple[int, ...] = Field(default=tuple(PUBLISHED["scoring_rollouts"]), description="N")
    coefficients: tuple[tuple[float, float], ...] = Field(
        default=tuple(PUBLISHED["alpha, beta"]), description="alpha and beta"
    )
    map_coefficients: tuple[tuple[float, float], ...] = Field(
        default=((BASE["alpha"], BASE["beta"]), (1.0, 0.0)),
        description="alpha and beta for which every interval is tried at every mixture ratio",
    )
    references: tuple[str, ...] = Field(default=("uniform", "vas"), description="strategies to compare with")
    learning_rate: float = Field(default=0.2, gt=0, description="of every run")
    steps: int = Field(default=300, ge=1, description="updates that the budget pays for without scoring")
    scale: float = Field(default=1.0, gt=0, le=1, description="multiplies pool and batch")

    _worlds_exist = field_validator("worlds")(lambda names: check_names(names, WORLDS, "there is no world {}"))


def _settings(config: SettingsSweepConfig) -> list[dict[str, float]]:
    """Return the settings to try, each once."""
    triples = product(config.map_coefficients, config.mixture_ratios, config.update_intervals)
    changes: list[dict[str, float]] = [
        {"mixture_ratio": ratio, "update_interval": steps, "alpha": alpha, "beta": beta}
        for (alpha, beta), ratio, steps in triples
    ]
    changes += [{"scoring_rollouts": count} for count in config.scoring_rollouts]
    changes += [{"alpha": alpha, "beta": beta} for alpha, beta in config.coefficients]
    unique = {tuple((BASE | change).values()): BASE | change for change in changes}
    return list(unique.values())


def _published_average(setting: dict[str, float]) -> float:
    """Return the paper's average for this setting, NaN where its table has none."""
    for names, averages in PUBLISHED.items():
        keys = names.split(", ")
        others_are_base = all(setting[name] == BASE[name] for name in BASE if name not in keys)
        value = tuple(setting[name] for name in keys) if len(keys) > 1 else setting[names]
        if others_are_base and value in averages:
            return averages[value]
    return float("nan")


def _cells(config: SettingsSweepConfig) -> list[Cell]:
    values = config.model_dump(mode="json", include={"seeds", "learning_rate", "steps", "scale"})
    arms: list[tuple[str, str, dict[str, float]]] = [(name, name, {}) for name in config.references]
    for setting in _settings(config):
        name = "vas-paper-" + "-".join(f"{value:g}" for value in setting.values())
        arms.append((name, "vas-paper", setting))
    return [
        Cell(
            f"{place}.{name}",
            {**values, "world": place, "strategy": strategy, "setting": setting},
            config.seed,
            (strategy_entry(strategy),),
            strategy,
        )
        for place in config.worlds
        for name, strategy, setting in arms
    ]


def _place(name: str, *, learning_rate: float, steps: int, scale: float) -> EqualBudgetConfig:
    """Return a world whose batch shrinks with its pool, so that a pass keeps its number of steps."""
    place = world(name, learning_rate=learning_rate, scale=scale, evaluations=1)
    batch_size = max(round(place.batch_size * scale), 1)
    return place.model_copy(update={"batch_size": batch_size, "budget": steps * batch_size * place.group_size})


def _whole_cost(place: EqualBudgetConfig, setting: Mapping[str, float]) -> int:
    """Return what as many steps as uniform sampling makes cost with all their scoring."""
    if not setting:
        return place.budget
    steps = place.budget // (place.batch_size * place.group_size)
    refreshes = -(-steps // int(setting["update_interval"]))
    return place.budget + refreshes * place.pool.prompts * int(setting["scoring_rollouts"])


def _run_cell(cell: Cell) -> pd.DataFrame:
    """Run every seed under both accounts.

    Returns:
        world, strategy, its five settings (NaN for others), published_average, learning_rate, seed, budget, scoring
        (free or charged), updates, spent, spent_training and spent_scoring (rollouts), and the final pass_rate and
        held_out_pass_rate.
    """
    where, who, setting = cell.config["world"], cell.config["strategy"], cell.config["setting"]
    size = {name: cell.config[name] for name in ("learning_rate", "steps", "scale")}
    place = _place(where, **size)
    named = {name: float(setting.get(name, np.nan)) for name in BASE}
    published = _published_average(setting) if setting else float("nan")
    budgets = {"charged": place.budget, "free": _whole_cost(place, setting)}
    rows = []
    for index, (scoring, budget) in product(range(cell.config["seeds"]), budgets.items()):
        seed = cell.seed * 1000 + index
        end = run_equal_budget(place.model_copy(update={"budget": budget}), who, run_seed(where, seed), setting).iloc[
            -1
        ]
        rows.append(
            {
                "world": where,
                "strategy": who,
                **named,
                "published_average": published,
                "learning_rate": cell.config["learning_rate"],
                "seed": seed,
                "budget": place.budget,
                "scoring": scoring,
                "updates": int(end["updates"]),
                "spent": int(end["rollouts"]),
                "spent_training": int(end["training_rollouts"]),
                "spent_scoring": int(end["scoring_rollouts"]),
                "pass_rate": end["pass_rate"],
                "held_out_pass_rate": end["held_out_pass_rate"],
            }
        )
    return pd.DataFrame(rows)


EXPERIMENT = Experiment(
    name="settings_sweep",
    summary="mixture ratio, interval, scoring rollouts and coefficients of VAS, with scoring free and charged",
    presets={
        "smoke": SettingsSweepConfig(
            worlds=("bimodal-shared",),
            seeds=2,
            mixture_ratios=(0.5, 1.0),
            update_intervals=(28, 300),
            scoring_rollouts=(8, 16),
            coefficients=((0.5, 0.5), (1.0, 0.0)),
            references=("uniform",),
            scale=0.05,
        ),
        "quick": SettingsSweepConfig(
            worlds=("bimodal-shared",),
            seeds=3,
            mixture_ratios=(0.2, 0.5, 1.0),
            update_intervals=(4, 28, 56, 300),
            scale=0.25,
        ),
        "paper": SettingsSweepConfig(),
    },
    cells=_cells,
    run_cell=_run_cell,
    arms="references",
)
