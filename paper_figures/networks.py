"""The tables of the network laboratory, and which of its arms and worlds pages and figures show first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from paper_figures.drawing.declaration import Table
from simulations.networks.tournament.predictions import FRESH

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "AGREEMENT",
    "COMPARED",
    "CURVES",
    "FRESH",
    "MAIN_ARMS",
    "NETWORKS",
    "SHOWN",
    "arms_in_order",
    "clear_sign",
    "described",
    "in_brief",
    "kind_of",
    "leading",
    "others",
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


SHOWN = ("oracle", "vas-own", "vas-states-g4", "vas-states", "uniform-g4", "vas", "vas-paper", "index")
"""Arms that a short table always has: perfect and bought knowledge, predicted knowledge, uniform sampling with a better
group size, the default, the published method, the winner of the bandits."""

COMPARED = (
    "vas-states-g4", "vas-states", "predictor", "uniform-g4", "mopps", "vas", "dapo", "vas-paper", "index", "oracle",
    "vas-own", "vas-both",
)  # fmt: skip
"""Arms that the figure of the README compares with uniform sampling."""


def kind_of(ranking: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return the rows of one kind of the table :data:`NETWORKS`."""
    return ranking[ranking["kind"] == kind].reset_index(drop=True)


def arms_in_order(arms: Iterable[str], first: Sequence[str] = ("uniform", *MAIN_ARMS)) -> list[str]:
    """Return arms in a fixed order: those of a list as they stand there, then the others by name."""
    there = set(arms)
    return [*(arm for arm in first if arm in there), *sorted(there - set(first))]


_WORDS = {
    "oracle": "VAS on pass rates measured with 16 rollouts a prompt every 40 steps",
    "vas-own": "VAS on a column: pass rates measured before training",
    "vas-both": "VAS on a measured column and hidden states",
    "vas-states": "VAS on pass rates predicted from hidden states",
    "vas-states-g4": "VAS on hidden states in groups of 4 rollouts instead of 8",
    "vas-history": "VAS on own rollouts, drawn as sharply as with knowledge",
    "uniform-g4": "uniform sampling in groups of 4 rollouts instead of 8",
    "predictor": "a simpler predictor of pass rates from hidden states",
    "insight": "a published rule: return to pass rates near 1/2 (2603.01907)",
    "mopps": "Thompson sampling of pass rates near 1/2 (2507.04632)",
    "vas": "VAS on what a prompt's own rollouts showed",
    "vas-paper": "VAS as published: 4 scoring rollouts a prompt, once before training, charged",
    "vas-paper-free": "VAS as published: 8 scoring rollouts a prompt every 35 steps, not charged",
    "vas-rescored": "VAS on own rollouts, a tenth of all spent on scoring again",
    "vas-states-rescored": "VAS on hidden states, a tenth of all rollouts spent on scoring again",
    "dapo": "batches refilled until every group is mixed",
    "index": "the look-ahead index, among the first in bandit simulations",
    "index@2": "the look-ahead index, a prompt in two steps at most",
    "index-ada": "the index with groups of adaptive size",
    "vas-weighted": "VAS on a prompt's own rollouts, every prompt drawn by weight",
    "arcus": "a Kalman filter of each pass rate and a moving target",
    "reinforce-ada": "prompts rolled until both outcomes are seen",
    "speed": "a few rollouts first, a full group where they disagree",
    "greso": "prompts skipped that were silent in their last visits",
    "top-variance": "training on the groups with most reward variance",
    "informative-group": "the chance of a mixed group at the posterior's mean",
    "bots": "Thompson sampling with forgetting and shared evidence",
    "prompt-gdro": "more weight to difficulties with a high loss",
    "maxrl": "uniform sampling, advantages divided by the successes",
}

_BRIEF = {
    "vas-states-g4": "hidden states, groups of 4",
    "vas-states": "hidden states",
    "predictor": "simpler predictor",
    "uniform-g4": "uniform, groups of 4",
    "insight": "return to 1/2",
    "mopps": "Thompson sampling",
    "vas": "own rollouts",
    "dapo": "refill until mixed",
    "vas-paper": "as published",
    "index": "look-ahead index",
    "oracle": "true pass rates",
    "vas-own": "measured column",
    "vas-both": "column and states",
}


def in_brief(arm: str) -> str:
    """Return a few words on what an arm does, and its name in brackets; the name alone where there are none."""
    return f"{_BRIEF[arm]} ({arm})" if arm in _BRIEF else arm


def clear_sign(row: Mapping[str, Any] | pd.Series) -> int:
    """Return 1 where an arm learns more than uniform sampling by its interval, -1 where less, else 0.

    The interval is that of learning; where uniform sampling gains too little for a ratio, that of the difference.

    Args:
        row: of the table :data:`NETWORKS`.
    """
    if row["learning"] == row["learning"]:
        return int(row["learning_low"] > 1) - int(row["learning_high"] < 1)
    return int(row["difference_low"] > 0) - int(row["difference_high"] < 0)


def described(arm: str) -> str:
    """Return an arm's name and, where it is one that pages tell of, what it does."""
    return f"`{arm}`: {_WORDS[arm]}" if arm in _WORDS else f"`{arm}`"


def others(arms: Iterable[str]) -> str:
    """Return how a caption ends its sentence about the means of arms: how many stand without a name."""
    count = len(set(arms).difference(COMPARED))
    return f"; the {count} small ones are other methods and controls, named in network_arms" if count else ""


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
