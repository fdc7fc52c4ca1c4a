"""Maps of gains: cells that say their number, coloured from loss over nothing to gain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

__all__ = ["draw_gain_map", "gain_texts"]


def gain_texts(points: pd.DataFrame, unclear: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return gains as text with one decimal and a sign; those that are not told from 0 stand in brackets.

    Args:
        points: the gains.
        unclear: of the same shape, whether the interval of a gain holds 0.
    """
    texts = points.map(lambda gain: f"{round(gain, 1) + 0.0:+.1f}")  # adding 0 turns -0 into +0
    return texts if unclear is None else texts.where(~unclear, "(" + texts + ")")


def draw_gain_map(
    axis: Axes,
    points: pd.DataFrame,
    texts: pd.DataFrame,
    limit: float,
    look: Look,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    font: float = 0.72,
) -> None:
    """Draw a map whose colours are symmetric around 0: no gain is white, in both themes.

    Args:
        axis: where to.
        points: the gains, first row on top.
        texts: what the cells say.
        limit: the gain or loss of the strongest colours.
        look: of the figure.
        rows: names of the rows.
        columns: names of the columns.
        font: size of the letters over that of the figure.
    """
    import seaborn

    size = font * look.medium.font_size
    seaborn.heatmap(
        points, ax=axis, annot=texts, fmt="", cmap="PuOr", vmin=-limit, vmax=limit, cbar=False,
        linewidths=0.6, linecolor=look.paper, annot_kws={"fontsize": size},
    )  # fmt: skip
    across = size if look.medium.columns > 1 else 0.8 * size
    axis.set_xticks(np.arange(points.shape[1]) + 0.5, list(columns), fontsize=across, rotation=0)
    axis.set_yticks(np.arange(points.shape[0]) + 0.5, list(rows), fontsize=size, rotation=0)
    axis.set(xlabel="", ylabel="")
    axis.grid(False)
