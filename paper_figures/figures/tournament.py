"""The tournament: learning curves at equal rollouts, every arm's gain with its interval, and where VAS loses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Tables
from paper_figures.figures._gain_map import draw_gain_map, gain_texts
from paper_figures.laboratory import RANKING, REGIMES, TOURNAMENT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

_OURS = ("vas-paper", "vas-released", "vas-reuse", "vas", "index", "index-ada")
"""Forms of variance-aware sampling from the published one on, and the forms of the index that this project adds."""
_NO_RIVALS = ("uniform", "oracle", *_OURS)


def _regimes(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {regime: frame[frame["regime"] == regime] for regime in REGIMES if (frame["regime"] == regime).any()}


def numbers(tables: Tables) -> pd.DataFrame:
    """Return every arm's ranking and its gain in each world, by regime of learning rates."""
    summary = tables["ranking"].frame.drop(columns=["effective", "least_rollouts"])
    return summary.assign(scale=tables["tournament"].config.get("scale", 1.0), seed=tables["tournament"].seed)


def _ranking(numbers: pd.DataFrame, regime: str) -> pd.DataFrame:
    rows = numbers[(numbers["kind"] == "ranking") & (numbers["regime"] == regime)]
    return rows.sort_values("rank").set_index("strategy")


def _best_rival(ranking: pd.DataFrame) -> str:
    return str(next(name for name in ranking.index if name not in _NO_RIVALS))


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    ranking = _ranking(numbers, "fixed")
    arms = [name for name in ("vas-paper", "vas", _best_rival(ranking), "index", "index-ada") if name in ranking.index]
    gains = dict(zip(ranking.index, 100 * ranking["gain"], strict=True))
    parts = [f"{name} {gains[name]:+.1f}" for name in arms]
    return f"At equal rollouts, points of the final pass rate over uniform sampling: {', '.join(parts)}"


def _record(numbers: pd.DataFrame, name: str, regime: str) -> str:
    """Say in how many worlds an arm is ahead of uniform sampling and where it is behind."""
    rows = numbers[(numbers["kind"] == "world") & (numbers["regime"] == regime) & (numbers["strategy"] == name)]
    behind = list(rows.loc[rows["gain_high"] < 0, "world"])
    where = f" ({', '.join(behind)})" if 0 < len(behind) < 5 else ""
    return f"{name} is ahead in {int((rows['gain_low'] > 0).sum())} of {len(rows)} and behind in {len(behind)}{where}"


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    row = numbers.iloc[0]
    records = []
    for regime, text in REGIMES.items():
        ranking = _ranking(numbers, regime)
        arms = [name for name in ("vas-paper", "vas", "index", "index-ada") if name in ranking.index]
        if arms:
            records.append(f"With {text} {'; '.join(_record(numbers, name, regime) for name in arms)}")
    tuning = (
        f" tuned: each arm's best of a grid up to {row['highest_rate']:g} in each world, chosen on other seeds; "
        f"{row['highest_choices']:.0f} of {row['choices']:.0f} choices are the grid's highest, since a bandit has "
        "nothing that a large step could break."
        if row["choices"]
        else ""
    )
    size = f", pools and budgets at {100 * row['scale']:.0f}% of the worlds' size" if row["scale"] < 1 else ""
    return (
        f"All arms in {row['worlds']:.0f} worlds of bandit prompts at {row['rollouts']:,.0f} total rollouts, "
        f"{row['seeds']:.0f} paired seeds (base seed {row['seed']:.0f}){size}. One rate: {row['fixed_rate']:g} for all;"
        f"{tuning} (a), (b) Mean pass rate over worlds and seeds against the share of the budget spent. (c), (d) "
        "Final pass rate over uniform's in points, interquartile mean over worlds and seeds with 95% intervals "
        "(bootstrap over seeds within worlds): filled at one learning rate, open tuned, in the order of the former. "
        "(e), (f) Mean gain over uniform in points by world; stars mark worlds that were kept back while the index was "
        "developed, brackets a gain whose 95% interval covers 0. Ahead of and behind uniform by these intervals: "
        f"{'. '.join(records)}."
    )


def _draw_curves(axis: Axes, frame: pd.DataFrame, ranking: pd.DataFrame, look: Look) -> None:
    wanted = ["oracle", "index-ada", "index", _best_rival(ranking), "vas", "uniform", "vas-paper"]
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


def _draw_ranking(axis: Axes, numbers: pd.DataFrame, names: Sequence[str], look: Look) -> None:
    size = look.medium.font_size
    for index, regime in enumerate(REGIMES):
        ranking = _ranking(numbers, regime)
        rows = 100 * ranking.loc[[name for name in names if name in ranking.index], ["gain", "gain_low", "gain_high"]]
        if rows.empty:
            continue
        style = look.series(index)
        heights = [-names.index(str(name)) for name in rows.index]
        axis.errorbar(
            rows["gain"], heights, xerr=[rows["gain"] - rows["gain_low"], rows["gain_high"] - rows["gain"]],
            fmt=style["marker"], color=style["color"], markerfacecolor=look.paper if index else style["color"],
            markersize=size / 2.2, linewidth=size / 8, label=REGIMES[regime],
        )  # fmt: skip
    axis.axvline(0, color=look.muted, linewidth=1.0, zorder=0)
    axis.set_yticks([-place for place in range(len(names))], list(names), fontsize=0.8 * size)
    axis.set(xlabel="points over uniform", ylim=(-len(names) + 0.4, 0.6))


def _draw_map(axis: Axes, numbers: pd.DataFrame, regime: str, look: Look) -> None:
    from simulations.running.bandit_worlds import held_out_worlds

    rows = numbers[(numbers["kind"] == "world") & (numbers["regime"] == regime)]
    ranking = _ranking(numbers, regime)
    shown = [name for name in (*_OURS, _best_rival(ranking)) if name in set(rows["strategy"])]
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
    """Draw curves, rankings and maps."""
    frame, table = tables["tournament"].frame, numbers(tables)
    regimes = _regimes(frame)
    for axis, letter, regime in zip(axes[:2], "ab", REGIMES, strict=True):
        if regime in regimes:
            _draw_curves(axis, regimes[regime], _ranking(table, regime), look)
        axis.set_title(f"({letter}) At {REGIMES[regime]}")
    order = list(_ranking(table, "fixed").index)
    half = -(-len(order) // 2)
    for axis, letter, names, text in zip(
        axes[2:4], "cd", (order[:half], order[half:]), ("upper", "lower"), strict=True
    ):
        _draw_ranking(axis, table, names, look)
        axis.set_title(f"({letter}) Ranking, {text} half")
    axes[2].legend(loc="lower right", fontsize=0.75 * look.medium.font_size)
    for axis, letter, regime in zip(axes[4:], "ef", REGIMES, strict=True):
        if regime in regimes:
            _draw_map(axis, table, regime, look)
        axis.set_title(f"({letter}) By world, {REGIMES[regime]}")


FIGURE = Figure(
    name="tournament",
    title="All arms at equal rollouts",
    order=9,
    label=Label.SIMULATED,
    inputs={"tournament": TOURNAMENT, "ranking": RANKING},
    panels=6,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
