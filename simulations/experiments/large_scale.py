"""The sampler on a pool of 1.6 million prompts: what it draws, what it observes, what it keeps in memory.

Few prompts of a pool this large come back, so that what is known of each prompt alone has little to work with. Pass
rates pooled over categories can tell prompts apart that were never rolled, once their weights follow. Nothing here
is timed, so that the table is a function of its config; the time of a step is measured by the benchmarks.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, field_validator

from simulations.running.experiment import Experiment, ExperimentConfig
from simulations.running.sweep import Cell
from simulations.world.learner import Learner, LearnerConfig
from simulations.world.pool import Pool, PoolConfig, build_pool
from vas_theory.selection import VarianceAwareSampler
from vas_theory.selection.contract.strategy import Rollouts, SelectionSetting, TrainingGroups

__all__ = ["EXPERIMENT", "VARIANTS", "LargeScaleConfig"]

Array = NDArray[np.float64]

VARIANTS: dict[str, dict[str, Any]] = {
    "alone": {},
    "pooled": {"posterior": "hierarchical_beta"},
    "pooled, rescored": {"posterior": "hierarchical_beta", "optimism": 0.0, "rescore_share": 0.01},
}
"""Settings of the sampler: its defaults; pooled pass rates; and with them a hundredth of the pool rescored a step."""


class LargeScaleConfig(ExperimentConfig):
    """A pool of Bernoulli prompts of bimodal difficulty, without coupling."""

    prompts: int = Field(default=1_600_000, ge=1, description="size of the pool")
    variants: tuple[str, ...] = Field(default=tuple(VARIANTS), min_length=1, description="one run each")
    categories: int = Field(default=200, ge=1, description="groups of prompts of like difficulty")
    category_noise: float = Field(default=1.0, ge=0, description="deviation, in logits, of a prompt in its category")
    steps: int = Field(default=2000, ge=1, description="batches")
    batch_size: int = Field(default=512, ge=1, description="prompts of a batch")
    group_size: int = Field(default=8, ge=2, description="rollouts of a prompt")
    mixture_ratio: float = Field(default=0.5, ge=0, le=1, description="share of a batch that is drawn by weight")
    learning_rate: float = Field(default=0.2, gt=0, description="of the learner")
    measurements: int = Field(default=10, ge=1, description="rows of a run")

    @field_validator("variants")
    @classmethod
    def _variants_exist(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        unknown = set(names) - set(VARIANTS)
        if unknown:
            raise ValueError(f"there is no variant {', '.join(sorted(unknown))}")
        return names


def _categories(config: LargeScaleConfig, pool: Pool, rng: np.random.Generator) -> NDArray[np.int64]:
    """Sort the prompts into equally many a category by a noisy view of their difficulty."""
    noisy_P = pool.base_PA[:, 0] - pool.base_PA[:, 1] + config.category_noise * rng.standard_normal(config.prompts)
    category_P = np.empty(config.prompts, dtype=np.int64)
    category_P[np.argsort(noisy_P)] = np.arange(config.prompts) * config.categories // config.prompts
    return category_P


def _bytes(sampler: VarianceAwareSampler) -> int:
    """Return the size of the arrays that make up the sampler's state."""
    return sum(value.nbytes for value in sampler.state_dict().values() if isinstance(value, np.ndarray))


def _sampler(config: LargeScaleConfig, variant: str, pool: Pool, seed: int) -> VarianceAwareSampler:
    options = dict(VARIANTS[variant])
    if "posterior" in options:
        options["categories"] = _categories(config, pool, np.random.default_rng([seed, 1]))
    if "rescore_share" in options:
        options["rescore_per_step"] = math.ceil(options.pop("rescore_share") * config.prompts)
    return VarianceAwareSampler(
        config.prompts,
        batch_size=config.batch_size,
        mixture_ratio=config.mixture_ratio,
        group_size=config.group_size,
        seed=seed,
        **options,
    )


def _measure(sampler: VarianceAwareSampler, signals: list[Array]) -> dict[str, float]:
    """Return what the groups since the last measurement showed, by their share of the batch, and the state's size."""
    signal_SP, count = np.array(signals), sampler.config.num_weighted
    measured = {}
    for name, part_SP in (("by_weight", signal_SP[:, :count]), ("uniform", signal_SP[:, count:])):
        measured[f"signal_{name}"] = float(part_SP.mean()) if part_SP.size else float("nan")
        measured[f"mixed_{name}"] = float((part_SP > 0).mean()) if part_SP.size else float("nan")
    metrics = sampler.metrics()
    kept = ("predicted_mixed_share", "realised_mixed_share", "coverage", "gini", "effective_sample_size")
    return {**measured, **{name: metrics[name] for name in kept}, "state_bytes": _bytes(sampler)}


def _cells(config: LargeScaleConfig) -> list[Cell]:
    values = config.model_dump(mode="json", exclude={"variants"})
    return [Cell(name.replace(", ", "-"), {"shared": values, "variant": name}, config.seed) for name in config.variants]


def _run_cell(cell: Cell) -> pd.DataFrame:
    """Train with one variant of the sampler.

    Returns:
        variant, seed, prompts, step, rollouts; since the row before: signal_by_weight and signal_uniform (mean
        deviation of the rewards of a group, by share of the batch), mixed_by_weight and mixed_uniform (share of the
        groups with a gradient); over the run: predicted_mixed_share, realised_mixed_share, coverage, gini,
        effective_sample_size (of the weights); state_bytes (arrays of the sampler's state); pass_rate of the pool.
    """
    config, variant = LargeScaleConfig(**cell.config["shared"]), cell.config["variant"]
    pool_config = PoolConfig(prompts=config.prompts, held_out=0, arms=2, rewards="bernoulli")
    pool = build_pool(pool_config, np.random.default_rng([cell.seed, 0]))
    size = config.batch_size * config.group_size
    setting = SelectionSetting(config.prompts, config.batch_size, config.group_size, config.steps * size)
    learner = Learner(pool, LearnerConfig(learning_rate=config.learning_rate), cell.seed, setting.budget)
    sampler = _sampler(config, variant, pool, cell.seed)
    counts_P = np.full(config.batch_size, config.group_size)
    marks = {round(config.steps * (index + 1) / config.measurements) for index in range(config.measurements)}
    rows = []
    signals: list[Array] = []
    for step in range(config.steps):
        first = step * size
        prompts_P = sampler.draw()
        made = learner.generate(prompts_P, counts_P, first)
        rewards_PG = made.rewards_R.reshape(config.batch_size, config.group_size)
        sampler.observe(prompts_P, rewards_PG)
        ids_R = np.arange(first, first + size)
        rollouts = Rollouts(prompts_P, counts_P, ids_R, made.rewards_R, made.lengths_R)
        learner.update(TrainingGroups.of(rollouts, setting), first)
        signals.append(rewards_PG.std(-1))
        if step + 1 in marks:
            named = {"variant": variant, "seed": cell.seed, "prompts": config.prompts, "step": step + 1}
            pass_rate = float(learner.pass_rates().mean())
            rows.append({**named, "rollouts": first + size, **_measure(sampler, signals), "pass_rate": pass_rate})
            signals.clear()
    return pd.DataFrame(rows)


EXPERIMENT = Experiment(
    name="large_scale",
    summary="the sampler on 1.6 million prompts: draws, observed signal and memory",
    presets={
        "smoke": LargeScaleConfig(prompts=20_000, steps=50, measurements=2, categories=20),
        "quick": LargeScaleConfig(steps=200, measurements=4),
        "paper": LargeScaleConfig(),
    },
    cells=_cells,
    run_cell=_run_cell,
)
