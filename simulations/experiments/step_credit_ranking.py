"""What credit for steps, choice of prompts and size of groups are worth: computed from the table of step_credit.

The columns are those of :func:`simulations.analysis.credit.credit_summary`.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from simulations.analysis.credit import credit_summary
from simulations.experiments._ranking import RankingConfig
from simulations.running.experiment import PRESETS, Experiment

__all__ = ["EXPERIMENT"]


def _summarise(config: RankingConfig, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    return credit_summary(tables["step_credit"], seed=config.seed, resamples=config.resamples)


EXPERIMENT = Experiment(
    name="step_credit_ranking",
    summary="what credit for steps, choice of prompts and size of groups are worth",
    presets={name: RankingConfig() for name in PRESETS},
    summarise=_summarise,
    reads=("step_credit",),
)
