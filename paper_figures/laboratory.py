"""What the tournament says about each arm in each world: gains over uniform with intervals, and VAS's own record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from paper_figures.drawing.declaration import Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CHALLENGE", "RANKING", "REGIMES", "TOURNAMENT", "ranking_of", "sampler_record", "world_gains", "world_rows"]

_SIZES = ("smoke", "paper")
TOURNAMENT = Table("simulations", "tournament", "simulations run tournament --preset {preset}", presets=_SIZES)
RANKING = Table(
    "simulations", "tournament_ranking", "simulations run tournament_ranking --preset {preset}", presets=_SIZES
)
"""Its summary: who ranks where, and what each arm gains in each world."""
CHALLENGE = Table(
    "simulations", "tournament_challenge", "simulations run tournament_challenge --preset {preset}", presets=_SIZES
)
"""Tests of the look-ahead index against the best other method of each world."""

REGIMES = {"fixed": "one learning rate", "tuned": "tuned learning rates"}
"""Small steps, alike for all arms, and the rate of the grid that suits an arm in a world, which is nearly always the
largest: a bandit has nothing that a large step can break. Language models are nearer to the first."""


def ranking_of(summary: pd.DataFrame, regime: str) -> pd.DataFrame:
    """Return the ranking of a regime, best first.

    Args:
        summary: the table :data:`RANKING`, or another of its kind.
        regime: one of :data:`REGIMES`.
    """
    rows = summary[(summary["kind"] == "ranking") & (summary["regime"] == regime)]
    return rows.sort_values("rank", ignore_index=True)


def world_gains(summary: pd.DataFrame, regime: str) -> pd.DataFrame:
    """Return the mean gain in final pass rate over uniform, arm by arm and world by world.

    Args:
        summary: the table :data:`RANKING`, or another of its kind.
        regime: one of :data:`REGIMES`.

    Returns:
        One row a world and arm, best first in each world: world, strategy, gain, gain_low, gain_high, seeds.
    """
    rows = summary[(summary["kind"] == "world") & (summary["regime"] == regime)]
    return rows[["world", "strategy", "gain", "gain_low", "gain_high", "seeds"]].reset_index(drop=True)


def sampler_record(gains: pd.DataFrame) -> list[dict[str, Any]]:
    """Return, for each form of VAS in the tournament, the worlds in which it beats uniform sampling, is level, loses.

    Args:
        gains: what :func:`world_gains` returns.

    Returns:
        One record a form: ``title``, ``worlds`` (how many) and the names under ``beats``, ``level`` and ``loses``; a
        world counts as level where the interval of the gain holds 0.
    """
    records: list[dict[str, Any]] = []
    for name, title in (("vas", "VAS, this project's sampler"), ("vas-paper", "VAS as published")):
        arm = gains[gains["strategy"] == name]
        if len(arm):
            beats, loses = arm["gain_low"] > 0, arm["gain_high"] < 0
            chosen = {"beats": beats, "level": ~beats & ~loses, "loses": loses}
            names = {verdict: list(arm.loc[worlds, "world"]) for verdict, worlds in chosen.items()}
            records.append({"title": title, "worlds": len(arm), **names})
    return records


def world_rows(gains: pd.DataFrame) -> list[dict[str, Any]]:
    """Return, for each world, the gains of VAS in both forms and the best arm that does not know the truth.

    Args:
        gains: what :func:`world_gains` returns.

    Returns:
        One record a world: ``world`` and, under ``vas``, ``vas-paper`` and ``best``, the arm's row or None.
    """
    from simulations.analysis.ranking import REFERENCE

    rows = []
    for world, part in gains.groupby("world", sort=True):
        arms = {str(row["strategy"]): row for row in part.to_dict("records")}
        best = next(row for name, row in arms.items() if name != REFERENCE)
        rows.append({"world": world, "best": best, **{name: arms.get(name) for name in ("vas", "vas-paper")}})
    return rows
