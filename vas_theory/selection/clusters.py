"""Categories from embeddings, for prompts that carry no label."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.errors import ArgumentError

__all__ = ["embedding_clusters"]

_CHUNK = 1 << 16


def embedding_clusters(
    embeddings: ArrayLike, num_clusters: int, rng: np.random.Generator, *, iterations: int = 20
) -> NDArray[np.int64]:
    """Labels of prompts by k-means on the directions of their embeddings.

    Args:
        embeddings: one vector a prompt, shape (P, d), finite; only their directions count.
        num_clusters: C, 1 to P.
        rng: chooses the first centres (k-means++).
        iterations: rounds of assignment and averaging at most.

    Returns:
        Labels in [0, C), int64 of shape (P,).

    Raises:
        ArgumentError: a shape or value is not allowed.
    """
    points = np.asarray(embeddings, dtype=np.float64)
    if points.ndim != 2 or points.size == 0 or not np.isfinite(points).all():
        raise ArgumentError("embeddings", "be finite and of shape (P, d)", f"shape {points.shape}")
    if int(num_clusters) != num_clusters or not 1 <= num_clusters <= len(points):
        raise ArgumentError("num_clusters", f"be an integer in [1, {len(points)}]", num_clusters)
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    points = points / np.where(lengths > 0, lengths, 1.0)
    centres = _spread_centres(points, int(num_clusters), rng)
    labels = _nearest(points, centres)
    for _ in range(iterations):
        counts = np.bincount(labels, minlength=num_clusters)
        sums = np.zeros_like(centres)
        np.add.at(sums, labels, points)
        # a cluster that lost all its points stays where it was
        centres = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], centres)
        previous, labels = labels, _nearest(points, centres)
        if np.array_equal(previous, labels):
            break
    return labels


def _spread_centres(points: NDArray[np.float64], count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Each next centre is a point drawn in proportion to its squared distance from the nearest one so far."""
    centres = [points[rng.integers(len(points))]]
    distance = np.square(points - centres[0]).sum(1)
    while len(centres) < count:
        total = distance.sum()
        chosen = rng.integers(len(points)) if total == 0 else rng.choice(len(points), p=distance / total)
        centres.append(points[chosen])
        distance = np.minimum(distance, np.square(points - centres[-1]).sum(1))
    return np.stack(centres)


def _nearest(points: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.int64]:
    offset = np.square(centres).sum(1)
    chunks = [points[start : start + _CHUNK] for start in range(0, len(points), _CHUNK)]
    return np.concatenate([(offset - 2.0 * chunk @ centres.T).argmin(1) for chunk in chunks])
