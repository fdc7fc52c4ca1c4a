"""Training a real language model at equal rollouts: uniform against variance-aware sampling, every seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from paper_figures.declaration import Figure, Label, Tables
from paper_figures.figures._intervals import INTERVAL, means_over_seeds
from paper_figures.figures._study import count, seeds_text, study_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.style import Look


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
    texts = [f"{arm} {value:.3f}" for arm, value in ends.items()]
    runs = count(numbers.groupby("arm")["seed"].nunique().max(), "run")
    return f"Held-out accuracy after {numbers['rollouts'].max():,} rollouts: {', '.join(texts)} ({runs} each)"


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    arms = []
    for arm, runs in numbers.groupby("arm"):
        ends = runs["last_held_out_accuracy"]
        spread = f" (runs {ends.min():.3f} to {ends.max():.3f})" if len(ends) > 1 else ""
        arms.append(f"{arm} {runs['first_held_out_accuracy'].mean():.3f} to {ends.mean():.3f}{spread}")
    fewest, most = numbers["rollouts"].min(), numbers["rollouts"].max()
    rollouts = f"{most:,} rollouts" if fewest == most else f"{fewest:,} to {most:,} rollouts"
    several = len(numbers) > numbers["arm"].nunique()
    lines = "Thin lines are single runs, thick lines their mean. " if several else ""
    bands = f"Bands in the first panel: {INTERVAL}." if several else "No interval: one run an arm cannot rank the arms."
    return (
        f"GRPO on a real language model, {seeds_text(numbers['seed'])} an arm, {count(numbers['steps'].max(), 'step')} "
        f"and {rollouts} a run; the x-axis counts every rollout spent, those for scoring prompts included. {lines}"
        f"Held-out accuracy of the likeliest answer, from the start to the last evaluation: {'; '.join(arms)}. "
        f"{bands}"
    )


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw reward, held-out accuracy, mixed groups and gradient norm over rollouts."""
    frame = tables["steps"].frame
    panels = {
        "held_out_accuracy": "held-out accuracy",
        "mean_reward": "mean training reward",
        "mixed_groups": "groups with a gradient a step",
        "gradient_norm": "gradient norm of the step",
    }
    for index, (axis, (column, text)) in enumerate(zip(axes, panels.items(), strict=True)):
        for arm, runs in frame.groupby("arm", sort=True):
            style = look.arm(str(arm))
            sparse = column == "held_out_accuracy"
            # step 0 is the start: it has an accuracy, and nothing was sampled yet
            runs = runs.dropna(subset=[column]) if sparse else runs[runs["step"] > 0].dropna(subset=[column])
            several = runs["seed"].nunique() > 1
            for _, run in runs.groupby("seed") if several else []:
                run = run.sort_values("rollouts")
                axis.plot(
                    run["rollouts"], run[column], color=style["color"], linestyle=style["linestyle"], alpha=0.45,
                    linewidth=0.5 * look.medium.font_size / 6, marker=style["marker"] if sparse else None,
                    markersize=look.medium.font_size / 3.5,
                )  # fmt: skip
            # the k-th value of every run: an arm that refills its batches does not spend alike in all of them
            order = runs.sort_values("rollouts").groupby("seed").cumcount()
            means = means_over_seeds(runs.assign(order=order), ["order"], ["rollouts", column])
            axis.plot(
                means["rollouts"], means[column], color=style["color"], linestyle=style["linestyle"], label=str(arm),
                marker=style["marker"] if sparse else None, linewidth=1.6 * look.medium.font_size / 6,
            )  # fmt: skip
            if sparse and several:
                ends = means[f"{column}_low"], means[f"{column}_high"]
                axis.fill_between(means["rollouts"], *ends, color=style["color"], alpha=0.12, linewidth=0)
        axis.set(xlabel="rollouts spent", ylabel=text)
        # the whole range of an accuracy, so that a difference of few prompts does not look large
        axis.set_ylim(0, None if column in ("mixed_groups", "gradient_norm") else 1.02)
        if index == 0:
            axis.legend(loc="lower right")


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
