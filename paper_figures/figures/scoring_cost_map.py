"""Mixture ratio by interval: gain over uniform sampling with scoring free and with scoring charged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from paper_figures.declaration import Figure, Label, Table, Tables
from paper_figures.figures._intervals import INTERVAL, means_over_seeds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.style import Look

_SCORING = {"free": "(a) Scoring free", "charged": "(b) Scoring charged"}


def numbers(tables: Tables) -> pd.DataFrame:
    """Return the gain over uniform sampling, in points, by mixture ratio, interval and account."""
    frame = tables["runs"].frame
    sampled = frame[frame["strategy"] == "vas-paper"]
    # the ratio and the interval vary together at the other settings' most frequent values
    fixed = sampled[["scoring_rollouts", "alpha", "beta"]]
    sampled = sampled[(fixed == fixed.mode().iloc[0]).all(axis=1)]
    key = ["world", "scoring", "seed"]
    uniform = frame[frame["strategy"] == "uniform"].set_index(key)["pass_rate"].rename("uniform_rate")
    runs = sampled.join(uniform, on=key)
    runs["gain"] = 100 * (runs["pass_rate"] - runs["uniform_rate"])
    runs["scoring_share"] = runs["spent_scoring"] / runs["spent"]
    table = means_over_seeds(
        runs.sort_values(["mixture_ratio", "update_interval"], kind="stable"),
        ["scoring", "mixture_ratio", "update_interval"],
        ["gain", "scoring_share", "updates"],
    )
    alpha, beta, count = (fixed[name].mode().iloc[0] for name in ("alpha", "beta", "scoring_rollouts"))
    kept = ["scoring", "mixture_ratio", "update_interval", "gain", "gain_low", "gain_high", "scoring_share", "updates"]
    return table[[*kept, "seeds"]].assign(
        alpha=alpha,
        beta=beta,
        scoring_rollouts=count,
        worlds=frame["world"].nunique(),
        seed=tables["runs"].seed,
        budget=frame["budget"].max(),
    )


def _best(numbers: pd.DataFrame, scoring: str) -> pd.Series:
    part = numbers[numbers["scoring"] == scoring]
    return part.sort_values("gain", kind="stable").iloc[-1]


def _interval_text(value: float, longest: float) -> str:
    return "once" if value == longest else f"{value:g}"


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    charged = numbers[numbers["scoring"] == "charged"]
    ahead = int((charged["gain_low"] > 0).sum())
    return f"With scoring charged, {ahead} of {len(charged)} mixture ratios and intervals beat uniform sampling"


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    row = numbers.iloc[0]
    parts = []
    for scoring in _SCORING:
        best, part = _best(numbers, scoring), numbers[numbers["scoring"] == scoring]
        parts.append(
            f"with scoring {scoring}, ahead {int((part['gain_low'] > 0).sum())} of {len(part)} settings, "
            f"behind {int((part['gain_high'] < 0).sum())}; the best is {best['gain']:+.1f} "
            f"[{best['gain_low']:+.1f}, {best['gain_high']:+.1f}] at $\\lambda$ = {best['mixture_ratio']:g}, "
            f"T = {best['update_interval']:g}"
        )
    charged = numbers[numbers["scoring"] == "charged"]
    return (
        "Final mean pass rate of variance-aware sampling minus that of uniform sampling at the same budget of "
        f"{row['budget']:,} rollouts, in percentage points, by mixture ratio and steps between refreshes, with "
        f"N = {row['scoring_rollouts']:g} scoring rollouts a prompt and coefficients {row['alpha']:g}:{row['beta']:g}, "
        f"the base of the paper's ablations: {'; '.join(parts)}. The last column scores once, before training. "
        f"Refreshing every {charged['update_interval'].min():g} steps spends "
        f"{100 * charged['scoring_share'].max():.0f}% of a charged budget on scoring. Mean over {row['worlds']} "
        f"world{'s' if row['worlds'] > 1 else ''}, {row['seeds']} "
        f"paired seeds (base seed {row['seed']}); ahead and behind: the interval does not cover 0 ({INTERVAL}, no "
        "correction for their number)."
    )


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw one map an account; every cell says its number, so that no colour has to be read exactly."""
    table = numbers(tables)
    for axis, (scoring, title) in zip(axes, _SCORING.items(), strict=True):
        part = table[table["scoring"] == scoring]
        cells = part.pivot(index="mixture_ratio", columns="update_interval", values="gain")
        limit = max(float(np.abs(part["gain"]).max()), 0.1)
        # each map has its own scale: on a common one all of the free gains would look alike
        axis.pcolormesh(cells.to_numpy(), cmap="cividis", vmin=-limit, vmax=limit, edgecolors=look.paper, linewidth=1)
        for (row, column), gain in np.ndenumerate(cells.to_numpy()):
            dark = gain < 0.2 * limit
            axis.text(
                column + 0.5, row + 0.5, f"{gain:+.1f}", ha="center", va="center",
                color="#ffffff" if dark else "#1b1f24", fontsize=0.85 * look.medium.font_size,
            )  # fmt: skip
        longest = float(part["update_interval"].max())
        axis.set_xticks(
            np.arange(cells.shape[1]) + 0.5, [_interval_text(float(value), longest) for value in cells.columns]
        )
        axis.set_yticks(np.arange(cells.shape[0]) + 0.5, [f"{value:g}" for value in cells.index])
        axis.set(xlabel="steps between refreshes $T$", ylabel="mixture ratio $\\lambda$")
        axis.set_title(f"{title}: points against uniform")
        axis.grid(False)


FIGURE = Figure(
    name="scoring_cost_map",
    title="When scoring is charged",
    order=10,
    label=Label.SIMULATED,
    inputs={"runs": Table("simulations", "settings_sweep", "simulations run settings_sweep --preset {preset}")},
    panels=2,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
