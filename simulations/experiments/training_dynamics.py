"""The paper's training curves in simulation: gradient norm, clip fraction and accuracy, with scoring free and charged.

All arms may spend the same total rollouts, scoring included: what the costliest needs for its steps. On the axis of all
rollouts the curves are compared at equal cost, on that of the rollouts trained on as the paper compares them.
"""

from __future__ import annotations

import pandas as pd
from pydantic import Field

from simulations.running.bandit_worlds import run_seed, world
from simulations.running.equal_budget import EqualBudgetConfig, run_equal_budget
from simulations.running.experiment import Experiment, ExperimentConfig
from simulations.running.sweep import Cell
from simulations.world.learner import LearnerConfig
from vas_theory.selection.strategies import strategy_entry

__all__ = ["EXPERIMENT", "TrainingDynamicsConfig"]


class TrainingDynamicsConfig(ExperimentConfig):
    """What is trained how; intervals, scoring rollouts and coefficients are those of the paper's ablations."""

    world: str = Field(default="bimodal-shared", description="name of the world")
    steps: int = Field(default=70, ge=1, description="updates of variance-aware sampling")
    mixture_ratios: tuple[float, ...] = Field(default=(0.5, 1.0), min_length=1, description="lambda of its runs")
    references: tuple[str, ...] = Field(default=("uniform", "vas"), description="strategies to compare with")
    update_interval: int = Field(default=28, ge=1, description="T_update")
    scoring_rollouts: int = Field(default=8, ge=1, description="N")
    alpha: float = Field(default=0.5, ge=0, description="weight of the outcome variance")
    beta: float = Field(default=0.5, ge=0, description="weight of the diversity")
    epochs: int = Field(default=4, ge=2, description="passes over a batch; in the first one nothing is clipped")
    clip: float = Field(default=0.2, gt=0, description="ratios are clipped at 1 minus and plus this")
    learning_rate: float = Field(default=0.2, gt=0, description="of every pass")
    seeds: int = Field(default=20, ge=2, description="paired seeds")
    scale: float = Field(default=1.0, gt=0, le=1, description="multiplies pool and batch")


def _place(config: TrainingDynamicsConfig) -> EqualBudgetConfig:
    """Return the world with a budget for all steps and all scoring, and a measurement at every update."""
    place = world(config.world, scale=config.scale)
    batch_size = max(round(place.batch_size * config.scale), 1)
    refreshes = -(-config.steps // config.update_interval)
    budget = config.steps * batch_size * place.group_size + refreshes * place.pool.prompts * config.scoring_rollouts
    learner = LearnerConfig(
        learning_rate=config.learning_rate, epochs=config.epochs, clip_low=config.clip, clip_high=config.clip
    )
    return place.model_copy(
        update={
            "batch_size": batch_size,
            "budget": budget,
            "learner": learner,
            "evaluations": budget // (batch_size * place.group_size),
        }
    )


def _cells(config: TrainingDynamicsConfig) -> list[Cell]:
    shared = config.model_dump(mode="json", exclude={"mixture_ratios", "references"})
    fixed = {name: shared[name] for name in ("update_interval", "scoring_rollouts", "alpha", "beta")}
    arms: list[tuple[str, str, dict[str, float]]] = [(name, name, {}) for name in config.references]
    for ratio in config.mixture_ratios:
        arms.append((f"vas-paper-{ratio:g}", "vas-paper", {"mixture_ratio": ratio, **fixed}))
    return [
        Cell(
            arm,
            {"shared": shared, "arm": arm, "strategy": name, "options": options},
            config.seed,
            (strategy_entry(name),),
        )
        for arm, name, options in arms
    ]


def _run_cell(cell: Cell) -> pd.DataFrame:
    """Run every seed of an arm.

    Returns:
        arm, strategy, seed, updates, rollouts (in total), training_rollouts, scoring_rollouts, effective_groups
        so far, gradient_norm and clip_fraction of the update, and pass_rate and held_out_pass_rate after it.
    """
    config = TrainingDynamicsConfig(**cell.config["shared"])
    columns = [
        "updates", "rollouts", "training_rollouts", "scoring_rollouts", "effective_groups", "gradient_norm",
        "clip_fraction", "pass_rate", "held_out_pass_rate",
    ]  # fmt: skip
    place = _place(config)
    curves = []
    for index in range(config.seeds):
        seed = cell.seed * 1000 + index
        curve = run_equal_budget(place, cell.config["strategy"], run_seed(config.world, seed), cell.config["options"])
        named = {"arm": cell.config["arm"], "strategy": cell.config["strategy"], "seed": seed}
        curves.append(curve[columns].assign(**named)[[*named, *columns]])
    return pd.concat(curves, ignore_index=True)


EXPERIMENT = Experiment(
    name="training_dynamics",
    summary="gradient norm, clip fraction and accuracy of uniform and variance-aware sampling over rollouts",
    presets={
        "smoke": TrainingDynamicsConfig(seeds=2, scale=0.05),
        "quick": TrainingDynamicsConfig(seeds=5, scale=0.25),
        "paper": TrainingDynamicsConfig(),
    },
    cells=_cells,
    run_cell=_run_cell,
)
