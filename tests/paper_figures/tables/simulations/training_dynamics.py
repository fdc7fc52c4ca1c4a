"""Four arms, three seeds: ten updates of those that score, and more of the others from the same rollouts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

CONFIG: dict[str, Any] = {"epochs": 4, "clip": 0.2, "learning_rate": 0.2}
STEP, REFRESH = 64, 160


def frame() -> pd.DataFrame:
    """Gradient norms, clip fractions and accuracies with small differences between arms."""
    rng = np.random.default_rng(12)
    rows = []
    for arm, level in (("uniform", 0.0), ("vas", 0.1), ("vas-paper-0.5", 0.05), ("vas-paper-1", 0.1)):
        scores = arm.startswith("vas-paper")
        updates = 10 if scores else 15
        for seed in range(3):
            start = 0.4 + 0.05 * seed
            for update in range(updates + 1):
                scoring = 0 if not scores or update == 0 else REFRESH * (1 if update <= 5 else 2)
                first = update == 0
                rows.append(
                    {
                        "arm": arm, "strategy": arm, "seed": seed, "updates": update,
                        "rollouts": STEP * update + scoring, "training_rollouts": STEP * update,
                        "scoring_rollouts": scoring, "effective_groups": 5 * update,
                        "gradient_norm": np.nan if first else 2 + level + 0.1 * rng.random(),
                        "clip_fraction": np.nan if first else 0.02 + 0.1 * level + 0.01 * rng.random(),
                        "pass_rate": start + 0.01 * update,
                        "held_out_pass_rate": start + (0.005 + 0.01 * level) * update,
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)
