"""What a tournament's table says: who ranks where, by how much, and in which worlds."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulations.statistics import (
    bootstrap_interval,
    interquartile_mean,
    probability_of_improvement,
    restricted_mean_time,
    time_to_target,
)
from vas_theory.errors import DataError

__all__ = ["final_scores", "format_ranking", "rank_strategies", "world_winners"]

BASELINE, REFERENCE = "uniform", "oracle"
"""The arm that gains are measured from, and the one that is shown what no method can know."""


def final_scores(table: pd.DataFrame, column: str = "pass_rate") -> dict[str, NDArray[np.float64]]:
    """Return each strategy's final scores as (worlds, seeds), worlds and seeds in sorted order.

    Args:
        table: a tournament's table.
        column: which measurement.

    Raises:
        DataError: a strategy lacks a world or a seed that another has.
    """
    final = table[table["phase"] == "final"]
    last = final.loc[final.groupby(["world", "strategy", "seed"])["rollouts"].idxmax()]
    scores = {}
    for name, part in last.groupby("strategy"):
        wide = part.pivot(index="world", columns="seed", values=column).sort_index()
        if wide.shape != (last["world"].nunique(), last["seed"].nunique()) or wide.isna().any().any():
            raise DataError(f"the tournament's table lacks runs of strategy {name}")
        scores[str(name)] = wide.to_numpy()
    return scores


def _target_times(table: pd.DataFrame) -> dict[str, float]:
    """Mean share of the budget until uniform's final pass rate of the same world and seed; a miss counts as 1."""
    final = table[table["phase"] == "final"].sort_values("rollouts")
    base = final[final["strategy"] == BASELINE].groupby(["world", "seed"])["pass_rate"].last().rename("target")
    rows = []
    for (name, _, _), part in final.join(base, on=["world", "seed"]).groupby(["strategy", "world", "seed"]):
        spent, reached = time_to_target(part["rollouts"], part["pass_rate"], float(part["target"].iloc[0]))
        rows.append((str(name), spent / part["budget"].iloc[0], reached))
    times = pd.DataFrame(rows, columns=["strategy", "share", "reached"]).groupby("strategy")
    return {str(name): restricted_mean_time(part["share"], part["reached"], 1.0) for name, part in times}


def rank_strategies(table: pd.DataFrame, *, seed: int = 0, resamples: int = 2000) -> pd.DataFrame:
    """Rank the strategies of a tournament.

    Args:
        table: its table, with the strategy ``uniform`` in it.
        seed: of the bootstrap.
        resamples: of the bootstrap.

    Returns:
        One row a strategy, best first: ``pass_rate`` (interquartile mean of the final pass rates over worlds and
        seeds), ``gain`` over uniform (interquartile mean of the paired differences) with ``gain_low`` and
        ``gain_high`` (95%, stratified bootstrap over seeds), ``improves`` (how often it beats uniform, paired),
        ``gap_closed`` (share of the mean gap between uniform and the oracle, NaN without an oracle),
        ``time_to_uniform`` (mean share of the budget until uniform's final pass rate, misses counted as 1),
        ``effective`` (groups with a gradient per 1,000 rollouts spent, in the mean), ``coverage``, ``forgotten``.

    Raises:
        DataError: uniform is not in the table, or a run is missing.
    """
    scores = final_scores(table)
    if BASELINE not in scores:
        raise DataError(f"a tournament is ranked against {BASELINE}, which is not in the table")
    base = scores[BASELINE]
    gap = scores[REFERENCE].mean() - base.mean() if REFERENCE in scores else np.nan
    times = _target_times(table)
    groups, rollouts = final_scores(table, "effective_groups"), final_scores(table, "rollouts")
    coverage, forgotten = final_scores(table, "coverage"), final_scores(table, "forgotten")
    rows = []
    for name, score in scores.items():
        gain = bootstrap_interval(
            lambda ours, theirs: float(interquartile_mean(ours - theirs)), score, base, seed=seed, resamples=resamples
        )
        rows.append(
            {
                "strategy": name,
                "pass_rate": float(interquartile_mean(score)),
                "gain": gain.estimate,
                "gain_low": gain.low,
                "gain_high": gain.high,
                "improves": probability_of_improvement(score, base),
                "gap_closed": float((score.mean() - base.mean()) / gap),
                "time_to_uniform": times[name],
                "effective": float((1000 * groups[name] / np.maximum(rollouts[name], 1)).mean()),
                "coverage": float(coverage[name].mean()),
                "forgotten": float(forgotten[name].mean()),
            }
        )
    return pd.DataFrame(rows).sort_values("gain", ascending=False, ignore_index=True)


def world_winners(table: pd.DataFrame) -> pd.DataFrame:
    """Return the best strategy of each world by mean final pass rate, the oracle aside.

    Returns:
        One row a world: world, winner, its pass_rate, its gain over uniform, and how often it beats the runner-up.
    """
    scores = final_scores(table)
    worlds = sorted(table["world"].unique())
    rivals = [name for name in scores if name != REFERENCE]
    rows = []
    for index, name in enumerate(worlds):
        order = sorted(rivals, key=lambda rival: -scores[rival][index].mean())
        best, second = order[0], order[min(1, len(order) - 1)]
        rows.append(
            {
                "world": name,
                "winner": best,
                "pass_rate": float(scores[best][index].mean()),
                "gain": float((scores[best][index] - scores[BASELINE][index]).mean()),
                "runner_up": second,
                "beats_runner_up": probability_of_improvement(scores[best][[index]], scores[second][[index]]),
            }
        )
    return pd.DataFrame(rows)


def format_ranking(table: pd.DataFrame) -> str:
    """Return the ranked table and the winners by world as text."""
    ranking, winners = rank_strategies(table), world_winners(table)
    final = table[table["phase"] == "final"]
    head = (
        f"{final['strategy'].nunique()} strategies, {final['world'].nunique()} worlds, {final['seed'].nunique()} paired"
        " seeds; gain: final pass rate over uniform's, interquartile mean with 95% interval"
    )
    interval = [f"{row.gain:+.4f} [{row.gain_low:+.4f}, {row.gain_high:+.4f}]" for row in ranking.itertuples()]
    shown = ranking.drop(columns=["gain_low", "gain_high"]).assign(gain=interval)
    shown.index = pd.RangeIndex(1, len(shown) + 1)
    parts = [head, shown.to_string(float_format="{:.3f}".format, na_rep="-")]
    parts.append("winners by world" + (f" ({REFERENCE} aside)" if REFERENCE in set(ranking["strategy"]) else ""))
    parts.append(winners.to_string(index=False, float_format="{:.3f}".format))
    return "\n\n".join(parts)
