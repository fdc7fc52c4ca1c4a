"""What the paper states and what is true: the ledger of claims as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Table, Tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

_PAPER = [f"A{number:02d}" for number in range(1, 21)]
"""The statements of the paper; the later A.. are what holds in their place."""

_VERDICTS = ("proved", "conditional", "sampled-only", "refuted", "not-confirmed")
_COLOURS = ("blue", "sky", "green", "vermilion", "purple")
_HATCHES = ("", "..", "++", "////", "xx")

_COMPLETE = ("machine", "partly", "argued", "none")
"""How much of a statement a machine has checked."""

_GROUPS = {"A": "the paper's", "B": "sharp", "C": "verifiers, networks", "L": "literature"}
_LOOSE = 0.999
"""Statements whose sides came closer than this on the instances count as reached."""


def numbers(tables: Tables) -> pd.DataFrame:
    """Return one row a claim: its verdict and what pressing it found over all families."""
    table = tables["stress"]
    grouped = table.frame.groupby("claim", sort=True)
    columns = {
        name: grouped[name].first()
        for name in ("title", "verdict", "certificate", "complete", "corrected_by", "relation", "sharp")
    }
    frame = pd.DataFrame(columns)
    frame["families"] = grouped.size()
    frame["instances"] = grouped["instances"].sum()
    frame["rechecked"] = grouped["rechecked"].sum()
    frame["worst_slack"] = grouped["worst_slack"].min()
    frame["tightness"] = grouped["tightness"].max().where(frame["verdict"] != "refuted")
    violated = table.frame["violated_share"] * table.frame["instances"]
    frame["violated_share"] = violated.groupby(table.frame["claim"]).sum() / frame["instances"]
    frame["seed"] = table.seed
    return frame.reset_index()


def _of_the_paper(numbers: pd.DataFrame) -> pd.DataFrame:
    return numbers[numbers["claim"].isin(_PAPER)]


def _inequalities(numbers: pd.DataFrame) -> pd.DataFrame:
    """Return the statements that hold and compare two different sides, of which one may be loose."""
    return numbers[(numbers["verdict"] != "refuted") & (numbers["relation"] != "=")]


def _refuted(numbers: pd.DataFrame) -> int:
    return int((numbers["verdict"] == "refuted").sum())


def _complete(numbers: pd.DataFrame) -> str:
    """Return how many statements a machine has checked wholly, partly and not at all."""
    counts = numbers["complete"].value_counts()
    return ", ".join(f"{counts[kind]} {kind}" for kind in _COMPLETE if kind in counts)


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    paper = _of_the_paper(numbers)
    return f"{_refuted(paper)} of the paper's {len(paper)} statements are false as written"


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    paper, kept = _of_the_paper(numbers), _inequalities(numbers)
    return (
        f"The ledger of {len(numbers)} statements, each tested on random, near-vertex, tied and extreme instances "
        f"({numbers['instances'].sum():,} in all, {numbers['rechecked'].sum():,} of them again at 50 digits; seed "
        f"{numbers['seed'].iloc[0]}). (a) The paper's {len(paper)} statements: share of instances on which each fails, "
        f"and the statements that replace it; {_refuted(paper)} are refuted by an exact counterexample, so a refuted "
        "statement may still hold on most instances. (b) How the verdicts are certified and how much of each statement "
        f"a machine has checked: {_complete(numbers)}; nothing sampled is called proved. "
        f"(c) The inequalities that hold but whose sides stayed apart by more than {1 - _LOOSE:.1%} on every "
        f"instance, of {len(kept)}; L.. are bounds from the literature. "
        "(d) Verdicts by kind of statement. No interval: every value is computed, and "
        "the verdicts rest on the certificates, not on these instances."
    )


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw what fails, what certifies and what is loose."""
    frame = numbers(tables)
    failing, certified, loose, counted = axes
    _draw_failing(failing, _of_the_paper(frame), look)
    _draw_certificates(certified, frame, look)
    _draw_loose(loose, _inequalities(frame), look)
    _draw_counts(counted, frame, look)


def _draw_counts(axis: Axes, frame: pd.DataFrame, look: Look) -> None:
    groups = frame["claim"].str[0]
    names = {letter: text for letter, text in _GROUPS.items() if (groups == letter).any()}
    start = np.zeros(len(names))
    for which, verdict in enumerate(_VERDICTS):
        values = np.array([((groups == letter) & (frame["verdict"] == verdict)).sum() for letter in names])
        if values.any():
            axis.barh(range(len(names)), values, left=start, height=0.7, color=look.colour(_COLOURS[which]),
                      hatch=_HATCHES[which] * 2, edgecolor=look.paper, linewidth=0, label=verdict)  # fmt: skip
            start = start + values
    axis.set_yticks(range(len(names)), list(names.values()))
    axis.invert_yaxis()
    axis.set(xlabel="statements", xlim=(0, 1.35 * start.max()))
    axis.grid(axis="y", visible=False)
    axis.legend(loc="lower right")
    axis.set_title("(d) Verdicts")


def _draw_failing(axis: Axes, paper: pd.DataFrame, look: Look) -> None:
    size = 0.62 * look.medium.font_size
    for row, (_, claim) in enumerate(paper.iterrows()):
        which = _VERDICTS.index(claim["verdict"])
        share = float(claim["violated_share"])
        axis.barh(row, max(share, 0.004), height=0.7, color=look.colour(_COLOURS[which]), hatch=_HATCHES[which] * 2,
                  edgecolor=look.paper, linewidth=0)  # fmt: skip
        text = f"→ {claim['corrected_by'].replace(' ', ', ')}" if claim["corrected_by"] else claim["verdict"]
        axis.text(max(share, 0.004) + 0.015, row, text, va="center", fontsize=size, color=look.ink)
    axis.set_yticks(range(len(paper)), paper["claim"], fontsize=size)
    axis.set(xlim=(0, 1.55), ylim=(len(paper) - 0.4, -0.6), xlabel="share of instances on which it fails")
    axis.set_xticks([0, 0.25, 0.5, 0.75, 1.0])
    axis.grid(axis="y", visible=False)
    axis.set_title("(a) The paper's statements")


def _draw_certificates(axis: Axes, frame: pd.DataFrame, look: Look) -> None:
    counts = pd.crosstab(frame["certificate"], frame["complete"])
    counts = counts.loc[counts.sum(axis=1).sort_values(kind="stable").index]
    start = np.zeros(len(counts))
    for kind, colour, hatch in zip(_COMPLETE, _COLOURS, _HATCHES, strict=False):
        if kind in counts:
            values = counts[kind].to_numpy()
            axis.barh(range(len(counts)), values, left=start, height=0.7, color=look.colour(colour), label=kind,
                      hatch=hatch * 2, edgecolor=look.paper, linewidth=0)  # fmt: skip
            start = start + values
    axis.set_yticks(range(len(counts)), [str(name).replace("-", " ") for name in counts.index])
    axis.set(xlabel="statements", xlim=(0, 1.08 * start.max()))
    axis.grid(axis="y", visible=False)
    axis.legend(loc="lower right", title="checked by machine")
    axis.set_title("(b) What the verdicts rest on")


def _draw_loose(axis: Axes, kept: pd.DataFrame, look: Look) -> None:
    loose = kept[kept["tightness"] < _LOOSE].sort_values("tightness", kind="stable")
    literature = loose["claim"].str.startswith("L").to_numpy()
    rows = np.arange(len(loose))
    for mask, index, text in ((literature, 3, "literature"), (~literature, 0, "this ledger")):
        style = look.series(index)
        axis.plot(loose["tightness"].to_numpy()[mask], rows[mask], linestyle="", label=text,
                  color=style["color"], marker=style["marker"])  # fmt: skip
    axis.set_yticks(rows, loose["claim"])
    axis.set(xlim=(0, 1.03), ylim=(-0.6, len(loose) - 0.4), xlabel="closest the two sides came (1 = equal)")
    axis.legend(loc="lower right")
    axis.set_title("(c) Bounds that are not reached")


FIGURE = Figure(
    name="ledger",
    title="What the paper states and what is true",
    order=2,
    label=Label.PROVED,
    inputs={"stress": Table("simulations", "claim_stress", "simulations run claim_stress --preset {preset}")},
    panels=4,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
