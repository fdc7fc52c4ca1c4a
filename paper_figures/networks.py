"""The tables of the network laboratory, and which of its arms and worlds pages and figures show first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from paper_figures.drawing.declaration import Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AGREEMENT", "CURVES", "MAIN_ARMS", "NETWORKS", "arms_in_order", "kind_of"]

_COMMAND, _SIZES = "simulations networks tournament --preset {preset}", ("quick", "paper")

NETWORKS = Table("simulations", "network_ranking", _COMMAND, presets=_SIZES)
"""Who learns how much, by world and in the mean."""
AGREEMENT = Table("simulations", "network_agreement", _COMMAND, presets=_SIZES)
"""Rank correlations with bandits, and with groups that have a gradient."""
CURVES = Table("simulations", "networks/final", _COMMAND, presets=_SIZES)
"""Learning curves of the reported runs, one file a world and arm."""

MAIN_ARMS = ("vas-states", "predictor", "vas", "vas-paper", "index", "insight", "oracle")
"""The samplers of this project, the published method, the winner of the bandits, the best published rule that asks for
no knowledge, and perfect knowledge."""


def kind_of(ranking: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return the rows of one kind of the table :data:`NETWORKS`."""
    return ranking[ranking["kind"] == kind].reset_index(drop=True)


def arms_in_order(arms: Iterable[str], first: Sequence[str] = ("uniform", *MAIN_ARMS)) -> list[str]:
    """Return arms in a fixed order: those of a list as they stand there, then the others by name."""
    there = set(arms)
    return [*(arm for arm in first if arm in there), *sorted(there - set(first))]
