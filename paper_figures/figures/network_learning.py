"""How much networks learn with each way of choosing prompts, relative to uniform sampling, world by world."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Tables
from paper_figures.networks import NETWORKS, kind_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

_VERDICTS = {"more": "green", "not told apart": "muted", "less": "vermilion"}
"""Verdict -> colour."""


def numbers(tables: Tables) -> pd.DataFrame:
    """Return learning relative to uniform sampling by arm and world and in the mean over worlds, best arm first."""
    ranking = tables["ranking"].frame
    base = kind_of(ranking, "baseline").set_index("world")
    rows = pd.concat([kind_of(ranking, kind).assign(scope=kind) for kind in ("overall", "world")], ignore_index=True)
    order = {arm: place for place, arm in enumerate(_ordered(kind_of(ranking, "overall")))}
    rows = rows.sort_values("arm", key=lambda arms: arms.map(order), kind="stable")
    table = pd.DataFrame(
        {
            "arm": rows["arm"],
            "knowledge": np.where(rows["free"] == "", "charged", "free"),
            "world": rows["world"].fillna("all"),
            "worlds": rows["learning_worlds"].fillna(1),
            "learning": rows["learning"],
            "learning_low": rows["learning_low"],
            "learning_high": rows["learning_high"],
            "gain_points": 100 * rows["difference"],
            "gain_points_low": 100 * rows["difference_low"],
            "gain_points_high": 100 * rows["difference_high"],
            "uniform_points": 100 * rows["world"].map(base["gain"]),
        }
    )
    return table.assign(seeds=int(base["seeds"].max()), uniform_worlds=len(base))


def _ordered(overall: pd.DataFrame) -> list[str]:
    """Return the arms whose rollouts are all charged, best first, and then those with free knowledge."""
    keyed = overall.assign(free=overall["free"] != "", lack=-overall["learning"].fillna(-np.inf))
    return list(keyed.sort_values(["free", "lack", "arm"])["arm"])


def _means(numbers: pd.DataFrame, knowledge: str) -> pd.DataFrame:
    rows = numbers[(numbers["world"] == "all") & (numbers["knowledge"] == knowledge)]
    return rows.dropna(subset=["learning"])


def _interval(row: pd.Series) -> str:
    return f"{row['learning']:.2f} [{row['learning_low']:.2f}, {row['learning_high']:.2f}]"


def _worlds(count: float) -> str:
    return f"{count:.0f} world{'' if count == 1 else 's'}"


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    means = _means(numbers, "charged")
    if means.empty:
        return "Uniform sampling gains too little in these worlds to compare anything with it"
    best = means.iloc[0]
    text = f"At equal rollouts {best['arm']} learns {_interval(best)} times as much as uniform sampling"
    published = means[means["arm"] == "vas-paper"]
    if len(published) and best["arm"] != "vas-paper":
        text += f", VAS as published {_interval(published.iloc[0])} times"
    return f"{text} (mean of {_worlds(best['worlds'])})"


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    worlds = numbers[numbers["world"] != "all"].drop_duplicates("world")
    told = numbers.loc[numbers["learning"].notna() & (numbers["world"] != "all"), "world"].unique()
    gains = ", ".join(f"{row['world']} {row['uniform_points']:+.1f}" for _, row in worlds.iterrows())
    untold = [world for world in worlds["world"] if world not in set(told)]
    parts = [
        "Small transformers trained by GRPO. Learning is the gain in held-out pass rate over the start, divided by "
        "uniform sampling's gain at the same total of rollouts, each arm at its tuned learning rate. "
        f"One point a world, in this order from left to right: {', '.join(sorted(told)) or 'none'}. 95% intervals from "
        f"{numbers['seeds'].iloc[0]} paired seeds (bootstrap); black bars: mean over an arm's worlds.",
        f"Uniform sampling gains, in points: {gains}.",
    ]
    if untold:
        parts.append(f"Where it gains less than 1 point nothing is shown: {', '.join(sorted(untold))}.")
    for knowledge, text in (("charged", "Means"), ("free", "Means of arms that are given pass rates for free")):
        means = _means(numbers, knowledge)
        if len(means):
            each = [
                f"{row['arm']} {_interval(row)} in {_worlds(row['worlds'])}, {row['gain_points']:+.1f} points"
                for _, row in means.iterrows()
            ]
            parts.append(f"{text}: {'; '.join(each)}.")
    return " ".join(parts)


def _verdict(row: pd.Series) -> str:
    return "more" if row["learning_low"] > 1 else "less" if row["learning_high"] < 1 else "not told apart"


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw a cluster of intervals for each arm."""
    (axis,) = axes
    table, size = numbers(tables), look.medium.font_size
    each = table[table["world"] != "all"].dropna(subset=["learning"])
    arms = [arm for arm in table["arm"].unique() if arm in set(each["arm"])]
    worlds = sorted(each["world"].unique())
    step = 0.8 / max(len(worlds), 1)
    seen = set()
    for _, row in each.iterrows():
        verdict = _verdict(row)
        place = arms.index(row["arm"]) + (worlds.index(row["world"]) - (len(worlds) - 1) / 2) * step
        below, above = row["learning"] - row["learning_low"], row["learning_high"] - row["learning"]
        axis.errorbar(
            place, row["learning"], yerr=[[below], [above]],
            fmt="o", color=look.colour(_VERDICTS[verdict]), markersize=size / 3, linewidth=size / 8,
            label="_" if verdict in seen else f"learns {verdict}" if verdict != "not told apart" else verdict,
        )  # fmt: skip
        seen.add(verdict)
    means = table[table["world"] == "all"].set_index("arm")
    for place, arm in enumerate(arms):
        axis.hlines(means.loc[arm, "learning"], place - 0.43, place + 0.43, color=look.ink, linewidth=size / 8)
    free = [place for place, arm in enumerate(arms) if means.loc[arm, "knowledge"] == "free"]
    if free:
        axis.axvspan(free[0] - 0.5, len(arms) - 0.5, color=look.muted, alpha=0.12, linewidth=0)
        axis.text(
            len(arms) - 0.55, 0.02, "given pass rates for free", transform=axis.get_xaxis_transform(), ha="right",
            fontsize=0.75 * size, color=look.ink,
        )  # fmt: skip
    axis.axhline(1, color=look.ink, linewidth=size / 12, linestyle="--", zorder=0)
    axis.set_xticks(
        range(len(arms)), arms, rotation=0 if len(arms) <= 5 else 30, ha="center" if len(arms) <= 5 else "right"
    )
    axis.set(xlim=(-0.5, max(len(arms), 1) - 0.5), ylabel="learning (uniform sampling = 1)")
    axis.set_title("Learning at equal rollouts, by world")
    axis.grid(False, axis="x")
    if seen:
        axis.legend(loc="best", fontsize=0.8 * size)
    else:
        axis.text(0.5, 0.5, "uniform sampling gains less than 1 point", transform=axis.transAxes, ha="center")


FIGURE = Figure(
    name="network_learning",
    title="What choosing prompts is worth in networks",
    order=21,
    label=Label.SIMULATED,
    inputs={"ranking": NETWORKS},
    panels=1,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
