"""The tournament: what every arm gains over uniform sampling, with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Tables
from paper_figures.figures._legends import legend_below
from paper_figures.figures._tournament import best_rival, in_words, numbers, ranking_rows
from paper_figures.laboratory import RANKING, REGIMES, TOURNAMENT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    fixed = ranking_rows(numbers, "fixed")
    parts = []
    for regime, text in REGIMES.items():
        gains = 100 * ranking_rows(numbers, regime)["gain"]
        arms = [name for name in ("vas-paper", "vas", best_rival(fixed), "index", "index-ada") if name in gains.index]
        if arms:
            parts.append(f"at {text}: {', '.join(f'{name} {gains[name]:+.1f}' for name in arms)}")
    return f"Points of the final pass rate over uniform sampling at equal rollouts, {'; '.join(parts)}"


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    return (
        f"All arms in {in_words(numbers)} Final pass rate over uniform sampling's in points, interquartile mean over "
        "worlds and seeds with 95% intervals (bootstrap over seeds within worlds), in the order at one learning rate. "
        "Many intervals are narrower than their marks."
    )


def _draw_ranking(axis: Axes, numbers: pd.DataFrame, names: Sequence[str], look: Look) -> None:
    size = look.medium.font_size
    for index, regime in enumerate(REGIMES):
        ranking = ranking_rows(numbers, regime)
        rows = 100 * ranking.loc[[name for name in names if name in ranking.index], ["gain", "gain_low", "gain_high"]]
        if rows.empty:
            continue
        style = look.series(index)
        heights = [-names.index(str(name)) for name in rows.index]
        axis.errorbar(
            rows["gain"], heights, xerr=[rows["gain"] - rows["gain_low"], rows["gain_high"] - rows["gain"]],
            fmt=style["marker"], color=style["color"], markerfacecolor=look.paper if index else style["color"],
            markersize=size / 3.2, linewidth=size / 6, capsize=size / 4, label=REGIMES[regime],
        )  # fmt: skip
    axis.axvline(0, color=look.muted, linewidth=1.0, zorder=0)
    axis.set_yticks([-place for place in range(len(names))], list(names), fontsize=0.8 * size)
    axis.set(xlabel="points over uniform", ylim=(-len(names) + 0.4, 0.6))


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw the ranking in two halves on one scale."""
    table = numbers(tables)
    order = list(ranking_rows(table, "fixed").index)
    half = -(-len(order) // 2)
    for axis, letter, names, text in zip(axes, "ab", (order[:half], order[half:]), ("upper", "lower"), strict=True):
        _draw_ranking(axis, table, names, look)
        axis.set_title(f"({letter}) Ranking, {text} half")
    ends = [end for axis in axes for end in axis.get_xlim()]
    for axis in axes:
        axis.set_xlim(min(ends), max(ends))
    legend_below(axes[0], look, wide=2, narrow=2)


FIGURE = Figure(
    name="tournament",
    title="What arms gain in bandits",
    order=9,
    label=Label.SIMULATED,
    inputs={"tournament": TOURNAMENT, "ranking": RANKING},
    panels=2,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
