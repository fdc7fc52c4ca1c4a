"""Held-out evaluation: pass@k with intervals over prompts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from full_scale.config import EvaluationConfig, RolloutConfig
from full_scale.models import LanguageModel
from full_scale.probe import pilot_counts
from full_scale.streams import stream
from full_scale.tasks import Prompt

__all__ = ["evaluate", "held_out_counts", "pass_at_k"]

RESAMPLES = 5000


def pass_at_k(successes: NDArray[np.int64], rollouts: int, k: int) -> NDArray[np.float64]:
    r"""Return :math:`1 - \binom{n-c}{k} / \binom{n}{k}`, the unbiased estimate of P(at least one of k is right).

    Args:
        successes: c, right completions of each prompt.
        rollouts: n completions of each prompt.
        k: 1 <= k <= n.

    Source:
        Chen et al. 2107.03374, equation 1.
    """
    from scipy.special import comb

    return np.asarray(1.0 - comb(rollouts - np.asarray(successes), k) / comb(rollouts, k), dtype=np.float64)


def held_out_counts(
    language: LanguageModel, prompts: Sequence[Prompt], config: EvaluationConfig, rollouts: RolloutConfig, seed: int
) -> pd.DataFrame:
    """Sample every held-out prompt at the training temperature; columns prompt_key, rollouts, successes."""
    return pd.DataFrame(
        pilot_counts(
            language,
            prompts,
            config.rollouts,
            max_new_tokens=rollouts.max_new_tokens,
            temperature=rollouts.temperature,
            generator=stream(seed, "evaluation rollouts"),
        )
    )


def evaluate(counts: pd.DataFrame, config: EvaluationConfig, seed: int) -> list[dict[str, Any]]:
    """Return one row a k: pass@k over the prompts with a percentile bootstrap interval over prompts."""
    draw = stream(seed, "evaluation bootstrap")
    rows = draw.integers(len(counts), size=(RESAMPLES, len(counts)))
    tail = (1 - config.coverage) / 2
    out = []
    for k in config.ks:
        values = pass_at_k(counts.successes.to_numpy(), config.rollouts, k)
        low, high = np.quantile(values[rows].mean(axis=1), [tail, 1 - tail])
        out.append(
            {
                "metric": f"pass@{k}",
                "k": k,
                "value": float(values.mean()),
                "low": float(low),
                "high": float(high),
                "prompts": len(counts),
                "rollouts": config.rollouts,
            }
        )
    return out
