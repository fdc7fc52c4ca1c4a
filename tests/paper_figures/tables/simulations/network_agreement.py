"""Rank correlations of the small networks with the small bandits and a small study."""

from __future__ import annotations

from functools import cache

import pandas as pd

from simulations.networks.tournament.agreement import agreement
from tests.paper_figures.tables.full_scale import validation
from tests.paper_figures.tables.simulations import network_ranking, tournament_ranking
from tests.paper_figures.tables.simulations.networks import final


@cache
def _compared() -> pd.DataFrame:
    return agreement(network_ranking.ends(final.frame()), tournament_ranking.frame(), validation.frame())


def frame() -> pd.DataFrame:
    return _compared().copy()
