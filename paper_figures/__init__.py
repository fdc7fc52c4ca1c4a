"""Tables become figures, and figures become one offline report.

Importing this package loads nothing heavy. ``python -m paper_figures list`` names the figures.
"""

from __future__ import annotations

from typing import Any

__all__ = ["figure", "numbers"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from paper_figures import canvases

    return getattr(canvases, name)
