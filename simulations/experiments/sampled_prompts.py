"""Which prompts each strategy samples when: counts by initial pass rate and step, of one run each."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pydantic import Field, field_validator

from simulations.experiments._steps import watch_steps
from simulations.running.bandit_worlds import run_seed, world
from simulations.running.experiment import Experiment, ExperimentConfig
from simulations.running.sweep import Cell
from vas_theory.selection.strategies import strategy_entry, strategy_names

__all__ = ["EXPERIMENT", "SampledPromptsConfig"]


class SampledPromptsConfig(ExperimentConfig):
    """Which strategies to watch where."""

    world: str = Field(default="bimodal-shared", description="name of the world")
    strategies: tuple[str, ...] = Field(
        default=("uniform", "vas", "dapo", "index"), min_length=1, description="names of the strategies"
    )
    learning_rate: float = Field(default=0.2, gt=0, description="of every run")
    prompt_bins: int = Field(default=50, ge=1, description="equally many prompts each, by initial pass rate")
    step_bins: int = Field(default=50, ge=1, description="equal shares of the budget")
    scale: float = Field(default=1.0, gt=0, le=1, description="multiplies pool, batch and budget")

    @field_validator("strategies")
    @classmethod
    def _strategies_exist(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        unknown = set(names) - set(strategy_names())
        if unknown:
            raise ValueError(f"there is no strategy {', '.join(sorted(unknown))}")
        return names


def _cells(config: SampledPromptsConfig) -> list[Cell]:
    values = config.model_dump(mode="json", exclude={"strategies"})
    return [
        Cell(name, {"shared": values, "strategy": name}, config.seed, (strategy_entry(name),))
        for name in config.strategies
    ]


def _run_cell(cell: Cell) -> pd.DataFrame:
    """Run one strategy and count its groups.

    Returns:
        strategy, seed, prompt_bin (0 holds the hardest prompts), pass_rate (initial, mean of the bin), step_bin,
        rollouts (spent at the end of it), rolled and trained (groups generated, and trained on) and
        final_pass_rate (mean of the bin).
    """
    config = SampledPromptsConfig(**cell.config["shared"])
    place = world(config.world, learning_rate=config.learning_rate, scale=config.scale)
    place = place.model_copy(update={"batch_size": max(round(place.batch_size * config.scale), 1)})
    prompts, shape = place.pool.prompts, (config.prompt_bins, config.step_bins)
    rolled, trained = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for now in watch_steps(place, cell.config["strategy"], run_seed(config.world, cell.seed)):
        if now.driver.step == 1:
            start_P = now.learner.pass_rates()[:prompts]
            bin_P = np.empty(prompts, dtype=np.int64)
            bin_P[np.argsort(start_P, kind="stable")] = np.arange(prompts) * config.prompt_bins // prompts
        part = min(now.driver.generated * config.step_bins // place.budget, config.step_bins - 1)
        rolled[:, part] += np.bincount(bin_P[now.rolled_P], minlength=config.prompt_bins)
        trained[:, part] += np.bincount(bin_P[now.groups.prompts_P], minlength=config.prompt_bins)
    sizes = np.bincount(bin_P, minlength=config.prompt_bins)
    rates = (start_P, now.learner.pass_rates()[:prompts])
    start, final = (np.bincount(bin_P, rates_P, config.prompt_bins) / sizes for rates_P in rates)
    prompt_bin, step_bin = np.indices(shape).reshape(2, -1)
    return pd.DataFrame(
        {
            "strategy": cell.config["strategy"],
            "seed": cell.seed,
            "prompt_bin": prompt_bin,
            "pass_rate": start[prompt_bin],
            "step_bin": step_bin,
            "rollouts": (step_bin + 1) * place.budget // config.step_bins,
            "rolled": rolled.ravel(),
            "trained": trained.ravel(),
            "final_pass_rate": final[prompt_bin],
        }
    )


EXPERIMENT = Experiment(
    name="sampled_prompts",
    summary="which prompts uniform, variance-aware, dynamic and index sampling choose over training",
    presets={
        "smoke": SampledPromptsConfig(strategies=("uniform", "vas"), scale=0.05, prompt_bins=10, step_bins=10),
        "quick": SampledPromptsConfig(),
        "paper": SampledPromptsConfig(),
    },
    cells=_cells,
    run_cell=_run_cell,
)
