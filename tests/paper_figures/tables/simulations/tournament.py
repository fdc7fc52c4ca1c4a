"""A tournament of few arms in three worlds, in which VAS wins one, loses one and is level in one."""

from __future__ import annotations

import numpy as np
import pandas as pd

WORLDS = ("bimodal-shared", "hard-interference", "small-groups")
GAINS = {
    "uniform": (0.0, 0.0, 0.0),
    "oracle": (0.2, 0.15, 0.1),
    "mopps": (0.06, 0.09, 0.0),
    "vas": (0.05, -0.04, 0.0),
    "vas-paper": (-0.1, -0.1, -0.1),
}
"""Mean final pass rate over uniform's, by world."""

_ENDS = (
    "updates", "tokens", "training_rollouts", "scoring_rollouts", "screening_rollouts", "rejected_rollouts",
    "held_out_pass_rate", "pass_at_8", "pass_at_64", "effective_groups", "coverage", "gini", "lifted", "forgotten",
    "gradient_norm", "clip_fraction",
)  # fmt: skip


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    noise = rng.normal(scale=0.008, size=(len(WORLDS), 4, len(GAINS)))
    rows = []
    for regime, rate in (("fixed", 0.4), ("tuned", 0.8)):
        for place, world in enumerate(WORLDS):
            for index, (strategy, gains) in enumerate(GAINS.items()):
                for seed in range(4):
                    reached = 0.5 + gains[place] + noise[place, seed, index]
                    for step in range(5):
                        row = {
                            "world": world, "strategy": strategy, "regime": regime, "phase": "final",
                            "learning_rate": rate, "seed": seed, "budget": 4000, "rollouts": 1000 * step,
                            "pass_rate": 0.3 + (reached - 0.3) * step / 4,
                        }  # fmt: skip
                        ends = {name: 100.0 * rng.random() if step == 4 else np.nan for name in _ENDS}
                        ends |= {"coverage": 0.9, "forgotten": 0.02} if step == 4 else {}
                        rows.append(row | ends)
    return pd.DataFrame(rows)
