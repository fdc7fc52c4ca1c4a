"""How much networks learn with the ways of choosing prompts that matter most, relative to uniform sampling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Tables
from paper_figures.figures._network_rows import LEARNING, draw_rows, fresh_and_untold, learning_numbers, means_of, ratio
from paper_figures.networks import COMPARED, NETWORKS, leading

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look


def numbers(tables: Tables) -> pd.DataFrame:
    """Return the numbers of the arms that are always compared, and of the best others."""
    ranking = tables["ranking"].frame
    table = learning_numbers(ranking)
    return table[table["arm"].isin([*COMPARED, *leading(ranking)["arm"]])].reset_index(drop=True)


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    means = means_of(numbers, "charged")
    if means.empty:
        return "Uniform sampling gains too little in these worlds to compare anything with it"
    best = means.iloc[0]
    text = f"At equal rollouts {best['arm']} learns {ratio(best)} times as much as uniform sampling"
    published = means[means["arm"] == "vas-paper"]
    if len(published) and best["arm"] != "vas-paper":
        text += f", VAS as published {ratio(published.iloc[0])} times"
    return f"{text} (mean of {best['worlds']:.0f} world{'' if best['worlds'] == 1 else 's'})"


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    arms = numbers.loc[numbers["learning"].notna(), "arm"].nunique()
    return (
        f"{LEARNING} Diamonds: means of {arms} arms over their worlds, with 95% intervals from "
        f"{numbers['seeds'].iloc[0]} paired seeds (bootstrap); they are written at the right. Points: single worlds. "
        f"Shaded: pass rates are given for free. {fresh_and_untold(numbers)} All arms are in the figure network_arms."
    )


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw a row for each arm."""
    draw_rows(axes[0], numbers(tables), look, brief=True)


FIGURE = Figure(
    name="network_learning",
    title="What choosing prompts is worth in networks",
    order=0,
    label=Label.SIMULATED,
    inputs={"ranking": NETWORKS},
    panels=1,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
    height=1.3,
)
