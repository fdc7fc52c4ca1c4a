"""How variance promotion scores move between refreshes, beside how they move when nothing was trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from paper_figures.drawing.declaration import Figure, Label, LoadedTable, Table, Tables
from paper_figures.figures._intervals import INTERVAL, means_over_seeds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

_KINDS = {
    "expected": "expected, before and after",
    "scored": "scored, before and after",
    "repeated": "scored twice, not trained",
}


def numbers(tables: Tables) -> pd.DataFrame:
    """Return the share of prompts that keep their bin, exactly and within one, by kind and refresh."""
    table = tables["moves"]
    frame = table.frame
    distance = (frame["from_bin"] - frame["to_bin"]).abs()
    counts = frame.assign(same=frame["prompts"] * (distance == 0), near=frame["prompts"] * (distance <= 1))
    key = ["kind", "from_step", "to_step", "seed"]
    sums = counts.groupby(key, sort=False)[["same", "near", "prompts"]].sum().reset_index()
    for name in ("same", "near"):
        sums[name] = sums[name] / sums["prompts"]
    by_step = means_over_seeds(sums, ["kind", "from_step", "to_step"], ["same", "near"])
    overall = means_over_seeds(sums, ["kind"], ["same", "near"]).assign(from_step=-1, to_step=-1)
    return pd.concat([by_step, overall], ignore_index=True).assign(
        prompts=int(sums["prompts"].iloc[0]),
        bins=table.config["bins"],
        scoring_rollouts=table.config["scoring_rollouts"],
        seed=table.seed,
    )


def _overall(numbers: pd.DataFrame, kind: str) -> pd.Series:
    return numbers[(numbers["kind"] == kind) & (numbers["from_step"] == -1)].iloc[0]


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    moved = {kind: 100 * (1 - _overall(numbers, kind)["same"]) for kind in _KINDS}
    return (
        f"{moved['scored']:.0f}% of the scores change bin between refreshes, {moved['repeated']:.0f}% when the same "
        f"policy is scored twice"
    )


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    row = numbers.iloc[0]
    scored = numbers[(numbers["kind"] == "scored") & (numbers["from_step"] >= 0)]
    first, last = scored.iloc[0], scored.iloc[-1]
    texts = []
    for kind, text in _KINDS.items():
        kept = _overall(numbers, kind)
        texts.append(
            f"{text}: {100 * kept['same']:.1f}% [{100 * kept['same_low']:.1f}, {100 * kept['same_high']:.1f}] in their "
            f"bin, {100 * kept['near']:.1f}% within one"
        )
    return (
        f"Variance promotion scores of {row['prompts']:,} prompts from {row['scoring_rollouts']} rollouts each, in "
        f"{row['bins']} bins, at the refreshes of a simulated run with the settings of the paper's ablations; "
        f"{row['seeds']} seeds (base seed {row['seed']}), {INTERVAL}. (a) Histograms. (b), (c) Where the prompts of a "
        "bin are at the next refresh, first and last pair; grey: no prompt has such a "
        "score, dotted: the same score. (d) Prompts that keep their bin to within one. Over all "
        f"refreshes: {'; '.join(texts)}. The scored share within one bin goes from {100 * first['near']:.1f}% to "
        f"{100 * last['near']:.1f}%. With so few rollouts the matrices mostly show the noise of scoring."
    )


def _matrix(table: LoadedTable, kind: str, from_step: int) -> NDArray[np.float64]:
    """Return the share of each bin's prompts by the bin they go to; rows of empty bins are NaN."""
    bins = table.config["bins"]
    part = table.frame[(table.frame["kind"] == kind) & (table.frame["from_step"] == from_step)]
    counts = np.zeros((bins, bins))
    np.add.at(counts, (part["from_bin"], part["to_bin"]), part["prompts"])
    totals = counts.sum(1, keepdims=True)
    return np.divide(counts, totals, out=np.full_like(counts, np.nan), where=totals > 0)


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw histograms, two transition matrices and what keeps its bin."""
    table = tables["moves"]
    frame, bins = table.frame, table.config["bins"]
    histograms, first, last, kept = axes
    width = (table.config["alpha"] / 4 + table.config["beta"]) / bins

    repeated = frame[frame["kind"] == "repeated"]  # it has every refresh, the last one too
    for index, (step, part) in enumerate(repeated.groupby("from_step")):
        counts = np.bincount(part["from_bin"], part["prompts"], bins) / part["prompts"].sum()
        style = look.series(index)
        histograms.stairs(
            counts, width * np.arange(bins + 1), label=f"step {step}", color=style["color"],
            linestyle=style["linestyle"],
        )  # fmt: skip
    histograms.set(xlabel="variance promotion score", ylabel="share of prompts")
    histograms.set_title("(a) Scores at the refreshes")
    histograms.legend(loc="upper left", bbox_to_anchor=(0.1, 1))

    steps = sorted(frame.loc[frame["kind"] == "scored", "from_step"].unique())
    ends = frame[frame["kind"] == "scored"].groupby("from_step")["to_step"].first()
    matrices = {step: np.ma.masked_invalid(_matrix(table, "scored", step)) for step in (steps[0], steps[-1])}
    largest = max(0.05, *(float(np.ma.compressed(shares[1:, 1:]).max(initial=0.0)) for shares in matrices.values()))
    for axis, step, letter in ((first, steps[0], "b"), (last, steps[-1], "c")):
        edges = width * np.arange(bins + 1)
        axis.set_facecolor(look.muted)  # bins without a prompt
        image = axis.pcolormesh(edges, edges, matrices[step], cmap="cividis", vmin=0, vmax=largest, rasterized=True)
        axis.plot(edges[[0, -1]], edges[[0, -1]], color="#ffffff", linestyle=(0, (2, 3)), linewidth=1)
        axis.set(xlabel=f"score at step {ends[step]}", ylabel=f"score at step {step}")
        axis.set_title(f"({letter}) Where scores of step {step} go")
        axis.grid(False)
        axis.figure.colorbar(image, ax=axis, label="share of the row", extend="max")

    shown = numbers(tables)
    for index, (kind, text) in enumerate(_KINDS.items()):
        part = shown[(shown["kind"] == kind) & (shown["from_step"] >= 0)]
        reach = [part["near"] - part["near_low"], part["near_high"] - part["near"]]
        kept.errorbar(part["from_step"], part["near"], yerr=reach, label=text, **look.series((2, 0, 1)[index]))
    kept.set(
        xlabel="step of the first scoring",
        ylabel="share within one bin",
        ylim=(0, 1.05),
        xticks=sorted(repeated["from_step"].unique()),
    )
    kept.set_title("(d) What keeps its score")
    kept.legend(loc="center", bbox_to_anchor=(0.5, 0.68))


FIGURE = Figure(
    name="vps_dynamics",
    title="Scores move as much when nothing is trained",
    order=7,
    label=Label.SIMULATED,
    inputs={"moves": Table("simulations", "vps_dynamics", "simulations run vps_dynamics --preset {preset}")},
    panels=4,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
