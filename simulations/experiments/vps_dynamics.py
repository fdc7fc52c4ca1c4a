"""How variance promotion scores move over training, and how much of that is the noise of few rollouts.

At each refresh of the paper's sampler every prompt has three scores: the one its N rollouts gave, a second one from
N other rollouts of the same policy, and the expected one, which only a simulation knows. What moves between the first
two is noise; what the third does between refreshes is training.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from simulations.experiments._steps import watch_steps
from simulations.running.bandit_worlds import run_seed, world
from simulations.running.experiment import Experiment, ExperimentConfig
from simulations.running.sweep import Cell
from vas_theory.policy.softmax import softmax
from vas_theory.selection.strategies import strategy_entry
from vas_theory.selection.strategies.vas_paper import VasPaper

__all__ = ["EXPERIMENT", "VPSDynamicsConfig"]

Array = NDArray[np.float64]


class VPSDynamicsConfig(ExperimentConfig):
    """Settings of the paper's ablations; it scores at steps 0, 14, 28, 42 and 56."""

    world: str = Field(default="bimodal-shared", description="name of the world")
    refreshes: int = Field(default=5, ge=2, description="number of refreshes, the first before training")
    update_interval: int = Field(default=14, ge=1, description="T_update")
    scoring_rollouts: int = Field(default=8, ge=2, description="N")
    mixture_ratio: float = Field(default=0.5, ge=0, le=1, description="lambda")
    alpha: float = Field(default=0.5, ge=0, description="weight of the outcome variance")
    beta: float = Field(default=0.5, ge=0, description="weight of the diversity")
    learning_rate: float = Field(default=0.8, gt=0, description="of the learner")
    bins: int = Field(default=20, ge=2, description="equal bins of the scores between 0 and alpha/4 + beta")
    seeds: int = Field(default=10, ge=1, description="runs")
    scale: float = Field(default=1.0, gt=0, le=1, description="multiplies pool and batch")


def _expected_scores(config: VPSDynamicsConfig, probs_PA: Array, rewards_PA: Array) -> Array:
    """Return what scores tend to with many rollouts: alpha p(1-p) + beta (1 - sum pi^2)."""
    rates_P = (probs_PA * rewards_PA).sum(-1)
    diversity_P = 1 - np.square(probs_PA).sum(-1)
    expected: Array = config.alpha * rates_P * (1 - rates_P) + config.beta * diversity_P
    return expected


def _second_scores(config: VPSDynamicsConfig, probs_PA: Array, rewards_PA: Array, rng: np.random.Generator) -> Array:
    """Return scores from other rollouts of the same policy."""
    size = config.scoring_rollouts
    counts_PA = rng.multinomial(size, probs_PA / probs_PA.sum(-1, keepdims=True))
    rates_P = (counts_PA * rewards_PA).sum(-1) / size
    diversity_P = 1 - (counts_PA * (counts_PA - 1)).sum(-1) / (size * (size - 1))
    scores: Array = config.alpha * rates_P * (1 - rates_P) + config.beta * diversity_P
    return scores


def _transitions(config: VPSDynamicsConfig, before_P: Array, after_P: Array) -> pd.DataFrame:
    """Count the prompts that go from bin to bin."""
    width = (config.alpha / 4 + config.beta) / config.bins
    bins = [np.minimum((scores / width).astype(int), config.bins - 1) for scores in (before_P, after_P)]
    counts = np.bincount(bins[0] * config.bins + bins[1], minlength=config.bins**2)
    some = np.flatnonzero(counts)
    return pd.DataFrame({"from_bin": some // config.bins, "to_bin": some % config.bins, "prompts": counts[some]})


def _scores_at_refreshes(config: VPSDynamicsConfig, seed: int) -> list[dict[str, Array]]:
    """Train, and return the three scores of every prompt at each refresh."""
    place = world(config.world, learning_rate=config.learning_rate, scale=config.scale)
    batch_size = max(round(place.batch_size * config.scale), 1)
    steps = (config.refreshes - 1) * config.update_interval + 1
    prompts = place.pool.prompts
    budget = steps * batch_size * place.group_size + config.refreshes * prompts * config.scoring_rollouts
    place = place.model_copy(update={"batch_size": batch_size, "budget": budget})
    options = config.model_dump(include={"mixture_ratio", "update_interval", "scoring_rollouts", "alpha", "beta"})
    found = []
    for now in watch_steps(place, "vas-paper", seed, options):
        step, strategy, learner = now.driver.step - 1, now.driver.strategy, now.learner
        if step % config.update_interval == 0:
            assert isinstance(strategy, VasPaper)
            probs_PA, rewards_PA = softmax(learner.logits(slice(prompts))), learner.pool.rewards_PA[:prompts]
            rng = np.random.default_rng([seed, 2, step])
            found.append(
                {
                    "scored": strategy.weights_P.copy(),
                    "second": _second_scores(config, probs_PA, rewards_PA, rng),
                    "expected": _expected_scores(config, probs_PA, rewards_PA),
                }
            )
    return found


def _cells(config: VPSDynamicsConfig) -> list[Cell]:
    values = config.model_dump(mode="json", exclude={"seeds"})
    uses = (strategy_entry("vas-paper"),)
    return [Cell(f"seed-{index}", values, config.seed * 1000 + index, uses) for index in range(config.seeds)]


def _run_cell(cell: Cell) -> pd.DataFrame:
    """Run one seed and count how prompts move between bins.

    Returns:
        seed, kind, from_step, to_step, from_bin, to_bin, prompts. The kinds ``scored`` and ``expected`` compare a
        refresh with the next, ``repeated`` the scores of two sets of rollouts at one refresh. Empty cells are left out.
    """
    config = VPSDynamicsConfig(**cell.config)
    found = _scores_at_refreshes(config, run_seed(config.world, cell.seed))
    parts = []
    for index, scores in enumerate(found):
        step = index * config.update_interval
        pairs = {("repeated", step): (scores["scored"], scores["second"])}
        if index + 1 < len(found):
            later = step + config.update_interval
            pairs |= {(kind, later): (scores[kind], found[index + 1][kind]) for kind in ("scored", "expected")}
        for (kind, to_step), (before_P, after_P) in pairs.items():
            counts = _transitions(config, before_P, after_P)
            for column, value in (("to_step", to_step), ("from_step", step), ("kind", kind), ("seed", cell.seed)):
                counts.insert(0, column, value)
            parts.append(counts)
    return pd.concat(parts, ignore_index=True)


EXPERIMENT = Experiment(
    name="vps_dynamics",
    summary="variance promotion scores between refreshes: what training moves, and what noise does",
    presets={
        "smoke": VPSDynamicsConfig(seeds=2, scale=0.05),
        "quick": VPSDynamicsConfig(seeds=4),
        "paper": VPSDynamicsConfig(),
    },
    cells=_cells,
    run_cell=_run_cell,
)
