"""Time to raise a pass rate as the initial reward variance shrinks: bounds, flow and sampled training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Table, Tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

_BOUNDS = {"bound_b53": "bound B53", "bound_b14": "bound B14", "bound_l02": "Razin et al. (L02)"}


def _part(tables: Tables, part: str) -> pd.DataFrame:
    frame = tables["times"].frame
    return frame[frame["part"] == part]


def _gradient_flow(tables: Tables) -> pd.DataFrame:
    flow = _part(tables, "flow")
    return flow[flow["update"] == "gradient"]


def _slope(x: pd.Series, y: pd.Series) -> float:
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def numbers(tables: Tables) -> pd.DataFrame:
    """Return the exponents of the sampled runs with intervals, and those of flow and bounds over the same starts."""
    table = tables["times"]
    columns = ["route", "update", "arms", "exponent", "exponent_low", "exponent_high", "runs", "misses"]
    fitted = _part(tables, "exponent")[[*columns, "flow_exponent"]].assign(part="sampled")
    rows = []
    for route, part in _gradient_flow(tables).groupby("route", sort=False):
        for name, column in (("gradient flow", "time"), *((text, column) for column, text in _BOUNDS.items())):
            rows.append(
                {
                    "part": "exact", "route": route, "update": name, "exponent": _slope(part["initial_variance"],
                    part[column]), "starts": len(part), "below_bound": int((part["time"] < part[column]).sum()),
                    "largest_share": (part[column] / part["time"]).max(),
                }
            )  # fmt: skip
    settings = {name: table.config.get(name) for name in ("rise", "learning_rate", "max_steps", "start")}
    return pd.concat([fitted, pd.DataFrame(rows)], ignore_index=True).assign(seed=table.seed, **settings)


def _exponents(numbers: pd.DataFrame, route: str, arms: float) -> list[str]:
    rows = numbers[(numbers["part"] == "sampled") & (numbers["route"] == route) & (numbers["arms"] == arms)]
    return [
        f"{row['update']} {row['exponent']:.2f} [{row['exponent_low']:.2f}, {row['exponent_high']:.2f}]"
        for _, row in rows.iterrows()
    ]


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    exact = numbers[(numbers["part"] == "exact") & (numbers["update"] == "gradient flow")].set_index("route")
    exponents = exact["exponent"].to_dict()
    return (
        f"Time grows as the initial variance to the power {exponents['small rewards']:.2f} when rewards "
        f"shrink and {exponents['rare success']:.2f} when success is rare; the bound's power is -1/2"
    )


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    exact, sampled = numbers[numbers["part"] == "exact"], numbers[numbers["part"] == "sampled"]
    exact = exact[exact["update"] != "gradient flow"]
    row = numbers.iloc[0]
    tightest = exact[exact["update"] == _BOUNDS["bound_b53"]]["largest_share"].max()
    loosest = exact[exact["update"] == _BOUNDS["bound_l02"]]["largest_share"].max()
    fewest = sampled["arms"].min()
    return (
        f"Time to raise a pass rate by {row['rise']:g}. (a), (b) Gradient flow of one logit, exact, with rewards +s "
        f"and -s; initial variances shrink because success is rare (s = 1) or because s is small (from pass rate "
        f"{row['start']:g}). {exact['below_bound'].sum():.0f} of {exact['starts'].sum():.0f} comparisons of a time "
        f"with a bound fail; B53 reaches up to {tightest:.2f} of the time, L02 {loosest:.3f}. (c) Sampled training, "
        "rare success, one logit: "
        f"median steps (bars: middle 80% of the runs; open: more than half of the runs missed), lines are the expected "
        f"flow; step {row['learning_rate']:g}, at most {row['max_steps']:,.0f} steps (seed {row['seed']:.0f}). (d) "
        f"Exponents of the initial variance, {sampled['runs'].max():,.0f} runs each, log-normal times with "
        f"{sampled['misses'].sum():,.0f} misses in all entering as censored, 95% bootstrap intervals over runs; "
        f"crosses: the flow's. Rare success: {'; '.join(_exponents(numbers, 'rare success', fewest))}. Small rewards: "
        f"{'; '.join(_exponents(numbers, 'small rewards', fewest))}: whitening removes the scale."
    )


def _draw_flow(axis: Axes, tables: Tables, look: Look, route: str) -> None:
    flow = _gradient_flow(tables)
    part = flow[flow["route"] == route]
    axis.plot(part["initial_variance"], part["time"], label="gradient flow", **look.series(0))
    for index, (column, text) in enumerate(_BOUNDS.items(), 1):
        axis.plot(part["initial_variance"], part[column], label=text, **look.series(index))
    axis.set(xscale="log", yscale="log", xlabel="initial reward variance", ylabel="time")
    axis.set_ylim(top=30 * float(part["time"].max()))


def _draw_runs(axis: Axes, tables: Tables, look: Look) -> None:
    training, flow = _part(tables, "training"), _part(tables, "flow")
    rate = tables["times"].config.get("learning_rate", 1.0)
    arms = training["arms"].min()
    chosen = training[(training["route"] == "rare success") & (training["arms"] == arms)]
    for index, (update, runs) in enumerate(chosen.groupby("update", sort=False)):
        style = look.series(index)
        marker = style.pop("marker")
        exact = flow[(flow["update"] == update) & (flow["route"] == "rare success")]
        axis.plot(exact["initial_variance"], exact["time"] / rate, **style)
        by_start = runs.groupby("initial_variance")
        # a missed run is longer than all others, so quantiles of at most the reached share are not censored
        steps = runs["steps"].where(runs["reached"].astype(bool), np.inf).groupby(runs["initial_variance"])
        low, middle, high = (by_start["steps"].quantile(0.1), steps.median(), by_start["steps"].quantile(0.9))
        missed = ~np.isfinite(middle)
        middle = middle.where(~missed, by_start["steps"].median())
        axis.errorbar(
            middle.index, middle, [middle - low, high - middle], fmt="none", ecolor=style["color"],
            elinewidth=look.medium.font_size / 12,
        )  # fmt: skip
        for where, face in ((~missed, style["color"]), (missed, look.paper)):
            axis.plot(
                middle.index[where], middle[where], linestyle="none", marker=marker, color=style["color"],
                markerfacecolor=face, label=str(update) if face != look.paper else None,
            )  # fmt: skip
    axis.set(xscale="log", yscale="log", xlabel="initial reward variance", ylabel="steps to the target")


def _draw_exponents(axis: Axes, tables: Tables, look: Look) -> None:
    fitted = _part(tables, "exponent")
    updates = list(fitted["update"].unique())
    rows = [(route, arms) for route in fitted["route"].unique() for arms in sorted(fitted["arms"].unique())]
    for index, update in enumerate(updates):
        style = look.series(index)
        for place, (route, arms) in enumerate(rows):
            one = fitted[(fitted["update"] == update) & (fitted["route"] == route) & (fitted["arms"] == arms)]
            height = -place - 0.22 * (index - (len(updates) - 1) / 2)
            reach = [one["exponent"] - one["exponent_low"], one["exponent_high"] - one["exponent"]]
            axis.errorbar(
                one["exponent"], [height], xerr=reach, fmt=style["marker"], color=style["color"],
                label=update if place == 0 else None, linewidth=look.medium.font_size / 8,
                markersize=look.medium.font_size / 2.6,
            )  # fmt: skip
            axis.plot(one["flow_exponent"], [height], "x", color=look.ink, markersize=look.medium.font_size / 3)
    axis.axvline(-0.5, color=look.muted, linewidth=1.0)
    axis.set_yticks(
        [-place for place in range(len(rows))],
        [f"{route}\n{arms:.0f} arms" for route, arms in rows],
    )
    axis.set(xlabel="exponent (line: the bound's -1/2)", ylim=(-len(rows) + 0.4, 0.6))


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw flow times with bounds on both routes, sampled steps, and exponents."""
    rare, small, runs, exponents = axes
    _draw_flow(rare, tables, look, "rare success")
    rare.set_title("(a) Flow, rare success")
    rare.legend(loc="upper right", ncols=2, columnspacing=1.0, fontsize=0.75 * look.medium.font_size)
    _draw_flow(small, tables, look, "small rewards")
    small.set_title("(b) Flow, small rewards")
    _draw_runs(runs, tables, look)
    runs.set_title("(c) Sampled runs, rare success")
    runs.legend(loc="lower left")
    _draw_exponents(exponents, tables, look)
    exponents.set_title("(d) Power of the variance")


FIGURE = Figure(
    name="time_to_target",
    title="How initial variance sets the time to a target",
    order=17,
    label=Label.SIMULATED,
    inputs={"times": Table("simulations", "time_to_target", "simulations run time_to_target --preset {preset}")},
    panels=4,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
