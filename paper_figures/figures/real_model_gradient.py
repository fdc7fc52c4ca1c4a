"""Predicted against measured gradient norm of a real language model, one point a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from paper_figures.declaration import Figure, Label, Tables
from paper_figures.figures._study import count, study_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.style import Look

_COLUMNS = [
    "prompt_key", "pass_rate", "reward_std", "gradient_norm", "gradient_low", "gradient_high", "predicted",
    "predicted_low", "predicted_high", "mu_distance",
]  # fmt: skip


def numbers(tables: Tables) -> pd.DataFrame:
    """Return prediction and measurement of every prompt, and whether the measurement lies in the interval."""
    table = tables["probe"]
    frame = table.frame[_COLUMNS].copy()
    frame["inside"] = frame["gradient_norm"].between(frame["predicted_low"], frame["predicted_high"])
    frame["seed"] = table.seed
    return frame.sort_values("pass_rate", kind="stable").reset_index(drop=True)


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    inside = int(numbers["inside"].sum())
    return f"{inside} of {count(len(numbers), 'prompt')} have the gradient norm that was predicted for them"


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    mixed = numbers[numbers["reward_std"] > 0]
    distances = mixed["mu_distance"].dropna()
    spread = f" over {distances.min():.0f} to {distances.max():.0f}" if len(distances) else ""
    return (
        f"{count(len(numbers), 'prompt')} of a real language model (seed {numbers['seed'].iloc[0]}), of which "
        f"{len(mixed)} drew both right and wrong answers. (a) Gradient norm measured from fresh rollouts "
        f"against the norm predicted before the measurement; {int(numbers['inside'].sum())} of {len(numbers)} lie in "
        r"their predicted interval. (b) For binary rewards $|\nabla V| = p(1-p)\,|\mu_1-\mu_0|$ is "
        r"algebra; what theory leaves open is how far $|\mu_1-\mu_0|$ varies, which is"
        f"{spread} here. Bars: measured and predicted intervals as stored with the measurement."
    )


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw prediction against measurement, and the distance of the class means against the pass rate."""
    frame = tables["probe"].frame
    left, right = axes
    inside = frame["gradient_norm"].between(frame["predicted_low"], frame["predicted_high"])
    for index, (rows, text) in enumerate(((inside, "inside its predicted interval"), (~inside, "outside"))):
        part = frame[rows]
        if part.empty:
            continue
        style = look.series(0 if index == 0 else 3)
        measured, predicted = part["gradient_norm"], part["predicted"]
        left.errorbar(
            predicted, measured,
            xerr=_lengths(predicted, part["predicted_low"], part["predicted_high"]),
            yerr=_lengths(measured, part["gradient_low"], part["gradient_high"]),
            linestyle="none", marker=style["marker"], color=style["color"], ecolor=look.muted,
            elinewidth=0.8, alpha=0.9, label=f"{text} ({len(part)})",
        )  # fmt: skip
    top = 1.05 * float(np.nanmax(frame[["gradient_norm", "predicted"]].to_numpy()))
    left.plot([0, top], [0, top], color=look.ink, linewidth=1.0, linestyle="--", label="measured = predicted")
    left.set(xlabel="predicted gradient norm", ylabel="measured gradient norm")
    left.set_title("(a) Predicted before measured")
    left.legend(loc="lower right")

    known = frame.dropna(subset=["mu_distance"])
    style = look.series(2)
    right.plot(known["pass_rate"], known["mu_distance"], linestyle="none", marker=style["marker"], color=style["color"])
    right.set(xlabel="pass rate $p$", ylabel=r"$|\mu_1-\mu_0|$", xlim=(-0.02, 1.02))
    right.set_ylim(bottom=0)
    right.set_title("(b) What variance leaves open")


def _lengths(centre: pd.Series, low: pd.Series, high: pd.Series) -> np.ndarray:
    """Return lengths of error bars; an interval that misses its own centre has no bar on that side."""
    return np.clip(np.nan_to_num(np.vstack([centre - low, high - centre])), 0, None)


FIGURE = Figure(
    name="real_model_gradient",
    title="Gradient of a real model, prompt by prompt",
    order=11,
    label=Label.MEASURED_ON_CPU,
    inputs={"probe": study_table("probe")},
    panels=2,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
