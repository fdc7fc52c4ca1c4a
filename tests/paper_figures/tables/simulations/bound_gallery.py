"""Random bandits with exact norms and some of the bounds on them, computed here and not by the package."""

from __future__ import annotations

import numpy as np
import pandas as pd


def frame(rows: int = 300) -> pd.DataFrame:
    """Binary and graded bandits of three families, half of them of either kind."""
    rng = np.random.default_rng(7)
    records = []
    for index in range(rows):
        arms, binary = int(rng.choice([3, 5, 10])), index % 2 == 0
        probs = rng.dirichlet(np.ones(arms))
        rewards = rng.permutation(np.arange(arms) < arms // 2 + 1).astype(float) if binary else rng.random(arms)
        advantage = rewards - probs @ rewards
        variance = float(probs @ advantage**2)
        norm = float(np.linalg.norm(probs * advantage))
        fisher = np.diag(probs) - np.outer(probs, probs)
        feature = np.eye(arms)[0] - np.eye(arms)[1]
        unknown = 1.0 if binary else np.nan
        records.append(
            {
                "family": ("dirichlet(1)", "near_tight", "saturated")[index % 3], "arms": arms,
                "reward_kind": "binary" if binary else "graded", "reward_variance": variance, "gradient_norm": norm,
                "lower_B02": variance / np.linalg.norm(rewards - rewards.mean()) / norm,
                "lower_B20": np.sqrt(np.linalg.eigvalsh(fisher)[1] * variance) / norm,
                "lower_l1_B19": 2 * variance / np.ptp(rewards) / np.abs(probs * advantage).sum(),
                "equal_B03": unknown,
                "upper_B17": np.sqrt(variance / 2) / norm,
                "upper_B18": unknown * np.sqrt(2) * variance / norm,
                "refuted_A06": np.sqrt(feature @ fisher @ feature * variance) / abs(feature @ (probs * advantage)),
                "rechecked": index < 4,
            }
        )  # fmt: skip
    return pd.DataFrame(records)
