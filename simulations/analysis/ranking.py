"""What a tournament's table says: who ranks where, by how much, and in which worlds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulations.analysis.statistics import (
    Interval,
    bootstrap_interval,
    interquartile_mean,
    probability_of_improvement,
    restricted_mean_time,
    time_to_target,
)
from vas_theory.foundation.errors import DataError

__all__ = ["chosen_rates", "final_scores", "format_ranking", "gaps_closed", "rank_strategies", "world_winners"]

BASELINE, REFERENCE = "uniform", "oracle"
"""The arm that gains are measured from, and the one that is shown what no method can know."""

_SMALLEST_GAP = 0.01
"""Shares of a smaller gap between the two would be ratios of noise."""

_RUN = ["world", "strategy", "seed"]


def _final_curves(table: pd.DataFrame) -> pd.DataFrame:
    """Return the final runs' measurements in order of the rollouts spent, one row a count.

    A step that trains on kept rollouts alone spends none: of the rows of one count the last is where the run stands.
    """
    final = table[table["phase"] == "final"].sort_values("rollouts", kind="stable")
    return final.drop_duplicates([*_RUN, "rollouts"], keep="last")


def final_scores(table: pd.DataFrame, column: str = "pass_rate") -> dict[str, NDArray[np.float64]]:
    """Return each strategy's final scores as (worlds, seeds), worlds and seeds in sorted order.

    Args:
        table: a tournament's table, of one regime.
        column: which measurement.

    Raises:
        DataError: the table mixes regimes, or a strategy lacks a world or a seed that another has.
    """
    if table["regime"].nunique() > 1:
        raise DataError("rank the regimes of a tournament's table one by one")
    return _by_strategy(_final_curves(table).groupby(_RUN).tail(1), column)


def _by_strategy(runs: pd.DataFrame, column: str) -> dict[str, NDArray[np.float64]]:
    """Return one value a run as (worlds, seeds) of each strategy."""
    scores = {}
    for name, part in runs.groupby("strategy"):
        wide = part.pivot(index="world", columns="seed", values=column).sort_index()
        if wide.shape != (runs["world"].nunique(), runs["seed"].nunique()) or wide.isna().any().any():
            raise DataError(f"the tournament's table lacks runs of strategy {name}")
        scores[str(name)] = wide.to_numpy(dtype=np.float64)
    return scores


def _runs(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row a final run: share of the budget until uniform's final pass rate, and the curve's mean."""
    final = _final_curves(table)
    base = final[final["strategy"] == BASELINE].groupby(["world", "seed"])["pass_rate"].last().to_dict()
    rows = []
    for (name, place, seed), part in final.groupby(["strategy", "world", "seed"]):
        budget = float(part["budget"].iloc[0])
        spent, curve = part["rollouts"].to_numpy(dtype=np.float64), part["pass_rate"].to_numpy(dtype=np.float64)
        time, reached = time_to_target(spent, curve, base[place, seed])
        # a run that ends early keeps what it reached
        area = np.trapezoid(np.append(curve, curve[-1]), np.append(spent, budget)) / budget
        rows.append((str(name), place, seed, time / budget, reached, area))
    return pd.DataFrame(rows, columns=["strategy", "world", "seed", "time", "reached", "area"])


def rank_strategies(table: pd.DataFrame, *, seed: int = 0, resamples: int = 2000) -> pd.DataFrame:
    """Rank the strategies of a tournament.

    Args:
        table: its table of one regime, with the strategy ``uniform`` in it.
        seed: of the bootstrap.
        resamples: of the bootstrap.

    Returns:
        One row a strategy, best first: ``pass_rate`` (interquartile mean of the final pass rates over worlds and
        seeds), ``gain`` over uniform (interquartile mean of the paired differences), ``improves`` (probability of
        improvement: how often it beats uniform, paired), both with 95% intervals from a stratified bootstrap over seeds
        (``_low``, ``_high``); ``gap_closed`` (share of the gap between uniform and the oracle, mean over the worlds
        where that gap is .01 or more, NaN without an oracle), ``time_to_uniform`` (mean share of the budget until
        uniform's final pass rate, misses counted as 1) and ``misses`` (share of runs that never reach it), ``area``
        (mean pass rate over the budget), ``held_out`` (mean gain over uniform on held-out prompts), ``effective``
        (groups with a gradient per 1,000 rollouts spent, in the mean), ``coverage``, ``forgotten``.

    Raises:
        DataError: uniform is not in the table, regimes are mixed, or a run is missing.
    """
    scores = final_scores(table)
    if BASELINE not in scores:
        raise DataError(f"a tournament is ranked against {BASELINE}, which is not in the table")
    base = scores[BASELINE]
    runs = _runs(table)
    times, areas = dict(iter(runs.groupby("strategy"))), _by_strategy(runs, "area")
    measured = ("effective_groups", "rollouts", "coverage", "forgotten", "held_out_pass_rate")
    groups, rollouts, coverage, forgotten, held_out = (final_scores(table, column) for column in measured)
    rows = []
    for name, score in scores.items():
        gain, improves = _against(score, base, seed, resamples)
        rows.append(
            {
                "strategy": name,
                "pass_rate": float(interquartile_mean(score)),
                "gain": gain.estimate,
                "gain_low": gain.low,
                "gain_high": gain.high,
                "improves": improves.estimate,
                "improves_low": improves.low,
                "improves_high": improves.high,
                "gap_closed": float(np.nanmean(gaps_closed(scores, name))) if REFERENCE in scores else np.nan,
                "time_to_uniform": restricted_mean_time(times[name]["time"], times[name]["reached"], 1.0),
                "misses": float(1 - times[name]["reached"].mean()),
                "area": float(areas[name].mean()),
                "held_out": float((held_out[name] - held_out[BASELINE]).mean()),
                "effective": float((1000 * groups[name] / np.maximum(rollouts[name], 1)).mean()),
                "coverage": float(coverage[name].mean()),
                "forgotten": float(forgotten[name].mean()),
            }
        )
    return pd.DataFrame(rows).sort_values("gain", ascending=False, ignore_index=True)


def _against(score: NDArray[np.float64], base: NDArray[np.float64], seed: int, resamples: int) -> list[Interval]:
    """Return the gain and the probability of improvement over a base, with intervals."""
    flat = (len(base) * len(base[0]),)

    def gain(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> NDArray[np.float64]:
        middle: NDArray[np.float64] = interquartile_mean((ours - theirs).reshape(ours.shape[:-2] + flat), axis=-1)
        return middle

    def improves(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> NDArray[np.float64]:
        better: NDArray[np.float64] = ((ours > theirs) + 0.5 * (ours == theirs)).mean((-2, -1))
        return better

    return [
        bootstrap_interval(statistic, score, base, seed=seed, resamples=resamples, vectorized=True)
        for statistic in (gain, improves)
    ]


def gaps_closed(scores: Mapping[str, NDArray[np.float64]], name: str) -> NDArray[np.float64]:
    """Return the share of the gap between uniform and the oracle that a strategy closes in each world.

    Where the gap is below .01, as where every arm reaches the ceiling, the share is NaN.
    """
    base = scores[BASELINE].mean(1)
    gap = scores[REFERENCE].mean(1) - base
    return np.divide(scores[name].mean(1) - base, gap, out=np.full(len(gap), np.nan), where=gap >= _SMALLEST_GAP)


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


def chosen_rates(table: pd.DataFrame) -> pd.DataFrame:
    """Return what the tuning chose: one row a world and strategy, with ``learning_rate`` and its place in the grid.

    ``end`` is ``lowest`` or ``highest`` where the choice is an end of the grid, so that a better rate may lie beyond
    it, and ``inside`` elsewhere.
    """
    tried = table[table["phase"] == "tuning"]
    if tried.empty:
        return pd.DataFrame(columns=["world", "strategy", "learning_rate", "end"])
    final = table[(table["phase"] == "final") & table["regime"].isin(set(tried["regime"]))]
    chosen = final.groupby(["world", "strategy"])["learning_rate"].first().reset_index()
    ends = {tried["learning_rate"].min(): "lowest", tried["learning_rate"].max(): "highest"}
    return chosen.assign(end=[ends.get(rate, "inside") for rate in chosen["learning_rate"]])


def format_ranking(table: pd.DataFrame) -> str:
    """Return, for each regime of learning rates, the ranked table and the winners by world as text."""
    return "\n\n\n".join(_format_regime(str(name), part) for name, part in table.groupby("regime", sort=False))


def _format_regime(regime: str, table: pd.DataFrame) -> str:
    ranking, winners = rank_strategies(table), world_winners(table)
    final = table[table["phase"] == "final"]
    rates = ", ".join(f"{rate:g}" for rate in sorted(table["learning_rate"].unique()))
    head = (
        f"learning rate {regime} ({rates}): {final['strategy'].nunique()} strategies, {final['world'].nunique()} "
        f"worlds, {final['seed'].nunique()} paired seeds\n"
        "gain: final pass rate over uniform's, interquartile mean; improves: how often better; 95% intervals"
    )
    text = {
        name: [
            f"{row[name]:{form}} [{row[f'{name}_low']:{form}}, {row[f'{name}_high']:{form}}]"
            for row in ranking.to_dict("records")
        ]
        for name, form in (("gain", "+.4f"), ("improves", ".2f"))
    }
    bounds = [f"{name}_{side}" for name in text for side in ("low", "high")]
    shown = ranking.drop(columns=bounds).assign(**text)
    shown.index = pd.RangeIndex(1, len(shown) + 1)
    parts = [head, shown.to_string(float_format="{:.3f}".format, na_rep="-")]
    parts.append("winners by world" + (f" ({REFERENCE} aside)" if REFERENCE in set(ranking["strategy"]) else ""))
    parts.append(winners.to_string(index=False, float_format="{:.3f}".format))
    chosen = chosen_rates(table)
    if len(chosen):
        parts.append(
            f"tuned rates: {(chosen['end'] == 'highest').sum()} of {len(chosen)} choices are the highest of the grid, "
            f"{(chosen['end'] == 'lowest').sum()} the lowest; inside in "
            + (", ".join(sorted(set(chosen.loc[chosen["end"] == "inside", "world"]))) or "no world")
        )
    return "\n\n".join(parts)
