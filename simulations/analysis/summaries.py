"""What figures, report and documentation show of a tournament: rankings and gains world by world, as one table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from simulations.analysis.ranking import BASELINE, chosen_rates, final_scores, rank_strategies
from simulations.analysis.statistics import bootstrap_interval

__all__ = ["by_regime", "described", "tournament_summary", "world_gains"]

_RANKED = [
    "strategy", "pass_rate", "gain", "gain_low", "gain_high", "improves", "gap_closed", "time_to_uniform", "misses",
    "effective",
]  # fmt: skip


def by_regime(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the rows of each regime of learning rates that a tournament's table has."""
    return {str(regime): part for regime, part in table.groupby("regime", sort=True)}


def world_gains(table: pd.DataFrame, regime: str, *, seed: int = 0, resamples: int = 1000) -> pd.DataFrame:
    """Return the mean gain in final pass rate over uniform, arm by arm and world by world.

    Args:
        table: a tournament's table.
        regime: one of its regimes of learning rates.
        seed: of the bootstrap.
        resamples: of the bootstrap.

    Returns:
        One row a world and arm, best first in each world: world, strategy, gain, gain_low, gain_high (95%, bootstrap
        over paired seeds), seeds. Uniform's own row has gain 0.
    """
    part = table[table["regime"] == regime]
    scores = final_scores(part)
    rows: list[dict[str, Any]] = []
    for position, world in enumerate(sorted(part["world"].unique())):
        for name, score in scores.items():
            difference = score[[position]] - scores[BASELINE][[position]]
            gain = bootstrap_interval(
                lambda values: values.mean(axis=(-2, -1)), difference, seed=seed, resamples=resamples, vectorized=True
            )
            rows.append(
                {
                    "world": str(world), "strategy": name, "gain": gain.estimate, "gain_low": gain.low,
                    "gain_high": gain.high, "seeds": difference.shape[1],
                }
            )  # fmt: skip
    frame = pd.DataFrame(rows)
    return frame.sort_values(["world", "gain"], ascending=[True, False], kind="stable", ignore_index=True)


def tournament_summary(table: pd.DataFrame, *, seed: int = 0, resamples: int = 1000) -> pd.DataFrame:
    """Rank the arms of a tournament at each regime of learning rates, and say what each gains in each world.

    Args:
        table: a tournament's table.
        seed: of the bootstrap.
        resamples: of the bootstrap.

    Returns:
        Rows of two kinds, each with its ``regime``. ``ranking``: what
        :func:`~simulations.analysis.ranking.rank_strategies` says of an arm, and its ``rank``. ``world``: what
        :func:`world_gains` says of an arm in a world. Every row also describes the tournament, see :func:`described`.
    """
    parts = []
    for regime, part in by_regime(table).items():
        ranking = rank_strategies(part, seed=seed, resamples=resamples)[_RANKED]
        ranking = ranking.assign(rank=np.arange(1, len(ranking) + 1))
        gains = world_gains(part, regime, seed=seed, resamples=resamples).drop(columns="seeds")
        parts += [rows.assign(kind=kind, regime=regime) for kind, rows in (("ranking", ranking), ("world", gains))]
    return described(pd.concat(parts, ignore_index=True), table)


def described(rows: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Return rows with what describes the tournament that they summarise.

    Args:
        rows: any rows.
        table: the tournament's table.

    Returns:
        The rows with ``seeds`` and ``worlds`` (how many), ``least_rollouts`` and ``rollouts`` (the smallest and the
        largest budget), ``fixed_rate``, ``highest_rate`` (of the grid), ``choices`` and ``highest_choices`` (tuned
        rates, and how many of them are the grid's highest).
    """
    final, chosen = table[table["phase"] == "final"], chosen_rates(table)
    return rows.assign(
        seeds=final["seed"].nunique(),
        worlds=final["world"].nunique(),
        least_rollouts=int(final["budget"].min()),
        rollouts=int(final["budget"].max()),
        fixed_rate=final.loc[final["regime"] == "fixed", "learning_rate"].max(),
        highest_rate=table.loc[table["phase"] == "tuning", "learning_rate"].max(),
        choices=len(chosen),
        highest_choices=int((chosen["end"] == "highest").sum()),
    )
