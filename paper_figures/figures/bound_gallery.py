"""Exact gradient norms of random bandits against the variance bound, and how tight it is by family."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from paper_figures.declaration import Figure, Label, Table, Tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.style import Look

_ROUNDING = 1e-12
"""Relative error of sums over up to 100 float64 terms; anything beyond counts as a violation."""

_SMALLEST_SHOWN = 1e-5
"""A saturated policy's variance may be 1e-30: as true as the rest, but it would leave the rest no room."""

_FAMILY_TEXT = {"near_tight": "near equality", "two_arm": "two arms", "saturated": "saturated"}


def _family_text(family: str) -> str:
    if family.startswith("dirichlet("):
        return f"Dirichlet {family[10:-1]}"
    return _FAMILY_TEXT.get(family, family)


def _overall(numbers: pd.DataFrame) -> dict[Hashable, Any]:
    return numbers[numbers["family"] == "all"].to_dict("records")[0]


def numbers(tables: Tables) -> pd.DataFrame:
    """Return counts, violations and tightness by family and over all of them."""
    table = tables["bandits"]
    frame = table.frame
    rows = []
    for family, part in [*frame.groupby("family", sort=False), ("all", frame)]:
        tightness = part["lower_bound"] / part["gradient_norm"]
        rows.append(
            {
                "family": family,
                "bandits": len(part),
                "fewest_arms": int(part["arms"].min()),
                "most_arms": int(part["arms"].max()),
                "seed": table.seed,
                "below_lower_bound": int((tightness > 1 + _ROUNDING).sum()),
                "above_upper_bound": int((part["gradient_norm"] > part["upper_bound"] * (1 + _ROUNDING)).sum()),
                "too_small_to_show": int((part["lower_bound"] < _SMALLEST_SHOWN).sum()),
                "median_tightness": float(tightness.median()),
                "largest_tightness": float(tightness.max()),
                "largest_share_of_upper_bound": float((part["gradient_norm"] / part["upper_bound"]).max()),
            }
        )
    return pd.DataFrame(rows)


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    row = _overall(numbers)
    return f"{row['below_lower_bound']:,} of {row['bandits']:,} random bandits lie below the variance bound"


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    row = _overall(numbers)
    return (
        f"Exact policy-gradient norm of {row['bandits']:,} random softmax bandits with {row['fewest_arms']} to "
        f"{row['most_arms']} arms (seed {row['seed']}). (a) Against the lower bound "
        r"$\operatorname{Var}(r)/\rho$; the axes leave out "
        f"{row['too_small_to_show']:,} with a bound under {_SMALLEST_SHOWN:g}. Of all bandits "
        f"{row['below_lower_bound']:,} lie below it and {row['above_upper_bound']:,} above the upper bound "
        r"$\sqrt{\operatorname{Var}(r)/2}$. (b) Share of bandits whose bound is at least as tight as x "
        f"(1 is equality), by family; the median over all is {row['median_tightness']:.2f} and the largest "
        f"{row['largest_tightness']:.6f}. No interval: every value is computed exactly, up to rounding."
    )


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw every bandit against the bound, and the tightness by family."""
    frame = tables["bandits"].frame
    left, right = axes
    families = {family: look.series(index) for index, family in enumerate(frame["family"].unique())}
    # A fixed shuffle, so that no family hides another; dots this many are stored as an image even in the PDF.
    dots = frame.iloc[np.random.default_rng(0).permutation(len(frame))]
    left.scatter(
        dots["lower_bound"], dots["gradient_norm"], s=look.medium.font_size / 6, alpha=0.5, linewidths=0,
        c=[families[family]["color"] for family in dots["family"]], rasterized=True,
    )  # fmt: skip
    left.set(xscale="log", yscale="log", xlabel=r"lower bound $\mathrm{Var}(r)/\rho$")
    window = (max(float(frame["lower_bound"].min()) / 2, _SMALLEST_SHOWN), 2 * float(frame["gradient_norm"].max()))
    left.set(xlim=window, ylim=window, ylabel=r"exact gradient norm $|\nabla V|$")
    left.plot(window, window, color=look.ink, linewidth=1.0, label="equality")
    left.set_title("(a) Gradient against the bound")
    left.legend(loc="upper left")

    for index, (family, style) in enumerate(families.items()):
        part = frame[frame["family"] == family]
        tightness = np.sort((part["lower_bound"] / part["gradient_norm"]).to_numpy())
        share = 1.0 - np.arange(len(tightness)) / len(tightness)
        kept = np.linspace(0, len(tightness) - 1, min(len(tightness), 400)).astype(int)
        text = _family_text(str(family))
        right.plot(tightness[kept], share[kept], label=text, markevery=(0.04 + 0.02 * index, 0.2), **style)
    right.set(xlabel=r"tightness $(\mathrm{Var}/\rho)\,/\,|\nabla V|$", ylabel="share at least as tight")
    right.set(xlim=(0, 1.02), ylim=(0, 1.02))
    right.set_title("(b) How tight the bound is")
    right.legend(loc="lower left")


FIGURE = Figure(
    name="bound_gallery",
    title="Reward variance bounds the gradient from below",
    order=1,
    label=Label.SIMULATED,
    inputs={"bandits": Table("simulations", "bound_gallery", "simulations run bound_gallery --preset {preset}")},
    panels=2,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
