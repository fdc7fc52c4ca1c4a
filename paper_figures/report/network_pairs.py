"""Two arms of the network laboratory that differ in one thing, in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paper_figures.report.words import counted, listed, points_with_interval, ratio_with_interval

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["pair"]


def pair(contrasts: pd.DataFrame, overall: pd.DataFrame, arm: str, other: str, name: str) -> str:
    """Compare an arm with another, in the mean and world by world.

    Args:
        contrasts: rows of this kind of the table :data:`paper_figures.networks.NETWORKS`.
        overall: its rows of that kind, by arm.
        arm: which.
        other: what it is compared with.
        name: of the arm, as the sentence begins.
    """
    rows = contrasts[(contrasts["arm"] == arm) & (contrasts["against"] == other)]
    if rows.empty:
        return f"{arm} is not measured yet."
    above, below = (rows["difference_low"] > 0).sum(), (rows["difference_high"] < 0).sum()
    each = listed(f"{row['world']} {points_with_interval(row)}" for _, row in rows.iterrows())
    means = overall.loc[[arm, other]].dropna(subset=["learning"])
    learned = ""
    if len(means) == 2:
        own, theirs = (ratio_with_interval(row) for _, row in means.iterrows())
        learned = f" learns {own} times what uniform sampling learns, {other} {theirs}; it"
    worlds = counted(len(rows), "world")
    return f"{name}{learned} ends above {other} in {above} and below it in {below} of {worlds} ({each})."
