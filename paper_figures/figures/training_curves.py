"""Training a real language model at equal rollouts: uniform against variance-aware sampling, every seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Tables
from paper_figures.figures._intervals import INTERVAL
from paper_figures.figures._study import (
    WINDOWS,
    arms_in_order,
    count,
    draw_runs,
    in_windows,
    seeds_text,
    study_table,
)
from vas_theory.foundation.intervals import student

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look


def numbers(tables: Tables) -> pd.DataFrame:
    """Return one row a run: rollouts spent, held-out accuracy before and after, mean reward and mixed groups."""
    rows = []
    for _, run in tables["steps"].frame.groupby(["arm", "seed"], sort=True):
        run = run.sort_values("rollouts")
        accuracy = run["held_out_accuracy"].dropna()
        rows.append(
            {
                "arm": run["arm"].iloc[0],
                "seed": int(run["seed"].iloc[0]),
                "steps": int(run["step"].max()),
                "rollouts": int(run["rollouts"].iloc[-1]),
                "first_held_out_accuracy": accuracy.iloc[0] if len(accuracy) else float("nan"),
                "last_held_out_accuracy": accuracy.iloc[-1] if len(accuracy) else float("nan"),
                "mean_reward": run["mean_reward"].mean(),
                "mixed_groups": run.loc[run["step"] > 0, "mixed_groups"].mean(),
                "minutes": run["seconds"].sum() / 60,
            }
        )
    return pd.DataFrame(rows).assign(device=tables["steps"].config["model"]["device"])


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    ends = numbers.groupby("arm")["last_held_out_accuracy"].mean()
    texts = [f"{arm} {ends[arm]:.3f}" for arm in arms_in_order(numbers["arm"])]
    runs = count(numbers.groupby("arm")["seed"].nunique().max(), "run")
    return f"Greedy held-out accuracy after {numbers['rollouts'].max():,} rollouts: {', '.join(texts)} ({runs} each)"


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    arms = []
    for arm in arms_in_order(numbers["arm"]):
        runs = numbers[numbers["arm"] == arm]
        ends = runs["last_held_out_accuracy"]
        spread = f" (runs {ends.min():.3f} to {ends.max():.3f})" if len(ends) > 1 else ""
        arms.append(f"{arm} {runs['first_held_out_accuracy'].mean():.3f} to {ends.mean():.3f}{spread}")
    fewest, most = numbers["rollouts"].min(), numbers["rollouts"].max()
    rollouts = f"{most:,} rollouts" if fewest == most else f"{fewest:,} to {most:,} rollouts"
    several = len(numbers) > numbers["arm"].nunique()
    lines = "Thin lines are single runs, thick lines their mean, dashed ones the mean of uniform sampling. "
    bands = f"Bands in the first panel: {INTERVAL}." if several else "No interval: one run an arm cannot rank the arms."
    gains = _final_gains(numbers)
    ends_in = f" At the end, over uniform sampling in points (95% intervals, paired by seed): {gains}." if gains else ""
    return (
        f"GRPO on a real language model, {seeds_text(numbers['seed'])} an arm, {count(numbers['steps'].max(), 'step')} "
        f"and {rollouts} a run; the x-axis counts every rollout spent, those for scoring prompts included, and begins "
        f"anew for each arm. {lines if several else ''}What varies from step to step is averaged over {WINDOWS} parts "
        "of a run. "
        f"Greedy held-out accuracy (the likeliest answer), from the start to the last evaluation: {'; '.join(arms)}."
        f"{ends_in} {bands}"
    )


def _final_gains(numbers: pd.DataFrame) -> str:
    """Tell each arm's final held-out accuracy over uniform sampling's with Student's interval of the paired seeds."""
    ends = numbers.pivot(index="seed", columns="arm", values="last_held_out_accuracy")
    if "uniform" not in ends or len(ends.dropna()) < 2:
        return ""
    parts = []
    for arm in arms_in_order({str(name) for name in ends.columns} - {"uniform"}):
        found = student(100 * (ends[arm] - ends["uniform"]).dropna().to_numpy(), 0.95)
        parts.append(f"{arm} {found.value:+.1f} [{found.low:+.1f}, {found.high:+.1f}]")
    return "; ".join(parts)


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw held-out accuracy, reward, mixed groups and gradient norm over rollouts, arm by arm."""
    frame = tables["steps"].frame
    panels = {
        "held_out_accuracy": ("(a) Held-out accuracy", "share right"),
        "mean_reward": ("(b) Reward in training", "mean reward"),
        "mixed_groups": ("(c) Groups with a gradient", "groups a step"),
        "gradient_norm": ("(d) Gradient norm", "norm of the step, log scale"),
    }
    for axis, (column, (title, text)) in zip(axes, panels.items(), strict=True):
        axis.set_title(title)
        sparse = column == "held_out_accuracy"
        # step 0 is the start: it has an accuracy, and nothing was sampled yet
        known = frame.dropna(subset=[column]) if sparse else frame[frame["step"] > 0].dropna(subset=[column])
        draw_runs(axis, known if sparse else in_windows(known, column), column, look, band=sparse)
        axis.set_ylabel(text)
        if column == "gradient_norm":
            axis.set_yscale("log")
        else:  # the whole range of an accuracy, so that a difference of few prompts does not look large
            axis.set_ylim(0, None if column == "mixed_groups" else 1.02)
    if frame["arm"].nunique() > 1:
        axes[0].plot([], [], color=look.ink, linestyle=(0, (2, 1)), label="uniform sampling's mean")
        axes[0].legend(loc="upper right", fontsize=0.8 * look.medium.font_size)


FIGURE = Figure(
    name="training_curves",
    title="Training at equal rollouts",
    order=12,
    label=Label.MEASURED,
    inputs={"steps": study_table("training_steps")},
    panels=4,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
