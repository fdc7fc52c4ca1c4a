"""Does diversity in the score help? Predicted against measured, and the condition that decides it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Table, Tables
from paper_figures.figures._intervals import INTERVAL, means_over_seeds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

_VALUES = [
    "correlation", "cv_diversity", "cv_score", "condition", "predicted", "measured", "predicted_change",
    "measured_change",
]  # fmt: skip


def numbers(tables: Tables) -> pd.DataFrame:
    """Return means over seeds with intervals, one row a world, number of rollouts and weight of the diversity."""
    table = tables["draws"]
    frame = means_over_seeds(table.frame, ["world", "rollouts", "beta"], _VALUES)
    settings = {name: table.config.get(name) for name in ("prompts", "draws", "group_size")}
    return frame.assign(seed=table.seed, **settings)


def _with_diversity(numbers: pd.DataFrame) -> pd.DataFrame:
    return numbers[numbers["beta"] > 0]


def _shown(numbers: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the smallest positive weight of diversity and the fewest rollouts, one a world."""
    rows = _with_diversity(numbers)
    return rows[(rows["beta"] == rows["beta"].min()) & (rows["rollouts"] == rows["rollouts"].min())]


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    rows = _shown(numbers).sort_values("measured_change")
    worst, best = rows.iloc[0], rows.iloc[-1]
    return (
        f"Diversity at weight {best['beta']:g} changes the drawn variance by {worst['measured_change']:+.0%} "
        f"({worst['world']}) to {best['measured_change']:+.0%} ({best['world']})"
    )


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    rows, shown = _with_diversity(numbers), _shown(numbers)
    row = shown.iloc[0]
    inside = rows["predicted_change"].between(rows["measured_change_low"], rows["measured_change_high"])
    # a world in which the condition is an equality has no sign to agree on
    clear = rows[rows["condition"].abs() > 1e-9]
    agree = np.sign(clear["condition"]) == np.sign(clear["measured_change"])
    words = "; ".join(f"{part['world']} {part['measured_change']:+.1%}" for _, part in shown.iterrows())
    return (
        f"Prompts drawn in proportion to (1 - β) OVS + β TDS from pools of {row['prompts']:,.0f} prompts scored with "
        f"{rows['rollouts'].min():.0f} to {rows['rollouts'].max():.0f} rollouts each; {row['draws']:,.0f} draws a "
        f"measurement, each rolled {row['group_size']:.0f} times; {row['seeds']:.0f} seeds (base seed "
        f"{row['seed']:.0f}), {INTERVAL}. (a) Measured change of the drawn reward variance against OVS alone, over the "
        f"change predicted from the pool's moments; {inside.sum()} of {len(rows)} predictions lie in the interval. (b) "
        r"The condition $\operatorname{Cov}(V,T)/E\,T - \operatorname{Cov}(V,S)/E\,S$ over $E\,V$ (V true variance, T "
        f"diversity, S variance as graded) decides the sign: {agree.sum()} of {len(clear)} measured changes have it. "
        f"At β = {row['beta']:g}: {words}."
    )


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw measured over predicted change, and measured change over the condition."""
    rows = _with_diversity(numbers(tables))
    left, right = axes
    for axis, column in ((left, "predicted_change"), (right, "condition")):
        scale = 100 if axis is left else 1
        for index, (world, part) in enumerate(rows.groupby("world", sort=False)):
            style = look.series(index)
            change = 100 * part["measured_change"]
            reach = [change - 100 * part["measured_change_low"], 100 * part["measured_change_high"] - change]
            axis.errorbar(
                scale * part[column], change, reach, fmt=style["marker"], color=style["color"], label=str(world),
                linewidth=look.medium.font_size / 12, markersize=look.medium.font_size / 2.6,
            )  # fmt: skip
        axis.axhline(0, color=look.ink, linewidth=0.8)
        axis.set_ylabel("measured change (%)")
    ends = np.array([rows["predicted_change"].min(), rows["predicted_change"].max()]) * 100
    left.plot(ends, ends, color=look.muted, zorder=0)
    left.set_xlabel("predicted change of the drawn variance (%)")
    left.set_title("(a) Diversity against OVS alone")
    left.legend(loc="upper left", handletextpad=0.2)
    left.set_ylim(ends[0] - 5, ends[1] + 0.9 * (ends[1] - ends[0]))
    right.axvline(0, color=look.ink, linewidth=0.8)
    right.set_xlabel("condition: diversity helps where positive")
    right.set_title("(b) What decides the sign")


FIGURE = Figure(
    name="tds_value",
    title="Does diversity in the score help?",
    order=16,
    label=Label.SIMULATED,
    inputs={"draws": Table("simulations", "tds_value", "simulations run tds_value --preset {preset}")},
    panels=2,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
