"""Variance-aware sampling inside TRL's GRPOTrainer.

A training script changes three lines: the import, the class name and ``vas=VASConfig(...)``. The names are loaded at
first use, so that the configuration can be read without TRL and importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {"VASConfig": "config", "VASMixin": "mixin", "VASGRPOTrainer": "trainer"}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
