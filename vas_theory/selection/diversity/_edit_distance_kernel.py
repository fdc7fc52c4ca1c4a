"""Levenshtein distances between all sequences of a group, 64 rows of the table in one machine word.

A column of the dynamic-programming table is kept as two bit vectors, where it steps up and where it steps down
(Myers 1999, with Hyyrö's carries between words, 2003), so that one column of one word costs some fifteen operations.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vas_theory.foundation.compilation import LazyKernel
from vas_theory.selection.diversity._ngram_kernel import number_tokens

__all__ = ["sum_pairwise_distances"]

__kernel_version__ = 1


def sum_pairwise_distances(
    tokens: NDArray[np.int64], offsets: NDArray[np.int64], group_offsets: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Add up d and d^2 over the unordered pairs of each group, d = Levenshtein / longer length.

    Args:
        tokens: shape (tokens,).
        offsets: sequence s is ``tokens[offsets[s]:offsets[s + 1]]``.
        group_offsets: group g owns the sequences ``group_offsets[g]:group_offsets[g + 1]``.

    Returns:
        sum of d and sum of d^2, each of shape (groups,).
    """
    groups = group_offsets.size - 1
    ids, _, vocabulary_sizes, _ = number_tokens(tokens, offsets, group_offsets, 0)
    sums, squares = np.zeros(groups), np.zeros(groups)
    _sum_pairwise(ids, offsets, group_offsets, vocabulary_sizes, sums, squares)
    return sums, squares


@LazyKernel
def _sum_pairwise(ids, offsets, group_offsets, vocabulary_sizes, sums, squares):  # type: ignore[no-untyped-def]
    one = np.uint64(1)
    zero = np.uint64(0)
    for g in range(group_offsets.size - 1):
        row_of = np.zeros(vocabulary_sizes[g] + 1, np.int64)  # 0: not in the pattern
        for i in range(group_offsets[g], group_offsets[g + 1]):
            pattern = ids[offsets[i] : offsets[i + 1]]
            words = (pattern.size + 63) // 64
            rows = 0
            for token in pattern:
                if row_of[token] == 0:
                    rows += 1
                    row_of[token] = rows
            where = np.zeros((rows + 1, words), np.uint64)
            for k in range(pattern.size):
                where[row_of[pattern[k]], k >> 6] |= one << np.uint64(k & 63)
            last_bit = np.uint64((pattern.size - 1) & 63)
            up = np.empty(words, np.uint64)
            down = np.empty(words, np.uint64)
            for j in range(i + 1, group_offsets[g + 1]):
                text = ids[offsets[j] : offsets[j + 1]]
                longer = max(pattern.size, text.size)
                if longer == 0:
                    continue
                distance = pattern.size
                if words == 0:
                    distance = text.size
                else:
                    up[:] = ~zero
                    down[:] = zero
                    for token in text:
                        row = row_of[token]
                        carry_up, carry_down = one, zero  # the first row of the table counts up
                        for w in range(words):
                            equal, rises, falls = where[row, w], up[w], down[w]
                            vertical = equal | falls
                            equal |= carry_down
                            diagonal = (((equal & rises) + rises) ^ rises) | equal
                            right_up = falls | ~(diagonal | rises)
                            right_down = rises & diagonal
                            top = last_bit if w == words - 1 else np.uint64(63)
                            next_up, next_down = (right_up >> top) & one, (right_down >> top) & one
                            right_up = (right_up << one) | carry_up
                            right_down = (right_down << one) | carry_down
                            up[w] = right_down | ~(vertical | right_up)
                            down[w] = right_up & vertical
                            carry_up, carry_down = next_up, next_down
                        distance += np.int64(carry_up) - np.int64(carry_down)
                normalised = distance / longer
                sums[g] += normalised
                squares[g] += normalised * normalised
            for token in pattern:
                row_of[token] = 0
