"""Scores as the public code of the paper computes them, kept as they are for comparison.

They differ from the paper: self-BLEU enters uninverted, so prompts whose rollouts are MORE alike weigh more; padding
is scored like text; scores are min-max normalised, so that the lowest prompt is never drawn by weight; and a
momentum of 1 keeps the first weights for ever. All is in single precision.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.errors import ArgumentError

__all__ = ["combined_scores", "min_max_normalized", "moved_weights", "padded_distinct_n", "padded_self_bleu"]

Array = NDArray[np.float64]


def padded_self_bleu(responses: ArrayLike, rollouts: int) -> Array:
    """Self-BLEU-123 of each prompt's padded rows, as similarity: not inverted.

    Args:
        responses: token ids, padded to one length, shape (P * N, T); the rows of a prompt stand together.
        rollouts: N.

    Returns:
        Shape (P,).
    """
    from vas_theory.selection.diversity import self_bleu_groups

    tokens, offsets, groups = _padded_groups(responses, rollouts)
    return np.asarray(self_bleu_groups(tokens, offsets, groups))


def padded_distinct_n(responses: ArrayLike, rollouts: int, *, n: int = 3) -> Array:
    """Distinct-n of each prompt's padded rows; arguments as for :func:`padded_self_bleu`."""
    from vas_theory.selection.diversity import distinct_n_groups

    tokens, offsets, groups = _padded_groups(responses, rollouts)
    return np.asarray(distinct_n_groups(tokens, offsets, groups, n=n))


def _padded_groups(
    responses: ArrayLike, rollouts: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    rows = np.asarray(responses, dtype=np.int64)
    if rows.ndim != 2 or rollouts < 1 or rows.shape[0] % rollouts:
        raise ArgumentError("responses", f"have shape (P * {rollouts}, T)", f"shape {rows.shape}")
    count, length = rows.shape
    return rows.ravel(), np.arange(count + 1) * length, np.arange(count // rollouts + 1) * rollouts


def combined_scores(success_rate: ArrayLike, diversity: ArrayLike, *, alpha: float, beta: float) -> Array:
    """alpha * P (1 - P) + beta * diversity in single precision.

    Args:
        success_rate: share of right rollouts P, shape (P,).
        diversity: what stands in for it, shape (P,).
        alpha: coefficient of the first term.
        beta: coefficient of the second.

    Returns:
        Shape (P,).
    """
    rate = np.asarray(success_rate, dtype=np.float32)
    total = rate * (1 - rate) * np.float32(alpha) + np.asarray(diversity, np.float32) * np.float32(beta)
    return np.asarray(total, dtype=np.float64)


def min_max_normalized(scores: ArrayLike) -> Array:
    """(score - min) / (max - min + 1e-8) over all prompts, in single precision.

    The prompt with the lowest score gets weight 0; where all scores are equal every prompt does.

    Args:
        scores: shape (P,), finite.

    Returns:
        Shape (P,), in [0, 1].
    """
    values = np.asarray(scores, dtype=np.float32)
    least, largest = values.min(), values.max()
    return ((values - least) / (largest - least + np.float32(1e-8))).astype(np.float64)


def moved_weights(old: ArrayLike, new: ArrayLike, *, momentum: float) -> Array:
    """momentum * old + (1 - momentum) * new in single precision."""
    kept = np.float32(momentum) * np.asarray(old, np.float32)
    return np.asarray(kept + np.float32(1 - momentum) * np.asarray(new, np.float32), dtype=np.float64)
