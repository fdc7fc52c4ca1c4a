"""Gradients of single prompts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.paper_figures.tables.full_scale.study_config import CONFIG

__all__ = ["CONFIG", "frame"]


def frame() -> pd.DataFrame:
    """Sixteen prompts, two of them with constant rewards."""
    rng = np.random.default_rng(9)
    rate = np.concatenate([[0.0, 1.0], rng.uniform(0.05, 0.95, 14)])
    distance = np.where(rate * (1 - rate) > 0, rng.uniform(115, 265, 16), np.nan)
    norm = np.nan_to_num(rate * (1 - rate) * distance)
    predicted = rate * (1 - rate) * 180 + 0.5
    return pd.DataFrame(
        {
            "prompt_key": [f"{index} + 1" for index in range(16)], "rollouts": 32, "pass_rate": rate,
            "reward_std": np.sqrt(rate * (1 - rate)), "gradient_norm": norm, "gradient_norm_low": 0.9 * norm,
            "gradient_norm_high": 1.1 * norm, "mu_distance": distance, "mu_distance_low": 0.8 * distance,
            "mu_distance_high": 1.2 * distance, "predicted_gradient_norm": predicted,
            "predicted_gradient_norm_low": 0.7 * predicted, "predicted_gradient_norm_high": 1.3 * predicted,
        }
    )  # fmt: skip
