"""Draws of three worlds that were made up: diversity helps, does nothing, and harms."""

from __future__ import annotations

import numpy as np
import pandas as pd

CONFIG = {"prompts": 500, "draws": 1000, "group_size": 8}


def frame() -> pd.DataFrame:
    """Return four seeds of each world, with changes a little off their predictions."""
    rng, rows = np.random.default_rng(9), []
    for world, condition in (("helps", 0.2), ("two answers", 0.0), ("harms", -0.9)):
        for seed in range(4):
            for rollouts in (8, 16):
                for beta in (0.0, 0.2, 1.0):
                    predicted = 0.3 * condition * np.sqrt(beta)
                    measured = predicted + 0.01 * rng.standard_normal() if beta else 0.0
                    rows.append(
                        {
                            "world": world, "seed": seed, "rollouts": rollouts, "beta": beta, "correlation": condition,
                            "cv_diversity": 1.0, "cv_score": 0.5, "condition": condition,
                            "predicted": 1.2 * (1 + predicted), "measured": 1.2 * (1 + measured),
                            "predicted_change": predicted, "measured_change": measured,
                        }
                    )  # fmt: skip
    return pd.DataFrame(rows)
