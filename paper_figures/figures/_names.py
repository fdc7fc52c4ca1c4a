"""Names beside the points of a scatter plot, apart from each other and from the marks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

__all__ = ["draw_names"]

Points = NDArray[np.float64]

_WIDE, _HIGH = 0.62, 1.2
"""A letter's width and a line's height, in sizes of the font; above what the font needs."""
_RINGS = (0.9, 1.5, 2.2, 3.0, 4.0, 5.2)
"""Distances from the point at which a name is tried, in sizes of the font."""
_ANGLES = np.linspace(0, 2 * np.pi, 24, endpoint=False)
_NEXT_TO = 1.6
"""Sizes of the font from which on a line leads from a name to its point."""
_PASSES = 4
_OUTSIDE, _ON_NAME, _ON_MARK, _ON_CROWD = 100.0, 30.0, 12.0, 0.6


def draw_names(
    axis: Axes, names: Sequence[str], places: Points, look: Look, *, crowd: Points | None = None, font: float = 0.75
) -> None:
    """Write a name beside each point, with a line to the point where the name is not next to it.

    Each name in turn takes the place that costs least: inside the axes, on no other name, on no mark, on few other
    points, and near. Limits of the axes are kept from here on.

    Args:
        axis: where to.
        names: one a point.
        places: x and y of each point, in data coordinates.
        look: of the figure.
        crowd: x and y of other points that names had better not cover.
        font: size of the letters over that of the figure.
    """
    size = font * look.medium.font_size
    low, high = np.transpose([axis.get_xlim(), axis.get_ylim()])
    axis.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    extent = axis.get_window_extent()
    dots = axis.get_figure(root=True).dpi  # type: ignore[union-attr]
    scale = np.array([extent.width, extent.height]) * 72 / dots / (high - low)
    marks = (np.asarray(places, dtype=float) - low) * scale
    others = np.empty((0, 2)) if crowd is None else (np.asarray(crowd, dtype=float) - low) * scale
    edge = (high - low) * scale
    boxes: dict[int, Points] = {}
    # from the thick of the points outwards: whoever comes late has the least choice; then once more each
    near = np.linalg.norm(marks[:, None] - marks[None], axis=2).sum(axis=1)
    for which in [int(place) for _ in range(_PASSES) for place in np.argsort(near, kind="stable")]:
        half = np.array([_WIDE * len(names[which]), _HIGH]) * size / 2
        taken = [box for other, box in boxes.items() if other != which]
        best = np.inf
        for distance in _RINGS:
            for turn in _ANGLES:
                direction = np.array([np.cos(turn), np.sin(turn)])
                middle = marks[which] + direction * (distance * size + half - np.array([0, 0.3 * size]))
                cost = distance + _cost(middle, half, marks, which, others, taken, edge, size)
                if cost < best - 1e-9:
                    best, boxes[which] = cost, np.array([middle - half, middle + half])
    for which, box in boxes.items():
        far = np.maximum(np.maximum(box[0] - marks[which], marks[which] - box[1]), 0)
        line = {"arrowstyle": "-", "color": look.muted, "lw": look.medium.font_size / 16, "shrinkA": 0, "shrinkB": 0}
        axis.annotate(
            names[which], tuple(low + marks[which] / scale), xytext=tuple(low + box.mean(axis=0) / scale),
            textcoords="data", ha="center", va="center", fontsize=size, color=look.ink, zorder=4,
            arrowprops=line if np.linalg.norm(far) > _NEXT_TO * size else None,
            bbox={"boxstyle": "square,pad=0.05", "facecolor": "none", "edgecolor": "none"},
        )  # fmt: skip


def _cost(
    middle: Points,
    half: Points,
    marks: Points,
    own: int,
    others: Points,
    taken: list[Points],
    edge: Points,
    size: float,
) -> float:
    """Return what a name costs whose box has this middle and these half sides."""
    low, high = middle - half, middle + half
    cost = _OUTSIDE * bool((low < 0).any() or (high > edge).any())
    cost += _ON_CROWD * _inside(others, low, high).sum()
    cost += _ON_MARK * _inside(marks, low - 0.5 * size, high + 0.5 * size).sum()
    way = marks[own] + np.linspace(0.2, 1, 12)[:, None] * (middle - marks[own])
    for box in taken:
        cost += _ON_NAME * bool((low < box[1]).all() and (high > box[0]).all())
        cost += _ON_MARK * bool(_inside(way, box[0], box[1]).any())
    gaps = np.linalg.norm(way[:, None] - np.delete(marks, own, axis=0)[None], axis=2)
    return float(cost + 0.5 * _ON_MARK * (gaps < 0.5 * size).any(axis=0).sum())


def _inside(points: Points, low: Points, high: Points) -> NDArray[np.bool_]:
    return np.asarray(((points > low) & (points < high)).all(axis=1))
