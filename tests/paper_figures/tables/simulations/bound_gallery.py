"""Random bandits with exact norms and bounds, computed here and not by the package."""

from __future__ import annotations

import numpy as np
import pandas as pd


def frame(rows: int = 300) -> pd.DataFrame:
    """Random bandits with exact norms and bounds, computed here and not by the package."""
    rng = np.random.default_rng(7)
    records = []
    for index in range(rows):
        arms = int(rng.choice([2, 5, 10]))
        probs, rewards = rng.dirichlet(np.ones(arms)), rng.random(arms)
        advantage = rewards - probs @ rewards
        variance = float(probs @ advantage**2)
        norm = float(np.linalg.norm(probs * advantage))
        rho = float(np.linalg.norm(rewards - rewards.mean()))
        records.append(
            {
                "family": ("dirichlet(1)", "near_tight", "saturated")[index % 3], "arms": arms, "reward_kind": "graded",
                "reward_variance": variance, "gradient_norm": norm, "rho": rho, "lower_bound": variance / rho,
                "upper_bound": np.sqrt(variance / 2), "ratio": norm * rho / variance,
            }
        )  # fmt: skip
    return pd.DataFrame(records)
