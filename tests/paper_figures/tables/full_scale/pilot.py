"""Pass rates of a model before training."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.paper_figures.tables.full_scale.study_config import CONFIG

__all__ = ["CONFIG", "frame"]


def frame() -> pd.DataFrame:
    successes = np.array([0, 0, 0, 0, 0, 1, 1, 2, 4, 6, 8, 11, 13, 14, 16, 16])
    return pd.DataFrame({"prompt_key": [f"{i} * {i}" for i in range(16)], "rollouts": 16, "successes": successes})
