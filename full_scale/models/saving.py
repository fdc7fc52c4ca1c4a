"""Saving models: one kind of error for a full disk, and files that are the same however often a run was stopped."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["disk_errors", "forget_batch", "name_stock_processor"]

_ROOM = 1 << 20


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn what safetensors and PyTorch raise on a full disk into the system's own ``OSError``.

    Args:
        folder: where is written; it exists.
    """
    from safetensors import SafetensorError

    try:
        yield
    except SafetensorError as error:
        number = re.search(r"os error (\d+)", str(error))
        if number is None:
            raise
        raise OSError(int(number[1]), os.strerror(int(number[1])), str(folder)) from error
    except RuntimeError as error:  # PyTorch's archive writer says neither why nor where
        if not re.search("inline_container|iostream error", str(error)) or shutil.disk_usage(folder).free >= _ROOM:
            raise
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder)) from error


def name_stock_processor(folder: Path) -> None:
    """Let a saved model name the processor of transformers instead of ours, which only this project knows.

    ``AutoProcessor`` returns a bare tokenizer, without a word, for a model that names a class it does not know. Where
    torchvision is installed it then loads the stock class, which reads the same files; ours is loaded from them too.
    """
    path = folder / "processor_config.json"
    if path.exists():
        settings = json.loads(path.read_text(encoding="utf-8"))
        settings["processor_class"] = "Qwen2_5_VLProcessor"
        path.write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def forget_batch(tokenizer: Any) -> None:
    """Drop how the last batch was padded and cut, which a tokenizer saves with itself.

    A run that went on from its last checkpoint has padded none, and its result is to have the same bytes.

    Args:
        tokenizer: a tokenizer, or a processor that holds one.
    """
    backend = getattr(getattr(tokenizer, "tokenizer", tokenizer), "backend_tokenizer", None)
    if backend is not None:
        backend.no_padding()
        backend.no_truncation()
