"""Two seeds, three refreshes, four bins: expected scores keep their bin, scored ones often do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

CONFIG: dict[str, Any] = {"bins": 4, "alpha": 0.5, "beta": 0.5, "scoring_rollouts": 8}
PROMPTS = 200


def frame() -> pd.DataFrame:
    """Counts of prompts by bin at one scoring and at the next."""
    rng = np.random.default_rng(13)
    rows = []
    for seed in range(2):
        for kind, keep, moves in (
            ("scored", 0.4, [(0, 14), (14, 28)]),
            ("expected", 0.9, [(0, 14), (14, 28)]),
            ("repeated", 0.42, [(0, 0), (14, 14), (28, 28)]),
        ):
            for from_step, to_step in moves:
                start = rng.choice([0, 2, 3], PROMPTS)
                end = np.where(rng.random(PROMPTS) < keep, start, rng.integers(0, 4, PROMPTS))
                pairs, counts = np.unique(np.stack([start, end]), axis=1, return_counts=True)
                for (from_bin, to_bin), prompts in zip(pairs.T, counts, strict=True):
                    rows.append((seed, kind, from_step, to_step, from_bin, to_bin, prompts))
    columns = ["seed", "kind", "from_step", "to_step", "from_bin", "to_bin", "prompts"]
    return pd.DataFrame(rows, columns=columns)
