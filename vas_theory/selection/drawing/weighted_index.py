"""Draws in proportion to weights that change a few at a time, from pools of up to tens of millions."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.drawing._weighted_index_kernel import (
    CLASS_SHIFT,
    accept_proposals,
    descend,
    find_invalid,
    set_leaves,
)

__all__ = ["WeightedIndex"]

_LOWEST_ACCEPTANCE = 1 / 8
"""Below this share of accepted proposals a walk down the sum-tree costs less than rejection."""

_CLASSES = 1 << (63 - CLASS_SHIFT)

_LARGEST_ROUND = 1 << 20
"""Proposals made at once; bounds the memory of very large draws."""


def _zeros_on_cache_lines(size: int) -> NDArray[np.float64]:
    """Zeros that begin at a multiple of 64 bytes, so that the children of a node share one cache line."""
    longer = np.zeros(size + 8)
    skipped = -longer.ctypes.data % 64 // longer.itemsize
    return longer[skipped : skipped + size]


class WeightedIndex:
    """Positions 0..n-1 with weights, drawn with probability w_i / sum_j w_j.

    A draw proposes uniform positions and keeps each with probability w_i / max_j w_j; where fewer than one
    proposal in eight would be kept it walks a sum-tree instead. Both are exact up to the 53 bits of one
    uniform number. Drawing without replacement means one after another, each in proportion to the weights of
    what is left.

    What is drawn depends on the weights and the generator only: not on earlier draws, on the order of earlier
    updates, or on the number of threads. So an index rebuilt from saved weights goes on as the old one would.

    Args:
        weights: shape (n,), n >= 1, finite and not negative; all may be zero until something is drawn.

    Raises:
        ArgumentError: a weight is NaN, negative or infinite (the message names its position), or n is 0.
    """

    def __init__(self, weights: ArrayLike) -> None:
        values = np.asarray(weights, dtype=np.float64) + 0.0  # a zero without sign
        if values.ndim != 1 or values.size == 0:
            raise ArgumentError("weights", "be a non-empty one-dimensional array", f"shape {values.shape}")
        self._count = count = values.size
        # no sum of n such weights overflows
        self._largest_weight = float(np.finfo(np.float64).max / (2 * count))
        allowed = (values >= 0) & (values <= self._largest_weight)
        if not allowed.all():
            first = int(np.argmin(allowed))
            raise self._refusal(first, values[first])
        self._positive = int(np.count_nonzero(values))
        self._build(values)
        self._marks: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._epoch = 0

    def _build(self, values: NDArray[np.float64]) -> None:
        widths = [self._count, -(-self._count // 8)]
        while widths[-1] > 1:
            widths.append(-(-widths[-1] // 8))
        ends = np.cumsum([-(-width // 8) * 8 for width in widths])
        self._widths = np.array(widths)
        self._starts = np.concatenate([[0], ends[:-1]])
        self._sums = _zeros_on_cache_lines(int(ends[-1]))
        self._sums[: self._count] = values
        self._class_counts = np.bincount(values.view(np.int64) >> CLASS_SHIFT, minlength=_CLASSES)
        self._highest_class = int(np.flatnonzero(self._class_counts)[-1])
        for level in range(1, len(widths)):
            nodes = self._sums[self._starts[level - 1] : self._starts[level]]
            for _ in range(3):  # the order of addition of the kernel
                nodes = nodes[0::2] + nodes[1::2]
            self._sums[self._starts[level] : self._starts[level] + widths[level]] = nodes

    def __len__(self) -> int:
        return self._count

    @property
    def weights(self) -> NDArray[np.float64]:
        """The weights, shape (n,), as a view that cannot be written and follows every update."""
        view = self._sums[: self._count]
        view.flags.writeable = False
        return view

    @property
    def total(self) -> float:
        """Sum of the weights, added up pairwise."""
        return float(self._sums[self._starts[-1]])

    @property
    def maximum_bound(self) -> float:
        """What rejection takes for the largest weight: at most 1/32 above it; 0.0 if all weights are zero."""
        if self._positive == 0:
            return 0.0
        return float(np.int64((self._highest_class + 1) << CLASS_SHIFT).view(np.float64))

    @property
    def positive_count(self) -> int:
        """How many weights are above zero."""
        return self._positive

    def update(self, positions: ArrayLike, weights: ArrayLike) -> None:
        """Set the weights at some positions; of a position that repeats the last value counts.

        Args:
            positions: shape (m,), integers in [0, n).
            weights: shape (m,), or one number for all.

        Raises:
            ArgumentError: a position is out of range or a weight is not allowed; nothing has changed then.
        """
        given = np.asarray(positions)
        if given.ndim != 1 or (given.dtype.kind not in "iu" and given.size):
            raise ArgumentError(
                "positions", "be a one-dimensional array of integers", f"{given.dtype} of shape {given.shape}"
            )
        values = np.asarray(weights, dtype=np.float64) + 0.0  # a zero without sign
        if values.ndim == 0:
            values = np.full(given.size, values)
        if values.shape != given.shape:
            raise ArgumentError("weights", f"have the shape of positions, {given.shape}", f"shape {values.shape}")
        places = given.astype(np.int64)
        wrong = find_invalid(places, values, self._count, self._largest_weight)
        if wrong >= 0:
            if not 0 <= places[wrong] < self._count:
                raise ArgumentError("positions", f"lie in [0, {self._count})", int(given[wrong]))
            raise self._refusal(int(places[wrong]), values[wrong])
        self._set(places, values)

    def draw(self, rng: np.random.Generator, size: int, *, replace: bool = True) -> NDArray[np.int64]:
        """Draw positions in proportion to the weights, in the order in which they were drawn.

        Args:
            rng: the only source of randomness.
            size: how many.
            replace: whether a position can be drawn again.

        Returns:
            Positions, int64 of shape (size,).

        Raises:
            ArgumentError: all weights are zero, or ``size`` is negative or, without replacement, larger than
                the number of weights above zero.
        """
        if size < 0:
            raise ArgumentError("size", "be 0 or more", size)
        drawn = np.empty(size, dtype=np.int64)
        if size == 0:
            return drawn
        if self._positive == 0:
            raise ArgumentError("weights", "hold at least one above zero before a draw", f"{self._count} zeros")
        if not replace and size > self._positive:
            raise ArgumentError(
                "size", f"be at most {self._positive} without replacement (the weights above zero)", size
            )
        filled = self._draw_by_rejection(rng, drawn, 0 if replace else self._next_epoch())
        if filled == size:
            return drawn
        if replace:
            self._descend(rng, drawn[filled:])
        else:
            self._draw_rest_without_replacement(rng, drawn, filled)
        return drawn

    def _draw_by_rejection(self, rng: np.random.Generator, drawn: NDArray[np.int64], epoch: int) -> int:
        """Fill ``drawn`` while enough proposals can be accepted and say how far that went."""
        weights, bound, left = self._sums[: self._count], self.maximum_bound, self.total
        filled = 0
        while filled < drawn.size:
            acceptance = left / bound / self._count
            if acceptance < _LOWEST_ACCEPTANCE:
                break
            wanted = int((drawn.size - filled) / acceptance * 1.06) + 16
            uniforms = rng.random((2, min(wanted, _LARGEST_ROUND)))
            filled, added = accept_proposals(weights, bound, uniforms, self._marks, epoch, drawn, filled)
            if epoch:
                left -= added
        return filled

    def _draw_rest_without_replacement(self, rng: np.random.Generator, drawn: NDArray[np.int64], filled: int) -> None:
        """Walk down the tree for as many as are missing, give no weight to what was found, and again."""
        kept = np.empty(size := drawn.size)
        removed, fresh = 0, drawn[:filled]
        try:
            while filled < size:
                kept[removed:filled] = self._sums[fresh]
                removed = filled
                self._set(fresh.copy(), np.zeros(fresh.size))
                found = np.empty(size - filled, dtype=np.int64)
                self._descend(rng, found)
                fresh = found[np.sort(np.unique(found, return_index=True)[1])]
                drawn[filled : filled + fresh.size] = fresh
                filled += fresh.size
        finally:
            self._set(drawn[:removed].copy(), kept[:removed])

    def _descend(self, rng: np.random.Generator, drawn: NDArray[np.int64]) -> None:
        descend(self._sums, self._starts, rng.random(drawn.size) * self.total, drawn)

    def _set(self, places: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        """Write checked values; ``places`` is used up."""
        growth, self._highest_class = set_leaves(
            self._sums,
            self._sums.view(np.int64),
            self._starts,
            self._widths,
            self._class_counts,
            self._highest_class,
            places,
            values,
            values.view(np.int64),
        )
        self._positive += growth

    def _next_epoch(self) -> int:
        """Invalidate all marks at once."""
        if self._marks.size == 0:
            self._marks = np.zeros(self._count, dtype=np.int64)
        self._epoch += 1
        return self._epoch

    def _refusal(self, position: int, weight: float) -> ArgumentError:
        return ArgumentError(
            f"weights at position {position}",
            f"be finite, not negative and at most {self._largest_weight:.3g}",
            float(weight),
        )
