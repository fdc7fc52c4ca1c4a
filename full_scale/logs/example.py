"""A made-up run's log and a made-up column, for pages and notebooks that need one before the reader's own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

__all__ = ["write_column", "write_example"]


def write_example(
    folder: Path | str, *, steps: int = 120, prompts: int = 600, batch: int = 32, group_size: int = 8, seed: int = 3
) -> Path:
    """Write rollouts as verl's ``trainer.rollout_data_dir`` holds them, one file a step.

    Solved prompts pile up: the logit of each pass rate p grows by 0.06 sqrt(p (1 - p)) a step, from a normal
    distribution with mean -1.5 and standard deviation 2.5.

    Args:
        folder: where to.
        steps: of the run.
        prompts: in the pool.
        batch: prompts of a step.
        group_size: rollouts of a prompt.
        seed: of the run.

    Returns:
        The folder.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    logit = rng.normal(-1.5, 2.5, size=prompts)
    for step in range(1, steps + 1):
        rate = 1 / (1 + np.exp(-logit))
        chosen = rng.choice(prompts, batch, replace=False)
        scores = (rng.random((batch, group_size)) < rate[chosen, None]).astype(float)
        logit += 0.06 * np.sqrt(rate * (1 - rate))
        lines = [
            json.dumps({"input": f"prompt {prompt}", "output": "", "score": score, "step": step})
            for prompt, group in zip(chosen.tolist(), scores.tolist(), strict=True)
            for score in group
        ]
        (folder / f"{step}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def write_column(path: Path | str, *, prompts: int = 2000, rollouts: int = 8, seed: int = 0) -> Path:
    """Write a column of pass rates, drawn from Beta(0.5, 0.8), as ``python -m full_scale score`` writes one.

    Args:
        path: of the Parquet file.
        prompts: in the pool.
        rollouts: behind each pass rate.
        seed: of the pool.

    Returns:
        The path.
    """
    rng = np.random.default_rng(seed)
    successes = rng.binomial(rollouts, rng.beta(0.5, 0.8, size=prompts))
    path = Path(path)
    pd.DataFrame({"pass_rate": successes / rollouts, "pass_rate_trials": rollouts}).to_parquet(path)
    return path
