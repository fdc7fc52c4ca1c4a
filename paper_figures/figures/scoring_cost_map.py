"""Mixture ratio by interval: gain over uniform sampling with scoring free and with scoring charged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Table, Tables
from paper_figures.figures._gain_map import draw_gain_map, gain_texts
from paper_figures.figures._intervals import INTERVAL, means_over_seeds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look


def numbers(tables: Tables) -> pd.DataFrame:
    """Return the gain over uniform sampling, in points, by coefficients, mixture ratio, interval and account."""
    frame = tables["runs"].frame
    key = ["world", "scoring", "seed"]
    uniform = frame[frame["strategy"] == "uniform"].set_index(key)["pass_rate"].rename("uniform_rate")
    count = frame["scoring_rollouts"].mode().iloc[0]
    runs = frame[(frame["strategy"] == "vas-paper") & (frame["scoring_rollouts"] == count)].join(uniform, on=key)
    # coefficients that were tried at a single mixture ratio have no map
    runs = runs[runs.groupby(["alpha", "beta"])["mixture_ratio"].transform("nunique") > 1]
    runs["gain"] = 100 * (runs["pass_rate"] - runs["uniform_rate"])
    runs["scoring_share"] = runs["spent_scoring"] / runs["spent"]
    names = ["alpha", "beta", "scoring", "mixture_ratio", "update_interval"]
    table = means_over_seeds(runs.sort_values(names, kind="stable"), names, ["gain", "scoring_share", "updates"])
    kept = [*names, "gain", "gain_low", "gain_high", "scoring_share", "updates", "seeds"]
    return table[kept].assign(
        scoring_rollouts=count, worlds=frame["world"].nunique(), seed=tables["runs"].seed, budget=frame["budget"].max()
    )


def _part(numbers: pd.DataFrame, alpha: float, scoring: str) -> pd.DataFrame:
    return numbers[(numbers["alpha"] == alpha) & (numbers["scoring"] == scoring)]


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    texts = []
    for alpha, part in numbers[numbers["scoring"] == "charged"].groupby("alpha"):
        ahead = int((part["gain_low"] > 0).sum())
        texts.append(f"{ahead} of {len(part)} with coefficients {alpha:g}:{part['beta'].iloc[0]:g}")
    return (
        "With scoring charged, pairs of $\\lambda$ and refresh interval that beat uniform sampling: "
        f"{' and '.join(texts)}"
    )


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    row = numbers.iloc[0]
    parts = []
    for (alpha, scoring), part in numbers.groupby(["alpha", "scoring"], sort=False):
        best = part.sort_values("gain", kind="stable").iloc[-1]
        parts.append(
            f"{alpha:g}:{best['beta']:g} with scoring {scoring}, ahead {int((part['gain_low'] > 0).sum())} of "
            f"{len(part)} settings, behind {int((part['gain_high'] < 0).sum())}, the best {best['gain']:+.1f} "
            f"[{best['gain_low']:+.1f}, {best['gain_high']:+.1f}] at $\\lambda$ = {best['mixture_ratio']:g}, "
            f"T = {best['update_interval']:g}"
        )
    charged = numbers[numbers["scoring"] == "charged"]
    return (
        "Final mean pass rate of variance-aware sampling minus that of uniform sampling at the same budget of "
        f"{row['budget']:,} rollouts, in percentage points, by mixture ratio and steps between refreshes, with "
        f"N = {row['scoring_rollouts']:g} scoring rollouts a prompt and coefficients $\\alpha:\\beta$ as titled "
        f"(0.5:0.5 in the paper's ablations, 1:0 without diversity): {'; '.join(parts)}. The last column of a map "
        f"scores once, before training. Refreshing every {charged['update_interval'].min():g} steps spends "
        f"{100 * charged['scoring_share'].max():.0f}% of a charged budget on scoring. Mean over {row['worlds']} "
        f"world{'s' if row['worlds'] > 1 else ''}, {row['seeds']} paired seeds (base seed {row['seed']}); ahead and "
        f"behind: the interval does not cover 0 ({INTERVAL}, no correction for their number)."
    )


def _interval_text(value: float, longest: float) -> str:
    return "once" if value == longest else f"{value:g}"


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw a map an account and pair of coefficients; cells say their number, so that no colour has to be read."""
    table = numbers(tables)
    panels = [(alpha, scoring) for alpha in sorted(table["alpha"].unique()) for scoring in ("free", "charged")]
    limit = max(float(np.abs(table["gain"]).max()), 0.1)  # one for all maps: a colour is the same gain in each
    for index, (axis, (alpha, scoring)) in enumerate(zip(axes, panels, strict=True)):
        part = _part(table, alpha, scoring)
        cells = part.pivot(index="mixture_ratio", columns="update_interval", values="gain")
        cells, longest = cells.iloc[::-1], float(part["update_interval"].max())
        draw_gain_map(
            axis, cells, gain_texts(cells), limit, look, font=0.85,
            rows=[f"{value:g}" for value in cells.index],
            columns=[_interval_text(float(value), longest) for value in cells.columns],
        )  # fmt: skip
        axis.set(xlabel="steps between refreshes $T$", ylabel="mixture ratio $\\lambda$")
        axis.set_title(f"({'abcd'[index]}) $\\alpha:\\beta$ = {alpha:g}:{part['beta'].iloc[0]:g}, scoring {scoring}")
    for row in range(0, len(axes), look.medium.columns):
        axis = axes[min(row + look.medium.columns, len(axes)) - 1]
        axis.figure.colorbar(axis.collections[0], ax=axis, label="points over uniform sampling")


FIGURE = Figure(
    name="scoring_cost_map",
    title="When scoring is charged",
    order=10,
    label=Label.SIMULATED,
    inputs={"runs": Table("simulations", "settings_sweep", "simulations run settings_sweep --preset {preset}")},
    panels=4,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
