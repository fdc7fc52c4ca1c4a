"""Groups of the training runs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.paper_figures.tables.full_scale.study_config import CONFIG

__all__ = ["CONFIG", "frame"]


def frame() -> pd.DataFrame:
    """Two arms, two seeds, six steps of four groups from a pool of eight prompts."""
    rng = np.random.default_rng(5)
    rows = [
        {
            "arm": arm, "seed": seed, "step": step, "slot": slot, "prompt_key": f"arithmetic/{prompt}-1",
            "group_size": 8, "successes": int(rng.binomial(8, prompt / 7)), "diversity": float(rng.random()),
            "expected_mixed": 0.6 if arm == "vas" else None, "trained": True,
        }
        for arm in ("uniform", "vas")
        for seed in (0, 1)
        for step in range(1, 7)
        for slot, prompt in enumerate(rng.choice(8, 4, replace=False))
    ]  # fmt: skip
    return pd.DataFrame(rows).astype({"expected_mixed": float})
