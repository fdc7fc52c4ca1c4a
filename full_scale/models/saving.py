"""One kind of error for a disk that cannot be written to, whichever library writes."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["disk_errors"]

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
        if "inline_container" not in str(error) or shutil.disk_usage(folder).free >= _ROOM:
            raise
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder)) from error
