"""Judgements of scores that were made up, with their trends: better with rollouts, worse with drift and age."""

from __future__ import annotations

import numpy as np
import pandas as pd

CONFIG = {"prompts": 100, "group_size": 8, "batch_size": 8, "alpha": 0.8, "beta": 0.2}


def frame() -> pd.DataFrame:
    """Return three seeds of still pools and of two drifts."""
    rng, rows = np.random.default_rng(8), []
    for seed in range(3):
        for world in ("uniform", "bimodal"):
            for place, score in enumerate(("OVS", "VPS", "expected signal")):
                for rollouts in (2, 8, 32):
                    rank = 1 - 0.9 / np.sqrt(rollouts) - 0.1 * place + 0.02 * rng.random()
                    rows.append(
                        {
                            "world": world, "seed": seed, "rollouts": rollouts, "score": score,
                            "weight_error": 1 - rank, "rank_correlation": rank, "drawn_gain": 1.8 - 0.2 * place,
                            "seen_gain": np.nan if place else 1.8 + 2 / rollouts, "possible_gain": 1.8,
                            "top_gain": 2 * rank, "possible_top_gain": 2.5,
                        }
                    )  # fmt: skip
        for drift in (0.001, 0.004):
            for place, score in enumerate(("every 8", "every 16", "online", "online, last group only")):
                for step in range(16, 32, 4):
                    age = step % 8 if place == 0 else step % 16 if place == 1 else 9.0
                    rank = 0.9 - 0.05 * place - 20 * drift - 0.01 * age + 0.02 * rng.random()
                    rows.append(
                        {
                            "world": "drifting", "seed": seed, "drift": drift, "score": score, "step": step,
                            "age": age, "weight_error": 1 - rank, "rank_correlation": rank, "drawn_gain": 1.4,
                            "seen_gain": np.nan, "possible_gain": 1.5, "top_gain": 1.8, "possible_top_gain": 2.0,
                        }
                    )  # fmt: skip
    return pd.DataFrame(rows)
