"""A row an arm of the network laboratory: its mean over worlds with an interval, and a point for each world."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from paper_figures.figures._legends import legend_below
from paper_figures.networks import FRESH, clear_sign, in_brief, kind_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

__all__ = ["LEARNING", "draw_rows", "fresh_and_untold", "learning_numbers", "means_of", "ratio"]

_VERDICTS = {"more": "green", "no clear difference": "muted", "less": "vermilion"}
"""Verdict -> colour."""

LEARNING = (
    "Small transformers trained by GRPO. Learning is the gain in held-out pass rate over the start, divided by uniform "
    "sampling's gain at the same total of counted rollouts, each arm at its tuned learning rate."
)
"""What is measured, for captions."""


def learning_numbers(ranking: pd.DataFrame) -> pd.DataFrame:
    """Return learning relative to uniform sampling by arm and world and in the mean over worlds, best arm first.

    Args:
        ranking: the table :data:`paper_figures.networks.NETWORKS`.
    """
    base = kind_of(ranking, "baseline").set_index("world")
    rows = pd.concat([kind_of(ranking, kind) for kind in ("overall", "world")], ignore_index=True)
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


def means_of(numbers: pd.DataFrame, knowledge: str) -> pd.DataFrame:
    """Return the means over worlds that are known, of arms with this kind of knowledge."""
    rows = numbers[(numbers["world"] == "all") & (numbers["knowledge"] == knowledge)]
    return rows.dropna(subset=["learning"])


def ratio(row: pd.Series) -> str:
    """Return learning with its interval."""
    return f"{row['learning']:.2f} [{row['learning_low']:.2f}, {row['learning_high']:.2f}]"


def fresh_and_untold(numbers: pd.DataFrame) -> str:
    """Return the sentences of a caption on worlds: those added later, uniform sampling's gains, those left out."""
    worlds = numbers[numbers["world"] != "all"].drop_duplicates("world")
    told = set(numbers.loc[numbers["learning"].notna() & (numbers["world"] != "all"), "world"])
    parts = []
    if fresh := sorted(told.intersection(FRESH)):
        parts.append(
            f"Open points: worlds that were added when the group size had been chosen ({', '.join(fresh)}); they are "
            "not in the means."
        )
    gains = ", ".join(f"{row['world']} {row['uniform_points']:+.1f}" for _, row in worlds.iterrows())
    parts.append(f"Uniform sampling gains, in points: {gains}.")
    if untold := sorted(set(worlds["world"]) - told):
        parts.append(f"Where it gains less than 1 point nothing is shown: {', '.join(untold)}.")
    return " ".join(parts)


def _verdict(row: pd.Series) -> str:
    return {1: "more", -1: "less", 0: "no clear difference"}[clear_sign(row)]


def draw_rows(
    axis: Axes,
    numbers: pd.DataFrame,
    look: Look,
    *,
    font: float = 0.8,
    brief: bool = False,
    shade: bool = True,
    legend: bool = True,
) -> None:
    """Draw a row for each arm whose mean is known, in the order of the numbers, those with free knowledge shaded.

    Args:
        axis: where to.
        numbers: of :func:`learning_numbers`, or a part of them.
        look: of the figure.
        font: size of the rows' letters over that of the figure.
        brief: whether rows say in a few words what an arm does, where there is room.
        shade: whether rows of arms with free knowledge stand on a shade that says so.
        legend: whether colours and marks are explained.
    """
    size = look.medium.font_size
    means = numbers[numbers["world"] == "all"].dropna(subset=["learning"]).reset_index(drop=True)
    axis.set_title("Learning at equal rollouts")
    axis.set_xlabel("learning (uniform sampling = 1)")
    axis.axvline(1, color=look.ink, linewidth=size / 12, linestyle="--", zorder=0)
    if means.empty:
        axis.set_yticks([])
        why = "no such arm" if numbers.empty else "uniform sampling gains less than 1 point"
        axis.text(0.5, 0.5, why, transform=axis.transAxes, ha="center")
        return
    for place, (_, row) in enumerate(means.iterrows()):
        each = numbers[(numbers["arm"] == row["arm"]) & (numbers["world"] != "all")].dropna(subset=["learning"])
        for step, (_, point) in enumerate(each.iterrows()):
            colour = look.colour(_VERDICTS[_verdict(point)])
            axis.plot(
                point["learning"], place + 0.5 * ((step + 0.5) / len(each) - 0.5), "o", color=colour, alpha=0.6,
                markersize=size / 3.5, markerfacecolor=look.paper if point["world"] in FRESH else colour,
            )  # fmt: skip
        colour = look.colour(_VERDICTS[_verdict(row)])
        reach = [[row["learning"] - row["learning_low"]], [row["learning_high"] - row["learning"]]]
        axis.errorbar(
            row["learning"], place, xerr=reach, fmt="none", ecolor=colour, elinewidth=size / 5, capsize=size / 4
        )
        axis.plot(row["learning"], place, "D", color=colour, markersize=size / 2, markeredgecolor=look.paper)
        axis.text(1.01, place, ratio(row), transform=axis.get_yaxis_transform(), va="center", fontsize=font * size)
    free = [place for place, knowledge in enumerate(means["knowledge"]) if knowledge == "free"]
    if free and shade:
        axis.axhspan(free[0] - 0.5, len(means) - 0.5, color=look.muted, alpha=0.12, linewidth=0)
        axis.text(
            0.015, len(means) - 0.6, "given pass rates for free" if look.medium.columns > 1 else "given for free",
            transform=axis.get_yaxis_transform(), fontsize=font * size,
        )  # fmt: skip
    names = [in_brief(arm) if brief and look.medium.columns > 1 else str(arm) for arm in means["arm"]]
    axis.set_yticks(range(len(means)), names, fontsize=font * size)
    axis.set(ylim=(len(means) - 0.5, -0.5))
    axis.grid(False, axis="y")
    if legend:
        _explain(axis, numbers, look, font)


def _explain(axis: Axes, numbers: pd.DataFrame, look: Look, font: float) -> None:
    """Put a legend of the colours and of both kinds of marks below the axes."""
    known = numbers.dropna(subset=["learning"])
    verdicts, size = {_verdict(row) for _, row in known.iterrows()}, look.medium.font_size
    for verdict, colour in _VERDICTS.items():
        if verdict in verdicts:
            text = verdict if verdict == "no clear difference" else f"learns {verdict}"
            axis.plot([], [], "D", color=look.colour(colour), markersize=size / 2, label=text)
    axis.plot([], [], "o", color=look.ink, markersize=size / 3.5, label="one world")
    if set(known["world"]).intersection(FRESH):
        axis.plot(
            [], [], "o", color=look.ink, markersize=size / 3.5, markerfacecolor=look.paper, label="a world added later"
        )
    legend_below(axis, look, wide=5, narrow=2, font=font)
