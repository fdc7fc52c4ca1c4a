"""How different the rollouts of a group are, over token ids.

A group is a set of sequences. All functions take the tokens of all sequences in one flat array and ``offsets``
(sequence s is ``tokens[offsets[s]:offsets[s + 1]]``); those that end in ``_groups`` also take ``group_offsets``
(group g owns the sequences ``group_offsets[g]:group_offsets[g + 1]``). :func:`from_lists` and
:func:`from_padded` make these arrays. Token ids are integers of any dtype, negative ones included: they are
only compared with each other. Anything with ``__array__`` is taken, such as a torch tensor on the CPU.

Work and memory are bounded by the largest group, not by the number of groups, and n-gram measures take time
linear in the tokens. Without numba a plain Python version gives the same values, slowly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.compilation import numba_is_available
from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.diversity import _reference as reference
from vas_theory.selection.diversity._bleu_kernel import average_bleu
from vas_theory.selection.diversity._edit_distance_kernel import sum_pairwise_distances
from vas_theory.selection.diversity._ngram_kernel import LARGEST_LAYOUT, count_ngrams
from vas_theory.selection.diversity._token_groups import TokenGroups, from_lists, from_padded

__all__ = [
    "distinct_n",
    "distinct_n_groups",
    "edit_distance",
    "edit_distance_groups",
    "from_lists",
    "from_padded",
    "mean_squared_distance",
    "mean_squared_distance_groups",
    "self_bleu",
    "self_bleu_groups",
]


def self_bleu(tokens: ArrayLike, offsets: ArrayLike, *, max_n: int = 3) -> float:
    """Mean BLEU of each sequence against all others; 1 minus it measures diversity.

    mean over h of BP_h prod_{n=1}^{max_n} p_{h,n}^{1/max_n}. p_{h,n} is the share of h's n-grams found in another
    sequence, each clipped to its largest count there; where none is found, 0.1 is counted instead (method 1 of
    Chen and Cherry). BP_h = min(1, exp(1 - r/len h)), r the closest length of another sequence, the shorter one
    of two equally close. BLEU is 0 where not even a single token is found.

    Args:
        tokens: token ids, shape (tokens,).
        offsets: shape (sequences + 1,), from 0 to the number of tokens.
        max_n: longest n-gram, 1 or more; all lengths weigh the same.

    Returns:
        A number in [0, 1]; 0.0 for fewer than two sequences.

    Raises:
        ArgumentError: an argument has the wrong type or shape, or offsets decrease or do not span the tokens.

    Source:
        Papineni et al. 2002 (BLEU), Chen and Cherry 2014 (smoothing), Zhu et al. 2018 (self-BLEU).
    """
    return float(_self_bleu(TokenGroups.check(tokens, offsets, None), max_n)[0])


def self_bleu_groups(
    tokens: ArrayLike, offsets: ArrayLike, group_offsets: ArrayLike, *, max_n: int = 3
) -> NDArray[np.float64]:
    """:func:`self_bleu` of every group.

    Args:
        tokens: token ids, shape (tokens,).
        offsets: shape (sequences + 1,), from 0 to the number of tokens.
        group_offsets: shape (groups + 1,), from 0 to the number of sequences.
        max_n: longest n-gram.

    Returns:
        shape (groups,).
    """
    return _self_bleu(TokenGroups.check(tokens, offsets, group_offsets), max_n)


def distinct_n(tokens: ArrayLike, offsets: ArrayLike, *, n: int = 3) -> float:
    """Share of different n-grams among all n-grams of the group: #different / #all.

    Args:
        tokens: token ids, shape (tokens,).
        offsets: shape (sequences + 1,), from 0 to the number of tokens.
        n: length of the n-grams, 1 or more.

    Returns:
        A number in [0, 1]; 0.0 where no sequence has n tokens.

    Raises:
        ArgumentError: as for :func:`self_bleu`.

    Source:
        Li et al. 2016, over the pooled n-grams of the group.
    """
    return float(_distinct_n(TokenGroups.check(tokens, offsets, None), n)[0])


def distinct_n_groups(
    tokens: ArrayLike, offsets: ArrayLike, group_offsets: ArrayLike, *, n: int = 3
) -> NDArray[np.float64]:
    """:func:`distinct_n` of every group; arguments as for :func:`self_bleu_groups`, shape (groups,)."""
    return _distinct_n(TokenGroups.check(tokens, offsets, group_offsets), n)


def edit_distance(tokens: ArrayLike, offsets: ArrayLike) -> float:
    """Mean over pairs i < j of d_ij = Levenshtein(i, j) / max(len i, len j).

    Args:
        tokens: token ids, shape (tokens,).
        offsets: shape (sequences + 1,), from 0 to the number of tokens.

    Returns:
        A number in [0, 1]; 0.0 for fewer than two sequences. Two empty sequences are at distance 0.

    Raises:
        ArgumentError: as for :func:`self_bleu`.
    """
    return float(_mean_distances(TokenGroups.check(tokens, offsets, None), power=1)[0])


def edit_distance_groups(tokens: ArrayLike, offsets: ArrayLike, group_offsets: ArrayLike) -> NDArray[np.float64]:
    """:func:`edit_distance` of every group; arguments as for :func:`self_bleu_groups`, shape (groups,)."""
    return _mean_distances(TokenGroups.check(tokens, offsets, group_offsets), power=1)


def mean_squared_distance(tokens: ArrayLike, offsets: ArrayLike) -> float:
    """Mean over ordered pairs i != j of d_ij^2, with the d of :func:`edit_distance`.

    1/(N (N-1)) sum_{i != j} d_ij^2. The source leaves d open; with Levenshtein over the longer length it lies in
    [0, 1], and so does this. d need not satisfy the triangle inequality.

    Args:
        tokens: token ids, shape (tokens,).
        offsets: shape (sequences + 1,), from 0 to the number of tokens.

    Returns:
        A number in [0, 1]; 0.0 for fewer than two sequences.

    Raises:
        ArgumentError: as for :func:`self_bleu`.

    Source:
        arXiv 2509.21268, appendix A.3.
    """
    return float(_mean_distances(TokenGroups.check(tokens, offsets, None), power=2)[0])


def mean_squared_distance_groups(
    tokens: ArrayLike, offsets: ArrayLike, group_offsets: ArrayLike
) -> NDArray[np.float64]:
    """:func:`mean_squared_distance` of every group; arguments as for :func:`self_bleu_groups`, shape (groups,)."""
    return _mean_distances(TokenGroups.check(tokens, offsets, group_offsets), power=2)


def _check_order(name: str, n: int) -> int:
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise ArgumentError(name, "be an integer of 1 or more", n)
    return int(n)


def _check_size(groups: TokenGroups, gap: int) -> None:
    largest = int(np.diff(groups.offsets[groups.group_offsets] + groups.group_offsets * gap).max(initial=0)) + gap
    if largest > LARGEST_LAYOUT:
        raise ArgumentError("group_offsets", f"make groups of at most {LARGEST_LAYOUT} tokens and gaps", largest)


def _self_bleu(groups: TokenGroups, max_n: int) -> NDArray[np.float64]:
    max_n = _check_order("max_n", max_n)
    if not numba_is_available():
        return np.array([reference.self_bleu(group, max_n) for group in groups.lists()], dtype=np.float64)
    _check_size(groups, max_n)
    averages = np.empty(groups.group_offsets.size - 1)
    for where, piece in groups.pieces():
        matches, _ = count_ngrams(piece.tokens, piece.offsets, piece.group_offsets, max_n)
        average_bleu(matches, piece.offsets, piece.group_offsets, averages[where])
    return averages


def _distinct_n(groups: TokenGroups, n: int) -> NDArray[np.float64]:
    n = _check_order("n", n)
    ngrams = np.concatenate([[0], np.cumsum(np.maximum(0, np.diff(groups.offsets) - n + 1))])
    totals = np.diff(ngrams[groups.group_offsets])
    if numba_is_available():
        _check_size(groups, n)
        different = np.empty(totals.size, dtype=np.int64)
        for where, piece in groups.pieces():
            different[where] = count_ngrams(piece.tokens, piece.offsets, piece.group_offsets, n)[1][n - 1]
    else:
        different = np.array([reference.count_distinct(group, n) for group in groups.lists()], dtype=np.int64)
    return different / np.maximum(totals, 1)


def _mean_distances(groups: TokenGroups, power: int) -> NDArray[np.float64]:
    sizes = np.diff(groups.group_offsets)
    pairs = np.maximum(1, sizes * (sizes - 1) // 2)
    if numba_is_available():
        _check_size(groups, 0)
        sums = np.empty(sizes.size)
        for where, piece in groups.pieces():
            sums[where] = sum_pairwise_distances(piece.tokens, piece.offsets, piece.group_offsets)[power - 1]
    else:
        sums = np.array([sum(d**power for d in reference.distances(group)) for group in groups.lists()])
    return sums / pairs
