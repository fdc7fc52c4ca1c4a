"""Ending a run that was told to stop, with everything that it started."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["exit_on_termination"]


@contextmanager
def exit_on_termination() -> Iterator[None]:
    """Turn SIGTERM into ``SystemExit``, so that workers are stopped and temporary files removed on the way out.

    By default the signal ends a process on the spot, and its workers live on. Nothing changes where a handler is set
    already, or outside of the main thread, which alone may set one.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
