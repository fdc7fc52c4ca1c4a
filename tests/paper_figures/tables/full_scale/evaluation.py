"""Held-out pass rates of the start and of every run."""

from __future__ import annotations

import pandas as pd

from tests.paper_figures.tables.full_scale.study_config import CONFIG

__all__ = ["CONFIG", "frame"]


def frame() -> pd.DataFrame:
    """The start at .2, two arms that gain .1 and .15 and a hundredth more with the second seed; pass@8 is .3 higher."""
    rows = []
    for arm, gain, seeds in (("start", 0.0, (0,)), ("uniform", 0.1, (0, 1)), ("vas", 0.15, (0, 1))):
        for seed in seeds:
            value = 0.2 + gain + 0.01 * seed * (2 if arm == "vas" else 1)
            for k in (1, 8):
                rate = value if k == 1 else value + 0.3
                ends = {"low": rate - 0.05, "high": rate + 0.05}
                about = {"arm": arm, "seed": seed, "metric": f"pass@{k}", "k": k, "value": rate}
                rows.append({**about, **ends, "prompts": 40, "rollouts": 8})
    return pd.DataFrame(rows)
