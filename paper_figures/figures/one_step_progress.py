"""What one step gains against the gains that are guaranteed, and against the gain that Theorem 1 claims."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Table, Tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

_GUARANTEES = {"B08": "exact (B08)", "B54": "one sample (B54)", "B27": "Dr.GRPO (B27)", "B55": "whitened (B55)"}
_CLAIMS = {
    "A07": "exact, $c/(4L\\Gamma)$",
    "A08": "one sample, $c/(4L\\Gamma)$",
    "A09": "exact, $c/(4L)$",
    "A31": "corrected (A31)",
}
_BINS = 10
"""Parts of the range of reward variances over which ratios are summarised."""
_FLOOR = -1.5
"""Ratios below this are drawn here: how far a step loses does not matter once it loses."""

_CEILING = 5.0
"""Where the axis of relative gains ends: long whitened steps of small gradients gain many times their first order."""


def _guaranteed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of guarantees; groups of the largest size only, where there are several."""
    rows = frame[~frame["claim"].isin(list(_CLAIMS))]
    return rows[(rows["group_size"] <= 1) | (rows["group_size"] == rows["group_size"].max())]


def _claimed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["claim"].isin(list(_CLAIMS))]


def numbers(tables: Tables) -> pd.DataFrame:
    """Return one row a statement, kind of policy and group size: its failures, and its share of the gain."""
    table, rows = tables["steps"], []
    for (claim, update, policy, size), part in table.frame.groupby(
        ["claim", "update", "policy", "group_size"], sort=True
    ):
        useful = part[part["bound"] > 0]
        rows.append(
            {
                "claim": claim, "update": update, "policy": policy, "group_size": size, "steps": len(part),
                "policies": part["policy_id"].nunique(), "violated": int(part["violated"].sum()),
                "violating_policies": part.loc[part["violated"], "policy_id"].nunique(),
                "losses": int((part["gain"] < 0).sum()), "positive_bounds": len(useful),
                "median_share": useful["share"].median(),
                "largest_share": part.loc[~part["violated"], "share"].max(), "seed": table.seed,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _violations(numbers: pd.DataFrame, claims: Sequence[str]) -> tuple[int, int]:
    rows = numbers[numbers["claim"].isin(list(claims))]
    return int(rows["violated"].sum()), int(rows["steps"].sum())


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    broken, steps = _violations(numbers, [claim for claim in numbers["claim"].unique() if claim[0] == "B"])
    failed, claimed = _violations(numbers, ["A08", "A09"])
    return (
        f"{broken} of {steps:,} steps gain less than is guaranteed; {failed} of {claimed:,} gain less than Theorem 1 "
        "claims in its one-sample and appendix readings"
    )


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    bounds = numbers[numbers["claim"].str.startswith("B")]
    broken, steps = _violations(bounds, list(bounds["claim"].unique()))
    softmax = numbers[numbers["policy"] == "softmax"]
    failing = []
    for (claim, policy), part in numbers[numbers["claim"].isin(["A08", "A09"])].groupby(["claim", "policy"]):
        failing.append(f"{claim} {policy} {int(part['violated'].sum())} of {int(part['steps'].sum()):,}")
    sound = _violations(numbers, ["A07", "A31"])
    return (
        f"Exact expected gains of single steps of {softmax['policies'].max():,} random softmax bandits (seed "
        f"{numbers['seed'].iloc[0]}). (a) Gain over its first-order value by length (eta times the reward range; times "
        r"$\rho$ for one sample): medians, and the middle 80% of the bandits; Dr.GRPO and whitened with "
        f"G = {bounds['group_size'].max()}. (b) Guaranteed share of the gain, where anything is guaranteed; "
        f"{broken} of {steps:,} gains lie below their guarantees. (c) Theorem 1: gain over the claimed "
        r"$\eta c \operatorname{Var}/4$ at the largest step it allows, with the largest constant c its assumption "
        f"permits; medians (marks) and smallest ratios (thin) by variance, "
        f"those under {_FLOOR:g} drawn there. Below 1 the claim fails. (d) How often it fails over all "
        f"steps allowed: {'; '.join(failing)}; never where it is proved or corrected ({sound[0]} of {sound[1]:,}). "
        "No interval: every expectation is a finite sum."
    )


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw gains and guarantees over step lengths, and Theorem 1's ratio and failures."""
    frame = tables["steps"].frame
    relative, shares, ratios, failures = axes
    bounds = _guaranteed(frame)
    for index, (claim, text) in enumerate(_GUARANTEES.items()):
        part, style = bounds[bounds["claim"] == claim], look.series(index)
        linear = part["eta"] * part["gradient_square"]
        spread = (part["gain"] / linear).groupby(part["step"]).quantile(np.array([0.1, 0.5, 0.9])).unstack()
        relative.plot(spread.index, spread[0.5], label=text.split(" (")[0], **style)
        relative.fill_between(spread.index, spread[0.1], spread[0.9], color=style["color"], alpha=0.15, linewidth=0)
        share = part["share"].where(part["bound"] > 0).groupby(part["step"]).median().dropna()
        shares.plot(share.index, share, label=text, **style)
    relative.set(xscale="log", xlabel="step length", ylabel="gain / first-order gain", ylim=(0, _CEILING))
    relative.set_title("(a) Gain of a step")
    relative.legend(loc="upper left", ncols=2)
    shares.set(xscale="log", xlabel="step length", ylabel="guarantee / gain (median)", ylim=(0, 1.05))
    shares.set_title("(b) What is guaranteed of it")
    shares.legend(loc="lower left")

    claimed = _claimed(frame)
    longest = claimed[claimed["step"] == claimed["step"].max()]
    for index, (claim, text) in enumerate(_CLAIMS.items()):
        part, style = longest[longest["claim"] == claim], look.series(index)
        claimed_ratio = (part["gain"] / part["bound"]).clip(lower=_FLOOR)
        edges = np.linspace(0, float(longest["reward_variance"].max()), _BINS + 1)
        bins = np.clip(np.digitize(part["reward_variance"], edges) - 1, 0, _BINS - 1)
        spread = claimed_ratio.groupby(bins).quantile(np.array([0.0, 0.5])).unstack()
        middle = (edges[:-1] + edges[1:])[spread.index] / 2
        ratios.plot(middle, spread[0.5], label=text, **style)
        ratios.plot(middle, spread[0.0], color=style["color"], linewidth=look.medium.font_size / 16)
    ratios.plot([], [], color=look.ink, linewidth=look.medium.font_size / 16, label="thin: smallest")
    ratios.axhline(1, color=look.ink, linewidth=0.8)
    ratios.set(xlabel=r"reward variance", ylabel="gain / claimed gain", ylim=(_FLOOR - 0.2, 7.0), xlim=(0, None))
    ratios.set_title("(c) Theorem 1 at its largest step")
    ratios.legend(loc="upper left", ncols=2, columnspacing=1.0, fontsize=0.75 * look.medium.font_size)

    policies = list(claimed["policy"].unique())
    width = 0.8 / len(policies)
    for index, policy in enumerate(policies):
        share = claimed[claimed["policy"] == policy].groupby("claim")["violated"].mean().reindex(list(_CLAIMS))
        places = np.arange(len(_CLAIMS)) + (index - (len(policies) - 1) / 2) * width
        failures.bar(
            places, 100 * share, width, label=policy, color=look.series(index)["color"], edgecolor=look.paper,
            hatch=("", "///", "...")[index % 3],
        )  # fmt: skip
    for place, claim in enumerate(_CLAIMS):
        if not claimed.loc[claimed["claim"] == claim, "violated"].any():
            failures.text(place, 0.2, "never", ha="center", va="bottom", fontsize=0.9 * look.medium.font_size)
    failures.set_xticks(np.arange(len(_CLAIMS)), list(_CLAIMS))
    failures.set(ylabel="steps that gain less than claimed (%)")
    failures.set_title("(d) Where Theorem 1 fails")
    failures.legend(loc="upper left")


FIGURE = Figure(
    name="one_step_progress",
    title="One step: gained, guaranteed and claimed",
    order=15,
    label=Label.SIMULATED,
    inputs={"steps": Table("simulations", "one_step_progress", "simulations run one_step_progress --preset {preset}")},
    panels=4,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
