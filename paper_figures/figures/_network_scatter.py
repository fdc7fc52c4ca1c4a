"""Scatter plots of arms of the network laboratory: a small point a world, a named point an arm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from paper_figures.networks import MAIN_ARMS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

__all__ = ["arm_colour", "draw_arms", "draw_names"]


def arm_colour(look: Look, arm: str, knowledge: str) -> str:
    """Return a colour: those of the main arms, sky for other arms, grey where knowledge is free."""
    if knowledge == "free":
        return look.muted
    named = dict(zip(MAIN_ARMS, ("green", "green", "orange", "wine", "vermilion", "purple"), strict=False))
    return look.colour(named.get(arm, "blue"))


def draw_arms(axis: Axes, numbers: pd.DataFrame, x: str, y: str, look: Look) -> None:
    """Draw a point for each world and arm, and the arms' means with their names.

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
    draw_names(axis, means, x, y, look)


def draw_names(axis: Axes, points: pd.DataFrame, x: str, y: str, look: Look) -> None:
    """Write the arms beside their points, the names apart from each other where points are close."""
    size = 0.75 * look.medium.font_size
    span = axis.get_ylim()[1] - axis.get_ylim()[0]
    reach = axis.get_xlim()[1] - axis.get_xlim()[0]
    least = 0.055 * span * 12 / look.medium.font_size if look.medium.columns > 1 else 0.08 * span
    taken: list[tuple[float, float]] = []
    for _, row in points.sort_values(y).iterrows():
        height = float(row[y])
        while any(abs(height - other) < 0.99 * least and abs(row[x] - place) < 0.16 * reach for place, other in taken):
            height += least / 4
        taken.append((float(row[x]), height))
        axis.annotate(
            row["arm"], (row[x], row[y]), xytext=(row[x] + 0.02 * reach, height), textcoords="data", va="center",
            fontsize=size, color=look.ink,
        )  # fmt: skip
