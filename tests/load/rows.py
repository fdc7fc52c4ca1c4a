"""One line of the table of loads: what was measured, what is allowed, and whether it holds."""

from __future__ import annotations

import resource
import sys
from dataclasses import dataclass

__all__ = ["Row", "peak_mib", "resident_mib"]


@dataclass(frozen=True)
class Row:
    """A figure and its limit.

    Args:
        load: what was done, in words.
        measured: which figure, with its unit.
        seen: its value.
        limit: the most that is allowed.
    """

    load: str
    measured: str
    seen: float
    limit: float

    @property
    def held(self) -> bool:
        """Whether the limit holds; a figure that is no number does not."""
        return self.seen <= self.limit

    def cells(self) -> str:
        """Return the line of the table."""
        verdict = "yes" if self.held else "NO"
        return f"| {self.load} | {self.measured} | {self.seen:.4g} | {self.limit:.4g} | {verdict} |"


def peak_mib(who: int = resource.RUSAGE_SELF) -> float:
    """Return the most memory that this process, or one of its children that ended, ever held, in MiB."""
    units = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(who).ru_maxrss / units


def resident_mib() -> float:
    """Return the memory that this process holds now, in MiB; needs Linux."""
    with open("/proc/self/statm", encoding="ascii") as stream:
        pages = int(stream.read().split()[1])
    return pages * resource.getpagesize() / 2**20
