"""Names of prompts that outlive a change of the data set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.errors import ArgumentError, DataError, UnknownNameError

__all__ = ["MAX_PROMPTS", "PromptKeys"]

MAX_PROMPTS = 20_000_000
_SHOWN = 5


class PromptKeys:
    """Unique keys of the prompts, in order of position.

    Args:
        prompts: how many prompts (their keys are then 0..P-1), or one key each, all strings or all integers.

    Raises:
        ArgumentError: there are no prompts, or more than 20 million, or keys of another type.
        DataError: a key occurs twice (the message names it and both rows).
    """

    def __init__(self, prompts: int | Sequence[str] | Sequence[int] | NDArray[Any]) -> None:
        self._keys: NDArray[Any] | None = None
        if isinstance(prompts, (int, np.integer)) and not isinstance(prompts, bool):
            self._count = int(prompts)
        else:
            self._keys = _as_keys(prompts)
            self._count = self._keys.size
        if not 1 <= self._count <= MAX_PROMPTS:
            raise ArgumentError("prompts", f"be 1 to {MAX_PROMPTS:,} prompts", self._count)
        if self._keys is not None:
            self._order = np.argsort(self._keys, kind="stable")
            self._sorted = self._keys[self._order]
            repeats = np.flatnonzero(self._sorted[1:] == self._sorted[:-1])
            if repeats.size:
                first, second = self._order[repeats[0]], self._order[repeats[0] + 1]
                raise DataError(f"prompt key {self.name(int(first))} occurs twice, in rows {first} and {second}")

    def __len__(self) -> int:
        return self._count

    def name(self, position: int) -> str:
        """The key at a position, as a message shows it."""
        return repr(position if self._keys is None else self._keys[position].item())

    def at(self, positions: ArrayLike) -> NDArray[Any]:
        """Keys at positions."""
        places = np.asarray(positions)
        return places if self._keys is None else self._keys[places]

    def positions_of(self, keys: ArrayLike | Iterable[str]) -> NDArray[np.int64]:
        """Positions of keys, int64.

        Raises:
            UnknownNameError: a key is not among the prompts.
        """
        wanted = _as_keys(keys)
        found = self._find(wanted)
        if (found < 0).any():
            missing = wanted[found < 0][0].item()
            sample = [] if self._keys is None else [str(key) for key in self._keys[:1000]]
            raise UnknownNameError("prompt key", str(missing), sample or [f"0..{self._count - 1}"])
        return found

    def _find(self, wanted: NDArray[Any]) -> NDArray[np.int64]:
        """Positions of keys, -1 where there is none."""
        if self._keys is None:
            if wanted.dtype.kind != "i":
                return np.full(wanted.size, -1, dtype=np.int64)
            return np.where((wanted >= 0) & (wanted < self._count), wanted, -1)
        if wanted.dtype.kind != self._keys.dtype.kind:
            return np.full(wanted.size, -1, dtype=np.int64)
        slots = np.minimum(np.searchsorted(self._sorted, wanted), self._count - 1)
        return np.where(self._sorted[slots] == wanted, self._order[slots], -1)

    def as_state(self) -> NDArray[Any]:
        """The keys as an array, or the number of prompts as an array of one where the keys are 0..P-1."""
        return np.array([self._count]) if self._keys is None else self._keys.copy()

    def kind(self) -> str:
        """How the keys are given."""
        if self._keys is None:
            return "positions"
        return "strings" if self._keys.dtype.kind == "U" else "integers"

    def equals(self, other: PromptKeys) -> bool:
        """Say whether both hold the same keys in the same order."""
        if len(self) != len(other) or self.kind() != other.kind():
            return False
        return self._keys is None or other._keys is None or np.array_equal(self._keys, other._keys)

    def sources_in(self, other: PromptKeys) -> NDArray[np.int64]:
        """For each position here, the position of the same key in ``other``, or -1."""
        return other._find(self.at(np.arange(self._count)))

    def difference(self, other: PromptKeys) -> str:
        """What ``other`` has more and less than this, in words."""
        added = np.flatnonzero(other.sources_in(self) < 0)
        removed = np.flatnonzero(self.sources_in(other) < 0)
        if not added.size and not removed.size:
            return "the same keys in another order"
        parts = []
        for places, keys, verb in ((added, other, "more"), (removed, self, "fewer")):
            if places.size:
                names = ", ".join(keys.name(int(place)) for place in places[:_SHOWN])
                parts.append(f"{places.size:,} {verb} ({names}{', ...' if places.size > _SHOWN else ''})")
        return " and ".join(parts)


def _as_keys(keys: Any) -> NDArray[Any]:
    array = np.asarray(keys if isinstance(keys, np.ndarray) else list(keys))
    if array.size == 0:
        return array.astype(np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iuU":
        raise ArgumentError("keys", "be one-dimensional, all strings or all integers", array.dtype)
    if array.dtype.kind == "U":
        if isinstance(keys, np.ndarray) or all(isinstance(key, str) for key in keys):
            return array
        raise ArgumentError("keys", "be all strings or all integers", keys)
    if array.dtype.kind == "u" and array.max() > np.iinfo(np.int64).max:
        raise ArgumentError("keys", "fit in 64 signed bits", int(array.max()))
    return array.astype(np.int64)
