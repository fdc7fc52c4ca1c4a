"""Plots for notebooks, each a new figure: of a logged run, of a claim and of the advice on a pool.

They are called through :func:`vas_theory.foundation.plotting.plot`, so that runs, claims and answers can be asked to
plot themselves without knowing this package.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from paper_figures.drawing.style import SLIDE, Look, figure_style
from vas_theory.foundation.command_line import require

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["advice", "claim", "run"]

_LOOK = Look(SLIDE)


@contextmanager
def _canvas(panels: int) -> Iterator[tuple[Any, list[Axes]]]:
    figure_class: Any = require("matplotlib.figure", "figures").Figure
    with figure_style(_LOOK):
        rows, columns = _LOOK.medium.grid(panels)
        figure = figure_class(figsize=_LOOK.medium.size(panels), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False).reshape(-1)
        yield figure, list(axes[:panels])


def run(table: pd.DataFrame, title: str = "") -> Figure:
    """Draw a logged run: reward, silent groups, expected and seen mixed groups, and pass rates over the steps.

    Args:
        table: the run's windows, :func:`~full_scale.logs.windows.windows`.
        title: above the panels.
    """
    with _canvas(4) as (figure, axes):
        _lines(axes[0], table, ("reward",), "mean reward")
        _lines(axes[1], table, ("silent_share",), "silent groups")
        _lines(axes[2], table, ("realised_mixed", "predicted_mixed"), f"mixed groups of the {table.attrs['mixed_of']}")
        axes[2].fill_between(table["step"], table["realised_low"], table["realised_high"], alpha=0.2, linewidth=0)
        _classes(axes[3], table, table.attrs["pass_rates"])
        for axis in axes[1:]:
            axis.set_ylim(0, 1)
        figure.suptitle(title)
    drawn: Figure = figure
    return drawn


def _lines(axis: Axes, table: pd.DataFrame, columns: Sequence[str], title: str) -> None:
    axis.set(title=title, xlabel="step")
    for place, column in enumerate(columns):
        if table[column].notna().any():
            label = column.replace("_", " ")
            axis.plot(table["step"], table[column], label=label, **_LOOK.series(place) | {"marker": ""})
    if not axis.lines:
        axis.text(0.5, 0.5, "not logged", ha="center", transform=axis.transAxes)
    elif len(columns) > 1:
        axis.legend()


def _classes(axis: Axes, table: pd.DataFrame, names: Sequence[str]) -> None:
    axis.set(title="groups by pass rate", xlabel="step")
    if table[list(names)].isna().all(axis=None):
        axis.text(0.5, 0.5, "not logged", ha="center", transform=axis.transAxes)
        return
    import matplotlib

    shades = matplotlib.colormaps["cividis"]
    colours = [shades(place / (len(names) - 1)) for place in range(len(names))]
    axis.stackplot(table["step"], *(table[name].fillna(0.0) for name in names), colors=colours, labels=names)
    axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), reverse=True)


def claim(subject: Any, instances: int = 400, seed: int = 0) -> Figure:
    """Draw both sides of a claim on random instances of every family, and where they would be equal.

    Args:
        subject: a :class:`~vas_theory.claims.lib.base.Claim`.
        instances: of each family.
        seed: of the instances.
    """
    import numpy as np

    with _canvas(1) as (figure, (axis,)):
        for place, (name, family) in enumerate(sorted(subject.domain.families.items())):
            left, right = _sides(subject, family, np.random.default_rng(seed), instances)
            style = _LOOK.series(place) | {"linestyle": "", "alpha": 0.5, "markersize": 3}
            axis.plot(right, left, label=name.replace("_", " "), **style)
        low, high = axis.get_xlim()
        axis.axline((low, low), (high, high), color=_LOOK.muted, linewidth=1)
        axis.set(
            xlabel="right side",
            ylabel="left side",
            title=f"{subject.id} ({subject.verdict}): left {subject.relation} right",
        )
        axis.legend(fontsize="small")
    drawn: Figure = figure
    return drawn


def advice(subject: Any) -> Figure:
    """Draw what each way of choosing prompts is expected to learn, with its interval and the verdict on it.

    Args:
        subject: a :class:`~full_scale.advising.advice.Advice`.
    """
    told = [found for found in subject.ways if found.forecast is not None]
    size = _LOOK.medium.font_size
    colours = {"yes": "green", "no": "vermilion"}
    with _canvas(1) as (figure, (axis,)):
        axis.axvline(1, color=_LOOK.ink, linewidth=size / 12, linestyle="--")
        for place, found in enumerate(told):
            value, colour = found.forecast, _LOOK.colour(colours.get(found.verdict, "muted"))
            reach = [[value.middle - value.low], [value.high - value.middle]]
            axis.errorbar(value.middle, place, xerr=reach, fmt="D", color=colour, capsize=size / 4, linewidth=size / 5)
        axis.set_yticks(range(len(told)), [f"{found.way.arm}: {found.verdict}" for found in told])
        axis.set(xlabel="expected learning (uniform sampling = 1), 80% intervals", ylim=(len(told) - 0.4, -0.6))
        axis.set_title(f"Does selection help this pool? {subject.verdict}")
        axis.grid(False, axis="y")
        if not told:
            axis.text(0.5, 0.5, "no measured world is like it", ha="center", transform=axis.transAxes)
    drawn: Figure = figure
    return drawn


def _sides(subject: Any, family: Any, generator: Any, instances: int) -> tuple[Any, Any]:
    import numpy as np

    sides = [subject.sides(batch) for batch in family(generator, instances)]
    left = [np.ravel(np.broadcast_to(a, np.shape(b) if np.ndim(b) > np.ndim(a) else np.shape(a))) for a, b in sides]
    right = [np.ravel(np.broadcast_to(b, np.shape(a) if np.ndim(a) > np.ndim(b) else np.shape(b))) for a, b in sides]
    return np.concatenate(left).astype(float), np.concatenate(right).astype(float)
