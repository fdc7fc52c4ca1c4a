"""Scatter plots of arms of the network laboratory: small points for worlds, a named diamond for an arm's mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from paper_figures.figures._names import draw_names
from paper_figures.networks import MAIN_ARMS, told

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

__all__ = ["arm_colour", "draw_arms"]


def arm_colour(look: Look, arm: str, knowledge: str) -> str:
    """Return a colour: those of the main arms, sky for other arms, grey where knowledge is free."""
    if knowledge == "free":
        return look.muted
    named = dict(zip(MAIN_ARMS, ("green", "green", "orange", "wine", "vermilion", "purple"), strict=False))
    return look.colour(named.get(arm, "blue"))


def draw_arms(axis: Axes, numbers: pd.DataFrame, x: str, y: str, look: Look) -> None:
    """Draw a point for each world and arm, and the arms' means, those that pages tell of with their names.

    Args:
        axis: where to.
        numbers: ``arm``, ``knowledge``, and the columns x and y; one row a world and arm.
        x, y: names of columns.
        look: of the figure.
    """
    size = look.medium.font_size
    for (arm, knowledge), rows in numbers.groupby(["arm", "knowledge"], sort=False):
        colour = arm_colour(look, str(arm), str(knowledge))
        axis.plot(rows[x], rows[y], linestyle="", marker="o", markersize=size / 4, color=colour, alpha=0.45)
    means = numbers.groupby(["arm", "knowledge"], sort=False)[[x, y]].mean().reset_index()
    for _, row in means.iterrows():
        colour = arm_colour(look, row["arm"], row["knowledge"])
        axis.plot(row[x], row[y], marker="D", markersize=size / 1.8, color=colour, markeredgecolor=look.paper)
    named = means[means["arm"].isin(told(means["arm"]))]
    others = pd.concat([numbers, means[~means.index.isin(named.index)]])
    draw_names(axis, list(named["arm"]), named[[x, y]].to_numpy(), look, crowd=others[[x, y]].to_numpy())
