"""A model's folder is looked through before TRL loads it, whose libraries name neither file nor remedy."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from vas_theory.foundation.errors import ArgumentError, DataError

__all__ = ["check_model"]

_CONFIGURATION = "config.json"
_TEXTS = (_CONFIGURATION, "tokenizer.json", "tokenizer_config.json", "generation_config.json")


def check_model(model: Any) -> None:
    """Refuse what is no model, a path without a folder, and a folder with a file that was cut short.

    Args:
        model: the argument of ``GRPOTrainer``. The name of a model on the hub is left to TRL.

    Raises:
        ArgumentError: it is neither text nor a model, or the path leads to no folder.
        DataError: a file is missing or cannot be read; the message names it.
    """
    if not isinstance(model, (str, os.PathLike)):
        if not hasattr(model, "config"):
            raise ArgumentError("model", "be a model, the path of its folder or its name on the hub", model)
        return
    folder = Path(model)
    if not folder.is_dir():
        if folder.is_absolute() or str(model).startswith(("./", "../", "~")):
            raise ArgumentError("model", "be a folder that holds a model, or a name on the hub", str(model))
        return
    if (folder / "adapter_config.json").exists():  # of parts of a model, which lies elsewhere
        return
    if not (folder / _CONFIGURATION).exists():
        raise DataError(f"model {str(folder)!r} cannot be loaded: it has no {_CONFIGURATION}")
    for path in [*(folder / name for name in _TEXTS), *folder.glob("*.index.json")]:
        if path.exists():
            _check_json(path)
    weights = sorted(folder.glob("*.safetensors"))
    if not weights and not any(folder.glob("*.bin")):
        raise DataError(f"model {str(folder)!r} cannot be loaded: it has no weights (*.safetensors)")
    for path in weights:
        _check_tensors(path)


def _check_json(path: Path) -> None:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(
            f"model {str(path.parent)!r} cannot be loaded: {path.name} is no whole JSON ({error})"
        ) from None
    shards = set(found["weight_map"].values()) if isinstance(found, dict) and "weight_map" in found else set()
    if missing := sorted(name for name in shards if not (path.parent / name).exists()):
        raise DataError(
            f"model {str(path.parent)!r} cannot be loaded: {path.name} names {missing[0]}, which is not there"
        )


def _check_tensors(path: Path) -> None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt"):  # reads the header and compares it with the size of the file
            pass
    except (SafetensorError, OSError) as error:
        raise DataError(f"model {str(path.parent)!r} cannot be loaded: {path.name} is not whole ({error})") from None
