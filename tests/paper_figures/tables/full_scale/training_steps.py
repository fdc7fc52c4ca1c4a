"""Training at equal rollouts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.paper_figures.tables.full_scale.study_config import CONFIG

__all__ = ["CONFIG", "frame"]


def frame() -> pd.DataFrame:
    """Two arms, two seeds, the start and six steps; accuracy at the start and at every third step."""
    rng = np.random.default_rng(8)
    rows = []
    for arm, gain in (("uniform", 0.03), ("vas", 0.04)):
        for seed in (0, 1):
            for step in range(7):
                start, evaluated = step == 0, step % 3 == 0
                rows.append(
                    {
                        "arm": arm, "seed": seed, "step": step, "rollouts": 64 * step,
                        "mixed_groups": 0 if start else int(rng.integers(2, 7)),
                        "mean_reward": np.nan if start else 0.4 + gain * step + 0.05 * rng.random(),
                        "gradient_norm": np.nan if start else 2.0 + rng.random(),
                        "groups": 0 if start else 8,
                        "clip_fraction": np.nan if start else 0.05 * rng.random(),
                        "held_out_accuracy": 0.5 + gain * step + 0.01 * seed if evaluated else np.nan,
                        "seconds": 0.0 if start else 3.0,
                        "sampler_seconds": 0.0 if start else 0.3,
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)
