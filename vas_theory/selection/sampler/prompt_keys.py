"""Names of prompts that outlive a change of the data set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.errors import ArgumentError, DataError, UnknownNameError
from vas_theory.selection.refusals import refuse_all_but_keys

__all__ = ["MAX_PROMPTS", "PromptKeys"]

MAX_PROMPTS = 20_000_000
_SHOWN = 5


class PromptKeys:
    """Unique keys of the prompts, in order of position.

    Strings are kept as they are and found by their hash: an array of numpy strings takes four bytes times the length
    of the longest for each, and takes ``"a"`` and ``"a\\0"`` for the same.

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
            numbers = _numbers(self._keys)
            self._order = np.argsort(numbers, kind="stable")
            self._sorted = numbers[self._order]
            self._require_unique(self._keys)

    def _require_unique(self, keys: NDArray[Any]) -> None:
        alike = np.flatnonzero(self._sorted[1:] == self._sorted[:-1])
        first: dict[Any, int] = {}
        for row in np.unique(self._order[np.union1d(alike, alike + 1)]).tolist():  # equal hashes, so far
            if (earlier := first.setdefault(keys[row], row)) != row:
                raise DataError(f"prompt key {self.name(row)} occurs twice, in rows {earlier} and {row}")

    def __len__(self) -> int:
        return self._count

    def name(self, position: int) -> str:
        """The key at a position, as a message shows it."""
        return repr(position if self._keys is None else self._keys[position : position + 1].tolist()[0])

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
            missing = wanted[found < 0].tolist()[0]
            sample = [] if self._keys is None else [str(key) for key in self._keys[:1000]]
            raise UnknownNameError("prompt key", str(missing), sample or [f"0..{self._count - 1}"])
        return found

    def _find(self, wanted: NDArray[Any]) -> NDArray[np.int64]:
        """Positions of keys, -1 where there is none."""
        if self._keys is None:
            if wanted.dtype.kind != "i":
                return np.full(wanted.size, -1, dtype=np.int64)
            return np.where((wanted >= 0) & (wanted < self._count), wanted, -1)
        if wanted.dtype != self._keys.dtype:
            return np.full(wanted.size, -1, dtype=np.int64)
        numbers = _numbers(wanted)
        found = np.full(wanted.size, -1, dtype=np.int64)
        slots = np.searchsorted(self._sorted, numbers)
        open_ = np.arange(wanted.size)
        while open_.size:  # once, unless two strings have one hash
            open_ = open_[slots[open_] < self._count]
            open_ = open_[self._sorted[slots[open_]] == numbers[open_]]
            places = self._order[slots[open_]]
            right = np.asarray(self._keys[places] == wanted[open_], dtype=bool)
            found[open_[right]] = places[right]
            open_ = open_[~right]
            slots[open_] += 1
        return found

    def as_state(self) -> dict[str, Any]:
        """The keys as arrays without objects: strings as UTF-8, one after the other, with the end of each."""
        if self._keys is None:
            return {"key_kind": self.kind(), "keys": np.array([self._count])}
        if self._keys.dtype != object:
            return {"key_kind": self.kind(), "keys": self._keys.copy()}
        texts = [key.encode("utf-8", "surrogatepass") for key in self._keys]
        ends = np.cumsum(np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)))
        return {"key_kind": self.kind(), "keys": np.frombuffer(b"".join(texts), dtype=np.uint8), "key_ends": ends}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> PromptKeys:
        """The keys that :meth:`as_state` wrote.

        Raises:
            DataError: it is no such state.
        """
        kind, keys, ends = state["key_kind"], state["keys"], state.get("key_ends")
        if kind == "positions":
            return cls(int(keys[0]))
        if ends is None:  # integers, or strings as they were written before
            return cls(keys)
        data = np.ascontiguousarray(keys, dtype=np.uint8).tobytes()
        bounds = [0, *ends.tolist()]
        if bounds[-1] != len(data) or any(low > high for low, high in pairwise(bounds)):
            raise DataError("sampler state has keys that do not end where it says")
        try:
            return cls([data[low:high].decode("utf-8", "surrogatepass") for low, high in pairwise(bounds)])
        except UnicodeDecodeError as error:
            raise DataError(f"sampler state has a key that is not UTF-8 ({error})") from None

    def kind(self) -> str:
        """How the keys are given."""
        if self._keys is None:
            return "positions"
        return "strings" if self._keys.dtype == object else "integers"

    def equals(self, other: PromptKeys) -> bool:
        """Say whether both hold the same keys in the same order."""
        if len(self) != len(other) or self.kind() != other.kind():
            return False
        return self._keys is None or other._keys is None or bool((self._keys == other._keys).all())

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


def _numbers(keys: NDArray[Any]) -> NDArray[np.int64]:
    """What keys are sorted by: integers themselves, strings by their hash in this process."""
    return np.fromiter(map(hash, keys), dtype=np.int64, count=keys.size) if keys.dtype == object else keys


def _as_keys(keys: Any) -> NDArray[Any]:
    """Return an array of int64, or one of Python strings as objects."""
    refuse_all_but_keys(keys)
    if isinstance(keys, np.ndarray):
        if keys.ndim != 1:
            raise ArgumentError("keys", "be one-dimensional, all strings or all integers", f"shape {keys.shape}")
        values = keys if keys.dtype.kind in "iu" else keys.tolist()
    else:
        try:
            values = list(keys)
        except TypeError:
            raise ArgumentError("keys", "be one-dimensional, all strings or all integers", keys) from None
    if len(values) == 0:
        return np.empty(0, dtype=np.int64)
    if isinstance(values, list):
        kinds = set(map(type, values))
        if all(issubclass(kind, str) for kind in kinds):
            texts = np.empty(len(values), dtype=object)
            texts[:] = values if kinds == {str} else list(map(str, values))
            return texts
        if not all(issubclass(kind, (int, np.integer)) and kind is not bool for kind in kinds):
            raise ArgumentError("keys", "be one-dimensional, all strings or all integers", keys)
    smallest, largest = np.iinfo(np.int64).min, np.iinfo(np.int64).max
    if not smallest <= int(min(values)) <= int(max(values)) <= largest:
        raise ArgumentError("keys", "fit in 64 signed bits", max(values, key=abs))
    return np.asarray(values).astype(np.int64)
