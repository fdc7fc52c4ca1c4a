"""Logs of runs made elsewhere: how they are read, and what they say about selection."""

from __future__ import annotations

from typing import Any

__all__ = ["read_run", "read_runs"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from full_scale.logs import finding

    return getattr(finding, name)
