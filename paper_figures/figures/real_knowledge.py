"""Training a real language model whose sampler knows pass rates, against uniform sampling, every seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Tables
from paper_figures.figures._study import (
    WINDOWS,
    arms_in_order,
    draw_runs,
    in_windows,
    seeds_text,
)
from paper_figures.knowledge import BASE, KNOWLEDGE, numbers, over_uniform

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

__all__ = ["FIGURE"]


def _others(numbers: pd.DataFrame) -> list[str]:
    return [arm for arm in arms_in_order(numbers["arm"]) if arm != BASE]


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    parts = [f"{arm} {over_uniform(numbers, arm, 'pass_at_1_points')}" for arm in _others(numbers)]
    base = numbers.loc[numbers["arm"] == BASE, "pass_at_1_points"].mean()
    told = f"{numbers['model'].iloc[0]}, points of held-out pass rate over uniform sampling, which gains {base:.1f}"
    return f"{told}: {', '.join(parts)}"


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    means = numbers.groupby("arm")[["pass_at_1_points", "mixed_share", "sampler_share"]].mean()
    gains = ", ".join(f"{arm} {means.pass_at_1_points[arm]:+.1f}" for arm in arms_in_order(means.index))
    shares = ", ".join(f"{arm} {means.mixed_share[arm]:.2f}" for arm in arms_in_order(means.index))
    further = ", ".join(f"{arm} {over_uniform(numbers, arm, 'pass_at_8_points')}" for arm in _others(numbers))
    free = sorted(set(numbers.loc[numbers["free"], "arm"]))
    told = f" Rollouts behind the pass rates of {', '.join(free)} are not charged." if free else ""
    cost = "; ".join(f"{arm} {means.sampler_share[arm]:.0%}" for arm in _others(numbers))
    return (
        f"GRPO on a real language model, {seeds_text(numbers['seed'])} an arm, {numbers['rollouts'].max():,} rollouts "
        f"a run, learning rate tuned for each arm on other questions. (a) Pass rate on {numbers['prompts'].max()} "
        f"held-out questions over the start's {numbers['start_pass_at_1'].iloc[0]:.3f}: dots are runs, lines join "
        f"runs of one seed, diamonds are means ({gains}). Pass@8 over uniform sampling: {further} points. Intervals: "
        f"95%, Student's t over paired seeds. (b) Share of groups with a gradient, averaged over {WINDOWS} parts of a "
        f"run (means {shares}): thin lines are runs, thick ones their mean, dashed ones the mean of uniform sampling."
        f"{told} Share of the time of training that choosing takes: {cost}."
    )


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw gains run by run, and groups with a gradient over the run."""
    table, size = numbers(tables), look.medium.font_size
    arms = arms_in_order(table["arm"])
    wide = table.pivot(index="seed", columns="arm", values="pass_at_1_points")[arms]
    for _, run in wide.iterrows():
        axes[0].plot(np.arange(len(arms)), run, color=look.muted, linewidth=size / 16, zorder=1)
    for place, arm in enumerate(arms):
        style = {"color": look.arm(arm)["color"], "linestyle": "none"}
        axes[0].plot(np.full(len(wide), place), wide[arm], marker="o", markersize=size / 2.6, alpha=0.7, **style)
        axes[0].plot([place], [wide[arm].mean()], marker="D", markersize=size / 1.6, **style)
    axes[0].axhline(wide[BASE].mean(), color=look.ink, linestyle=(0, (2, 1)), linewidth=size / 11, zorder=0)
    axes[0].set_xticks(range(len(arms)), arms)
    axes[0].set_ylim(min(0.0, 1.1 * wide.min().min()), 1.1 * wide.max().max())
    axes[0].set(ylabel="points over the start", xlim=(-0.5, len(arms) - 0.5), title="(a) Held-out pass rate")
    frame = tables["steps"].frame
    frame = frame[frame["step"] > 0].assign(mixed_share=lambda rows: rows["mixed_groups"] / rows["groups"])
    draw_runs(axes[1], in_windows(frame, "mixed_share"), "mixed_share", look)
    axes[1].set(ylabel="share of groups", title="(b) Groups with a gradient")
    axes[1].set_ylim(0, 1.02)


FIGURE = Figure(
    name="real_knowledge",
    title="Knowing pass rates in real training",
    order=12,
    label=Label.MEASURED,
    inputs=KNOWLEDGE,
    panels=2,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
