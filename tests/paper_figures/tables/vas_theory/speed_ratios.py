"""Comparisons of a benchmark run: some with several shapes, one that misses its floor."""

from __future__ import annotations

import pandas as pd

ROWS = [
    ("self_bleu", "nltk sentence_bleu", "N=16", 900.0, 400.0),
    ("self_bleu", "nltk sentence_bleu", "N=16 b", 700.0, 400.0),
    ("self_bleu", "np.unique", "N=32", 0.9, 2 / 3), ("bandit learner", "numpy learner", "P 2000", 12.0, 5.0),
    ("sampler draw + observe, discounted Beta", "its budget of 1 ms", "512 of 1600000", 0.8, 1.0),
    ("sampler draw + observe, vps", "its budget of 1 ms", "512 of 1600000", 1.4, 1.0),
    ("WeightedIndex draw + update", "torch.multinomial float64 draw", "512 of 1600000", 60.0, 40.0),
]  # fmt: skip


def frame() -> pd.DataFrame:
    """One row a comparison."""
    return pd.DataFrame(
        [
            {
                "name": name, "peer": peer, "shape": shape, "ratio": ratio, "floor": floor, "met": ratio >= floor,
                "lowest_ratio": 0.9 * ratio, "highest_ratio": 1.1 * ratio, "seconds": 0.001,
                "peer_seconds": 0.001 * ratio, "versions": "Python 3.11, numpy 2", "cpu": "a processor",
            }
            for name, peer, shape, ratio, floor in ROWS
        ]
    )  # fmt: skip
