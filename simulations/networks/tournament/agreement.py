"""Rank correlations of the networks with the bandits, a real model, and groups that have a gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from simulations.networks.tournament.analysis import BASELINE, interval, named, scores_of
from simulations.networks.tournament.predictions import FRESH

__all__ = ["FEWEST_ARMS", "agreement", "rank_correlation"]

FEWEST_ARMS = 4
"""Fewer arms, uniform sampling among them, have no ranking worth a number."""

_COLUMNS = [
    "with", "world", "arms", "worlds", "correlation", "correlation_low", "correlation_high", "regime", "bandit_world",
]  # fmt: skip

Array = NDArray[np.float64]


def rank_correlation(one: Array, other: Array) -> Array:
    """Return Spearman's correlation along the last axis; NaN where one side is constant."""
    x, y = (rankdata(values, axis=-1) for values in np.broadcast_arrays(one, other))
    x, y = (ranks - ranks.mean(-1, keepdims=True) for ranks in (x, y))
    size = np.sqrt((x**2).sum(-1) * (y**2).sum(-1))
    found: Array = np.divide((x * y).sum(-1), size, out=np.full(size.shape, np.nan), where=size > 0)
    return found


def agreement(
    table: pd.DataFrame,
    bandits: pd.DataFrame | None,
    study: pd.DataFrame | None = None,
    fitted: pd.DataFrame | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Correlate the arms' ranks in the networks with those in bandits, in real training, and by groups with a gradient.

    Args:
        table: of :func:`~simulations.networks.tournament.finished.summary`.
        bandits: the table of the experiment ``tournament_ranking``; ``None`` where it is not there.
        study: the table ``validation`` of the study of a real model; ``None`` where it is not there.
        fitted: the table of the experiment ``fitted_ranking``, more worlds of bandits; ``None`` where it is not there.
        seed: of the bootstrap.

    Returns:
        One row a question and world of the networks, ``all`` for the mean of the worlds' correlations over the arms
        that are in all of them, without the worlds that were added later for a few arms: ``with`` (``bandits``;
        ``study``: gains in held-out accuracy of the real model; or ``mixed_groups``: groups with a gradient a step),
        for bandits ``regime`` of learning rates and ``bandit_world`` (``all`` for the ranking over its worlds,
        ``NAME-fitted`` for one that starts as a trace); ``arms``, how many, uniform sampling among them;
        ``correlation`` with a 95% interval over the networks' paired seeds, NaN for fewer than four arms. Arms with
        free knowledge are left out: bandits lack most of them, and what an oracle has says nothing of a sampler.
        Single worlds of bandits are compared with ``all`` networks alone.
    """
    charged = table[(table["phase"] == "final") & (table["free"] == "")]
    scores, mixed = scores_of(charged, "held_out_pass_rate"), scores_of(charged, "mixed_groups")
    rows = [{"with": "mixed_groups", **row} for row in _by_world(scores, mixed, seed)]
    if bandits is not None:
        more = {} if fitted is None else _bandit_gains(fitted)
        single = {(regime, f"{place}-fitted"): gains for (regime, place), gains in more.items() if place != "all"}
        for (regime, place), gains in {**_bandit_gains(bandits), **single}.items():
            about = {"with": "bandits", "regime": regime, "bandit_world": place}
            found = _by_world(scores, _everywhere(gains, scores), seed)
            rows += [{**about, **row} for row in (found if place == "all" else found[-1:])]
    if study is not None:
        rows += [{"with": "study", **row} for row in _by_world(scores, _everywhere(_study_gains(study), scores), seed)]
    return pd.DataFrame(rows, columns=_COLUMNS)


def _everywhere(gains: Mapping[str, float], scores: pd.DataFrame) -> pd.DataFrame:
    """Return an arm's gain elsewhere as the same number for all worlds and seeds of the networks."""
    return pd.DataFrame({arm: gains[arm] for arm in map(str, scores) if arm in gains}, index=scores.index)


def _study_gains(study: pd.DataFrame) -> dict[str, float]:
    """Return arm -> gain in held-out accuracy over uniform sampling, for arms with an interval."""
    rows = study[(study["quantity"] == "accuracy_gain") & study["measured_low"].notna()]
    return {**dict(zip(rows["arm"], rows["measured"], strict=True)), BASELINE: 0.0}


def _bandit_gains(bandits: pd.DataFrame) -> dict[tuple[str, str], dict[str, float]]:
    """Return (regime, world) -> arm -> gain over uniform sampling; world ``all`` is the ranking."""
    found = {}
    for (kind, regime, world), rows in bandits.fillna({"world": ""}).groupby(["kind", "regime", "world"], sort=False):
        if kind in ("ranking", "world"):
            gains = dict(zip(rows["strategy"], rows["gain"], strict=True))
            found[str(regime), "all" if kind == "ranking" else str(world)] = {**gains, BASELINE: 0.0}
    return found


def _by_world(scores: pd.DataFrame, other: pd.DataFrame, seed: int) -> list[dict[str, Any]]:
    """Return a row for each world, and one for their mean."""
    there: dict[str, list[str]] = {}
    for world, rows in scores.groupby("world", sort=False):
        there[str(world)] = [str(arm) for arm in other if not rows[arm].isna().any()]
    enough = {world: arms for world, arms in there.items() if len(arms) >= FEWEST_ARMS}
    found = [{"world": world, **_correlated(scores, other, [world], arms, seed)} for world, arms in enough.items()]
    known = {world: arms for world, arms in there.items() if world not in FRESH} or there
    counted = {world: arms for world, arms in known.items() if world in enough} or known
    everywhere = [arm for arm in map(str, other) if all(arm in arms for arms in counted.values())]
    return [*found, {"world": "all", **_correlated(scores, other, list(counted), everywhere, seed)}]


def _correlated(
    scores: pd.DataFrame, other: pd.DataFrame, worlds: Sequence[str], arms: Sequence[str], seed: int
) -> dict[str, Any]:
    about = {"arms": len(arms), "worlds": len(worlds)}
    untold = {**about, "correlation": np.nan, "correlation_low": np.nan, "correlation_high": np.nan}
    if len(arms) < FEWEST_ARMS:
        return untold
    x, y = (
        [np.stack([part.loc[[world], arm].to_numpy(dtype=np.float64) for world in worlds]) for arm in arms]
        for part in (scores, other)
    )

    def statistic(*values: Array) -> Array:
        sides = values[: len(arms)], values[len(arms) :]
        one, two = (np.stack([part.mean(-1) for part in side], -1) for side in sides)
        mean: Array = rank_correlation(one, two).mean(-1)
        return mean

    if np.isnan(statistic(*x, *y)):  # constant on one side
        return untold
    return {**about, **named("correlation", interval(statistic, *x, *y, seed=seed))}
