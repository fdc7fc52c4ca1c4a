"""Groups with a gradient against learning: more of them is not more learning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Tables
from paper_figures.figures._network_scatter import draw_arms, shared_worlds
from paper_figures.networks import AGREEMENT, NETWORKS, others

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look


def numbers(tables: Tables) -> pd.DataFrame:
    """Return each arm's groups with a gradient and learning in each world, both relative to uniform sampling."""
    rows = shared_worlds(tables["ranking"].frame).dropna(subset=["learning"])
    agreement = tables["agreement"].frame
    row = agreement[(agreement["with"] == "mixed_groups") & (agreement["world"] == "all")].iloc[0]
    columns = ["world", "arm", "mixed_ratio", "mixed_groups", "learning", "most_visits", "knowledge"]
    table = rows[columns].assign(seeds=rows["seeds"].astype(int))
    found = {name: row[name] for name in ("correlation", "correlation_low", "correlation_high")}
    return table.assign(**found, ranked_arms=row["arms"], ranked_worlds=row["worlds"]).reset_index(drop=True)


def _means(numbers: pd.DataFrame) -> pd.DataFrame:
    charged = numbers[numbers["knowledge"] == "charged"]
    return (charged if len(charged) else numbers).groupby("arm")[["mixed_ratio", "learning", "most_visits"]].mean()


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    if numbers.empty:
        return "Uniform sampling gains too little in these worlds to compare anything with it"
    means = _means(numbers)
    groups, learning = means["mixed_ratio"], means["learning"]
    most, best = str(groups.idxmax()), str(learning.idxmax())
    text = (
        f"{most} has {groups[most]:.1f} times uniform's groups with a gradient and learns {learning[most]:.2f} times "
        "as much"
    )
    return text if most == best else f"{text}; {best} has {groups[best]:.1f} times and learns {learning[best]:.2f}"


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    if numbers.empty:
        return "No world in which uniform sampling gains 1 point."
    row = numbers.iloc[0]
    ranked = (
        f"Over {row['ranked_arms']:.0f} arms whose rollouts are all charged, uniform sampling among them, the rank "
        f"correlation of the two is {row['correlation']:+.2f} [{row['correlation_low']:+.2f}, "
        f"{row['correlation_high']:+.2f}] in the mean of {row['ranked_worlds']:.0f} worlds (95% interval over seeds)."
        if row["correlation"] == row["correlation"]
        else f"{row['ranked_arms']:.0f} arms whose rollouts are all charged are too few for a rank correlation."
    )
    each = "; ".join(
        f"{part['arm']} in {part['world']} {part['mixed_groups']:.1f} groups a step ({part['mixed_ratio']:.2f} times), "
        f"learning {part['learning']:.2f}"
        for _, part in numbers.sort_values("mixed_ratio").iloc[[0, -1]].iterrows()
    )
    visits = _means(numbers)["most_visits"]
    repeats = (
        f"In the mean over worlds, {visits.idxmax()} visits its most-visited prompt {visits.max():.0f} times. "
        if len(visits)
        else ""
    )
    return (
        "Groups with a gradient a step over uniform sampling's, against learning over uniform sampling's. A "
        f"point is an arm in a world, a diamond an arm's mean{others(numbers['arm'])}. The dashed lines are uniform "
        f"sampling. Grey: pass rates are given for free. {ranked} Fewest and most groups: {each}. {repeats}"
        f"Means over {row['seeds']} paired seeds."
    )


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw the scatter."""
    (axis,) = axes
    table, width = numbers(tables), look.medium.font_size / 12
    axis.axhline(1, color=look.muted, linewidth=width, linestyle="--", zorder=0)
    axis.axvline(1, color=look.muted, linewidth=width, linestyle="--", zorder=0)
    draw_arms(axis, table, "mixed_ratio", "learning", look)
    axis.set(xlabel="groups with a gradient (uniform sampling = 1)", ylabel="learning (uniform sampling = 1)")
    axis.set_title("More gradient, more learning?")


FIGURE = Figure(
    name="network_gradient_share",
    title="More gradient is not more learning",
    order=24,
    label=Label.SIMULATED,
    inputs={"ranking": NETWORKS, "agreement": AGREEMENT},
    panels=1,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
