"""Who ranks where in the worlds that were fitted to traces: computed from the table of ``fitted``.

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
    return tournament_summary(tables["fitted"], seed=config.seed, resamples=config.resamples)


EXPERIMENT = Experiment(
    name="fitted_ranking",
    summary="who ranks where in worlds fitted to traces of real runs, and by how much",
    presets={name: RankingConfig() for name in PRESETS},
    summarise=_summarise,
    reads=("fitted",),
)
