"""How many times faster the hot paths are than their peers, and the floors they are held to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Table, Tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

_FIRST_PANEL = ("self_bleu", "bandit")


def numbers(tables: Tables) -> pd.DataFrame:
    """Return one row a peer and floor: the lowest and highest of the median ratios over the shapes measured."""
    frame = tables["ratios"].frame
    # what follows the comma of a name is a setting, which counts as a shape here
    frame = frame.assign(what=frame["name"].str.split(",").str[0])
    rows = []
    for (what, peer, floor), part in frame.groupby(["what", "peer", "floor"], sort=False):
        rows.append(
            {
                "what": what,
                "peer": peer,
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


def _all_met(numbers: pd.DataFrame) -> str:
    return f"{int(numbers['met'].sum())} of {len(numbers)}"


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    return f"{_all_met(numbers)} speed floors hold"


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    narrow = numbers.assign(margin=numbers["lowest_ratio"] / numbers["floor"]).sort_values("margin").iloc[0]
    return (
        "Processor time of the peer over ours, both measured in turns in one run, for "
        f"{numbers['comparisons'].sum()} comparisons by peer: each bar spans the median ratios over the shapes "
        "measured, the circle is the lowest of them, the upright tick the floor that it is held to (below 1 where the "
        f"peer may be faster). {_all_met(numbers)} floors hold; the narrowest margin is {narrow['what']} against "
        f"{narrow['peer']}, {narrow['lowest_ratio']:.3g} with a floor of {narrow['floor']:.3g}. Measured on "
        f"{narrow['cpu']} with {narrow['versions']}. No interval: medians of interleaved rounds, whose range is in the "
        "table."
    )


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw ratio and floor of every peer on a logarithmic axis."""
    table = numbers(tables)
    first = table["what"].str.startswith(_FIRST_PANEL)
    style, size = look.series(0), look.medium.font_size
    for axis, chosen, title in (
        (axes[0], first, "(a) Diversity and learner"),
        (axes[1], ~first, "(b) Sampler"),
    ):
        part = table[chosen].reset_index(drop=True)
        for row, each in part.iterrows():
            place = len(part) - 1 - int(str(row))
            ends = [each["lowest_ratio"], each["highest_ratio"]]
            axis.plot(ends, [place, place], color=style["color"], linewidth=size / 3, solid_capstyle="butt")
            axis.plot(ends[0], place, color=style["color"], marker="o")
            axis.plot(each["floor"], place, color=look.colour("vermilion"), marker="|", markersize=1.1 * size, mew=2)
        axis.axvline(1, color=look.muted, linewidth=1)
        low, high = min(0.3, part["floor"].min() / 2), 2 * part["highest_ratio"].max()
        axis.set(xscale="log", xlim=(low, high), ylim=(-0.6, len(part) - 0.4), xlabel="peer's time / ours")
        names = [
            f"{each['what']}\n{each['peer']} ({each['comparisons']} size{'' if each['comparisons'] == 1 else 's'})"
            for _, each in part.iterrows()
        ]
        axis.set_yticks(range(len(part))[::-1], names, fontsize=0.62 * size)
        axis.set_title(title)
        axis.grid(True, axis="x")
    axes[0].plot(
        [], [], color=look.colour("vermilion"), marker="|", linestyle="", markersize=size, mew=2, label="floor"
    )
    axes[0].plot([], [], color=style["color"], marker="o", label="lowest to highest ratio")
    axes[0].legend(loc="lower right", fontsize=0.72 * size)


FIGURE = Figure(
    name="speed_ratios",
    title="Speed against peers and floors",
    order=14,
    label=Label.MEASURED,
    inputs={"ratios": Table("vas_theory", "speed_ratios", "pytest tests/benchmarks -m bench", presets=())},
    panels=2,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
