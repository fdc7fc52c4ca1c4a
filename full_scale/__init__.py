"""Real GRPO + VAS training on language models, and the theory's predictions compared with it.

What a TRL script needs is loaded at first use, so that ``import full_scale`` stays light.
"""

from __future__ import annotations

from typing import Any

__all__ = ["VASConfig", "VASGRPOTrainer", "VASMixin"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from full_scale import trl_adapter

    return getattr(trl_adapter, name)
