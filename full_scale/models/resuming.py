"""Weights of a checkpoint whose names the trainer does not know."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vas_theory.foundation.errors import DataError

__all__ = ["load_renamed_weights"]

_WHOLE, _INDEX = "model.safetensors", "model.safetensors.index.json"


def _names(folder: Path) -> set[str]:
    """Return the names of the tensors in a folder's safetensors files; none if it has no such files."""
    from safetensors import SafetensorError, safe_open

    try:
        if (folder / _INDEX).exists():
            return set(json.loads((folder / _INDEX).read_text(encoding="utf-8"))["weight_map"])
        if not (folder / _WHOLE).exists():
            return set()
        with safe_open(folder / _WHOLE, framework="pt") as file:
            return set(file.keys())
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise DataError(f"the weights of checkpoint {folder} cannot be read: {error}") from None


def load_renamed_weights(model: Any, folder: Path) -> bool:
    """Load a checkpoint whose tensors have other names than the model's, and say whether it is one.

    transformers saves some models, Qwen2.5-VL among them, under the names of their first release. ``from_pretrained``
    knows both; its ``Trainer`` does not: it warns of missing keys and goes on from the weights that it began with.

    Args:
        model: takes over the weights.
        folder: of the checkpoint.

    Raises:
        DataError: the files cannot be read, or do not hold all weights of the model.
    """
    names = _names(folder)
    own = set(model.state_dict())
    if not names - own or not hasattr(type(model), "from_pretrained"):
        return False
    found, report = type(model).from_pretrained(
        folder, dtype=model.dtype, use_safetensors=True, output_loading_info=True, trust_remote_code=False
    )
    if missing := sorted(report["missing_keys"]):
        raise DataError(f"checkpoint {folder} lacks {len(missing)} tensors of the model, such as {missing[0]}")
    model.load_state_dict(found.state_dict())
    return True
