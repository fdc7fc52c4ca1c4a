"""Clipped n-gram matches within groups of sequences, for n = 1..max_n at once and in linear time.

Three ideas make it linear. Token ids become dense numbers 1..V, so that a counting sort by position + max_n - 1,
..., position + 0, each pass stable, brings equal n-grams of every length next to each other. Along a run of equal
n-grams, counters for each sequence keep the largest count, its owner and the second largest up to date. And a
hypothesis can lose matches only where it owns the largest count: its n-grams all match, less (largest - second
largest) for each n-gram whose largest count is its own.

The kernels share a layout: every sequence stands between gaps of max_n zeros, token t of sequence s at position
t + (s + 1) max_n, so that looking ahead from a token never meets another sequence. Indices are unsigned because
numba then leaves out its test for negative ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vas_theory.selection._compilation import LazyKernel

__all__ = ["LARGEST_LAYOUT", "count_ngrams", "number_tokens"]

LARGEST_LAYOUT = (1 << 32) - 1
"""Tokens and gaps that one call can take."""


def count_ngrams(
    tokens: NDArray[np.int64], offsets: NDArray[np.int64], group_offsets: NDArray[np.int64], max_n: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count clipped matches and different n-grams for n = 1..max_n.

    Args:
        tokens: shape (tokens,).
        offsets: sequence s is ``tokens[offsets[s]:offsets[s + 1]]``.
        group_offsets: group g owns the sequences ``group_offsets[g]:group_offsets[g + 1]``.
        max_n: longest n-gram.

    Returns:
        matches, shape (max_n, sequences): the n-grams of a sequence, each clipped to its largest count in another
        sequence of the group; distinct, shape (max_n, groups): the number of different n-grams in a group.
    """
    ids, owners, vocabulary_sizes = number_tokens(tokens, offsets, group_offsets, max_n)
    order = np.empty(ids.size, dtype=np.uint32)
    matches = np.zeros((max_n, offsets.size - 1), dtype=np.int64)
    distinct = np.zeros((max_n, group_offsets.size - 1), dtype=np.int64)
    _sort_positions(ids, offsets, group_offsets, max_n, vocabulary_sizes, order)
    _scan_runs(ids, owners, order, offsets, group_offsets, max_n, matches, distinct)
    return matches, distinct


def number_tokens(
    tokens: NDArray[np.int64], offsets: NDArray[np.int64], group_offsets: NDArray[np.int64], gap: int
) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.int64]]:
    """Lay tokens out with gaps and give those of each group the numbers 1..V in order of appearance.

    Returns:
        ids and owning sequence, shape (tokens + (sequences + 1) gap,), 0 in the gaps; V, shape (groups,).
    """
    layout_size = tokens.size + offsets.size * gap
    ids = np.zeros(layout_size, dtype=np.uint32)
    owners = np.zeros(layout_size, dtype=np.uint32)
    vocabulary_sizes = np.zeros(group_offsets.size - 1, dtype=np.int64)
    _number_tokens(tokens, offsets, group_offsets, gap, ids, owners, vocabulary_sizes)
    return ids, owners, vocabulary_sizes


@LazyKernel
def _number_tokens(tokens, offsets, group_offsets, gap, ids, owners, vocabulary_sizes):  # type: ignore[no-untyped-def]
    """Give the tokens of each group numbers from 1 in order of appearance, and note whose they are.

    The hash table doubles when it is half full, so that few different tokens stay in near memory.
    """
    longest = 0
    for g in range(group_offsets.size - 1):
        longest = max(longest, offsets[group_offsets[g + 1]] - offsets[group_offsets[g]])
    bits = 5
    while 1 << bits < 2 * longest:
        bits += 1
    table_ids = np.empty(1 << bits, np.uint32)  # 0 where free
    table_keys = np.empty(1 << bits, np.int64)
    keys = np.empty(longest + 1, np.int64)
    for g in range(group_offsets.size - 1):
        length = offsets[group_offsets[g + 1]] - offsets[group_offsets[g]]
        bits = 4
        while 1 << bits < length // 4:
            bits += 1
        table_ids[: 1 << bits] = 0
        vocabulary = 0
        for s in range(group_offsets[g], group_offsets[g + 1]):
            for t in range(offsets[s], offsets[s + 1]):
                key = tokens[t]
                mixed = np.uint64(key)
                mixed = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(0x9E3779B97F4A7C15)
                slot = np.int64(mixed >> np.uint64(64 - bits))
                while table_ids[slot] != 0 and table_keys[slot] != key:
                    slot = (slot + 1) & ((1 << bits) - 1)
                if table_ids[slot] == 0:
                    vocabulary += 1
                    keys[vocabulary] = key
                    table_ids[slot] = vocabulary
                    table_keys[slot] = key
                position = t + (s + 1) * gap
                ids[position] = table_ids[slot]
                owners[position] = s
                if 2 * vocabulary > 1 << bits:
                    bits += 1
                    table_ids[: 1 << bits] = 0
                    for known in range(1, vocabulary + 1):
                        mixed = np.uint64(keys[known])
                        mixed = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(0x9E3779B97F4A7C15)
                        slot = np.int64(mixed >> np.uint64(64 - bits))
                        while table_ids[slot] != 0:
                            slot = (slot + 1) & ((1 << bits) - 1)
                        table_ids[slot] = known
                        table_keys[slot] = keys[known]
        vocabulary_sizes[g] = vocabulary


@LazyKernel
def _sort_positions(ids, offsets, group_offsets, max_n, vocabulary_sizes, order):  # type: ignore[no-untyped-def]
    """Sort the positions of each group by the n-gram of length max_n that begins there.

    The gaps are sorted too and come first. Because a group's positions are taken from within the gap before it to
    within the gap at its end, the ids seen ``shift`` ahead are the same, and as many, for every shift: counted
    once, they serve all passes.
    """
    largest = 0
    for g in range(group_offsets.size - 1):
        largest = max(largest, vocabulary_sizes[g])
    starts = np.empty(largest + 1, np.uint32)
    places = np.empty(largest + 1, np.uint32)
    previous = np.empty(order.size, np.uint32)
    for g in range(group_offsets.size - 1):
        begin = offsets[group_offsets[g]] + group_offsets[g] * max_n + 1
        end = offsets[group_offsets[g + 1]] + group_offsets[g + 1] * max_n + 1
        starts[: vocabulary_sizes[g] + 1] = 0
        for position in range(begin, end):
            starts[ids[position]] += 1
        total = begin
        for v in range(vocabulary_sizes[g] + 1):
            total += starts[v]
            starts[v] = total - starts[v]
        for k in range(begin, end):
            previous[k] = k
        for shift in range(max_n - 1, -1, -1):
            places[: vocabulary_sizes[g] + 1] = starts[: vocabulary_sizes[g] + 1]
            for k in range(begin, end):
                v = ids[previous[k] + shift]
                order[places[v]] = previous[k]
                places[v] += 1
            if shift > 0:
                previous[begin:end] = order[begin:end]


@LazyKernel
def _scan_runs(ids, owners, order, offsets, group_offsets, max_n, matches, distinct):  # type: ignore[no-untyped-def]
    """Add up matches and different n-grams along the sorted positions."""
    shared = np.empty(order.size, np.uint32)
    owners_in_order = np.empty(order.size, np.uint32)
    counters = np.zeros(offsets.size - 1, np.int64)
    run = 0
    for g in range(group_offsets.size - 1):
        begin = offsets[group_offsets[g]] + group_offsets[g + 1] * max_n + 1  # behind the group's gaps
        end = offsets[group_offsets[g + 1]] + group_offsets[g + 1] * max_n + 1
        for k in range(begin, end):
            position = order[k]
            after = order[k + 1] if k + 1 < end else np.uint32(0)  # a gap, where nothing is the same
            same = 1
            shared_tokens = 0
            for n in range(max_n):
                same &= int(ids[position + n] == ids[after + n]) & int(ids[position + n] != 0)
                shared_tokens += same
            shared[k] = shared_tokens
            owners_in_order[k] = owners[position]
        for n in range(max_n):
            different = 0
            for s in range(group_offsets[g], group_offsets[g + 1]):
                different += max(0, offsets[s + 1] - offsets[s] - n)
            k = begin
            while k < end:
                if shared[k] <= n:  # occurs once: matches nothing
                    k += 1
                    continue
                run += 1 << 32
                largest = 0
                second = 0
                owner_of_largest = np.uint32(0)
                inside = True
                while inside:
                    owner = owners_in_order[k]
                    # what an earlier run left in the counter is less than this run begins with
                    counters[owner] = max(counters[owner], run) + 1
                    count = counters[owner] - run
                    if count > largest:
                        if owner != owner_of_largest:
                            second = largest
                            owner_of_largest = owner
                        largest = count
                    elif count > second and owner != owner_of_largest:
                        second = count
                    matches[n, owner] += 1
                    inside = shared[k] > n
                    different -= int(inside)
                    k += 1
                matches[n, owner_of_largest] -= largest - second
            distinct[n, g] = different
