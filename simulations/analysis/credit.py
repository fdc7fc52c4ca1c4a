"""What credit for steps is worth beside the choice of prompts and the size of groups, as one table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulations.analysis.ranking import final_scores, rank_strategies
from simulations.analysis.statistics import bootstrap_interval, interquartile_mean
from simulations.analysis.summaries import by_regime, described, world_gains
from simulations.running.tree_worlds import generated_share, tree_world

__all__ = ["SMALL_GROUP", "TREES", "credit_summary"]

Array = NDArray[np.float64]

TREES = ("treerpo", "tree-opo")
"""Arms that give each step an advantage of its own."""

CONTROLS = ("uniform", "uniform-8", "uniform-tree")
"""Arms that choose no prompts and give no credit to steps."""

SMALL_GROUP = 8
_RANKED = [
    "strategy", "pass_rate", "gain", "gain_low", "gain_high", "improves", "improves_low", "improves_high",
    "time_to_uniform", "misses", "effective",
]  # fmt: skip


def credit_summary(table: pd.DataFrame, *, seed: int = 0, resamples: int = 1000) -> pd.DataFrame:
    """Rank the arms on tree prompts, and tell the effects of credit, choice and groups apart.

    Args:
        table: the table of the experiment ``step_credit``.
        seed: of the bootstrap.
        resamples: of the bootstrap.

    Returns:
        Rows of three kinds, each with its ``regime``. ``ranking``: what
        :func:`~simulations.analysis.ranking.rank_strategies` says of an arm, its ``rank``, and ``step_length``: how
        long its first updates are beside uniform's, the mean over runs. ``effect``: ``gain`` with its interval of an
        arm ``against`` the one that lacks what ``effect`` names, over ``worlds``. ``world``: what
        :func:`~simulations.analysis.summaries.world_gains` says of an arm in a world. Every row also describes the
        comparison, see :func:`~simulations.analysis.summaries.described`.
    """
    parts = []
    for regime, part in by_regime(table).items():
        ranking = rank_strategies(part, seed=seed, resamples=resamples)[_RANKED]
        ranking = ranking.assign(
            rank=range(1, len(ranking) + 1), step_length=ranking["strategy"].map(_step_lengths(part))
        )
        effects = pd.DataFrame(_effects(part, _best_chooser(ranking), seed, resamples))
        gains = world_gains(part, regime, seed=seed, resamples=resamples).drop(columns="seeds")
        kinds = {"ranking": ranking, "effect": effects, "world": gains}
        parts += [rows.assign(kind=kind, regime=regime) for kind, rows in kinds.items()]
    return described(pd.concat(parts, ignore_index=True), table)


def _best_chooser(ranking: pd.DataFrame) -> list[str]:
    """Return the name of the best-ranked strategy that chooses prompts, as a list: none where none plays."""
    ordered = ranking.sort_values("rank")["strategy"]
    return [str(name) for name in ordered if name not in (*TREES, *CONTROLS)][:1]


def _difference(ours: Array, theirs: Array, seed: int, resamples: int) -> dict[str, float]:
    """Return the interquartile mean of paired differences over worlds and seeds, with its interval."""

    def middle(values: Array) -> Array:
        flat: Array = interquartile_mean(values.reshape((*values.shape[:-2], -1)), axis=-1)
        return flat

    found = bootstrap_interval(middle, ours - theirs, seed=seed, resamples=resamples, vectorized=True)
    return {"gain": found.estimate, "gain_low": found.low, "gain_high": found.high}


def _reached_by(part: pd.DataFrame, strategy: str, shares: dict[str, float]) -> Array:
    """Return the pass rates, worlds by seeds, that a strategy has after a share of each world's budget."""
    runs = part[(part["phase"] == "final") & (part["strategy"] == strategy)].sort_values("rollouts", kind="stable")
    rows = [
        [np.interp(share * run["budget"].iloc[0], run["rollouts"], run["pass_rate"]) for _, run in each.groupby("seed")]
        for share, each in ((shares[str(world)], each) for world, each in runs.groupby("world"))
    ]
    return np.array(rows)


def _effects(part: pd.DataFrame, best: list[str], seed: int, resamples: int) -> list[dict[str, Any]]:
    """Return what shared prefixes, credit, choice and group size are worth, each against the arm that lacks it."""
    scores, worlds = final_scores(part), sorted(part["world"].unique())
    large = [tree_world(world, learning_rate=1.0).group_size > SMALL_GROUP for world in worlds]
    pairs = [
        ("shared prefixes", "uniform-tree", "uniform"),
        *((f"credit, {name}", name, "uniform-tree") for name in TREES),
        *((f"both, {name}", name, "uniform") for name in TREES),
        *((f"choice, {name}", name, "uniform") for name in best),
        (f"groups of {SMALL_GROUP}, not 27", "uniform-8", "uniform"),
    ]
    rows: list[dict[str, Any]] = []
    for effect, name, base in pairs:
        if name in scores and base in scores:
            chosen = large if name == "uniform-8" else [True] * len(worlds)
            ends = _difference(scores[name][chosen], scores[base][chosen], seed, resamples)
            rows.append({"effect": effect, "strategy": name, "against": base, "worlds_compared": sum(chosen), **ends})
    shares = {world: generated_share(world) for world in worlds}
    earlier = _reached_by(part, "uniform", shares)
    for name in (name for name in TREES if name in scores):
        ends = _difference(scores[name], earlier, seed, resamples)
        row = {"effect": f"equal steps, {name}", "strategy": name, "against": "uniform", "worlds_compared": len(worlds)}
        rows.append({**row, **ends, "least_share": min(shares.values()), "largest_share": max(shares.values())})
    return rows


def _step_lengths(part: pd.DataFrame) -> pd.Series:
    """Return how long an arm's first updates are beside uniform's in groups of one size, the mean over runs."""
    final = part[(part["phase"] == "final") & (part["rollouts"] > 0)].sort_values("rollouts", kind="stable")
    first = final.groupby(["world", "seed", "strategy"])["gradient_norm"].first().unstack()
    ratios: pd.Series = first.div(first["uniform"], axis=0).mean()
    return ratios
