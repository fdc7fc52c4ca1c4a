"""The summary of the small tournament."""

from __future__ import annotations

import pandas as pd

from simulations.analysis.summaries import tournament_summary
from tests.paper_figures.tables.simulations import tournament


def frame() -> pd.DataFrame:
    return tournament_summary(tournament.frame(), resamples=200)
