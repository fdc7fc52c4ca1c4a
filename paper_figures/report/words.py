"""Numbers with their intervals and lists as words, for report, README and documentation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["counted", "listed", "points_with_interval", "ratio_with_interval"]


def points_with_interval(row: pd.Series, name: str = "difference") -> str:
    """Return a difference of pass rates in points with its interval."""
    low, high = 100 * row[f"{name}_low"], 100 * row[f"{name}_high"]
    return f"{100 * row[name]:+.1f} points [{low:+.1f}, {high:+.1f}]"


def ratio_with_interval(row: pd.Series, name: str = "learning") -> str:
    """Return a ratio to uniform sampling with its interval."""
    return f"{row[name]:.2f} [{row[f'{name}_low']:.2f}, {row[f'{name}_high']:.2f}]"


def listed(items: Iterable[str]) -> str:
    """Return words joined by commas and, before the last, by "and"."""
    found = list(items)
    return ", ".join(found[:-1]) + " and " + found[-1] if len(found) > 1 else "".join(found)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where there is not one."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
