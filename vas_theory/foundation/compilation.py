"""Kernels that numba compiles at their first call, or takes from a cache on disk where there is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["LazyKernel", "numba_is_available"]


def numba_is_available() -> bool:
    """Say whether numba can be imported."""
    try:
        import numba  # noqa: F401
    except ImportError:
        return False
    return True


class LazyKernel:
    """A function that numba compiles when it is first called; plain Python where numba is missing.

    Args:
        function: code that means the same to numba and to Python. It may not call other kernels of its
            own: numba's cache would not notice when their source changes.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.python = function
        self._callable: Callable[..., Any] | None = None

    def __call__(self, *arguments: Any) -> Any:
        if self._callable is None:
            self._callable = self._compile()
        return self._callable(*arguments)

    def _compile(self) -> Callable[..., Any]:
        if not numba_is_available():
            return self.python
        import numba

        try:
            return numba.njit(self.python, cache=True, nogil=True)
        except RuntimeError:  # no folder can be written, so there is nowhere to keep a cache
            return numba.njit(self.python, nogil=True)
