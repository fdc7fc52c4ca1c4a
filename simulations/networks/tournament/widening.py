"""Tuning beyond the grid, where the best learning rate that was tried is still the lowest or the highest."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

__all__ = ["next_rate", "widened"]

_PAIR = ["world", "arm"]


def next_rate(tuning: pd.DataFrame) -> float | None:
    """Return the rate to try next for one arm in one world: beyond the end at which the best one lies, if it does.

    Args:
        tuning: runs of that arm and world with ``learning_rate`` and ``held_out_pass_rate``, two rates or more.
    """
    means = tuning.groupby("learning_rate")["held_out_pass_rate"].mean().sort_index()
    rates = [float(rate) for rate in means.index]
    best = float(means.idxmax())
    if best == rates[0]:
        return best * rates[0] / rates[1]
    if best == rates[-1]:
        return best * rates[-1] / rates[-2]
    return None


def widened(tuning: pd.DataFrame, further: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return tuning runs with those of further rates, where ``chosen`` and ``interior`` are as all of them say.

    Args:
        tuning: runs of any worlds and arms.
        further: learning curves at rates beyond the ends; their last rows are taken.
    """
    ends = [curves.groupby([*_PAIR, "learning_rate", "seed"], sort=False).tail(1) for curves in further]
    if not ends:
        return tuning
    table = pd.concat([tuning, *ends], ignore_index=True)
    parts = []
    for _, runs in table.groupby(_PAIR, sort=False):
        means = runs.groupby("learning_rate")["held_out_pass_rate"].mean()
        runs = runs.sort_values("learning_rate", kind="stable")
        parts.append(runs.assign(chosen=runs["learning_rate"] == means.idxmax(), interior=next_rate(runs) is None))
    return pd.concat(parts, ignore_index=True)
