"""Scatter plots of arms of the network laboratory: small points for worlds, a named diamond for an arm's mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from paper_figures.figures._names import draw_names
from paper_figures.networks import COMPARED, FRESH, kind_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

__all__ = ["draw_arms", "shared_worlds"]

_COLOURS = {
    "vas-states-g4": "green", "vas-states": "green", "predictor": "green", "vas": "orange", "vas-paper": "wine",
    "index": "vermilion",
}  # fmt: skip


def shared_worlds(ranking: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of arms by world, without the worlds that were added later for a few arms alone.

    Means over worlds are compared with each other here, so they have to be over the same ones.

    Args:
        ranking: the table :data:`paper_figures.networks.NETWORKS`.
    """
    rows = kind_of(ranking, "world")
    rows = rows[~rows["world"].isin(FRESH)]
    return rows.assign(knowledge=np.where(rows["free"] == "", "charged", "free"))


def _colour(look: Look, arm: str, knowledge: str) -> str:
    """Return a colour: those of some arms, blue for others, grey where knowledge is free."""
    return look.muted if knowledge == "free" else look.colour(_COLOURS.get(arm, "blue"))


def draw_arms(axis: Axes, numbers: pd.DataFrame, x: str, y: str, look: Look) -> None:
    """Draw the arms' means, those that are compared with their names and with a point for each world.

    Args:
        axis: where to.
        numbers: ``arm``, ``knowledge``, and the columns x and y; one row a world and arm.
        x, y: names of columns.
        look: of the figure.
    """
    size = look.medium.font_size
    known = numbers[numbers["arm"].isin(COMPARED)]
    for (arm, knowledge), rows in known.groupby(["arm", "knowledge"], sort=False):
        colour = _colour(look, str(arm), str(knowledge))
        axis.plot(rows[x], rows[y], linestyle="", marker="o", markersize=size / 4, color=colour, alpha=0.45)
    means = numbers.groupby(["arm", "knowledge"], sort=False)[[x, y]].mean().reset_index()
    named = means["arm"].isin(COMPARED)
    for (_, row), whole in zip(means.iterrows(), named, strict=True):
        colour = _colour(look, row["arm"], row["knowledge"])
        extent = size / (1.8 if whole else 3)
        axis.plot(row[x], row[y], marker="D", markersize=extent, color=colour, markeredgecolor=look.paper)
    crowd = pd.concat([known, means[~named]])
    draw_names(
        axis, list(means.loc[named, "arm"]), means.loc[named, [x, y]].to_numpy(), look, crowd=crowd[[x, y]].to_numpy()
    )
