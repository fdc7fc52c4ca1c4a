"""What selection gains in the pass rate and loses in pass@32."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Tables
from paper_figures.figures._network_scatter import draw_arms, shared_worlds
from paper_figures.networks import COMPARED, NETWORKS, others

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

_MEASURES = {"difference": "pass_at_1", "pass_at_32_difference": "pass_at_32"}


def numbers(tables: Tables) -> pd.DataFrame:
    """Return each arm's differences to uniform sampling in each world, in points."""
    rows = shared_worlds(tables["ranking"].frame)
    table = rows[["world", "arm", "knowledge"]].copy()
    for column, name in _MEASURES.items():
        for end in ("", "_low", "_high"):
            table[f"{name}_points{end}"] = 100 * rows[column + end]
    return table.assign(seeds=rows["seeds"].astype(int))


def _quadrants(numbers: pd.DataFrame) -> dict[str, int]:
    """Count arms and worlds by what the intervals say."""
    one, many = numbers["pass_at_1_points_low"] > 0, numbers["pass_at_32_points_high"] < 0
    return {"above": int(one.sum()), "paid": int((one & many).sum()), "lost": int(many.sum()), "all": len(numbers)}


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    count = _quadrants(numbers)
    return (
        f"{count['above']} of {count['all']} cases (arm and world) end above uniform sampling in pass@1; "
        f"{count['paid']} of these below it in pass@32"
    )


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    count = _quadrants(numbers)
    columns = ["pass_at_1_points", "pass_at_32_points"]
    means = numbers.groupby("arm", sort=False)[columns].mean().sort_values("pass_at_1_points", ascending=False)
    each = "; ".join(
        f"{arm} {row['pass_at_1_points']:+.1f} and {row['pass_at_32_points']:+.1f}"
        for arm, row in means.iterrows()
        if arm in COMPARED
    )
    return (
        "Differences to uniform sampling at equal rollouts, in points: held-out pass rate of one sample against the "
        "share of prompts solved at least once in 32. A point is an arm in a world, a diamond an arm's mean"
        f"{others(numbers['arm'])}. Grey: pass rates are given for free. By 95% intervals over "
        f"{numbers['seeds'].iloc[0]} paired seeds pass@1 is "
        f"higher in {count['above']} of {count['all']} cases and pass@32 lower in {count['lost']}. Means over an arm's "
        f"worlds, pass@1 and pass@32: {each}."
    )


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw the scatter."""
    (axis,) = axes
    width = look.medium.font_size / 12
    axis.axhline(0, color=look.muted, linewidth=width, linestyle="--", zorder=0)
    axis.axvline(0, color=look.muted, linewidth=width, linestyle="--", zorder=0)
    draw_arms(axis, numbers(tables), "pass_at_1_points", "pass_at_32_points", look)
    axis.set(xlabel="pass@1, points over uniform sampling", ylabel="pass@32, points over uniform")
    axis.set_title("What selection gains and what it costs")


FIGURE = Figure(
    name="network_coverage",
    title="The price in pass@32",
    order=25,
    label=Label.SIMULATED,
    inputs={"ranking": NETWORKS},
    panels=1,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
