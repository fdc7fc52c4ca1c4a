"""What the figures of the real model share: the study's tables, words about seeds and arms, curves side by side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pandas as pd

from paper_figures.drawing.declaration import Table
from paper_figures.figures._intervals import means_over_seeds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

__all__ = [
    "WINDOWS",
    "arms_in_order",
    "count",
    "draw_runs",
    "in_windows",
    "seeds_text",
    "study_table",
]

WINDOWS = 8
"""Parts of a run over which what varies from step to step is averaged."""


def study_table(name: str) -> Table:
    """Return a table of the real training study."""
    return Table("full_scale", name, "full_scale study --preset {preset}")


def count(number: int, noun: str) -> str:
    """Return ``1 seed`` or ``3 seeds``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def seeds_text(seeds: Iterable[int]) -> str:
    """Return the seeds in words, such as ``2 seeds (0, 1)``."""
    known = sorted(set(seeds))
    return f"{count(len(known), 'seed')} ({', '.join(map(str, known))})"


def arms_in_order(names: Iterable[str]) -> list[str]:
    """Return the arms' names, uniform sampling first because the others are compared with it."""
    return sorted(set(names), key=lambda name: (name != "uniform", name))


def in_windows(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return means of a column over windows of consecutive steps, at the rollouts spent by each window's end."""
    width = -(-frame["step"].max() // WINDOWS)
    window = ((frame["step"] - 1) // width).rename("window")
    return frame.groupby(["arm", "seed", window], sort=False).agg({"rollouts": "max", column: "mean"}).reset_index()


def draw_runs(axis: Axes, frame: pd.DataFrame, column: str, look: Look, *, band: bool = False) -> None:
    """Draw a thin line a run and a thick one an arm, side by side by arm: curves of many arms would hide each other.

    Every arm has the same scale of rollouts and of values, and the mean of uniform sampling dashed behind its own.

    Args:
        axis: where to draw.
        frame: arm, seed, rollouts and the column, without gaps.
        column: what to draw.
        look: the look.
        band: whether to shade the interval of the mean.
    """
    arms, most, size = arms_in_order(frame["arm"]), 1.08 * float(frame["rollouts"].max()), look.medium.font_size
    reference = None
    for place, arm in enumerate(arms):
        runs = frame[frame["arm"] == arm].sort_values("rollouts", kind="stable")
        style = look.arm(arm) | {"linestyle": "-", "marker": None}
        # the k-th value of every run: an arm that refills its batches does not spend alike in all of them
        means = means_over_seeds(runs.assign(order=runs.groupby("seed").cumcount()), ["order"], ["rollouts", column])
        means = means[means["seeds"] == means["seeds"].max()]
        x = place + means["rollouts"] / most
        for _, run in runs.groupby("seed") if runs["seed"].nunique() > 1 else []:
            axis.plot(place + run["rollouts"] / most, run[column], **style, alpha=0.5, linewidth=size / 14)
        if band and means["seeds"].max() > 1:
            ends = means[f"{column}_low"], means[f"{column}_high"]
            axis.fill_between(x, *ends, color=style["color"], alpha=0.15, linewidth=0)
        reference = means if arm == "uniform" else reference
        if reference is not None and arm != "uniform":
            axis.plot(
                place + reference["rollouts"] / most, reference[column], color=look.ink, linestyle=(0, (2, 1)),
                linewidth=size / 11,
            )  # fmt: skip
        axis.plot(x, means[column], **style | {"marker": look.arm(arm)["marker"]}, markersize=size / 3.2)
        if place:
            axis.axvline(place, color=look.muted, linewidth=size / 20)
    axis.set_xticks([place + 0.5 for place in range(len(arms))], arms, rotation=25, ha="right", rotation_mode="anchor")
    axis.tick_params(axis="x", length=0)
    axis.grid(False, axis="x")
    axis.set(xlim=(-0.04, len(arms)), xlabel=f"rollouts spent, 0 to {frame['rollouts'].max():,} for each arm")
