"""Three strategies over ten bins of prompts and eight shares of a budget."""

from __future__ import annotations

import numpy as np
import pandas as pd


def frame() -> pd.DataFrame:
    """Uniform counts, counts that prefer the middle, and counts of which a third is trained on."""
    rng = np.random.default_rng(14)
    rates = np.linspace(0.005, 0.995, 10)
    rows = []
    for strategy, focus in (("uniform", 0.0), ("vas", 20.0), ("dapo", 0.0)):
        for prompt_bin, rate in enumerate(rates):
            for step_bin in range(8):
                rolled = int(rng.poisson(6 + focus * rate * (1 - rate)))
                rows.append(
                    {
                        "strategy": strategy, "seed": 0, "prompt_bin": prompt_bin, "pass_rate": rate,
                        "step_bin": step_bin, "rollouts": 800 * (step_bin + 1), "rolled": rolled,
                        "trained": rolled // 3 if strategy == "dapo" else rolled,
                        "final_pass_rate": min(rate + 0.1, 1.0),
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)
