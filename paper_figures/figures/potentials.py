"""What each way of drawing and updating climbs: the push on one prompt, and the paths of two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Table, Tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

_LEARNED = 0.9
"""A prompt counts as learned at this pass rate."""

_RARE = 0.01
"""Pass rate whose push is compared with that at 1/2."""

_PLAIN = ("uniform, plain", "VAS, plain")
_WHITENED = ("uniform, whitened", "VAS, whitened", "mix, whitened")


def _part(tables: Tables, part: str) -> pd.DataFrame:
    frame = tables["flows"].frame
    return frame[frame["part"] == part]


def numbers(tables: Tables) -> pd.DataFrame:
    """Return one row a method's push, one a path, and one for the defect of the mix."""
    table, rows = tables["flows"], []
    for name, part in _part(tables, "profile").groupby("method", sort=False):
        push = np.interp([_RARE, 0.5], part["p1"], part["slope"])
        rows.append({"part": "push", "method": name, "rate": _RARE, "push_over_half": push[0] / push[1]})
    for _, part in _part(tables, "path").groupby(["method", "start"], sort=False):
        paths = part[["p1", "p2"]].to_numpy()
        hard, easy = np.argsort(paths[0], kind="stable")
        gaps = part[["sampled1", "sampled2"]].to_numpy() - paths
        rows.append(
            {
                "part": "path", "method": part["method"].iloc[0], "start": part["start"].iloc[0],
                "start1": paths[0, 0], "start2": paths[0, 1], "time": part["time"].iloc[-1],
                "hard_when_easy_learned": np.interp(_LEARNED, paths[:, easy], paths[:, hard]),
                "largest_gap": np.abs(gaps).max(),
            }
        )  # fmt: skip
    defect = _part(tables, "defect")
    largest = defect.iloc[int(defect["defect"].abs().argmax())]
    rows.append({"part": "defect", "mixture_ratio": largest["mixture_ratio"], "defect": largest["defect"]})
    settings = {name: table.config.get(name) for name in ("replicas", "learning_rate", "goal")}
    return pd.DataFrame(rows).assign(seed=table.seed, **settings)


def _push(numbers: pd.DataFrame, method: str) -> float:
    return float(numbers.loc[(numbers["part"] == "push") & (numbers["method"] == method), "push_over_half"].iloc[0])


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    return (
        f"VAS pushes a prompt at pass rate {_RARE:g} by {_push(numbers, 'VAS, whitened'):.2f} of its push at 1/2; "
        f"uniform sampling by {_push(numbers, 'uniform, whitened'):.2f} (whitened, G = 8)"
    )


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    paths = numbers[numbers["part"] == "path"]
    sampled = paths.dropna(subset=["largest_gap"])
    first = paths["start"] == paths["start"].iloc[0]
    known = paths[first].set_index("method")
    start = known.iloc[0]
    middle = "; ".join(f"{name} {known.loc[name, 'hard_when_easy_learned']:.2f}" for name in (*_PLAIN, *_WHITENED))
    row = numbers[numbers["part"] == "defect"].iloc[0]
    return (
        r"Training climbs the sum over prompts of a potential $W(p)$ with $W' = $ weight times gain. (a) $W'$ over its "
        "mean: where each method pushes (G = 8 where no limit is named). VAS takes the push away "
        "from rare successes, whitening in large groups adds to it. (b), (c) Two prompts with one logit each: exact "
        f"paths of the flow to a mean pass rate of {row['goal']:g}, arrows of the VAS flow, and for whitened methods "
        f"means of {row['replicas']:,.0f} sampled runs (dots; groups of 8, step {row['learning_rate']:g}, seed "
        f"{row['seed']:.0f}), "
        f"at most {sampled['largest_gap'].max():.3f} away from the flow. Pass rate of the harder prompt when the "
        f"easier one is at {_LEARNED:g}, from ({start['start1']:g}, {start['start2']:g}): {middle}. (d) Three prompts "
        "at 1/4, 1/2, 3/4: a flow F that climbs any function has F · curl F = 0; the mix of weighted and uniform draws "
        f"has not, up to {row['defect']:.2g} at a weighted share of {row['mixture_ratio']:g}. Potentials and flow are "
        "exact; no interval."
    )


def _draw_paths(axis: Axes, tables: Tables, look: Look, methods: Sequence[str]) -> None:
    arrows = _part(tables, "field")
    arrows = arrows[arrows["method"] == methods[1]]
    speed = np.hypot(arrows["speed1"], arrows["speed2"])
    axis.quiver(
        arrows["p1"], arrows["p2"], arrows["speed1"] / speed, arrows["speed2"] / speed, color=look.muted, alpha=0.45,
        scale=26, width=0.004,
    )  # fmt: skip
    paths = _part(tables, "path")
    for index, method in enumerate(methods):
        style = look.series(index)
        marker = style.pop("marker")
        for number, (_, part) in enumerate(paths[paths["method"] == method].groupby("start", sort=False)):
            label = method if number == 0 else None
            sampled = part.dropna(subset=["sampled1"])
            if len(sampled):
                axis.plot(
                    sampled["sampled1"], sampled["sampled2"], linestyle="none", marker=marker, color=style["color"],
                    markersize=look.medium.font_size / 4.5,
                )  # fmt: skip
            axis.plot(part["p1"], part["p2"], label=label, **style)
    axis.set(xlim=(0, 1), ylim=(0, 1), xlabel="pass rate of prompt 1", ylabel="pass rate of prompt 2")
    axis.legend(loc="lower right", frameon=True, facecolor=look.paper, edgecolor="none", framealpha=0.85)


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw pushes, the two fields with their paths, and the defect."""
    pushes, plain, whitened, defects = axes
    profiles = _part(tables, "profile")
    for index, (method, part) in enumerate(profiles.groupby("method", sort=False)):
        relative = part["slope"] / part["slope"].mean()
        every = (0.06 + 0.02 * index, 0.16)
        pushes.plot(part["p1"], relative, label=str(method), markevery=every, **look.series(index))
    pushes.set(xlabel="pass rate $p$", ylabel="push $W'(p)$ over its mean", ylim=(0, 3.4), xlim=(0, 1))
    pushes.set_title("(a) What is pushed")
    pushes.legend(loc="upper center")
    _draw_paths(plain, tables, look, _PLAIN)
    plain.set_title("(b) Plain gradient")
    _draw_paths(whitened, tables, look, _WHITENED)
    whitened.set_title("(c) Whitened, G = 8")
    defect = _part(tables, "defect")
    defects.plot(defect["mixture_ratio"], 1e4 * defect["defect"], markevery=2, **look.series(0))
    defects.axhline(0, color=look.ink, linewidth=0.8)
    defects.set(
        xlabel="share of weighted draws $\\lambda$", ylabel="$F\\cdot\\mathrm{curl}\\,F$, times $10^4$ (0: a gradient)"
    )
    defects.set_title("(d) Mixed draws climb no objective")


FIGURE = Figure(
    name="potentials",
    title="What each method really optimises",
    order=4,
    label=Label.SIMULATED,
    inputs={"flows": Table("simulations", "potential_flows", "simulations run potential_flows --preset {preset}")},
    panels=4,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
