"""Predicted against measured gradient norm of a real language model, one point a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Tables
from paper_figures.figures._study import count, study_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

_COLUMNS = [
    "prompt_key", "rollouts", "pass_rate", "predicted_gradient_norm", "predicted_gradient_norm_low",
    "predicted_gradient_norm_high", "gradient_norm", "gradient_norm_low", "gradient_norm_high", "mu_distance",
    "mu_distance_low", "mu_distance_high",
]  # fmt: skip


def numbers(tables: Tables) -> pd.DataFrame:
    """Return prediction, measurement and verdict of every probed prompt, ordered by pass rate."""
    probe, validation = tables["probe"], tables["validation"].frame
    verdicts = validation[validation["quantity"] == "gradient_norm"].set_index("prompt_key")["verdict"]
    frame = probe.frame[_COLUMNS].copy()
    frame["verdict"] = verdicts.reindex(frame["prompt_key"]).to_numpy()
    frame["coverage"] = probe.config["probe"]["coverage"]
    frame["seed"] = probe.seed
    frame["device"] = probe.config["model"]["device"]
    return frame.sort_values("pass_rate", kind="stable").reset_index(drop=True)


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    found = numbers["verdict"].value_counts()
    verdicts = ", ".join(f"{found.get(verdict, 0)} {verdict}" for verdict in ("held", "failed", "uninformative"))
    return f"{count(len(numbers), 'predicted gradient norm')}: {verdicts}"


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    first = numbers.iloc[0]
    found = numbers["verdict"].value_counts()
    silent = int(numbers["pass_rate"].isin([0.0, 1.0]).sum())
    distances = numbers["mu_distance"].dropna()
    spread = f": here from {distances.min():.0f} to {distances.max():.0f}" if len(distances) else ""
    return (
        f"{count(len(numbers), 'prompt')} of a real language model, {first['rollouts']} rollouts each (seed "
        f"{first['seed']}); {silent} drew only right or only wrong answers. (a) Gradient norm predicted from the "
        "pilot's pass rate and other prompts, written down first, against the norm measured on fresh rollouts. "
        f"{found.get('held', 0)} predictions held, {found.get('failed', 0)} failed (the intervals do not meet) and "
        f"{found.get('uninformative', 0)} were too coarse to tell. (b) For binary rewards "
        r"$|\nabla V| = p(1-p)\,|\mu_1-\mu_0|$ is algebra; what theory leaves open is how far the distance between the "
        rf"mean scores of right and wrong answers varies{spread}. Bars: {first['coverage']:.0%} intervals, "
        "measured ones by the delete-one jackknife over rollouts, predicted ones from the predictive distribution."
    )


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw prediction against measurement, and the distance of the class means against the pass rate."""
    frame = numbers(tables)
    left, right = axes
    for index, verdict in ((0, "held"), (1, "uninformative"), (3, "failed")):
        part = frame[frame["verdict"] == verdict]
        if part.empty:
            continue
        style = look.series(index)
        left.errorbar(
            part["predicted_gradient_norm"], part["gradient_norm"],
            xerr=_lengths(part, "predicted_gradient_norm"), yerr=_lengths(part, "gradient_norm"),
            linestyle="none", marker=style["marker"], color=style["color"], ecolor=look.muted, elinewidth=0.8,
            label=f"{verdict} ({len(part)})",
        )  # fmt: skip
    left.axline((0, 0), slope=1, color=look.ink, linewidth=1.0, linestyle="--", label="measured = predicted")
    left.set_ylim(top=1.4 * left.get_ylim()[1])  # room for the legend above the bars
    left.set(xlabel="predicted gradient norm", ylabel="measured gradient norm")
    left.set_title("(a) Predicted before measured")
    left.legend(loc="upper left")

    known = frame.dropna(subset=["mu_distance"])
    style = look.series(2)
    right.errorbar(
        known["pass_rate"], known["mu_distance"], yerr=_lengths(known, "mu_distance"), linestyle="none",
        marker=style["marker"], color=style["color"], ecolor=look.muted, elinewidth=0.8,
    )  # fmt: skip
    right.set(xlabel="pass rate $p$", ylabel="distance of right from wrong scores", xlim=(-0.02, 1.02))
    right.set_ylim(bottom=0)
    right.set_title("(b) What else sets the gradient")


def _lengths(frame: pd.DataFrame, column: str) -> np.ndarray:
    """Return lengths of error bars; an unknown bound has no bar."""
    low, high = frame[column] - frame[f"{column}_low"], frame[f"{column}_high"] - frame[column]
    return np.clip(np.nan_to_num(np.vstack([low, high])), 0, None)


FIGURE = Figure(
    name="real_model_gradient",
    title="Gradient of a real model, prompt by prompt",
    order=11,
    label=Label.MEASURED,
    inputs={"probe": study_table("probe"), "validation": study_table("validation")},
    panels=2,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
