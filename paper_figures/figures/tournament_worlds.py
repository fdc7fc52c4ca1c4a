"""The tournament: where variance-aware sampling and the index gain and lose, world by world."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Tables
from paper_figures.figures._gain_map import draw_gain_map, gain_texts
from paper_figures.figures._tournament import OURS, best_rival, in_words, numbers, ranking_rows
from paper_figures.laboratory import RANKING, REGIMES, TOURNAMENT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look


_ARMS = ("vas-paper", "vas", "index", "index-ada")


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    regime = next(regime for regime in REGIMES if len(ranking_rows(numbers, regime)))
    arms = [name for name in _ARMS[:2] if name in ranking_rows(numbers, regime).index]
    said = "; ".join(_record(numbers, name, regime, named=False) for name in arms)
    return f"Against uniform sampling at {REGIMES[regime]}, by world: {said}"


def _record(numbers: pd.DataFrame, name: str, regime: str, *, named: bool = True) -> str:
    """Say in how many worlds an arm is ahead of uniform sampling and where it is behind."""
    rows = numbers[(numbers["kind"] == "world") & (numbers["regime"] == regime) & (numbers["strategy"] == name)]
    behind = list(rows.loc[rows["gain_high"] < 0, "world"])
    where = f" ({', '.join(behind)})" if named and 0 < len(behind) < 5 else ""
    return f"{name} is ahead in {int((rows['gain_low'] > 0).sum())} of {len(rows)} and behind in {len(behind)}{where}"


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    records = []
    for regime, text in REGIMES.items():
        arms = [name for name in _ARMS if name in ranking_rows(numbers, regime).index]
        if arms:
            records.append(f"With {text} {'; '.join(_record(numbers, name, regime) for name in arms)}")
    return (
        "Mean gain over uniform sampling in points; white is no gain, the colours go to 10 points on either side. "
        "Stars mark worlds that were kept back while the index was developed, brackets a gain whose 95% interval "
        f"covers 0. {in_words(numbers)} Ahead of and behind uniform sampling by these intervals: {'. '.join(records)}."
    )


def _draw_map(axis: Axes, numbers: pd.DataFrame, regime: str, look: Look) -> None:
    from simulations.running.bandit_worlds import held_out_worlds

    rows = numbers[(numbers["kind"] == "world") & (numbers["regime"] == regime)]
    ranking = ranking_rows(numbers, regime)
    shown = [name for name in (*OURS, best_rival(ranking)) if name in set(rows["strategy"])]
    cells = {
        end: rows.pivot(index="world", columns="strategy", values=f"gain{end}")[shown] for end in ("", "_low", "_high")
    }
    unclear = (cells["_low"] <= 0) & (cells["_high"] >= 0)
    points, kept_back = 100 * cells[""], held_out_worlds()
    draw_gain_map(
        axis, points, gain_texts(points, unclear), 10.0, look,
        rows=[f"{name} *" if name in kept_back else str(name) for name in points.index],
        columns=[name.replace("-", "-\n", 1) for name in shown],
    )  # fmt: skip


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw a map for each regime of learning rates."""
    table = numbers(tables)
    for axis, letter, regime in zip(axes, "ab", REGIMES, strict=True):
        if len(ranking_rows(table, regime)):
            _draw_map(axis, table, regime, look)
        axis.set_title(f"({letter}) Points, {REGIMES[regime]}")


FIGURE = Figure(
    name="tournament_worlds",
    title="Where sampling gains and loses in bandits",
    order=9,
    label=Label.SIMULATED,
    inputs={"tournament": TOURNAMENT, "ranking": RANKING},
    panels=2,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
