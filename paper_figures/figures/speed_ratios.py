"""How many times faster the hot paths are than their peers, and the floors they are held to."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Table, Tables
from paper_figures.figures._legends import legend_below

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

_PANELS = {"Diversity": "self_bleu", "Bandit learner": "bandit", "Drawing by weight": "WeightedIndex", "Sampler": ""}
"""Title of each panel and how what is measured begins; the last has what begins like none."""


def numbers(tables: Tables) -> pd.DataFrame:
    """Return one row a peer and floor: the lowest and highest of the median ratios over the shapes measured."""
    frame = tables["ratios"].frame
    # what follows the comma of a name is a setting, which counts as a shape here, or that memory was measured
    memory = frame["name"].str.contains(", memory")
    frame = frame.assign(what=frame["name"].str.split(",").str[0] + memory.map({True: ", memory", False: ""}))
    rows = []
    for (what, peer, floor), part in frame.groupby(["what", "peer", "floor"], sort=False):
        rows.append(
            {
                "what": what,
                "peer": peer,
                "sizes": _sizes(part["shape"]),
                "comparisons": len(part),
                "lowest_ratio": part["ratio"].min(),
                "highest_ratio": part["ratio"].max(),
                "floor": floor,
                "met": bool(part["met"].all()),
                "cpu": part["cpu"].iloc[0],
                "versions": part["versions"].iloc[0],
                "device": "cpu",
            }
        )
    return pd.DataFrame(rows)


def _sizes(shapes: pd.Series) -> str:
    """Return the words that all shapes begin with and how many there are; if they share none, the first and last."""
    known = list(dict.fromkeys(shapes))
    words = zip(*(shape.split() for shape in known), strict=False)
    common = " ".join(first for first, *_ in takewhile(lambda same: len(set(same)) == 1, words)).rstrip(",")
    if not common:
        return f"{known[0]} to {known[-1]}"
    return common if len(shapes) == 1 else f"{common}, {len(shapes)} kinds"


def _panel(what: str) -> str:
    return next(title for title, start in _PANELS.items() if what.startswith(start))


def _all_met(numbers: pd.DataFrame) -> str:
    return f"{int(numbers['met'].sum())} of {len(numbers)}"


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    return f"{_all_met(numbers)} speed floors hold"


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    narrow = numbers.assign(margin=numbers["lowest_ratio"] / numbers["floor"]).sort_values("margin").iloc[0]
    return (
        "Processor time of the peer over ours, both measured in turns in one run (where the label says memory, the "
        f"size of the input over the memory beside it), for {numbers['comparisons'].sum()} comparisons by peer: each "
        "label says what is measured, against what and at which sizes. Each bar spans the median ratios over the "
        "shapes measured, the circle is the lowest of them, the upright tick the floor that it is held to (below 1 "
        f"where the peer may be faster). {_all_met(numbers)} floors hold; the narrowest margin is {narrow['what']} "
        f"against {narrow['peer']}, {narrow['lowest_ratio']:.3g} with a floor of {narrow['floor']:.3g}. Measured on "
        f"{narrow['cpu']} with {narrow['versions']}. No interval: medians of interleaved rounds, whose range is in the "
        "table."
    )


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw ratio and floor of every peer on a logarithmic axis."""
    table = numbers(tables)
    places = table["what"].map(_panel)
    for axis, letter, title in zip(axes, "abcd", _PANELS, strict=True):
        axis.set_title(f"({letter}) {title}")
        _draw(axis, table[places == title].reset_index(drop=True), look)
    legend_below(axes[1], look, wide=2, narrow=2)


def _draw(axis: Axes, part: pd.DataFrame, look: Look) -> None:
    colour, size = look.series(0)["color"], look.medium.font_size
    if part.empty:
        axis.text(0.5, 0.5, "not measured", transform=axis.transAxes, ha="center", color=look.ink)
        return
    rows = range(len(part))[::-1]
    for place, (_, each) in zip(rows, part.iterrows(), strict=True):
        ends = [each["lowest_ratio"], each["highest_ratio"]]
        axis.plot(ends, [place, place], color=colour, linewidth=size / 3, solid_capstyle="butt")
        axis.plot(ends[0], place, color=colour, marker="o")
        axis.plot(each["floor"], place, color=look.colour("vermilion"), marker="|", markersize=1.1 * size, mew=2)
    axis.axvline(1, color=look.muted, linewidth=1)
    low, high = min(0.3, part["floor"].min() / 2), 2 * part["highest_ratio"].max()
    axis.set(xscale="log", xlim=(low, high), ylim=(-0.6, len(part) - 0.4), xlabel="peer's cost / ours")
    names = [f"{each['what']}\nagainst {each['peer']}\n{each['sizes']}" for _, each in part.iterrows()]
    axis.set_yticks(rows, names, fontsize=0.58 * size)
    axis.grid(True, axis="x")
    axis.plot([], [], color=look.colour("vermilion"), marker="|", linestyle="", markersize=size, mew=2, label="floor")
    axis.plot([], [], color=colour, marker="o", label="lowest to highest ratio")


FIGURE = Figure(
    name="speed_ratios",
    title="Speed against peers and floors",
    order=14,
    label=Label.MEASURED,
    inputs={"ratios": Table("vas_theory", "speed_ratios", "pytest tests/benchmarks -m bench", presets=())},
    panels=4,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
