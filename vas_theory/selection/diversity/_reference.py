"""Diversity measures as their definitions read, in plain Python: the tests' oracle, and what runs without numba."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from itertools import combinations

__all__ = ["count_distinct", "distances", "levenshtein", "self_bleu"]

Tokens = Sequence[Hashable]


def _ngrams(sequence: Tokens, n: int) -> Counter[tuple[Hashable, ...]]:
    return Counter(tuple(sequence[k : k + n]) for k in range(len(sequence) - n + 1))


def self_bleu(sequences: Sequence[Tokens], max_n: int) -> float:
    """Mean BLEU of each sequence against all others; see :func:`vas_theory.selection.diversity.self_bleu`."""
    if len(sequences) < 2:
        return 0.0
    counts = [[_ngrams(sequence, n) for sequence in sequences] for n in range(1, max_n + 1)]
    scores = []
    for i, hypothesis in enumerate(sequences):
        log_precision = 0.0
        matched_tokens = 0
        for n, counters in enumerate(counts, start=1):
            others = [counter for j, counter in enumerate(counters) if j != i]
            matches = sum(min(count, max(other[gram] for other in others)) for gram, count in counters[i].items())
            total = max(1, len(hypothesis) - n + 1)
            log_precision += math.log((matches or 0.1) / total) / max_n
            if n == 1:
                matched_tokens = matches
        if matched_tokens == 0:
            scores.append(0.0)
            continue
        size = len(hypothesis)
        lengths = [len(sequence) for j, sequence in enumerate(sequences) if j != i]
        closest = min(lengths, key=lambda length: (abs(length - size), length))
        scores.append(math.exp(log_precision + min(0.0, 1 - closest / size)))
    return math.fsum(scores) / len(scores)


def count_distinct(sequences: Sequence[Tokens], n: int) -> int:
    """Number of different n-grams."""
    return len(set().union(*(_ngrams(sequence, n) for sequence in sequences)))


def levenshtein(first: Tokens, second: Tokens) -> int:
    """Least number of insertions, deletions and substitutions that turn one sequence into the other."""
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, start=1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(second, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (a != b))
    return row[-1]


def distances(sequences: Sequence[Tokens]) -> list[float]:
    """Levenshtein distance over the longer length, for each unordered pair; 0 for two empty sequences."""
    return [levenshtein(a, b) / max(len(a), len(b), 1) for a, b in combinations(sequences, 2)]
