"""Who ranks where in the tournament, by how much, and in which worlds: computed from its table.

The columns are those of :func:`simulations.analysis.summaries.tournament_summary`.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from pydantic import Field

from simulations.analysis.summaries import tournament_summary
from simulations.running.experiment import PRESETS, Experiment, ExperimentConfig

__all__ = ["EXPERIMENT", "RankingConfig"]


class RankingConfig(ExperimentConfig):
    """How intervals are computed."""

    resamples: int = Field(default=1000, ge=100, description="bootstrap samples of each interval")


def _summarise(config: RankingConfig, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    return tournament_summary(tables["tournament"], seed=config.seed, resamples=config.resamples)


EXPERIMENT = Experiment(
    name="tournament_ranking",
    summary="who ranks where in the tournament, by how much, and in which worlds",
    presets={name: RankingConfig() for name in PRESETS},
    summarise=_summarise,
    reads=("tournament",),
)
