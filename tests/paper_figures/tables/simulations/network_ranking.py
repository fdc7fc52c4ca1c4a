"""The ranking of the small networks."""

from __future__ import annotations

from functools import cache

import pandas as pd

from simulations.networks.tournament.ranking import rank_networks
from tests.paper_figures.tables.simulations.networks import final


def ends(curves: pd.DataFrame) -> pd.DataFrame:
    """Return one row a run, as the tournament's table has it."""
    keys = ["world", "arm", "seed"]
    rows = curves.groupby(keys, sort=False).tail(1).set_index(keys)
    start = curves.groupby(keys, sort=False).head(1).set_index(keys)
    rows = rows.assign(start_pass_rate=start["held_out_pass_rate"], start_pass_at_32=start["pass_at_32"])
    return rows.reset_index().assign(phase="final", chosen=True, interior=True, predicted=1)


@cache
def _ranked() -> pd.DataFrame:
    return rank_networks(ends(final.frame()))


def frame() -> pd.DataFrame:
    return _ranked().copy()
