"""Whether the look-ahead index is no worse than the best other method, world by world: computed from the tournament.

The columns are those of :func:`simulations.analysis.challenge.challenges`.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from pydantic import Field

from simulations.analysis.challenge import challenges
from simulations.running.experiment import PRESETS, Experiment, ExperimentConfig

__all__ = ["EXPERIMENT", "ChallengeConfig"]


class ChallengeConfig(ExperimentConfig):
    """What is tested."""

    margin: float = Field(default=0.005, gt=0, description="what 'no worse' allows, in final pass rate")


def _summarise(config: ChallengeConfig, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    return challenges(tables["tournament"], margin=config.margin)


EXPERIMENT = Experiment(
    name="tournament_challenge",
    summary="whether the look-ahead index is no worse than the best other method in each world of the tournament",
    presets={name: ChallengeConfig() for name in PRESETS},
    summarise=_summarise,
    reads=("tournament",),
)
