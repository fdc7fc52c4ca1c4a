"""Tree prompts with few arms in three worlds: credit helps a little, shared prefixes cost, choosing prompts helps."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

GAINS = {
    "uniform": (0.0, 0.0, 0.0),
    "uniform-8": (0.12, 0.0, 0.09),
    "uniform-tree": (-0.02, -0.03, -0.02),
    "treerpo": (0.0, -0.02, -0.01),
    "tree-opo": (-0.04, -0.05, -0.04),
    "index": (0.06, 0.07, 0.05),
    "vas": (0.02, 0.0, -0.02),
}
"""Mean final pass rate over uniform's, by world."""

BUDGETS = {"bimodal-27": 5400, "bimodal-8": 1600, "hard-27": 5400}

_ENDS = (
    "updates", "tokens", "training_rollouts", "scoring_rollouts", "screening_rollouts", "rejected_rollouts",
    "pass_at_8", "pass_at_64", "coverage", "gini", "lifted", "forgotten", "clip_fraction",
)  # fmt: skip


def frame() -> pd.DataFrame:
    noise = np.random.default_rng(5).normal(scale=0.004, size=(2, len(BUDGETS), len(GAINS), 4))
    noise[:, 1, 1] = noise[:, 1, 0]  # groups of 8 are what uniform has in the second world
    rows = []
    for (regime, name), (place, (world, budget)), (index, (strategy, gains)), seed in itertools.product(
        enumerate(("fixed", "tuned")), enumerate(BUDGETS.items()), enumerate(GAINS.items()), range(4)
    ):
        reached = 0.5 + 0.2 * regime + gains[place] / (1 + regime) + noise[regime, place, index, seed]
        key = {"world": world, "strategy": strategy, "regime": name, "seed": seed, "budget": budget, "phase": "final"}
        key["learning_rate"] = (0.4, 6.4)[regime]
        for step in range(5):
            row = {
                "rollouts": budget * step // 4,
                "pass_rate": 0.4 + (reached - 0.4) * np.sqrt(step / 4),
                "gradient_norm": np.nan if step == 0 else 0.5 + 0.1 * index,
            }
            ends = {"held_out_pass_rate": 0.4, "effective_groups": 90 - 10 * index, **dict.fromkeys(_ENDS, 0.5)}
            rows.append(key | row | (ends if step == 4 else dict.fromkeys(ends, np.nan)))
        if name == "tuned" and seed == 0:
            rows += [rows[-1] | {"phase": "tuning", "seed": 4, "learning_rate": rate} for rate in (0.4, 6.4)]
    return pd.DataFrame(rows)
