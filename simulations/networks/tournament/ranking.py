"""What figures, report and README show of the network tournament, as one table: arms by world and in the mean."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from simulations.networks.tournament.analysis import BASELINE, compare, interval, named, overall, scores_of, spent
from simulations.networks.tournament.predictions import FRESH

__all__ = ["CONTRASTS", "rank_networks"]

CONTRASTS = (
    ("index@2", "index"),
    ("vas-paper-free", "vas-paper"),
    ("oracle", "oracle-half"),
    ("vas-states", "vas"),
    ("predictor", "vas"),
    ("vas-states", "uniform-g4"),
    ("vas-states-g4", "uniform-g4"),
    ("vas-states-once", "vas-states"),
    ("vas-rescored", "vas"),
    ("vas-states-rescored", "vas-states"),
)
"""Pairs of arms that are asked about: all but one differ in one thing, a cap on visits, a price, a share, a prediction,
a refresh; ``vas-states`` and ``uniform-g4`` are two ways to use the same rollouts better."""

_MEANS = (
    "mixed_groups", "most_visits", "gradient_norm", "noise_share", "learning_rate", "pass_at_32", "start_pass_at_32",
)  # fmt: skip


def rank_networks(table: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Summarise the network tournament.

    Args:
        table: of :func:`~simulations.networks.tournament.finished.summary`.
        seed: of the bootstrap.

    Returns:
        Rows of five kinds, whose other columns are empty. ``baseline``: uniform sampling in a world, its ``pass_rate``,
        ``start_pass_rate``, ``gain`` over the start with a 95% interval, ``pass_at_32``, ``start_pass_at_32``,
        ``mixed_groups``, ``most_visits``, ``gradient_norm``, ``noise_share``, ``learning_rate``, ``interior`` and
        ``seeds``. ``world``: an arm in a world, the columns of
        :func:`~simulations.networks.tournament.analysis.compare`. ``overall``: an arm in the mean over its worlds
        without those of :data:`~simulations.networks.tournament.predictions.FRESH`, the columns of
        :func:`~simulations.networks.tournament.analysis.overall`; ``fresh``: the same over those alone. ``contrast``:
        the ``difference`` between an arm and the arm ``against`` in a world where both ran, with an interval, and
        ``rollouts``, ``budget``
        (the other's) and ``early`` as in a comparison.
    """
    fresh = table["world"].isin(FRESH)
    parts = {
        "baseline": _baselines(table, seed),
        "world": compare(table, seed),
        "overall": overall(table[~fresh], seed),
        "fresh": overall(table[fresh], seed) if fresh.any() else pd.DataFrame(),
        "contrast": _contrasts(table, seed),
    }
    return pd.concat([part.assign(kind=kind) for kind, part in parts.items() if len(part)], ignore_index=True)


def _baselines(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    final = table[(table["phase"] == "final") & (table["arm"] == BASELINE)]
    rows: list[dict[str, Any]] = []
    for world, runs in final.groupby("world", sort=False):
        end, start = (runs[name].to_numpy() for name in ("held_out_pass_rate", "start_pass_rate"))
        rows.append(
            {
                "world": world,
                "arm": BASELINE,
                "pass_rate": end.mean(),
                "start_pass_rate": start.mean(),
                **named("gain", interval(lambda x, y: (x - y).mean((-1, -2)), end, start, seed=seed)),
                **{name: runs[name].mean() for name in _MEANS},
                "interior": bool(runs["interior"].iloc[0]) if "interior" in runs else False,
                "seeds": len(runs),
            }
        )
    return pd.DataFrame(rows)


def _contrasts(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    wide, used = scores_of(table, "held_out_pass_rate"), scores_of(table, "rollouts")
    rows: list[dict[str, Any]] = []
    for arm, other in CONTRASTS:
        if arm not in wide or other not in wide:
            continue
        for world, scores in wide[[arm, other]].groupby("world", sort=False):
            one, two = scores[arm].to_numpy(), scores[other].to_numpy()
            if not np.isnan([one, two]).any():
                difference = interval(lambda x, y: (x - y).mean((-1, -2)), one, two, seed=seed)
                about = {**named("difference", difference), **spent(used[arm][world], used[other][world])}
                rows.append({"world": world, "arm": arm, "against": other, **about})
    return pd.DataFrame(rows)
