"""How much networks learn with every way of choosing prompts, controls included, relative to uniform sampling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Tables
from paper_figures.figures._network_rows import LEARNING, draw_rows, fresh_and_untold, learning_numbers, means_of
from paper_figures.networks import NETWORKS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look


_CONTROLS = (
    " Controls, whose sampler corrects the column by its own rollouts: pass rates of a model with the same teaching "
    "(reseeded) or another teaching (otherwise), pass rates given to the wrong prompts (shuffled), 1 - pass rate "
    "(reversed). A reversed column holds the same information."
)


def numbers(tables: Tables) -> pd.DataFrame:
    """Return the numbers of all arms."""
    return learning_numbers(tables["ranking"].frame)


def _counts(numbers: pd.DataFrame, knowledge: str) -> tuple[int, int, int]:
    """Return how many arms there are, and how many learn more and less than uniform sampling by their intervals."""
    means = means_of(numbers, knowledge)
    return len(means), int((means["learning_low"] > 1).sum()), int((means["learning_high"] < 1).sum())


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    arms, more, less = _counts(numbers, "charged")
    return (
        f"Of {arms} arms whose rollouts are all charged {more} learn{'s' if more == 1 else ''} more than uniform "
        f"sampling and {less} less"
    )


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    arms, more, less = _counts(numbers, "free")
    free = f" Of {arms} arms that are given pass rates {more} learn more and {less} less." if arms else ""
    controls = _CONTROLS if numbers["arm"].isin(("vas-reversed", "vas-shuffled")).any() else ""
    return (
        f"{LEARNING} Diamonds: means over an arm's worlds, with 95% intervals from {numbers['seeds'].iloc[0]} paired "
        "seeds (bootstrap). Points: single worlds. (a) Arms whose rollouts are all charged. (b) Arms that are given "
        f"pass rates for free.{controls}{free} "
        f"{fresh_and_untold(numbers)}"
    )


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw the arms whose rollouts are all charged, and those with free knowledge, on one scale."""
    table = numbers(tables)
    for axis, letter, knowledge, title in zip(
        axes, "ab", ("charged", "free"), ("every rollout charged", "given pass rates for free"), strict=True
    ):
        draw_rows(axis, table[table["knowledge"] == knowledge], look, font=0.7, shade=False, legend=letter == "a")
        axis.set_title(f"({letter}) Learning, {title}")
    ends = [axis.get_xlim() for axis in axes]
    for axis in axes:
        axis.set_xlim(min(low for low, _ in ends), max(high for _, high in ends))


FIGURE = Figure(
    name="network_arms",
    title="Every way of choosing prompts in networks",
    order=22,
    label=Label.SIMULATED,
    inputs={"ranking": NETWORKS},
    panels=2,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
    height=1.6,
)
