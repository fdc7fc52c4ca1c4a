"""What is known before training: the pilot, the calibration prompts, and what is drawn and rehearsed from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from full_scale.predictions.lib.base import Plan
from full_scale.predictions.lib.dynamics import mean_gradient_square
from full_scale.predictions.lib.pool import PoolDraws, draw_pool, pilot_counts
from full_scale.predictions.lib.prompt_draws import PromptDraws, draw_prompts
from full_scale.predictions.lib.rehearsal import rehearse_all
from vas_theory.groups.beta_pools import fit_pool_to_counts

__all__ = ["Evidence", "Rehearsals"]

REHEARSALS = 40
"""Pools and step sizes on which training is rehearsed."""


@dataclass(frozen=True)
class Rehearsals:
    """Rehearsed training.

    Args:
        runs: one row an arm, draw and seed: the run's summary, and ``norm``, the root of its mean squared gradient.
        groups: one row a sampled group.
    """

    runs: pd.DataFrame
    groups: pd.DataFrame


@dataclass(frozen=True)
class Evidence:
    """Everything that predictions may use.

    Args:
        plan: the study and its measured prompts.
        pilot: columns prompt_key, rollouts, successes, diversity; a sample of the training pool.
        calibration: rows of the probe table for the calibration prompts.
        training: keys of all training prompts; those outside the pilot have the pool's distribution.
    """

    plan: Plan
    pilot: pd.DataFrame
    calibration: pd.DataFrame
    training: tuple[str, ...]

    @property
    def coverage(self) -> float:
        """Coverage of the intervals."""
        return self.plan.config.probe.coverage

    @cached_property
    def prompts(self) -> PromptDraws:
        """Draws of the measured prompts."""
        return draw_prompts(self.pilot, self.calibration, list(self.plan.prompts), self.plan.config.seed)

    @cached_property
    def pool(self) -> PoolDraws:
        """Draws of the pool."""
        return draw_pool(self.pilot, self.plan.config.rollouts.group_size, self.plan.config.seed)

    @cached_property
    def rehearsals(self) -> Rehearsals:
        """Every arm rehearsed on pools that fit the pilot."""
        config, pilot = self.plan.config, self.pilot
        a, b = fit_pool_to_counts(*pilot_counts(pilot))
        known = pilot.set_index("prompt_key").reindex(list(self.training))
        right = known.successes.fillna(0).to_numpy(float)
        wrong = (known.rollouts - known.successes).fillna(0).to_numpy(float)
        diversity = known.diversity.fillna(pilot.diversity.mean()).to_numpy(float)
        seeds = max(2, min(3, len(config.training.seeds)))
        beliefs = (a + right, b + wrong)
        runs, groups = rehearse_all(config, config.arms, beliefs, (a, b), diversity, REHEARSALS, seeds)
        squares = mean_gradient_square(groups, ["arm", "draw", "seed"], self.calibration)
        norms = np.sqrt(squares).rename("norm").reset_index()
        return Rehearsals(runs.merge(norms, on=["arm", "draw", "seed"]), groups)
