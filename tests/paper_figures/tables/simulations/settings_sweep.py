"""Two worlds, three seeds, settings of every factor of the paper's table, and uniform sampling."""

from __future__ import annotations

import numpy as np
import pandas as pd

BUDGET = 2400
SETTINGS = [
    (0.5, 28, 8, 0.5, 0.5, 51.7), (1.0, 28, 8, 0.5, 0.5, 51.7), (0.5, 4, 8, 0.5, 0.5, 51.2),
    (1.0, 4, 8, 0.5, 0.5, None), (0.5, 300, 8, 0.5, 0.5, None), (1.0, 300, 8, 0.5, 0.5, None),
    (0.5, 28, 16, 0.5, 0.5, 51.3), (0.5, 28, 8, 1.0, 0.0, 51.2), (1.0, 28, 8, 1.0, 0.0, None),
    (0.5, 4, 8, 1.0, 0.0, None), (1.0, 4, 8, 1.0, 0.0, None), (0.5, 300, 8, 1.0, 0.0, None),
    (1.0, 300, 8, 1.0, 0.0, None), (0.5, 28, 8, 0.0, 1.0, 51.4),
]  # fmt: skip


def frame() -> pd.DataFrame:
    """Final pass rates that rise with lambda and alpha and fall with what scoring costs where it is charged."""
    rng = np.random.default_rng(11)
    arms = [("uniform", (np.nan,) * 5 + (None,)), *(("vas-paper", setting) for setting in SETTINGS)]
    rows = []
    for world, level in (("easy", 0.6), ("hard", 0.3)):
        for seed in range(3):
            start = level + 0.02 * rng.standard_normal()
            for strategy, (ratio, interval, count, alpha, beta, published) in arms:
                for scoring in ("free", "charged"):
                    cost = 0 if strategy == "uniform" else int(100 * count / interval)
                    gain = 0.1 if strategy == "uniform" else 0.1 + 0.02 * ratio + 0.02 * alpha
                    gain -= cost / 1000 if scoring == "charged" else 0.0
                    rows.append(
                        {
                            "world": world, "strategy": strategy, "mixture_ratio": ratio, "update_interval": interval,
                            "scoring_rollouts": count, "alpha": alpha, "beta": beta, "published_average": published,
                            "learning_rate": 0.2, "seed": seed, "budget": BUDGET, "scoring": scoring,
                            "updates": 300 - cost if scoring == "charged" else 300, "spent": BUDGET,
                            "spent_training": BUDGET - cost, "spent_scoring": cost,
                            "pass_rate": start + gain + 0.002 * rng.standard_normal(), "held_out_pass_rate": start,
                        }
                    )  # fmt: skip
    numeric = ["mixture_ratio", "update_interval", "scoring_rollouts", "alpha", "beta", "published_average"]
    return pd.DataFrame(rows).astype(dict.fromkeys(numeric, np.float64))
