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

import threading

import numpy as np
from numpy.typing import NDArray

from vas_theory.foundation.compilation import LazyKernel

__all__ = ["LARGEST_LAYOUT", "count_ngrams", "number_tokens"]

__kernel_version__ = 1

LARGEST_LAYOUT = (1 << 32) - 1
"""Tokens and gaps that one call can take."""


_SMALLEST_TABLE = 4
_LARGEST_KEPT = 1 << 22
_kept = threading.local()


def _scratch(numbers: int, keys: int) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Memory with no defined content, valid until this thread's next call.

    Each thread keeps its own: fresh memory costs a page fault every 4 KiB, a good part of the time of one group.
    """
    arrays = getattr(_kept, "arrays", None)
    if arrays is None or arrays[0].size < numbers or arrays[1].size < keys:
        arrays = np.empty(numbers, dtype=np.uint32), np.empty(keys, dtype=np.int64)
        if max(numbers, keys) <= _LARGEST_KEPT:
            _kept.arrays = arrays
    return arrays[0][:numbers], arrays[1][:keys]


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
    ids, owners, vocabulary_sizes, spare = number_tokens(tokens, offsets, group_offsets, max_n)
    matches = np.zeros((max_n, offsets.size - 1), dtype=np.int64)
    distinct = np.zeros((max_n, group_offsets.size - 1), dtype=np.int64)
    _sort_positions(ids, offsets, group_offsets, max_n, vocabulary_sizes, spare[0], spare[1])
    _scan_runs(ids, owners, spare[0], spare[1], offsets, group_offsets, max_n, matches, distinct)
    return matches, distinct


def number_tokens(
    tokens: NDArray[np.int64], offsets: NDArray[np.int64], group_offsets: NDArray[np.int64], gap: int
) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.int64], NDArray[np.uint32]]:
    """Lay tokens out with gaps and give those of each group the numbers 1..V in order of appearance.

    Returns:
        ids and owning sequence, shape (tokens + (sequences + 1) gap,), 0 in the gaps; V, shape (groups,); and
        two more arrays like the ids to work in. All but V are valid until this thread's next call.
    """
    size = tokens.size + offsets.size * gap
    longest = int(np.diff(offsets[group_offsets]).max(initial=0))
    slots = 1 << max(_SMALLEST_TABLE, (4 * longest).bit_length())
    numbers, keys = _scratch(4 * size + slots, longest + 1 + slots)
    rows = numbers[slots:].reshape(4, size)
    ids, owners = rows[0], rows[1]
    vocabulary_sizes = np.zeros(group_offsets.size - 1, dtype=np.int64)
    ids[:] = 0
    owners[:] = 0
    _number_tokens(
        tokens, offsets, group_offsets, gap, ids, owners, vocabulary_sizes, numbers[:slots], keys[:slots], keys[slots:]
    )
    return ids, owners, vocabulary_sizes, rows[2:]


@LazyKernel
def _number_tokens(  # type: ignore[no-untyped-def]
    tokens, offsets, group_offsets, gap, ids, owners, vocabulary_sizes, table_ids, table_keys, keys
):
    """Give the tokens of each group numbers from 1 in order of appearance, and note whose they are.

    The hash table, free where its id is 0, uses part of the memory it is given and doubles when it is a quarter
    full, so that few different tokens stay in near memory.
    """
    for g in range(group_offsets.size - 1):
        length = offsets[group_offsets[g + 1]] - offsets[group_offsets[g]]
        bits = _SMALLEST_TABLE
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
                if 4 * vocabulary > 1 << bits:
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
def _sort_positions(ids, offsets, group_offsets, max_n, vocabulary_sizes, order, previous):  # type: ignore[no-untyped-def]
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
    for g in range(group_offsets.size - 1):
        begin = offsets[group_offsets[g]] + group_offsets[g] * max_n + 1
        end = offsets[group_offsets[g + 1]] + group_offsets[g + 1] * max_n + 1
        starts[: vocabulary_sizes[g] + 1] = 0
        for k in range(begin, end):
            starts[ids[k]] += 1
        total = begin
        for v in range(vocabulary_sizes[g] + 1):
            total += starts[v]
            starts[v] = total - starts[v]
        # the passes go to and fro between the two arrays and end in ``order``
        target, source = (order, previous) if max_n % 2 == 1 else (previous, order)
        for shift in range(max_n - 1, -1, -1):
            places[: vocabulary_sizes[g] + 1] = starts[: vocabulary_sizes[g] + 1]
            for k in range(begin, end):
                position = np.uint32(k) if shift == max_n - 1 else source[k]
                v = ids[position + shift]
                target[places[v]] = position
                places[v] += 1
            target, source = source, target


@LazyKernel
def _scan_runs(ids, owners, order, shared, offsets, group_offsets, max_n, matches, distinct):  # type: ignore[no-untyped-def]
    """Add up matches and different n-grams along the sorted positions; ``order`` and ``shared`` are used up."""
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
            order[k] = owners[position]  # from here on only whose n-gram it is matters
        for n in range(max_n):
            matched = matches[n]
            total = 0
            for s in range(group_offsets[g], group_offsets[g + 1]):
                matched[s] = offsets[s + 1] - offsets[s]
                total += max(0, matched[s] - n)
            repeats = 0
            k = begin
            while k < end:
                if shared[k] <= n:  # occurs once, or is one of the last n - 1 positions, which begin no n-gram
                    matched[order[k]] -= 1
                    k += 1
                    continue
                # what earlier runs left in the counters is less than this one begins with
                run += 1 << 32
                largest = run
                second = run
                owner_of_largest = order[k]
                inside = True
                while inside:
                    owner = order[k]
                    count = max(counters[owner], run) + 1
                    counters[owner] = count
                    second = max(second, run if owner == owner_of_largest else min(largest, count))
                    owner_of_largest = owner if count > largest else owner_of_largest
                    largest = max(largest, count)
                    inside = shared[k] > n
                    repeats += int(inside)
                    k += 1
                matched[owner_of_largest] -= largest - second
            distinct[n, g] = total - repeats
