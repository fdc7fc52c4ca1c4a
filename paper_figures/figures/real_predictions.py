"""Every prediction about the real model against its measurement, each on the scale of its own interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Tables
from paper_figures.figures._study import count, study_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

_PANELS = 3
"""Panels of the predictions about pool, arms and dynamics: one a verdict."""
_WORDS = {
    "bound/cauchy_schwarz": "Cauchy-Schwarz bound",
    "bound/razin": "bound of Razin et al.",
    "exponent": "gradient linear in variance",
    "linear-law": "theorem 1's linear law",
    "rank-correlation": "rank of gradient, variance",
    "diversity-gradient": "diversity, gradient",
    "diversity-distance": "diversity, class distance",
    "diversity-variance": "diversity, variance",
    "whitening-gain/16-over-4": "whitening, G = 16 over 4",
    "whitening-gain": "whitening, G =",
    "mixed-share": "mixed groups at the start",
    "batch-variance": "batch variance, share",
    "posterior-calibration": "mixed / expected,",
    "accuracy": "held-out accuracy,",
    "mixed-groups": "mixed groups,",
    "gradient-norm": "gradient norm,",
    "clip-fraction": "clipped tokens,",
    "stay/wrong": "all-wrong groups that stay so",
    "stay/mixed": "mixed groups that stay so",
    "stay/right": "all-right groups that stay so",
    "success-drift": "rise of the pass rate",
}
"""What a prediction is about, by its id without the number of its kind."""
_VERDICTS: dict[str, tuple[int, dict[str, Any]]] = {
    "failed": (3, {"marker": "X"}),
    "held": (0, {"marker": "o"}),
    "uninformative": (1, {"marker": "s", "fillstyle": "none"}),
}
"""Colour and marker; hollow, filled and crossed ones differ in grey as well."""
_EDGE = 4.0
"""Half widths of the predicted interval that an axis shows on each side; what lies beyond sits on the edge."""


def numbers(tables: Tables) -> pd.DataFrame:
    """Return every row of the validation with its place on the scale of its predicted interval."""
    frame = tables["validation"].frame.copy()
    half = (frame["predicted_high"] - frame["predicted_low"]) / 2
    middle = (frame["predicted_high"] + frame["predicted_low"]) / 2
    for column in ("measured", "measured_low", "measured_high", "no_effect"):
        frame[f"{column}_scaled"] = (frame[column] - middle) / half
    frame["about"] = frame["id"].map(_plain)
    rank = {verdict: place for place, verdict in enumerate(_VERDICTS)}
    frame = frame.sort_values("verdict", key=lambda verdicts: verdicts.map(rank), kind="stable", ignore_index=True)
    frame["coverage"] = tables["probe"].config["probe"]["coverage"]
    frame["device"] = tables["probe"].config["model"]["device"]
    return frame.drop(columns="statement")


def _plain(name: str) -> str:
    """Return what a prediction is about in words; of an id that has none, the id."""
    rest = name.partition("/")[2]
    if rest in _WORDS:
        return _WORDS[rest]
    kind, _, detail = rest.partition("/")
    return f"{_WORDS[kind]} {detail}" if kind in _WORDS and detail else name


def _listed(part: pd.DataFrame) -> str:
    """Name predictions, those about single prompts by their number."""
    single = part["quantity"] == "gradient_norm"
    names = list(part.loc[~single, "about"])
    if single.any():
        names.append(f"the gradient norms of {count(int(single.sum()), 'prompt')}")
    return "; ".join(names)


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    found = numbers["verdict"].value_counts()
    verdicts = ", ".join(f"{found.get(verdict, 0)} {verdict}" for verdict in _VERDICTS)
    return f"{count(len(numbers), 'prediction')} about a real model: {verdicts}"


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    found = numbers["verdict"].value_counts()
    failed = numbers[numbers["verdict"] == "failed"]
    unmeasured = int(numbers["measured"].isna().sum())
    missing = f" {count(unmeasured, 'row')} could not be measured: too few runs or revisits." if unmeasured else ""
    which = f": {_listed(failed)}" if len(failed) else ""
    return (
        f"All {count(len(numbers), 'prediction')} of the study, each on the scale of its own predicted interval, in "
        "half widths from its middle: the shaded band is that interval, the marker the measurement, the bar its "
        "interval and the short upright line the value that would mean no effect. Arms are compared with uniform "
        f"sampling at equal rollouts. {found.get('held', 0)} held; {found.get('uninformative', 0)} are uninformative "
        "(the predicted or the measured interval contains the value of no effect, or they meet but the measured value "
        f"lies outside the prediction); {found.get('failed', 0)} failed, as the "
        f"intervals do not meet{which}. Predictions were written and hashed before any of their measurements was made; "
        f"both intervals are {numbers['coverage'].iloc[0]:.0%} ones. Arrows at the edge: the value lies more than "
        f"{_EDGE:g} half widths away.{missing}"
    )


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw one panel a group of predictions."""
    frame = numbers(tables)
    single = frame["quantity"] == "gradient_norm"
    parts = [*_by_verdict(frame[~single]), ("Gradient norms", frame[single])]
    for axis, letter, (title, part) in zip(axes, "abcd", parts, strict=True):
        _forest(axis, part.reset_index(drop=True), look, named=letter != "d")
        axis.set_title(f"({letter}) {title}")


def _by_verdict(frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Return title and rows of each panel: a verdict each, the longest in parts where a verdict has no row."""
    parts = [(str(verdict).capitalize(), rows) for verdict, rows in frame.groupby("verdict", sort=False)]
    while len(parts) < _PANELS:
        longest = max(range(len(parts)), key=lambda place: len(parts[place][1]))
        title, rows = parts[longest]
        half = -(-len(rows) // 2)
        parts[longest : longest + 1] = [(title, rows.iloc[:half]), (f"{title}, continued", rows.iloc[half:])]
    return parts


def _forest(axis: Axes, part: pd.DataFrame, look: Look, *, named: bool) -> None:
    axis.grid(visible=False)
    axis.set(yticks=[], xticks=[-_EDGE, -1, 1, _EDGE], xlim=(-_EDGE - 1.0, _EDGE + 1.0))
    if part.empty:
        axis.text(0.5, 0.5, "too few predictions", transform=axis.transAxes, ha="center", color=look.ink)
        return
    axis.axvspan(-1, 1, color=look.muted, alpha=0.25, linewidth=0, label="predicted")
    rows = np.arange(len(part))[::-1]
    size = look.medium.font_size
    for verdict, (series, marker) in _VERDICTS.items():
        chosen = (part["verdict"] == verdict).to_numpy()
        colour = look.series(series)["color"]
        x = part.loc[chosen, "measured_scaled"].clip(-_EDGE, _EDGE).to_numpy()
        low = part.loc[chosen, "measured_low_scaled"].clip(-_EDGE, _EDGE).fillna(0.0).to_numpy()
        high = part.loc[chosen, "measured_high_scaled"].clip(-_EDGE, _EDGE).fillna(0.0).to_numpy()
        known = part.loc[chosen, "measured_low"].notna().to_numpy()
        places = rows[chosen]
        axis.hlines(places[known], low[known], high[known], color=colour, linewidth=size / 8)
        axis.plot(x, places, linestyle="none", color=colour, markersize=size / 2.2, label=verdict, **marker)
    unknown = part["measured"].isna()
    for place, line in zip(rows[unknown], part.loc[unknown, "no_effect_scaled"], strict=True):
        # away from the line of no effect
        axis.text(
            2.5 if line < 0 else -2.5, place, "not measured", ha="center", va="center", color=look.ink,
            fontsize=0.7 * size,
        )  # fmt: skip
    beyond = part["measured_scaled"].abs() > _EDGE
    for place, value in zip(rows[beyond], part.loc[beyond, "measured_scaled"], strict=True):
        axis.annotate(
            "", (np.sign(value) * (_EDGE + 0.9), place), (np.sign(value) * (_EDGE + 0.2), place),
            arrowprops={"arrowstyle": "->", "color": look.ink, "lw": size / 12},
        )  # fmt: skip
    nothing = part["no_effect_scaled"].clip(-_EDGE, _EDGE)
    axis.plot(nothing, rows, "|", color=look.ink, markersize=0.9 * size, label="no effect")
    if named:
        axis.set_yticks(rows, part["about"], fontsize=min(0.75 * size, 12 * size / len(part)))
    else:
        axis.set_ylabel(f"{len(part)} prompts")
    axis.set(ylim=(-0.8, len(part) - 0.2), xlabel="half widths of the predicted interval")
    if not named:
        axis.legend(
            loc="upper center", bbox_to_anchor=(0.45, -0.2), ncols=3, handlelength=1.0, columnspacing=1.0,
            fontsize=0.8 * size,
        )  # fmt: skip


FIGURE = Figure(
    name="real_predictions",
    title="Predicted before, measured after",
    order=18,
    label=Label.MEASURED,
    inputs={"validation": study_table("validation"), "probe": study_table("probe")},
    panels=4,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
