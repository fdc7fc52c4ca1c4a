"""Step-level credit on tree prompts: what it is worth beside the choice of prompts and the size of groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Table, Tables
from paper_figures.figures._gain_map import draw_gain_map, gain_texts
from paper_figures.laboratory import REGIMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

_TREES = ("treerpo", "tree-opo")
_CONTROLS = ("uniform", "uniform-8", "uniform-tree")
_CURVES_IN = "bimodal-27"
_SMALL = 8


def _regimes(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {regime: frame[frame["regime"] == regime] for regime in REGIMES if (frame["regime"] == regime).any()}


def _best_chooser(ranking: pd.DataFrame) -> list[str]:
    """Return the name of the best-ranked strategy that chooses prompts, as a list: none where none plays."""
    ordered = ranking.sort_values("rank")["strategy"]
    return [str(name) for name in ordered if name not in (*_TREES, *_CONTROLS)][:1]


def numbers(tables: Tables) -> pd.DataFrame:
    """Return every arm's ranking, the differences that tell credit, choice and groups apart, and gains by world."""
    names = {"worlds": "all_worlds", "worlds_compared": "worlds", "rollouts": "most_rollouts"}
    return tables["ranking"].frame.rename(columns=names).assign(seed=tables["runs"].seed)


def _rows(numbers: pd.DataFrame, kind: str, regime: str) -> pd.DataFrame:
    return numbers[(numbers["kind"] == kind) & (numbers["regime"] == regime)]


def _points(row: pd.Series, ends: bool = False) -> str:
    middle = f"{100 * row['gain'] + 0.0:+.1f}"
    return f"{middle} [{100 * row['gain_low']:+.1f}, {100 * row['gain_high']:+.1f}]" if ends else middle


def _in_words(effect: str) -> str:
    """Return what an effect of the table is the difference of, for readers who have not seen the axis."""
    kind, _, name = effect.partition(", ")
    return {
        "choice": f"choosing prompts by {name}",
        "credit": f"step-level credit ({name})",
        "shared prefixes": "rolling out as a tree",
    }.get(kind, effect.replace(", not ", " instead of "))


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    parts = []
    for kind in ("choice", *(f"credit, {name}" for name in _TREES), "shared prefixes", "groups"):
        found = {regime: _rows(numbers, "effect", regime) for regime in REGIMES}
        rows = [part[part["effect"].str.startswith(kind)] for part in found.values()]
        if all(map(len, rows)):
            fixed, tuned = (row.iloc[0] for row in rows)
            parts.append(f"{_in_words(str(fixed['effect']))} {_points(fixed)} ({_points(tuned)})")
    return (
        "On tree prompts, points of the final pass rate over the arm each is compared with, at one rate (tuned): "
        f"{'; '.join(parts)}"
    )


def _record(numbers: pd.DataFrame, name: str, regime: str) -> str:
    rows = _rows(numbers, "world", regime)
    rows = rows[rows["strategy"] == name]
    ahead, behind = list(rows.loc[rows["gain_low"] > 0, "world"]), list(rows.loc[rows["gain_high"] < 0, "world"])
    where = f" ({', '.join(behind)})" if 0 < len(behind) < len(rows) else ""
    return f"{name} is ahead of uniform in {len(ahead)} of {len(rows)} worlds and behind in {len(behind)}{where}"


def _words(numbers: pd.DataFrame, regime: str) -> str:
    effects, ranking = _rows(numbers, "effect", regime), _rows(numbers, "ranking", regime).sort_values("rank")
    said = [f"{row['effect']} {_points(row, ends=True)}" for _, row in effects.iterrows()]
    arms = [name for name in (*_TREES, *_best_chooser(ranking)) if name in set(ranking["strategy"])]
    records = [_record(numbers, name, regime) for name in arms]
    return f"With {REGIMES[regime]} {ranking['strategy'].iloc[0]} ranks first; {'; '.join([*said, *records])}"


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    row = numbers.iloc[0]
    lengths = _rows(numbers, "ranking", "fixed").set_index("strategy")["step_length"]
    shown = " and ".join(f"{name} {lengths[name]:.2f}" for name in _TREES if name in lengths)
    groups = _rows(numbers, "ranking", "fixed").set_index("strategy")["effective"]
    loud = " and ".join(f"{name} {groups[name]:.1f}" for name in ("uniform", "uniform-tree") if name in groups)
    shares = numbers.loc[numbers["kind"] == "effect", ["least_share", "largest_share"]]
    tuning = (
        f" tuned: each arm's best of a grid up to {row['highest_rate']:g} in each world, chosen on other seeds; "
        f"{row['highest_choices']:.0f} of {row['choices']:.0f} choices are the grid's highest, since no prompt of "
        "these worlds touches another and a large step breaks nothing."
        if row["choices"]
        else ""
    )
    words = [_words(numbers, regime) for regime in REGIMES if len(_rows(numbers, "ranking", regime))]
    return (
        f"{len(lengths)} arms in {row['all_worlds']:.0f} worlds of tree prompts (depth 3, right leaves at random "
        "places; a name ends with a tree's leaves, which are a group's rollouts) at "
        f"{row['least_rollouts']:,.0f} to {row['most_rollouts']:,.0f} total rollouts, {row['seeds']:.0f} "
        f"paired seeds (base seed {row['seed']:.0f}). One rate: {row['fixed_rate']:g} for all;{tuning} (a) Mean pass "
        f"rate in {_CURVES_IN} at one rate. (b) Differences of final pass rates in points. Shared prefixes: trees of "
        "one advantage a rollout against independent rollouts; credit: step-level credit against such trees; both: "
        "step-level credit against independent rollouts; choice: the best-ranked way of choosing prompts (picked by "
        f"this ranking) against uniform; groups of {_SMALL}: against groups of 27, a tree's leaves; equal steps: "
        "against uniform at the share of the budget "
        f"({shares['least_share'].min():.2f} to {shares['largest_share'].max():.2f}) whose steps a tree generates, as "
        "prefixes are shared. (b), (c), (d) Interquartile means of paired differences over worlds and seeds with 95% "
        "intervals (bootstrap over seeds within worlds); filled at one rate, open tuned. (e), (f) Mean gain over "
        "uniform in points by world; brackets where the 95% interval covers 0. Length of the first updates over "
        f"uniform's at one rate: {shown}; groups with a gradient per 1,000 rollouts: {loud}. {'. '.join(words)}."
    )


def _draw_curves(axis: Axes, frame: pd.DataFrame, best: list[str], look: Look) -> None:
    final = frame[(frame["phase"] == "final") & (frame["regime"] == "fixed")].sort_values("rollouts", kind="stable")
    final = final[final["world"] == (_CURVES_IN if (final["world"] == _CURVES_IN).any() else final["world"].min())]
    shares = np.linspace(0, 1, 25)
    arms = [name for name in (*best, *_CONTROLS, *_TREES) if (final["strategy"] == name).any()]
    for index, name in enumerate(arms):
        runs = final[final["strategy"] == name].groupby("seed")
        curves = [np.interp(shares, run["rollouts"] / run["budget"], run["pass_rate"]) for _, run in runs]
        axis.plot(shares, np.mean(curves, axis=0), label=name, markevery=(index, 6), **look.arm(name))
    axis.set(xlabel="share of the budget spent", ylabel="mean pass rate")
    axis.legend(loc="upper left", fontsize=0.75 * look.medium.font_size)


def _draw_points(axis: Axes, numbers: pd.DataFrame, kind: str, column: str, names: Sequence[str], look: Look) -> None:
    """Draw points over a base with their intervals, one line a name, both regimes."""
    size = look.medium.font_size
    for index, regime in enumerate(REGIMES):
        rows = _rows(numbers, kind, regime).set_index(column)
        rows = 100 * rows.loc[[name for name in names if name in rows.index], ["gain", "gain_low", "gain_high"]]
        if rows.empty:
            continue
        style = look.series(index)
        axis.errorbar(
            rows["gain"], [-names.index(str(name)) for name in rows.index],
            xerr=[rows["gain"] - rows["gain_low"], rows["gain_high"] - rows["gain"]], fmt=style["marker"],
            color=style["color"], markerfacecolor=look.paper if index else style["color"], markersize=size / 2.2,
            linewidth=size / 8, label=REGIMES[regime],
        )  # fmt: skip
    axis.axvline(0, color=look.muted, linewidth=1.0, zorder=0)
    axis.set_yticks([-place for place in range(len(names))], list(names), fontsize=0.8 * size)
    axis.set_ylim(-len(names) + 0.4, 0.6)


def _draw_map(axis: Axes, numbers: pd.DataFrame, regime: str, look: Look) -> None:
    rows = _rows(numbers, "world", regime)
    wanted = dict.fromkeys((*_CONTROLS[1:], *_TREES, "vas", *_best_chooser(_rows(numbers, "ranking", regime))))
    shown = [name for name in wanted if name in set(rows["strategy"])]
    cells = {
        end: rows.pivot(index="world", columns="strategy", values=f"gain{end}")[shown] for end in ("", "_low", "_high")
    }
    unclear = (cells["_low"] <= 0) & (cells["_high"] >= 0)
    points = 100 * cells[""]
    draw_gain_map(
        axis, points, gain_texts(points, unclear), 10.0, look,
        rows=[str(name) for name in points.index],
        columns=[name.replace("-", "-\n", 1) for name in shown],
    )  # fmt: skip


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw curves, what the parts are worth, rankings and maps."""
    table = numbers(tables)
    ranking = _rows(table, "ranking", "fixed").sort_values("rank")
    _draw_curves(axes[0], tables["runs"].frame, _best_chooser(ranking), look)
    axes[0].set_title("(a) Learning curves in one world")
    effects = list(dict.fromkeys(table.loc[table["kind"] == "effect", "effect"]))
    _draw_points(axes[1], table, "effect", "effect", effects, look)
    axes[1].set(xlabel="points of the final pass rate", title="(b) What each part is worth")
    axes[1].legend(loc="lower right", fontsize=0.75 * look.medium.font_size)
    order = list(ranking["strategy"])
    half = -(-len(order) // 2)
    for axis, letter, names, text in zip(
        axes[2:4], "cd", (order[:half], order[half:]), ("upper", "lower"), strict=True
    ):
        _draw_points(axis, table, "ranking", "strategy", names, look)
        axis.set(xlabel="points over uniform", title=f"({letter}) Ranking, {text} half")
    ends = np.array([axis.get_xlim() for axis in axes[2:4]])
    for axis in axes[2:4]:
        axis.set_xlim(ends.min(), ends.max())  # one range: the halves are one ranking
    for axis, letter, regime in zip(axes[4:], "ef", REGIMES, strict=True):
        if len(_rows(table, "world", regime)):
            _draw_map(axis, table, regime, look)
        axis.set_title(f"({letter}) By world, {REGIMES[regime]}")


FIGURE = Figure(
    name="step_credit",
    title="Credit for steps or choice of prompts",
    order=20,
    label=Label.SIMULATED,
    inputs={
        "runs": Table("simulations", "step_credit", "simulations run step_credit --preset {preset}"),
        "ranking": Table("simulations", "step_credit_ranking", "simulations run step_credit_ranking --preset {preset}"),
    },
    panels=6,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
