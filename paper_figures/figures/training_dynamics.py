"""The paper's training curves in simulation: gradient norm, clip fraction, accuracy with scoring free and charged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, LoadedTable, Table, Tables
from paper_figures.figures._intervals import INTERVAL, means_over_seeds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

_ARMS = {
    "uniform": "uniform",
    "vas-paper-0.5": "VAS, $\\lambda$ = 0.5",
    "vas-paper-1": "VAS, $\\lambda$ = 1",
    "vas": "our sampler, no scoring",
}
_PANELS = (
    ("training_rollouts", "gradient_norm", "(a) Gradient norm"),
    ("training_rollouts", "clip_fraction", "(b) Clip fraction"),
    ("training_rollouts", "rise", "(c) Accuracy, scoring free"),
    ("rollouts", "rise", "(d) Accuracy, scoring charged"),
)
_WORDS = {
    "gradient_norm": "norm of the batch gradient",
    "clip_fraction": "share of rollouts clipped",
    "rise": "rise of held-out pass rate, points",
}
_WINDOW = 5
"""Updates averaged in one point of the noisy measures."""


def _common_rollouts(frame: pd.DataFrame) -> int:
    """Return the rollouts that every run trained on: where the paper's comparison ends."""
    return int(frame.groupby(["arm", "seed"])["training_rollouts"].max().min())


def _runs(table: LoadedTable) -> pd.DataFrame:
    """Return one row a run: means over its updates within the common rollouts, and its ends by both accounts."""
    limit = _common_rollouts(table.frame)
    rows = []
    for (arm, seed), run in table.frame.groupby(["arm", "seed"], sort=False):
        common = run[run["training_rollouts"] <= limit]
        rows.append(
            {
                "arm": arm,
                "seed": seed,
                "updates_free": common["updates"].max(),
                "updates_charged": run["updates"].max(),
                "gradient_norm": common["gradient_norm"].mean(),
                "clip_fraction": common["clip_fraction"].mean(),
                "effective_groups": common["effective_groups"].max() / common["updates"].max(),
                "accuracy_free": common["held_out_pass_rate"].iloc[-1],
                "accuracy_charged": run["held_out_pass_rate"].iloc[-1],
            }
        )
    return pd.DataFrame(rows)


def numbers(tables: Tables) -> pd.DataFrame:
    """Return every arm's means, and their differences to uniform sampling, paired by seed."""
    table = tables["steps"]
    runs = _runs(table)
    measures = ["gradient_norm", "clip_fraction", "effective_groups", "accuracy_free", "accuracy_charged"]
    uniform = runs[runs["arm"] == "uniform"].set_index("seed")
    for name in measures:
        runs[f"{name}_gain"] = runs[name] - runs["seed"].map(uniform[name])
    gains = [f"{name}_gain" for name in measures]
    return means_over_seeds(runs, ["arm"], ["updates_free", "updates_charged", *measures, *gains]).assign(
        free_rollouts=_common_rollouts(table.frame),
        charged_rollouts=table.frame["rollouts"].max(),
        seed=table.seed,
        epochs=table.config["epochs"],
        clip=table.config["clip"],
        learning_rate=table.config["learning_rate"],
    )


def _arm(numbers: pd.DataFrame, name: str) -> pd.Series:
    return numbers[numbers["arm"] == name].iloc[0]


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    row = _arm(numbers, "vas-paper-0.5")
    free, charged = (100 * row[f"accuracy_{account}_gain"] for account in ("free", "charged"))
    return (
        f"Held-out accuracy of VAS against uniform sampling: {free:+.1f} points with scoring free, {charged:+.1f} with "
        "scoring charged"
    )


def _gain(row: pd.Series, name: str, scale: float, digits: int) -> str:
    values = [scale * row[f"{name}_gain{end}"] for end in ("", "_low", "_high")]
    return f"{values[0]:+.{digits}f} [{values[1]:+.{digits}f}, {values[2]:+.{digits}f}]"


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    uniform = _arm(numbers, "uniform")
    lines = []
    for name, text in _ARMS.items():
        if name != "uniform" and name in set(numbers["arm"]):
            row = _arm(numbers, name)
            lines.append(
                f"{text}: gradient norm {_gain(row, 'gradient_norm', 1, 3)}, clip fraction in percent "
                f"{_gain(row, 'clip_fraction', 100, 2)}, accuracy in points {_gain(row, 'accuracy_free', 100, 2)} with "
                f"scoring free and {_gain(row, 'accuracy_charged', 100, 2)} charged"
            )
    return (
        f"GRPO with {uniform['epochs']} passes a batch, clipped at {uniform['clip']:g}, on a simulated pool with "
        f"shared skills; interval, scoring rollouts and coefficients as in the paper's ablations, learning rate "
        f"{uniform['learning_rate']:g}. Means over {uniform['seeds']} paired seeds (base seed {uniform['seed']}), "
        f"bands: {INTERVAL}. (a) and (b) average {_WINDOW} updates a point. (a) to (c) count the rollouts trained on "
        f"({uniform['free_rollouts']:,}, {uniform['updates_free']:.0f} updates of every arm), as the paper does; (d) "
        f"counts all rollouts: of the {uniform['charged_rollouts']:,} that VAS needs, uniform sampling makes "
        f"{uniform['updates_charged']:.0f} updates. Differences to uniform sampling over the rollouts "
        f"trained on: {'; '.join(lines)}."
    )


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw mean and band of every arm, measure by measure."""
    frame = tables["steps"].frame
    limit = _common_rollouts(frame)
    # pools differ more in where they start than arms in where they end
    start = frame.groupby(["arm", "seed"])["held_out_pass_rate"].transform("first")
    frame = frame.assign(rise=100 * (frame["held_out_pass_rate"] - start))
    for axis, (spent, measure, title) in zip(axes, _PANELS, strict=True):
        for place, (arm, text) in enumerate(_ARMS.items()):
            runs = frame[frame["arm"] == arm].dropna(subset=[measure])
            if spent == "training_rollouts":
                runs = runs[runs["training_rollouts"] <= limit]
            if runs.empty:
                continue
            if measure != "rise":
                window = (runs["updates"] - 1) // _WINDOW
                runs = runs.assign(**{spent: runs.groupby(window)[spent].transform("mean")})
            style = look.arm(arm.removesuffix("-0.5"))  # half is what vas-paper has by default
            means = means_over_seeds(runs, [spent], [measure])
            thousands = means[spent] / 1000
            axis.fill_between(
                thousands, means[f"{measure}_low"], means[f"{measure}_high"], color=style["color"], alpha=0.2,
                linewidth=0,
            )  # fmt: skip
            axis.plot(thousands, means[measure], label=text, markevery=(0.05 + 0.03 * place, 0.2), **style)
        axis.set(xlabel="thousand rollouts " + ("trained on" if spent == "training_rollouts" else "in total"))
        axis.set(ylabel=_WORDS[measure])
        axis.set_title(title)
    axes[2].legend(loc="upper left")


FIGURE = Figure(
    name="training_dynamics",
    title="The paper's training curves, counted both ways",
    order=6,
    label=Label.SIMULATED,
    inputs={"steps": Table("simulations", "training_dynamics", "simulations run training_dynamics --preset {preset}")},
    panels=4,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
