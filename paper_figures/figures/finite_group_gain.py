"""How much a finite group's expected update exceeds the gradient, and how far whitening turns it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Table, Tables
from paper_figures.figures._intervals import logit, show_pass_rates

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

_KINDS = {
    ("grpo", 0): "whitened",
    ("grpo", 1): "whitened, sample std",
    ("dr_grpo", 0): "Dr.GRPO",
    ("rloo", 0): "RLOO",
}
_SHOWN_SIZE = 8
"""The group size at which the kinds of advantage are compared."""


def _gains(tables: Tables) -> pd.DataFrame:
    frame = tables["gains"].frame
    return frame[frame["part"] == "gain"]


def _directions(tables: Tables) -> pd.DataFrame:
    frame = tables["gains"].frame
    return frame[frame["part"] == "direction"]


def _at(part: pd.DataFrame, rate: float) -> float:
    return float(part["gain"].iloc[int((part["pass_rate"] - rate).abs().argmin())])


def numbers(tables: Tables) -> pd.DataFrame:
    """Return one row a kind and group size, and one a family of bandits, group size and eps."""
    table, rows = tables["gains"], []
    for (kind, ddof, size), part in _gains(tables).groupby(["kind", "ddof", "group_size"], sort=False):
        sampled = part.dropna(subset=["sampled"])
        away = ((sampled["sampled"] - sampled["gain"]) / sampled["sampled_error"]).abs()
        outside = (part["gain"] < part["lower_bracket"] * (1 - 1e-12)) | (
            part["gain"] > part["upper_bracket"] * (1 + 1e-12)
        )
        rows.append(
            {
                "part": "gain", "kind": kind, "ddof": ddof, "group_size": size, "count": len(part),
                "smallest_pass_rate": part["pass_rate"].min(), "gain_at_smallest": _at(part, 0.0),
                "gain_at_half": _at(part, 0.5), "outside_brackets": int(outside.sum()),
                "widest_bracket": (part["upper_bracket"] / part["lower_bracket"]).max(),
                "sampled": len(sampled), "beyond_two_errors": int((away > 2).sum()),
                "groups": table.config.get("groups"), "seed": table.seed,
            }
        )  # fmt: skip
    for (family, size, eps), part in _directions(tables).groupby(["family", "group_size", "eps"], sort=False):
        rows.append(
            {
                "part": "direction", "kind": "grpo", "ddof": 0, "group_size": size, "family": family, "eps": eps,
                "count": len(part), "reversed": int((part["gain"] < 0).sum()), "least_cosine": part["cosine"].min(),
                "median_cosine": part["cosine"].median(), "seed": table.seed,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _whitened(numbers: pd.DataFrame) -> pd.DataFrame:
    return numbers[(numbers["part"] == "gain") & (numbers["kind"] == "grpo") & (numbers["ddof"] == 0)]


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    largest = _whitened(numbers).sort_values("group_size").iloc[-1]
    return (
        f"Whitening multiplies the gradient by {largest['gain_at_half']:.1f} at pass rate 1/2 and by "
        f"{largest['gain_at_smallest']:.1f} at {largest['smallest_pass_rate']:g} (G = {largest['group_size']:.0f})"
    )


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    gains, directions = numbers[numbers["part"] == "gain"], numbers[numbers["part"] == "direction"]
    whitened = gains[gains["kind"] == "grpo"]
    turned = []
    for family, part in directions[directions["eps"] == 0].groupby("family", sort=False):
        turned.append(f"{int(part['reversed'].sum())} of {int(part['count'].sum())} {family}")
    rest = directions[(directions["eps"] > 0) & (directions["family"] == "rare success")]
    with_eps = "; ".join(f"{part['reversed'].sum():.0f} of {part['count'].sum():.0f} rare success with {eps:g} added "
                         "to the deviation" for eps, part in rest.groupby("eps"))  # fmt: skip
    return (
        r"Binary rewards: a group's expected update is $w_G(p)\,\nabla p$. (a) Exact $w_G$ of whitened advantages, "
        f"and sampled means (markers; {gains['groups'].max():,.0f} groups each, bars of two standard errors, seed "
        f"{gains['seed'].iloc[0]}); of all {gains['sampled'].sum():.0f} sampled means "
        f"{gains['beyond_two_errors'].sum():.0f} are more than two standard errors away. Dashed: "
        r"the limit $1/\sqrt{p(1-p)}$ of large groups. (b) The brackets of $w_G$ over $w_G$; "
        f"{whitened['outside_brackets'].sum():.0f} of {whitened['count'].sum():.0f} gains lie outside them. (c) The "
        f"expected push $p(1-p)\\,w_G$ by kind of advantage, G = {_SHOWN_SIZE}. (d) Any rewards, whitened: share of "
        "bandits whose expected update makes at most this cosine with the gradient, by family and group size. It "
        f"points against the gradient for {', '.join(turned)} bandits (group sizes pooled, nothing added to the "
        f"deviation), and for {with_eps}. All but the markers is exact."
    )


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw the gains, their brackets, the pushes and the angles."""
    gains, directions = _gains(tables), _directions(tables)
    whitened = gains[(gains["kind"] == "grpo") & (gains["ddof"] == 0)]
    sizes = [size for size in (2, 4, 8, 16, 64) if size in set(whitened["group_size"])]
    first, brackets, pushes, angles = axes
    for index, size in enumerate(sizes):
        part, style = whitened[whitened["group_size"] == size], look.series(index)
        marker = style.pop("marker")
        first.plot(logit(part["pass_rate"]), part["gain"], label=f"G = {size}", **style)
        dots = part.dropna(subset=["sampled"])
        first.errorbar(
            logit(dots["pass_rate"]), dots["sampled"], 2 * dots["sampled_error"], fmt=marker, color=style["color"],
            markersize=look.medium.font_size / 3, linewidth=look.medium.font_size / 12,
        )  # fmt: skip
        if size > 3:  # for G = 2 and 3 the gain is constant, and the lower bracket is the gain
            for bound, dash in (("lower_bracket", "-"), ("upper_bracket", "--")):
                label = f"G = {size}" if bound == "lower_bracket" else None
                ratio = part[bound] / part["gain"]
                every = (0.05 + 0.05 * index, 0.25)
                brackets.plot(
                    logit(part["pass_rate"]), ratio, dash, color=style["color"], label=label, marker=marker,
                    markevery=every,
                )  # fmt: skip
    limit = whitened[whitened["group_size"] == sizes[-1]]
    first.plot(
        logit(limit["pass_rate"]), limit["large_group_limit"], color=look.muted, linestyle=(0, (2, 2)), label="limit"
    )
    smallest = float(whitened["pass_rate"].min())
    first.set(yscale="log", ylabel="gain $w_G(p)$", ylim=(0.5, 80))
    first.set_yticks([1, 2, 4, 8, 16, 32], ["1", "2", "4", "8", "16", "32"])
    first.minorticks_off()
    first.set_title("(a) Gain of whitened groups")
    first.legend(ncols=2, loc="upper center")
    brackets.set(ylabel="bracket / gain", ylim=(0.4, 2.5))
    brackets.axhline(1, color=look.ink, linewidth=0.8)
    brackets.set_title("(b) Brackets (solid below, dashed above)")
    brackets.legend(loc="lower center", ncols=2)
    for axis in (first, brackets):
        show_pass_rates(axis, smallest)
    for index, ((kind, ddof), text) in enumerate(_KINDS.items()):
        part = gains[(gains["kind"] == kind) & (gains["ddof"] == ddof) & (gains["group_size"] == _SHOWN_SIZE)]
        rate = part["pass_rate"]
        pushes.plot(
            rate, rate * (1 - rate) * part["gain"], label=text, markevery=(0.05 + 0.03 * index, 0.18),
            **look.series(index),
        )  # fmt: skip
    rate = limit["pass_rate"]
    pushes.plot(rate, np.sqrt(rate * (1 - rate)), color=look.muted, linestyle=(0, (2, 2)), label="whitened, limit")
    pushes.set(xlabel="pass rate $p$", ylabel="push $p(1-p)\\,w_G$", ylim=(0, 0.72))
    pushes.set_title(f"(c) Push on a logit, G = {_SHOWN_SIZE}")
    pushes.legend(ncols=2, loc="upper center", fontsize=0.8 * look.medium.font_size)
    plain = directions[directions["eps"] == 0]
    ends = [plain["group_size"].min(), plain["group_size"].max()]
    lines = [(family, size) for family in plain["family"].unique() for size in ends]
    for index, (family, size) in enumerate(lines):
        cosines = np.sort(plain.loc[(plain["family"] == family) & (plain["group_size"] == size), "cosine"])
        share = np.arange(1, len(cosines) + 1) / len(cosines)
        angles.plot(
            cosines, share, drawstyle="steps-post", label=f"{family}, G = {size:.0f}",
            markevery=(0.05 + 0.03 * index, 0.2), **look.series(index),
        )  # fmt: skip
    angles.axvline(0, color=look.ink, linewidth=0.8, ymax=0.55)  # below the legend
    angles.set(xlabel="cosine of expected update and gradient", ylabel="share of bandits", xlim=(-1.03, 1.03))
    angles.set_xticks([-1, -0.5, 0, 0.5, 1])
    angles.set_title("(d) Whitening turns the update")
    angles.legend(loc="upper left", fontsize=0.8 * look.medium.font_size)


FIGURE = Figure(
    name="finite_group_gain",
    title="What a finite group's update is worth",
    order=3,
    label=Label.SIMULATED,
    inputs={"gains": Table("simulations", "finite_group_gain", "simulations run finite_group_gain --preset {preset}")},
    panels=4,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
