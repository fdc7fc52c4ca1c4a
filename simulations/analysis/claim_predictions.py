"""The signs that claims predict of networks, beside those that the tournament of networks measured."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from simulations.analysis.statistics import bootstrap_interval
from vas_theory.claims.lib.base import Claim

__all__ = ["measured_signs"]


def measured_signs(claims: Iterable[Claim], table: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Compare every prediction of the claims with the final runs of the two arms, paired by their seeds.

    Args:
        claims: the claims.
        table: the tournament's table of runs: ``world``, ``arm``, ``seed``, ``phase``, ``held_out_pass_rate``.
        seed: of the bootstrap.

    Returns:
        One row a prediction: ``claim``, ``world``, ``arm``, ``against``, ``predicted``, ``seen``, ``pairs``,
        ``difference`` with its 95% interval (``difference_low``, ``difference_high``; NaN where an arm has not run)
        and ``verdict``: "held" where the interval lies on the predicted side, or holds 0 where 0 was predicted;
        "failed" where it lies on another; "open" where it holds 0 against a predicted sign; "not run".
    """
    final = table[table["phase"] == "final"]
    scores = final.pivot(index=["world", "seed"], columns="arm", values="held_out_pass_rate")
    worlds = set(scores.index.get_level_values("world"))
    rows: list[dict[str, Any]] = []
    for claim in claims:
        for prediction in claim.predicts:
            arms = [prediction.arm, prediction.against]
            there = prediction.world in worlds and set(arms) <= set(scores.columns)
            pairs = scores.loc[prediction.world, arms].dropna() if there else pd.DataFrame(columns=arms)
            low = high = value = np.nan
            if len(pairs):
                own, other = (pairs[arm].to_numpy()[None] for arm in arms)
                found = bootstrap_interval(lambda x, y: float((x - y).mean()), own, other, seed=seed)
                value, low, high = found.estimate, found.low, found.high
            sign = int(low > 0) - int(high < 0)
            verdict = "held" if sign == prediction.sign else "open" if sign == 0 else "failed"
            rows.append(
                {
                    "claim": claim.id,
                    "world": prediction.world,
                    "arm": prediction.arm,
                    "against": prediction.against,
                    "predicted": prediction.sign,
                    "seen": prediction.seen,
                    "pairs": len(pairs),
                    "difference": value,
                    "difference_low": low,
                    "difference_high": high,
                    "verdict": verdict if len(pairs) else "not run",
                }
            )
    return pd.DataFrame(rows)
