"""What the figures of the real model share: the tables of the training study and words about seeds."""

from __future__ import annotations

from collections.abc import Iterable

from paper_figures.declaration import Table

__all__ = ["count", "seeds_text", "study_table"]


def study_table(name: str) -> Table:
    """Return a table of the real training study."""
    return Table("full_scale", name, "full_scale study --preset {preset}")


def count(number: int, noun: str) -> str:
    """Return ``1 seed`` or ``3 seeds``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def seeds_text(seeds: Iterable[int]) -> str:
    """Return the seeds in words, such as ``2 seeds (0, 1)``."""
    known = sorted(set(seeds))
    return f"{count(len(known), 'seed')} ({', '.join(map(str, known))})"
