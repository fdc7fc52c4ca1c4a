"""Held-out evaluation: pass@k and the share of mixed groups, without bias, with intervals over prompts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from full_scale.config.training import EvaluationConfig, RolloutConfig
from full_scale.measuring.probe import pilot_counts
from full_scale.models.loading import LanguageModel
from full_scale.tasks import Prompt
from vas_theory.foundation.intervals import bootstrap_draws, percentile_interval, wilson
from vas_theory.foundation.streams import stream

__all__ = ["evaluate", "held_out_counts", "mean_interval", "mixed_share", "pass_at_k"]

RESAMPLES = 5000
_AT_ONCE = 500


def _all_among(kind: NDArray[np.int64], rollouts: int, k: int) -> NDArray[np.float64]:
    """Return C(kind, k) / C(rollouts, k): the chance that k of the completions, drawn at random, are all of a kind."""
    j = np.arange(k)
    return np.asarray(np.prod(np.clip(np.asarray(kind)[:, None] - j, 0, None) / (rollouts - j), axis=1))


def pass_at_k(successes: NDArray[np.int64], rollouts: int, k: int) -> NDArray[np.float64]:
    r"""Return :math:`1 - \binom{n-c}{k} / \binom{n}{k}`, the unbiased estimate of P(at least one of k is right).

    Args:
        successes: c, right completions of each prompt.
        rollouts: n completions of each prompt.
        k: 1 <= k <= n.

    Source:
        Chen et al. 2107.03374, equation 1.
    """
    return 1.0 - _all_among(rollouts - np.asarray(successes), rollouts, k)


def mixed_share(successes: NDArray[np.int64], rollouts: int, group_size: int) -> NDArray[np.float64]:
    r"""Return :math:`1 - [\binom{c}{G} + \binom{n-c}{G}] / \binom{n}{G}`, unbiased for :math:`1 - p^G - (1-p)^G`.

    Args:
        successes: c, right completions of each prompt.
        rollouts: n completions of each prompt.
        group_size: G, 1 <= G <= n.
    """
    right = np.asarray(successes)
    return 1.0 - _all_among(right, rollouts, group_size) - _all_among(rollouts - right, rollouts, group_size)


def mean_interval(
    values: NDArray[np.float64], coverage: float, generator: np.random.Generator
) -> tuple[float, float, str]:
    """Return (low, high, method) for the mean over prompts of values in [0, 1]; prompts are the units.

    Percentile bootstrap over prompts, except where it says too little: values that are all 0 or 1 are trials and get
    Wilson's interval, and so do values that are all equal, whose resamples do not vary (each prompt then counts as
    one trial; no values in [0, 1] with this mean vary more).
    """
    mean = float(values.mean())
    if np.isin(values, (0.0, 1.0)).all() or (values == values[0]).all():
        found = wilson(min(1.0, max(0.0, mean)), len(values), coverage)
        return found.low, found.high, "wilson"
    draws = bootstrap_draws(
        lambda drawn: values[drawn].mean(axis=1), (len(values),), generator, RESAMPLES, at_once=_AT_ONCE
    )
    return (*percentile_interval(draws, coverage), "bootstrap")


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
    """Return one row a k: pass@k over the prompts with its interval (:func:`mean_interval`)."""
    out = []
    for k in config.ks:
        values = pass_at_k(counts.successes.to_numpy(), config.rollouts, k)
        low, high, _ = mean_interval(values, config.coverage, stream(seed, "evaluation bootstrap"))
        out.append(
            {
                "metric": f"pass@{k}",
                "k": k,
                "value": float(values.mean()),
                "low": low,
                "high": high,
                "prompts": len(counts),
                "rollouts": config.rollouts,
            }
        )
    return out
