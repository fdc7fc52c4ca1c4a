"""Groups of token sequences as flat arrays: how they are made, checked and cut into pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.errors import ArgumentError

__all__ = ["TokenGroups", "from_lists", "from_padded"]

_PIECE_TOKENS = 1 << 16
"""Tokens (and sequences) worked on at once, so that scratch memory stays small and near."""

_LARGEST_INT64 = 2**63 - 1


def from_lists(sequences: Sequence[ArrayLike]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Join token sequences into one flat array with offsets.

    Args:
        sequences: one-dimensional integer sequences of any lengths, 0 included.

    Returns:
        tokens (tokens,), int64, or uint64 if an id is 2^63 or more; offsets (sequences + 1,), int64.

    Raises:
        ArgumentError: a sequence is not one-dimensional or not of integers, or no dtype holds all ids.
    """
    arrays = []
    for s, sequence in enumerate(sequences):
        array = np.asarray(sequence)
        if array.size == 0 and array.ndim == 1:
            array = array.astype(np.int64)
        if array.ndim != 1 or array.dtype.kind not in "iu":
            raise ArgumentError(
                f"sequences[{s}]", "be one-dimensional, of integers", f"{array.dtype} of shape {array.shape}"
            )
        arrays.append(array)
    offsets = np.concatenate([[0], np.cumsum([array.size for array in arrays], dtype=np.int64)]).astype(np.int64)
    dtype: type[np.integer] = np.int64
    if any(array.dtype == np.uint64 and array.size and array.max() > _LARGEST_INT64 for array in arrays):
        dtype = np.uint64
        for s, array in enumerate(arrays):
            if array.size and array.min() < 0:
                raise ArgumentError(f"sequences[{s}]", "hold no negative id beside ids of 2^63 or more", array.min())
    tokens = np.concatenate([np.zeros(0, dtype), *(array.astype(dtype) for array in arrays)])
    return tokens, offsets


def from_padded(tokens: ArrayLike, lengths: ArrayLike) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Drop the padding of a rectangle of right-padded sequences.

    Args:
        tokens: shape (sequences, T), integers; what lies at or beyond a sequence's length is never looked at.
        lengths: shape (sequences,), integers in [0, T].

    Returns:
        tokens (sum of lengths,) of the same dtype; offsets (sequences + 1,), int64.

    Raises:
        ArgumentError: shapes or types do not fit, or a length is out of range.
    """
    rectangle, sizes = np.asarray(tokens), np.asarray(lengths)
    if rectangle.ndim != 2 or rectangle.dtype.kind not in "iu":
        raise ArgumentError(
            "tokens", "be two-dimensional, of integers", f"{rectangle.dtype} of shape {rectangle.shape}"
        )
    count, width = rectangle.shape
    if sizes.shape != (count,) or (sizes.dtype.kind not in "iu" and count):
        raise ArgumentError("lengths", f"be integers of shape ({count},)", f"{sizes.dtype} of shape {sizes.shape}")
    wrong = np.flatnonzero((sizes < 0) | (sizes > width))
    if wrong.size:
        raise ArgumentError(f"lengths[{wrong[0]}]", f"lie in [0, {width}]", int(sizes[wrong[0]]))
    offsets = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64)
    return rectangle[np.arange(width) < sizes[:, np.newaxis]], offsets


def _check_offsets(name: str, offsets: ArrayLike, end: int, of_what: str) -> NDArray[np.int64]:
    array = np.asarray(offsets)
    if array.ndim != 1 or array.size == 0 or array.dtype.kind not in "iu":
        raise ArgumentError(
            name, "be a non-empty one-dimensional array of integers", f"{array.dtype} of shape {array.shape}"
        )
    if array[0] != 0:
        raise ArgumentError(name, "start at 0", int(array[0]))
    if array[-1] != end:
        raise ArgumentError(name, f"end at {end}, the number of {of_what}", int(array[-1]))
    falls = np.flatnonzero(array[1:] < array[:-1])
    if falls.size:
        k = int(falls[0])
        raise ArgumentError(name, "never decrease", f"{int(array[k])} then {int(array[k + 1])} at index {k + 1}")
    return array.astype(np.int64)


@dataclass(frozen=True)
class TokenGroups:
    """Sequence s is ``tokens[offsets[s]:offsets[s+1]]``; group g owns the sequences from ``group_offsets[g]`` on."""

    tokens: NDArray[Any]
    offsets: NDArray[np.int64]
    group_offsets: NDArray[np.int64]

    @classmethod
    def check(cls, tokens: ArrayLike, offsets: ArrayLike, group_offsets: ArrayLike | None) -> TokenGroups:
        """Check a caller's arrays; without ``group_offsets`` all sequences are one group."""
        flat = np.asarray(tokens)
        if flat.ndim != 1 or (flat.dtype.kind not in "iu" and flat.size):
            raise ArgumentError("tokens", "be one-dimensional, of integers", f"{flat.dtype} of shape {flat.shape}")
        checked = _check_offsets("offsets", offsets, flat.size, "tokens")
        sequences = checked.size - 1
        if group_offsets is None:
            return cls(flat, checked, np.array([0, sequences]))
        return cls(flat, checked, _check_offsets("group_offsets", group_offsets, sequences, "sequences"))

    def pieces(self) -> Iterator[tuple[slice, TokenGroups]]:
        """Cut into runs of whole groups with tokens of int64, each beginning at 0.

        Ids are only compared with each other, so reading those of uint64 as int64 changes nothing.
        """
        ends = self.offsets[self.group_offsets] + self.group_offsets
        first, groups = 0, self.group_offsets.size - 1
        while first < groups:
            last = max(first + 1, int(np.searchsorted(ends, ends[first] + _PIECE_TOKENS, side="right")) - 1)
            own = self.group_offsets[first : last + 1]
            offsets = self.offsets[own[0] : own[-1] + 1]
            tokens = self.tokens[offsets[0] : offsets[-1]]
            tokens = np.ascontiguousarray(tokens)
            tokens = tokens.view(np.int64) if tokens.dtype == np.uint64 else tokens.astype(np.int64, copy=False)
            yield slice(first, last), TokenGroups(tokens, offsets - offsets[0], own - own[0])
            first = last

    def lists(self) -> list[list[list[int]]]:
        """The groups as nested lists."""
        sequences = [self.tokens[a:b].tolist() for a, b in zip(self.offsets[:-1], self.offsets[1:], strict=True)]
        return [sequences[a:b] for a, b in zip(self.group_offsets[:-1], self.group_offsets[1:], strict=True)]
