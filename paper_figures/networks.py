"""The tables of the network laboratory, and which of its arms and worlds pages and figures show first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from paper_figures.drawing.declaration import Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "AGREEMENT",
    "CURVES",
    "MAIN_ARMS",
    "NETWORKS",
    "SHOWN",
    "arms_in_order",
    "described",
    "kind_of",
    "leading",
    "told",
    "unnamed",
]

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


SHOWN = ("oracle", "vas-own", "uniform-g4", "vas", "vas-paper", "index")
"""Arms that a short table always has: perfect and bought knowledge, uniform sampling with a better group size, the
default, the published method, the winner of the bandits."""


def kind_of(ranking: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return the rows of one kind of the table :data:`NETWORKS`."""
    return ranking[ranking["kind"] == kind].reset_index(drop=True)


def arms_in_order(arms: Iterable[str], first: Sequence[str] = ("uniform", *MAIN_ARMS)) -> list[str]:
    """Return arms in a fixed order: those of a list as they stand there, then the others by name."""
    there = set(arms)
    return [*(arm for arm in first if arm in there), *sorted(there - set(first))]


_WORDS = {
    "oracle": "VAS on the true pass rates, which nobody has",
    "vas-own": "VAS on a column of pass rates, measured before training",
    "vas-both": "VAS on such a column and hidden states",
    "vas-states": "VAS on pass rates predicted from hidden states",
    "vas-states-g4": "VAS on hidden states in groups of 4 rollouts instead of 8",
    "vas-history": "VAS on own rollouts, drawn as sharply as with knowledge",
    "uniform-g4": "uniform sampling in groups of 4 rollouts instead of 8",
    "predictor": "a plainer form of that prediction",
    "insight": "a published rule: return to pass rates near 1/2 (2603.01907)",
    "mopps": "Thompson sampling of pass rates near 1/2 (2507.04632)",
    "vas": "VAS on what a prompt's own rollouts showed",
    "vas-paper": "VAS as published, scoring rollouts charged",
    "vas-paper-free": "VAS as published, scoring rollouts not charged",
    "dapo": "batches refilled until every group is mixed",
    "index": "the look-ahead index, first among bandits",
}


def described(arm: str) -> str:
    """Return an arm's name and, where it is one that pages tell of, what it does."""
    return f"`{arm}`: {_WORDS[arm]}" if arm in _WORDS else f"`{arm}`"


def told(arms: Iterable[str]) -> list[str]:
    """Return the arms that pages tell of; what is left are controls, whose points figures leave without a name."""
    return [arm for arm in arms if arm in _WORDS]


def unnamed(arms: Iterable[str]) -> str:
    """Return how a caption ends its sentence about arms' means: the controls, by name."""
    arms = set(arms)
    controls = sorted(arms.difference(told(arms)))
    return f"; those without a name are controls ({', '.join(controls)})" if controls else ""


def leading(ranking: pd.DataFrame, charged: int = 3) -> pd.DataFrame:
    """Return the means over worlds that a short table shows, best first.

    They are the arms of :data:`SHOWN`, and the best of those whose rollouts are all charged, whatever their names.

    Args:
        ranking: the table :data:`NETWORKS`.
        charged: how many of the best.
    """
    overall = kind_of(ranking, "overall").dropna(subset=["learning"]).sort_values("learning", ascending=False)
    best = overall[overall["free"] == ""].head(charged)
    return overall[overall["arm"].isin([*SHOWN, *best["arm"]])].reset_index(drop=True)
