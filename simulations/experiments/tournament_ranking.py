"""Who ranks where in the tournament, by how much, and in which worlds: computed from its table.

The columns are those of :func:`simulations.analysis.summaries.tournament_summary`.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from simulations.analysis.summaries import tournament_summary
from simulations.experiments._ranking import RankingConfig
from simulations.running.experiment import PRESETS, Experiment

__all__ = ["EXPERIMENT"]


def _summarise(config: RankingConfig, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    return tournament_summary(tables["tournament"], seed=config.seed, resamples=config.resamples)


EXPERIMENT = Experiment(
    name="tournament_ranking",
    summary="who ranks where in the tournament, by how much, and in which worlds",
    presets={name: RankingConfig() for name in PRESETS},
    summarise=_summarise,
    reads=("tournament",),
)
