"""What the documentation shows of the tournament: its ranking, VAS's own record, and gains world by world."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from paper_figures.docs.generated.tables import find_table, markdown, missing, origin, with_interval
from paper_figures.laboratory import ranking_of, sampler_record, world_gains
from vas_theory.provenance.tables import read_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["losses", "ranking", "verdict"]

_RATES = {"fixed": "one small rate for all", "tuned": "tuned for each"}
_SHOWN = ("vas", "vas-reuse", "vas-paper", "dapo", "index", "index-ada")


def ranking(root: Path) -> str:
    """Return the tournament's ranking at tuned learning rates."""
    from simulations.analysis.ranking import BASELINE, REFERENCE

    path = find_table("tournament_ranking", root)
    if path is None:
        return missing("tournament_ranking")
    summary = read_table(path)
    rows = []
    tuned, fixed = (
        {row["strategy"]: row for row in ranking_of(summary, regime).to_dict("records")}
        for regime in ("tuned", "fixed")
    )
    for name, row in tuned.items():
        gains = (with_interval(row, "gain"), with_interval(fixed[name], "gain"))
        rows.append([f"`{name}`", *gains, f"{row['effective']:.0f}"])
    header = ["strategy", "gain, tuned rate", "gain, one rate for all", "groups with gradient per 1,000 rollouts"]
    rivals = [name for name in tuned if name not in (BASELINE, REFERENCE)]
    ahead = [sum(part[name]["gain_low"] > 0 for name in rivals) for part in (tuned, fixed)]
    described = (
        f"Of {len(rivals)} strategies {ahead[0]} beat uniform sampling when every strategy may tune its learning "
        f"rate, and {ahead[1]} at one learning rate for all (intervals above 0, the oracle aside)."
    )
    size = f"{summary['worlds'].max()} worlds, {summary['seeds'].max()} paired seeds"
    note = "Gain over uniform in points of the final pass rate, interquartile mean with 95% bootstrap interval; "
    return f"{described}\n\n{markdown(header, rows)}\n\n{note}{size}. {origin(path, 'tournament_ranking')}"


def _gains(path: Path, arms: Sequence[str], regime: str) -> pd.DataFrame:
    """Return the gains of arms over uniform sampling in each world."""
    gains = world_gains(read_table(path), regime)
    return gains[gains["strategy"].isin(["uniform", *arms])]


def verdict(root: Path) -> str:
    """Return how many worlds VAS wins and loses against uniform sampling, in both forms and at both kinds of rates."""
    path = find_table("tournament_ranking", root)
    if path is None:
        return missing("tournament_ranking")
    rows = [
        [text, form["title"], *(str(len(form[kind])) for kind in ("beats", "level", "loses"))]
        for regime, text in _RATES.items()
        for form in sampler_record(_gains(path, ("vas", "vas-paper"), regime))
    ]
    note = (
        "Simulated worlds at equal rollouts, against uniform sampling; level: the 95% interval of the gain holds 0. "
        "VAS as published pays for its scoring rollouts."
    )
    table = markdown(["learning rates", "sampling", "worlds won", "level", "lost"], rows)
    return f"{table}\n\n{note} {origin(path, 'tournament_ranking')}"


def losses(root: Path) -> str:
    """Return in which worlds VAS gains and in which it loses at tuned learning rates."""
    path = find_table("tournament_ranking", root)
    if path is None:
        return missing("tournament_ranking")
    rows: dict[str, dict[str, str]] = {}
    for row in _gains(path, _SHOWN, "tuned").to_dict("records"):
        value, _, ends = with_interval(row, "gain").partition(" ")
        if value != "0.0" and (row["gain_low"] > 0 or row["gain_high"] < 0):
            value = f"**{value}**"
        rows.setdefault(row["world"], {})[row["strategy"]] = f"{value} {ends}"
    shown = [name for name in _SHOWN if name in next(iter(rows.values()))]
    cells = [[f"`{world}`", *(arms[name] for name in shown)] for world, arms in rows.items()]
    note = (
        "Gain over uniform in points of the final pass rate at tuned learning rates. Bold: the 95% interval excludes 0 "
        "and the gain does not round to it."
    )
    table = markdown(["world", *(f"`{name}`" for name in shown)], cells)
    return f"{table}\n\n{note} {origin(path, 'tournament_ranking')}"
