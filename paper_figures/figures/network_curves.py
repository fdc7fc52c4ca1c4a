"""Learning curves of small networks: what each way of choosing prompts gains over the start, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Tables
from paper_figures.figures._intervals import INTERVAL, means_over_seeds
from paper_figures.figures._legends import legend_below
from paper_figures.networks import CURVES, arms_in_order

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

_STYLES = {
    "oracle": ("muted", (0, (8, 2)), "*"), "vas-states-g4": ("black", "-", "p"), "vas-states": ("green", "-", "^"),
    "uniform": ("blue", "--", "o"), "vas": ("orange", "-", "s"), "vas-paper": ("wine", ":", "X"),
    "index": ("sky", "-.", "v"), "predictor": ("purple", "--", "D"),
}  # fmt: skip
"""Arm -> colour, dash and marker, in the order in which the arms are listed."""
_SHOWN = tuple(_STYLES)
_STAND_IN, _STOOD_FOR = "predictor", "vas-states"
"""The first look's sampler with knowledge is drawn where the one that came of it did not run, as in the quick size."""
_WIDTH = 0.84
"""Of a world, where the next begins at 1."""


def _runs(tables: Tables) -> pd.DataFrame:
    """Return the curves of the arms shown, in worlds where uniform sampling is there, as points over the start."""
    frame = tables["curves"].frame
    left_out = {_STAND_IN} if (frame["arm"] == _STOOD_FOR).any() else set()
    frame = frame[frame["arm"].isin(set(_SHOWN) - left_out)]
    based = frame.loc[frame["arm"] == "uniform", "world"].unique()
    frame = frame[frame["world"].isin(based)].sort_values(["world", "arm", "seed", "rollouts"])
    start = frame.groupby(["world", "arm", "seed"])["held_out_pass_rate"].transform("first")
    return frame.assign(points=100 * (frame["held_out_pass_rate"] - start))


def numbers(tables: Tables) -> pd.DataFrame:
    """Return the mean gain over the start of each world, arm and measurement, in points."""
    means = means_over_seeds(_runs(tables), ["world", "arm", "rollouts"], ["points"])
    return means.sort_values(["world", "arm", "rollouts"], ignore_index=True)


def _ends(numbers: pd.DataFrame) -> pd.DataFrame:
    return numbers.groupby(["world", "arm"], sort=False).tail(1)


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words: means over the worlds in which most arms ran, the same for all of them."""
    ends = _ends(numbers)
    arms = ends.groupby("world")["arm"].nunique()
    common = ends[ends["world"].isin(arms[arms == arms.max()].index)]
    means, count = common.groupby("arm")["points"].mean(), common["world"].nunique()
    return (
        f"Points of held-out pass rate gained at equal rollouts, mean of {count} world{'' if count == 1 else 's'}: "
        + ", ".join(f"{arm} {means[arm]:+.1f}" for arm in arms_in_order(means.index, _SHOWN))
    )


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    missing = [
        f"{world} without {', '.join(arm for arm in _SHOWN if arm not in set(rows['arm']))}"
        for world, rows in numbers.groupby("world", sort=False)
        if rows["arm"].nunique() < numbers["arm"].nunique()
    ]
    told = f" Not every arm ran everywhere: {'; '.join(missing)}." if missing else ""
    return (
        "Held-out pass rate over the start's, in points, against total rollouts; the axis begins anew for each "
        f"world. Lines are means of {numbers['seeds'].max()} runs an arm, bands {INTERVAL}; each arm at its tuned "
        f"learning rate.{told}"
    )


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw the means and their intervals, the worlds side by side."""
    (axis,) = axes
    table, size = numbers(tables), look.medium.font_size
    worlds, longest, seen = list(table["world"].unique()), table.groupby("world")["rollouts"].max(), set()
    for place, world in enumerate(worlds):
        here = table[table["world"] == world]
        for arm in arms_in_order(here["arm"].unique(), _SHOWN):
            part = here[here["arm"] == arm]
            colour, dash, marker = _STYLES[arm]
            x = place + _WIDTH * part["rollouts"] / longest[world]
            axis.fill_between(
                x, part["points_low"], part["points_high"], color=look.colour(colour), alpha=0.2, linewidth=0
            )
            axis.plot(
                x, part["points"], color=look.colour(colour), linestyle=dash, marker=marker, linewidth=size / 7,
                markersize=size / 3, label="_" if arm in seen else arm,
            )  # fmt: skip
            seen.add(arm)
    axis.axhline(0, color=look.muted, linewidth=size / 14, zorder=0)
    wide = look.medium.columns > 1
    names = [world.replace("-", "-\n", 1) for world in worlds] if wide and len(worlds) > 2 else worlds
    turned: dict[str, Any] = (
        {} if wide or len(worlds) < 3 else {"rotation": 40, "ha": "right", "rotation_mode": "anchor"}
    )
    axis.set_xticks([place + _WIDTH / 2 for place in range(len(worlds))], names, fontsize=0.8 * size, **turned)
    axis.tick_params(axis="x", length=0)
    xlabel = f"total rollouts, 0 to {longest.max():,} in each world"
    if longest.nunique() > 1:
        xlabel = "total rollouts, from 0 to the end in each world"
    axis.set(xlabel=xlabel, ylabel="points over the start", xlim=(-0.05, len(worlds) - 1 + _WIDTH + 0.05))
    axis.set_title("Held-out pass rate over rollouts")
    axis.grid(False, axis="x")
    legend_below(axis, look, wide=len(seen))


FIGURE = Figure(
    name="network_curves",
    title="Learning curves of small networks",
    order=23,
    label=Label.SIMULATED,
    inputs={"curves": CURVES},
    panels=1,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
    height=1.2,
)
