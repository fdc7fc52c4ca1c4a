"""Pools of bandit prompts, learners and experiments: statements of ``vas_theory`` stressed at scale.

Importing this package loads nothing heavy. ``python -m simulations list`` shows the experiments.
"""

from __future__ import annotations

from typing import Any

__all__ = ["run"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from simulations import frames

    return getattr(frames, name)
