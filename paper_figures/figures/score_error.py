"""How well scores know the reward variance: against scoring rollouts, and against drift and staleness."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Table, Tables
from paper_figures.figures._intervals import INTERVAL, means_over_seeds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

_WORLD = "bimodal"
"""The still pool that is drawn; the numbers hold all of them."""

_VALUES = ["rank_correlation", "weight_error", "drawn_gain", "seen_gain", "possible_gain", "top_gain"]
_WAYS = ("every 8", "every 16", "every 32", "every 64", "online", "online, last group only")


def _still(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["world"] != "drifting"]


def numbers(tables: Tables) -> pd.DataFrame:
    """Return means over seeds with intervals: still pools by score and rollouts, drifting ones by way and drift."""
    table = tables["scores"]
    frame = table.frame
    still = means_over_seeds(_still(frame), ["world", "score", "rollouts"], _VALUES)
    drifting = means_over_seeds(frame[frame["world"] == "drifting"], ["world", "score", "drift"], [*_VALUES, "age"])
    settings = {name: table.config.get(name) for name in ("prompts", "group_size", "batch_size", "alpha", "beta")}
    return pd.concat([still, drifting], ignore_index=True).assign(seed=table.seed, **settings)


def _mean(rows: pd.DataFrame, value: str, **where: object) -> float:
    for column, wanted in where.items():
        rows = rows[rows[column] == wanted]
    return float(rows[value].iloc[0])


def _best_way(numbers: pd.DataFrame, drift: float) -> pd.Series:
    rows = numbers[(numbers["world"] == "drifting") & (numbers["drift"] == drift)]
    return rows.iloc[int(rows["rank_correlation"].argmax())]


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    still = numbers[numbers["world"] == _WORLD]
    least, most = still["rollouts"].min(), still["rollouts"].max()
    drawn = [_mean(still, "drawn_gain", score="OVS", rollouts=count) for count in (least, most)]
    ranks = [_mean(still, "rank_correlation", score="OVS", rollouts=count) for count in (least, most)]
    return (
        f"From {least:.0f} to {most:.0f} scoring rollouts the rank correlation of the score with $p(1-p)$ rises from "
        f"{ranks[0]:.2f} to {ranks[1]:.2f}; the reward variance of the drawn prompts does not ({drawn[0]:.2f} and "
        f"{drawn[1]:.2f} times the pool's mean)"
    )


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    still, drifting = numbers[numbers["world"] == _WORLD], numbers[numbers["world"] == "drifting"]
    row = numbers.iloc[0]
    most = still["rollouts"].max()
    least = still["rollouts"].min()
    slow, fast = drifting["drift"].min(), drifting["drift"].max()
    a_step = row["batch_size"] * row["group_size"] / row["prompts"]
    best = [f"{_best_way(numbers, drift)['score']} at drift {drift:g}" for drift in (slow, fast)]
    return (
        f"Pools of {row['prompts']:,.0f} prompts, {row['seeds']:.0f} seeds (base seed {row['seed']:.0f}), {INTERVAL}. "
        f"(a) Still pool ({_WORLD}), N scoring rollouts a prompt: Spearman correlation of scores with the true "
        f"$p(1-p)$; VPS is {row['alpha']:g} OVS + {row['beta']:g} TDS. (b) Mean true variance of a prompt drawn in "
        "proportion to the score, over the pool's mean. OVS reaches the "
        f"{_mean(still, 'possible_gain', score='OVS', rollouts=most):.2f} of the exact variances at every N, but the "
        "score seen on the drawn prompts is inflated: "
        f"{_mean(still, 'seen_gain', score='OVS', rollouts=least):.2f} at N = {least:.0f}. Scores of a posterior are "
        "shrunk, so they draw less variance though they rank as well; diversity in VPS dilutes. (c) Drifting pools at "
        f"equal rollouts ({a_step:.2g} a prompt and step): refreshing all scores every T steps, or learning from each "
        f"step's groups (online); drift is the variance of the move of $\\arcsin\\sqrt{{p}}$ in a step. Best ranking: "
        f"{', '.join(best)}. Online rollouts are those of training and cost nothing more, a refresh is paid on top. "
        "(d) Staleness: ranking by scores of the longest refresh interval as they age."
    )


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw ranking and drawn variance over rollouts, ranking over drift, and ranking over age."""
    frame = tables["scores"].frame
    ranks, drawn, drift, stale = axes
    still = means_over_seeds(frame[frame["world"] == _WORLD], ["score", "rollouts"], _VALUES)
    for index, (score, part) in enumerate(still.groupby("score", sort=False)):
        style = look.series(index)
        for axis, value in ((ranks, "rank_correlation"), (drawn, "drawn_gain")):
            axis.plot(part["rollouts"], part[value], label=str(score), **style)
            axis.fill_between(
                part["rollouts"], part[f"{value}_low"], part[f"{value}_high"], color=style["color"], alpha=0.2,
                linewidth=0,
            )  # fmt: skip
        if score == "OVS":
            drawn.plot(
                part["rollouts"], part["seen_gain"], label="OVS as seen", color=look.ink, linestyle=(0, (1, 1)),
                marker="x",
            )  # fmt: skip
            drawn.plot(part["rollouts"], part["possible_gain"], label="exact variances", color=look.muted)
    counts = sorted(still["rollouts"].unique())
    for axis in (ranks, drawn):
        axis.set_xscale("log", base=2)
        axis.set_xticks(counts, [f"{count:.0f}" for count in counts])
        axis.set_xlabel("scoring rollouts N of a prompt")
    ranks.set(ylabel="rank correlation", ylim=(0, 1.02))
    ranks.set_title("(a) Ranking")
    ranks.legend(loc="lower right")
    drawn.set(ylabel="variance drawn / mean", ylim=(1, None))
    drawn.set_title("(b) Variance of the drawn prompts")
    drawn.legend(loc="upper right")

    drifting = frame[frame["world"] == "drifting"]
    means = means_over_seeds(drifting, ["score", "drift"], ["rank_correlation"])
    ways = [way for way in _WAYS if way in set(means["score"])]
    for index, way in enumerate(ways):
        part, style = means[means["score"] == way], look.series(index)
        drift.plot(part["drift"], part["rank_correlation"], label=way, **style)
        drift.fill_between(
            part["drift"], part["rank_correlation_low"], part["rank_correlation_high"], color=style["color"],
            alpha=0.2, linewidth=0,
        )  # fmt: skip
    drift.set(xscale="log", xlabel="drift a step", ylabel="rank correlation", ylim=(0, 1.02))
    speeds = sorted(means["drift"].unique())
    drift.set_xticks(speeds, [f"{speed:g}" for speed in speeds])
    drift.minorticks_off()
    drift.set_title("(c) Refreshed or online")
    drift.legend(loc="lower left")

    periodic = [way for way in ways if way.startswith("every")]
    longest = max(periodic, key=lambda way: int(way.split()[1]))
    ages = means_over_seeds(drifting[drifting["score"] == longest], ["drift", "age"], ["rank_correlation"])
    for index, (speed, part) in enumerate(ages.groupby("drift", sort=True)):
        part = part.sort_values("age")
        stale.plot(part["age"], part["rank_correlation"], label=f"drift {speed:g}", **look.series(index))
        stale.fill_between(
            part["age"], part["rank_correlation_low"], part["rank_correlation_high"],
            color=look.series(index)["color"], alpha=0.2, linewidth=0,
        )  # fmt: skip
    stale.set(xlabel=f"steps since the refresh ({longest} steps)", ylabel="rank correlation", ylim=(0, 1.02))
    stale.set_title("(d) Staleness")
    stale.legend(loc="lower left")


FIGURE = Figure(
    name="score_error",
    title="What scoring rollouts can know",
    order=5,
    label=Label.SIMULATED,
    inputs={"scores": Table("simulations", "score_estimation", "simulations run score_estimation --preset {preset}")},
    panels=4,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
