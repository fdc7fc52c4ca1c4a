"""Variance-aware sampling in training frameworks other than TRL, all behind one small interface.

:class:`~full_scale.plugins.interface.PromptSelector` chooses prompts by key and learns from their rewards; the modules
beside it fit it to torch data loaders, verl, slime and prime-rl. None of those frameworks is imported before it is
used. The public names are loaded at first use.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {"PromptSelector": "interface", "SelectionConfig": "config", "SelectorSampler": "torch_sampler"}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
