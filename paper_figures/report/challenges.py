"""Where the look-ahead index is not shown to be as good as the best other method, in sentences for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paper_figures.laboratory import REGIMES
from paper_figures.report.words import counted, listed

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["challenge_lines"]

_WORLDS = {"development": "worlds used during development", "held-out": "worlds kept back during development"}


def challenge_lines(tests: pd.DataFrame) -> list[tuple[str, list[str]]]:
    """Return for each form of the index its name and a sentence for each regime of rates and kind of worlds.

    Args:
        tests: the table :data:`paper_figures.laboratory.CHALLENGE`.
    """
    found = []
    for arm, rows in tests.groupby("strategy", sort=False):
        parts = rows.groupby(["regime", "worlds"], sort=False)
        found.append((str(arm), [_sentence(part, *map(str, name)) for name, part in parts]))
    return found


def _sentence(part: pd.DataFrame, regime: str, kind: str) -> str:
    shown, rest = part["no_worse"].astype(bool), part[~part["no_worse"].astype(bool)]
    each = listed(
        f"{row['world']} ({100 * row['difference']:+.1f} points, {row['rival']})" for _, row in rest.iterrows()
    )
    text = (
        f"At {REGIMES[regime]}, {_WORLDS[kind]}: at most {100 * part['margin'].iloc[0]:g} points behind the best other "
        f"method in {int(shown.sum())} of {counted(len(part), 'world')}"
    )
    gap = f"Mean share of the oracle's gain over uniform sampling: {part['gap_closed'].mean():.2f}."
    return f"{text}{f'; this could not be shown in {each}' if each else ''}. {gap}"
