"""Learning curves of small networks: what each way of choosing prompts gains over the start, every seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Tables
from paper_figures.figures._intervals import INTERVAL, means_over_seeds
from paper_figures.networks import CURVES, MAIN_ARMS, arms_in_order

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

_SHOWN = ("uniform", *(arm for arm in MAIN_ARMS if arm != "predictor"))
_STYLES = {
    "uniform": ("blue", "--"), "vas-states": ("green", "-"), "vas": ("orange", "-"), "vas-paper": ("wine", ":"),
    "index": ("sky", "-."), "insight": ("purple", "-."), "oracle": ("muted", "-"),
}  # fmt: skip
_WIDTH = 0.84
"""Of a world, where the next begins at 1."""


def _runs(tables: Tables) -> pd.DataFrame:
    """Return the curves of the arms shown, in worlds where uniform sampling is there, as points over the start."""
    frame = tables["curves"].frame
    frame = frame[frame["arm"].isin(_SHOWN)]
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
    """Return the result in a few words."""
    ends = _ends(numbers)
    means = ends.groupby("arm")["points"].mean()
    arms = arms_in_order(means.index, _SHOWN)
    count = ends["world"].nunique()
    return (
        f"Points of held-out pass rate gained at equal rollouts, mean of {count} world{'' if count == 1 else 's'}: "
        + ", ".join(f"{arm} {means[arm]:+.1f}" for arm in arms)
    )


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    ends = _ends(numbers)
    texts = []
    for world, rows in ends.groupby("world", sort=False):
        by_arm = rows.set_index("arm")
        each = [
            f"{arm} {row['points']:+.1f} [{row['points_low']:+.1f}, {row['points_high']:+.1f}]"
            for arm, row in ((arm, by_arm.loc[arm]) for arm in arms_in_order(by_arm.index, _SHOWN))
        ]
        texts.append(f"{world} after {rows['rollouts'].max():,} rollouts: {', '.join(each)}")
    return (
        "Held-out pass rate over the start's, in points, against total rollouts; the axis begins anew for each "
        f"world. Thin lines are single runs, {numbers['seeds'].max()} an arm, thick lines their mean; each arm at "
        f"its tuned learning rate. Ends with {INTERVAL}. {'. '.join(texts)}."
    )


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw every run and the means, the worlds side by side."""
    (axis,) = axes
    runs, size = _runs(tables), look.medium.font_size
    worlds, arms = list(runs["world"].unique()), arms_in_order(runs["arm"].unique(), _SHOWN)
    for place, world in enumerate(worlds):
        here = runs[runs["world"] == world]
        scale = _WIDTH / here["rollouts"].max()
        for arm in arms:
            part = here[here["arm"] == arm]
            colour, dash = _STYLES[arm]
            style: dict[str, Any] = {"color": look.colour(colour), "linestyle": dash}
            wide = part.pivot(index="rollouts", columns="seed", values="points")
            x = place + scale * wide.index.to_numpy()
            axis.plot(x, wide.to_numpy(), color=style["color"], linewidth=size / 30, alpha=0.35)
            axis.plot(x, wide.mean(axis=1), linewidth=size / 5, label="_" if place else arm, **style)
    axis.axhline(0, color=look.muted, linewidth=size / 14, zorder=0)
    names = [world.replace("-", "-\n", 1) for world in worlds] if len(worlds) > 2 else worlds
    axis.set_xticks([place + _WIDTH / 2 for place in range(len(worlds))], names, fontsize=0.8 * size)
    axis.tick_params(axis="x", length=0)
    longest = runs["rollouts"].max()
    xlabel = f"total rollouts, 0 to {longest:,} in each world"
    if runs.groupby("world")["rollouts"].max().nunique() > 1:
        xlabel = "total rollouts, from 0 to the end in each world"
    axis.set(xlabel=xlabel, ylabel="points over the start", xlim=(-0.05, len(worlds) - 1 + _WIDTH + 0.05))
    axis.set_title("Held-out pass rate over rollouts, every seed")
    axis.grid(False, axis="x")
    for handle in axis.legend(loc="best", ncols=2, fontsize=0.8 * size).get_lines():
        handle.set_linewidth(size / 5)


FIGURE = Figure(
    name="network_curves",
    title="Learning curves of small networks",
    order=22,
    label=Label.SIMULATED,
    inputs={"curves": CURVES},
    panels=1,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
