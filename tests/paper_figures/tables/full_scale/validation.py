"""Predictions compared with measurements."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.paper_figures.tables.full_scale.probe import frame as probe_frame
from tests.paper_figures.tables.full_scale.study_config import CONFIG

__all__ = ["CONFIG", "frame"]


def frame() -> pd.DataFrame:
    """One prediction of each verdict about the pool, and one of each prompt's gradient norm."""
    pool = pd.DataFrame(
        {
            "id": ["P1/rank", "P3/share", "P5/gain"], "quantity": ["rank_correlation", "mixed_share", "gain"],
            "prompt_key": "", "arm": ["", "", "vas"],
            "statement": ["rank correlation <of> |grad| & spread", "ratio of mixed groups", "accuracy gain"],
            "predicted": [0.95, 1.3, 0.02], "predicted_low": [0.8, 1.1, -0.1], "predicted_high": [1.0, 1.5, 0.14],
            "measured": [0.91, 0.9, 0.03], "measured_low": [0.8, 0.8, -0.2], "measured_high": [0.96, 1.0, 0.3],
            "no_effect": [0.0, np.nan, 0.0], "verdict": ["held", "failed", "uninformative"],
            "seeds_needed": [np.nan, np.nan, 9.0],
        }
    )  # fmt: skip
    probe = probe_frame()
    prompts = pd.DataFrame(
        {
            "id": "P1/gradient-norm/" + probe["prompt_key"], "quantity": "gradient_norm",
            "prompt_key": probe["prompt_key"], "arm": "", "statement": "|grad J| = p(1-p) |mu_1 - mu_0|",
            "predicted": probe["predicted_gradient_norm"], "predicted_low": probe["predicted_gradient_norm_low"],
            "predicted_high": probe["predicted_gradient_norm_high"], "measured": probe["gradient_norm"],
            "measured_low": probe["gradient_norm_low"], "measured_high": probe["gradient_norm_high"], "no_effect": 0.0,
        }
    )  # fmt: skip
    inside = probe["gradient_norm"].between(prompts["predicted_low"], prompts["predicted_high"])
    measured, predicted = prompts["measured"], prompts["predicted"]
    apart = (1.1 * measured < 0.7 * predicted) | (0.9 * measured > 1.3 * predicted)
    prompts["verdict"] = np.select([apart, inside], ["failed", "held"], "uninformative")
    return pd.concat([pool, prompts], ignore_index=True)
