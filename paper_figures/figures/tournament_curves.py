"""The tournament: learning curves at equal total rollouts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Tables
from paper_figures.figures._tournament import best_rival, in_words, numbers, ranking_rows
from paper_figures.laboratory import RANKING, REGIMES, TOURNAMENT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    leaders = {regime: [name for name in ranking_rows(numbers, regime).index if name != "oracle"] for regime in REGIMES}
    parts = [f"{names[0]} at {REGIMES[regime]}" for regime, names in leaders.items() if names]
    return f"Who learns fastest in bandits: {', '.join(parts)}"


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    return (
        "Mean pass rate over worlds and seeds against the share of the budget spent: the oracle, forms of the index, "
        f"the best other method, and both forms of variance-aware sampling. {in_words(numbers)}"
    )


def _draw_curves(axis: Axes, frame: pd.DataFrame, ranking: pd.DataFrame, look: Look) -> None:
    wanted = ["oracle", "index-ada", "index", best_rival(ranking), "vas", "uniform", "vas-paper"]
    shares = np.linspace(0, 1, 41)
    final = frame[frame["phase"] == "final"].sort_values("rollouts")
    for index, name in enumerate(name for name in wanted if name in ranking.index):
        runs = final[final["strategy"] == name].groupby(["world", "seed"])
        curves = [np.interp(shares, run["rollouts"] / run["budget"], run["pass_rate"]) for _, run in runs]
        axis.plot(shares, np.mean(curves, axis=0), label=name, markevery=(index, 7), **look.arm(name))
    axis.set(xlabel="share of the budget spent", ylabel="mean pass rate")
    lowest, highest = axis.get_ylim()
    axis.set_yticks([tick for tick in axis.get_yticks() if lowest <= tick <= highest])
    axis.set_ylim(lowest, highest + 0.25 * (highest - lowest))  # room for the legend above the curves
    axis.legend(loc="upper left", ncols=3, fontsize=0.7 * look.medium.font_size, handlelength=1.8, columnspacing=1.0)


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw a panel for each regime of learning rates."""
    frame, table = tables["tournament"].frame, numbers(tables)
    for axis, letter, regime in zip(axes, "ab", REGIMES, strict=True):
        rows = frame[frame["regime"] == regime]
        if len(rows):
            _draw_curves(axis, rows, ranking_rows(table, regime), look)
        axis.set_title(f"({letter}) At {REGIMES[regime]}")


FIGURE = Figure(
    name="tournament_curves",
    title="Learning curves of bandits",
    order=9,
    label=Label.SIMULATED,
    inputs={"tournament": TOURNAMENT, "ranking": RANKING},
    panels=2,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
