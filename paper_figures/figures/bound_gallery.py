"""Exact policy-gradient norms of random bandits against every bound on them, and where each bound is tight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from paper_figures.drawing.declaration import Figure, Label, Table, Tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

_ROUNDING = 1e-12
"""Relative error of sums over up to 100 float64 terms; anything beyond counts as a violation."""

_SMALLEST_SHOWN = 1e-5
"""A saturated policy's gradient may be 1e-30: as true as the rest, but it would leave the rest no room."""

_LARGEST_FACTOR = 1e4
"""Further from the norm than this, the rows of tightness end at an arrow."""

_KINDS = ("lower", "lower_l1", "equal", "upper", "refuted")
_FORMULAS = {
    "B02": r"$\mathrm{Var}/\rho$",
    "B16": r"$\mathrm{Var}\sqrt{K/(m_0 m_1)}$",
    "B20": r"$\sqrt{\lambda_2\,\mathrm{Var}}$",
    "B21": r"$\sqrt{\pi_{\min}\,\mathrm{Var}}$",
    "B22": r"$q\sqrt{1/m+1/n}$",
    "L04": r"$\pi_* A_*$",
    "B19": r"$2\,\mathrm{Var}/\Delta$",
    "B01": r"$\sqrt{\mathrm{Var}\,\Gamma_B}$",
    "B03": r"$q\sqrt{1/N_c+1/N_w}$",
    "A27": r"$\min(p,1-p)\,G$",
    "B15": r"$\sqrt{\mathrm{Var}\,\Gamma_B}$",
    "B17": r"$\sqrt{\mathrm{Var}/2}$",
    "B18": r"$\sqrt{2}\,\mathrm{Var}$",
    "B23": r"$\sqrt{\lambda_{\max}\mathrm{Var}}$",
    "L01": r"$6\,\mathrm{Var}^{1/3}$",
    "A06": r"$\sqrt{F\,\mathrm{Var}}$",
}
"""Each claim's bound on the norm, as short as a tick label."""
_FAMILY_TEXT = {"near_tight": "near equality", "two_arm": "two arms", "saturated": "saturated"}


def _family_text(family: str) -> str:
    return f"Dirichlet {family[10:-1]}" if family.startswith("dirichlet(") else _FAMILY_TEXT.get(family, family)


def _bounds(frame: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Return column -> (kind, claim) of the columns named ``<kind>_<claim>``."""
    split = {column: column.rpartition("_") for column in frame.columns}
    return {column: (kind, claim) for column, (kind, _, claim) in split.items() if kind in _KINDS}


def _band(frame: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return the best lower and the best upper bound over the norm, of each bandit."""
    columns = {kind: [column for column, (own, _) in _bounds(frame).items() if own == kind] for kind in _KINDS}
    return frame[columns["lower"]].max(axis=1), frame[columns["upper"]].min(axis=1)


def _violations(tightness: pd.Series, kind: str) -> int:
    above, below = tightness > 1 + _ROUNDING, tightness < 1 - _ROUNDING
    return int({"upper": below, "equal": above | below}.get(kind, above).sum())


def _describe(tightness: pd.Series, families: pd.Series, kind: str) -> dict[str, object]:
    """Return violations, quantiles and the families where the bound is nearest to and farthest from the norm."""
    known = tightness.dropna()
    distance = np.log(tightness).abs().groupby(families, sort=False).median().dropna()
    return {
        "kind": kind,
        "bandits": len(known),
        "violations": _violations(known, kind),
        "least_tightness": known.min(),
        "low_tightness": known.quantile(0.05),
        "median_tightness": known.median(),
        "high_tightness": known.quantile(0.95),
        "largest_tightness": known.max(),
        "tightest_family": distance.idxmin() if kind != "equal" else "",
        "loosest_family": distance.idxmax() if kind != "equal" else "",
    }


def numbers(tables: Tables) -> pd.DataFrame:
    """Return a row a claim, sorted by kind and median of bound over norm, and a row for the best bound of each side."""
    table = tables["bandits"]
    frame = table.frame
    lowest, highest = _band(frame)
    rows = []
    for column, (kind, claim) in _bounds(frame).items():
        best = {"lower": lowest, "upper": highest}.get(kind)
        # the second bound of a tie is as good as the first
        share = np.nan if best is None else ((frame[column] / best - 1).abs() <= _ROUNDING).mean()
        rows.append({"claim": claim, **_describe(frame[column], frame["family"], kind), "best_share": share})
    claims = pd.DataFrame(rows)
    claims = claims.sort_values(
        ["kind", "median_tightness"],
        kind="stable",
        key=lambda key: key.map(_KINDS.index) if key.name == "kind" else key,
    )
    ends = [
        {"claim": "best", **_describe(best, frame["family"], kind), "best_share": 1.0}
        for kind, best in (("lower", lowest), ("upper", highest))
    ]
    return pd.concat([claims, pd.DataFrame(ends)], ignore_index=True).assign(
        median_band=(highest / lowest).median(),
        least_square_over_variance=(frame["gradient_norm"] ** 2 / frame["reward_variance"]).min(),
        too_small_to_show=int((frame["gradient_norm"] < _SMALLEST_SHOWN).sum()),
        rechecked=int(frame["rechecked"].sum()),
        all_bandits=len(frame),
        fewest_arms=int(frame["arms"].min()),
        most_arms=int(frame["arms"].max()),
        seed=table.seed,
    )


def _proved(numbers: pd.DataFrame) -> pd.DataFrame:
    return numbers[(numbers["kind"] != "refuted") & (numbers["claim"] != "best")]


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    proved, row = _proved(numbers), numbers.iloc[0]
    return (
        f"{len(proved)} proved statements about the gradient norm, {int(proved['violations'].sum()):,} violations in "
        f"{row['all_bandits']:,} random bandits"
    )


def _ends_text(numbers: pd.DataFrame, kind: str) -> str:
    """Name the bounds of a kind whose medians are nearest to and farthest from the norm."""
    part = _proved(numbers)
    part = part[part["kind"] == kind]
    distance = np.log(part["median_tightness"]).abs()
    near, far = part.loc[distance.idxmin()], part.loc[distance.idxmax()]
    return (
        f"{near['claim']} is the tightest {kind} bound (median {near['median_tightness']:.3g} times the norm, nearest "
        f"in the family {_family_text(near['tightest_family'])}, farthest in {_family_text(near['loosest_family'])}) "
        f"and {far['claim']} the loosest ({far['median_tightness']:.3g})"
    )


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    row, proved = numbers.iloc[0], _proved(numbers)
    refuted = numbers[numbers["kind"] == "refuted"].iloc[0]
    best_lower = numbers[(numbers["claim"] == "best") & (numbers["kind"] == "lower")].iloc[0]
    return (
        f"Exact policy-gradient norm of {row['all_bandits']:,} random softmax bandits with {row['fewest_arms']} to "
        f"{row['most_arms']} arms and rewards in [0, 1] (seed {row['seed']}) against every bound of the ledger, by "
        "claim. (a) The best proved lower and upper bound of each bandit: the rigorous band, whose ends are a factor "
        f"{row['median_band']:.2f} apart in the median; {row['too_small_to_show']:,} with a norm under "
        f"{_SMALLEST_SHOWN:g} are not shown. (b) Bound over norm, median with the middle 50% and 90% of the bandits it "
        f"speaks of: {_ends_text(numbers, 'lower')}; {_ends_text(numbers, 'upper')}. The {len(proved)} proved "
        f"statements are violated {int(proved['violations'].sum()):,} times; A06, what the paper infers from a "
        "positive definite Fisher matrix, here at a policy with one parameter, is violated by "
        f"{int(refuted['violations']):,} of {int(refuted['bandits']):,}, and "
        rf"$|\nabla V|^2/\mathrm{{Var}}$ falls to {row['least_square_over_variance']:.1g}, so that a constant that "
        "served all prompts would have to be smaller still. (c) Median distance of bound and norm, as a factor, by "
        "family of bandits; boxes mark each bound's tightest family. (d) Share of bandits whose best lower bound is at "
        "least as tight as x (1 is equality), by family; the median over all is "
        f"{best_lower['median_tightness']:.2f}. B19 is held "
        "against the l1 norm it bounds. No interval: every value is computed exactly, up to rounding; "
        f"{row['rechecked']:,} bandits at which a float64 value contradicted a proof, or seemed to agree with A06, "
        "were recomputed with 50 digits."
    )


def _draw_band(axis: Axes, frame: pd.DataFrame, look: Look) -> None:
    """Draw both ends of the band against the norm, with their medians."""
    norm = frame["gradient_norm"]
    window = (max(float(norm.min()) / 2, _SMALLEST_SHOWN), 2 * float(norm.max()))
    edges = np.geomspace(*window, 13)
    for index, (ends, text) in enumerate(zip(_band(frame), ("best lower bound", "best upper bound"), strict=True)):
        style = look.series(index)
        # dots this many are stored as an image even in the PDF
        axis.scatter(
            norm, ends * norm, s=look.medium.font_size / 8, alpha=0.3, linewidths=0, color=style["color"],
            marker=style["marker"], rasterized=True,
        )  # fmt: skip
        middle = (ends * norm).groupby(np.digitize(norm, edges)).median()
        middle = middle[(middle.index > 0) & (middle.index < len(edges))]
        x = np.sqrt(edges[middle.index - 1] * edges[middle.index])
        axis.plot(x, middle, label=f"{text}, median", markeredgecolor=look.paper, **style)
    axis.plot(window, window, color=look.ink, linewidth=1.0, label="exact norm")
    axis.set(xscale="log", yscale="log", xlim=window, ylim=(window[0] / 3, 3 * window[1]))
    axis.set(xlabel=r"exact gradient norm $|\nabla V|$", ylabel="bound")
    axis.set_title("(a) The rigorous band")
    axis.legend(loc="upper left")


def _draw_tightness(axis: Axes, frame: pd.DataFrame, claims: pd.DataFrame, look: Look) -> None:
    """Draw quantiles of bound over norm, one row a claim."""
    colours = {"lower": 0, "lower_l1": 0, "equal": 2, "upper": 1, "refuted": 3}
    columns = {claim: column for column, (_, claim) in _bounds(frame).items()}
    for place, row in enumerate(claims.to_dict("records")):
        style = look.series(colours[row["kind"]])
        ends = (
            frame[columns[row["claim"]]].quantile([0.05, 0.25, 0.75, 0.95]).clip(1 / _LARGEST_FACTOR, _LARGEST_FACTOR)
        )
        for low, high, width in ((0, 3, 12), (1, 2, 4)):
            axis.plot(
                ends.iloc[[low, high]], [place, place], color=style["color"], linewidth=look.medium.font_size / width,
                solid_capstyle="butt",
            )  # fmt: skip
        for end, sign in ((ends.iloc[0], "<"), (ends.iloc[3], ">")):
            if end in (1 / _LARGEST_FACTOR, _LARGEST_FACTOR):
                axis.plot(end, place, color=style["color"], marker=sign)
        axis.plot(
            row["median_tightness"], place, color=style["color"], markeredgecolor=look.paper,
            marker="X" if row["kind"] == "refuted" else style["marker"],
        )  # fmt: skip
    axis.axvline(1.0, color=look.ink, linewidth=1.0)
    axis.set(xscale="log", xlabel="bound / exact norm", xlim=(0.5 / _LARGEST_FACTOR, 2 * _LARGEST_FACTOR))
    _name_rows(axis, claims, look)
    axis.set_title("(b) How tight each bound is")


def _name_rows(axis: Axes, claims: pd.DataFrame, look: Look, middle: float = 0.0) -> None:
    """Name the rows, whose middles lie this far from whole numbers; the first is on top."""
    remarks = {"lower_l1": r" ($l_1$)", "refuted": " refuted"}
    names = [
        f"{_FORMULAS[row['claim']]}  {row['claim']}{remarks.get(row['kind'], '')}" for row in claims.to_dict("records")
    ]
    axis.set_yticks(np.arange(len(claims)) + middle, names, fontsize=0.75 * look.medium.font_size, rotation=0)
    axis.set_ylim(len(claims) - 0.5 + middle, middle - 0.5)
    axis.grid(False, axis="y")


def _factor_text(factor: float) -> str:
    return f"{factor:.3g}" if factor < 100 else f"1e{np.log10(factor):.0f}"


def _draw_families(axis: Axes, frame: pd.DataFrame, claims: pd.DataFrame, look: Look) -> None:
    """Draw the median factor between bound and norm by family; each cell says its number."""
    import seaborn

    columns = {claim: column for column, (_, claim) in _bounds(frame).items()}
    shown = frame[[columns[claim] for claim in claims["claim"]]].apply(lambda column: np.log10(column).abs())
    cells: NDArray[np.float64] = shown.groupby(frame["family"], sort=False).median().to_numpy().T
    seaborn.heatmap(
        cells, ax=axis, annot=np.vectorize(_factor_text)(10**cells), fmt="", cmap="cividis_r", vmin=0, vmax=2,
        cbar=False, annot_kws={"fontsize": 0.65 * look.medium.font_size},
    )  # fmt: skip
    ranked = claims["kind"].isin(["lower", "upper"]).to_numpy()
    nearest = ranked[:, None] & (cells == cells.min(axis=1, keepdims=True))
    for text, framed in zip(axis.texts, nearest.flat, strict=True):
        if framed:
            text.set_bbox(
                {"boxstyle": "square,pad=0.15", "fill": False, "linewidth": 0.8, "edgecolor": text.get_color()}
            )
    names = [_family_text(str(family)) for family in frame["family"].unique()]
    axis.set_xticks(np.arange(len(names)) + 0.5, names, rotation=25, ha="right", fontsize=0.75 * look.medium.font_size)
    _name_rows(axis, claims, look, middle=0.5)
    axis.grid(False)
    axis.set_title("(c) Factor between bound and norm")


def _draw_shares(axis: Axes, frame: pd.DataFrame, look: Look) -> None:
    lowest, _ = _band(frame)
    for index, (family, part) in enumerate(lowest.groupby(frame["family"], sort=False)):
        tightness = np.sort(part.to_numpy())
        share = 1.0 - np.arange(len(tightness)) / len(tightness)
        kept = np.linspace(0, len(tightness) - 1, min(len(tightness), 400)).astype(int)
        style = look.series(index)
        text = _family_text(str(family))
        axis.plot(tightness[kept], share[kept], label=text, markevery=(0.04 + 0.02 * index, 0.2), **style)
    axis.set(xlabel=r"best lower bound $/\,|\nabla V|$", ylabel="share at least as tight")
    axis.set(xlim=(0, 1.02), ylim=(0, 1.02))
    axis.set_title("(d) The best lower bound, by family")
    axis.legend(loc="lower left")


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw the band, the tightness of every bound, where it is tight, and the best lower bound by family."""
    frame = tables["bandits"].frame
    claims = numbers(tables)
    claims = claims[claims["claim"] != "best"]
    band, tightness, families, shares = axes
    _draw_band(band, frame, look)
    _draw_tightness(tightness, frame, claims, look)
    _draw_families(families, frame, claims, look)
    _draw_shares(shares, frame, look)


FIGURE = Figure(
    name="bound_gallery",
    title="Reward variance bounds the gradient from both sides",
    order=1,
    label=Label.SIMULATED,
    inputs={"bandits": Table("simulations", "bound_gallery", "simulations run bound_gallery --preset {preset}")},
    panels=4,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
