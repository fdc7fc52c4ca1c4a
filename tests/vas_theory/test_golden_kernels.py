"""The compiled kernels of the sampler give what their version has always given."""

from __future__ import annotations

import numpy as np

from tests.golden import hold
from vas_theory.selection.diversity import distinct_n_groups, edit_distance_groups, self_bleu_groups
from vas_theory.selection.drawing.weighted_index import WeightedIndex

_ROOM = "vas_theory.selection"


def _groups() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(8)
    lengths = rng.integers(3, 12, 12)
    return rng.integers(0, 7, lengths.sum()), np.append(0, lengths.cumsum()), np.array([0, 4, 9, 12])


def test_diversity_kernels_give_their_golden_values() -> None:
    groups = _groups()
    hold(f"{_ROOM}.diversity._bleu_kernel", {"self_bleu": self_bleu_groups(*groups, max_n=3)})
    hold(f"{_ROOM}.diversity._ngram_kernel", {"distinct_2": distinct_n_groups(*groups, n=2)})
    hold(f"{_ROOM}.diversity._edit_distance_kernel", {"edit_distance": edit_distance_groups(*groups)})


def test_the_weighted_index_gives_its_golden_values() -> None:
    rng = np.random.default_rng(9)
    index = WeightedIndex(rng.random(50))
    index.update(np.array([3, 40, 7]), np.array([0.0, 5.0, 0.25]))
    draws = index.draw(np.random.default_rng(10), 12, replace=False)
    hold(f"{_ROOM}.drawing._weighted_index_kernel", {"draws": draws, "total": np.array([index.total])})
