"""What the network tournament says: differences to uniform sampling, learning relative to it, agreement of signs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulations.analysis.statistics import Interval, bootstrap_interval, holm
from vas_theory.foundation.errors import DataError

__all__ = [
    "BASELINE", "LEAST_GAIN", "REFERENCE", "compare", "format_comparison", "interval", "named", "overall", "scores_of",
    "spent",
]  # fmt: skip

BASELINE, REFERENCE = "uniform", "oracle"
"""The arm that differences are measured from, and the one that knows the pass rates."""

LEAST_GAIN = 0.01
"""Where uniform sampling gains less than this, nothing is told relative to its gain."""

_RESAMPLES = 4000

_UNTOLD = Interval(np.nan, np.nan, np.nan)
_UNSHOWN = (
    "free", "seeds", "learning_worlds", "headroom", "mixed_ratio", "most_visits", "gradient_norm", "noise_share",
    "pass_at_32_difference_",
    "rollouts", "budget", "early",
)  # fmt: skip
"""Columns that the text leaves to the table."""
_MEANS = ("mixed_groups", "distinct_prompts", "most_visits", "gradient_norm", "noise_share", "learning_rate")

_INSIDE = 0.9
"""Share of the tuned learning rates whose best is to lie inside what was tried."""
_WHOLE = 0.95
"""An arm that spends less than this share of uniform sampling's rollouts ended before the budget was spent."""

Array = NDArray[np.float64]


def scores_of(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return the ends of the reported runs of one measure: (world, seed) rows and one column an arm."""
    final = table[table["phase"] == "final"]
    wide = final.pivot(index=["world", "seed"], columns="arm", values=column)
    if BASELINE not in wide:
        raise DataError(f"the tournament is read against {BASELINE}, which is not in the table")
    return wide


def _relative(scores: Array, base: Array, start: Array) -> Array:
    """Return the mean gain over the base's mean gain; the last axes are worlds and seeds, worlds averaged after."""
    own = (scores - start).mean(-1)
    uniform = (base - start).mean(-1)
    ratio: Array = (own / uniform).mean(-1)
    return ratio


def _difference(one: Array, other: Array) -> Array:
    """Return the mean difference over worlds and seeds, the last two axes."""
    difference: Array = (one - other).mean((-1, -2))
    return difference


def compare(table: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Compare every arm with uniform sampling in every world.

    Args:
        table: of :func:`~simulations.networks.tournament.finished.summary`.
        seed: of the bootstrap.

    Returns:
        One row a world and arm: ``pass_rate`` (mean of the final held-out pass rates), ``difference`` to uniform (mean
        of the pairs) and ``learning`` ((final - start) over uniform's, ratio of means; NaN where uniform gains less
        than .01) with 95% intervals from a bootstrap over paired seeds (``_low``, ``_high``); ``headroom`` (share of
        the oracle's difference that the arm reaches, ratio of means with such an interval; NaN for the oracle, and
        where its own interval is not above 0); ``p_value`` (paired t-test, Holm over the world's arms);
        ``pass_at_32`` and its ``pass_at_32_difference`` with an interval; ``rollouts`` spent and ``budget``, uniform's,
        and whether the arm ended ``early``, before the budget was spent, as one whose visits are capped may; means over
        the seeds of ``mixed_groups``, ``distinct_prompts``, ``most_visits``, ``gradient_norm``, ``noise_share`` and
        ``learning_rate``; ``mixed_ratio``, groups with a gradient over uniform's; ``interior``; ``predicted`` sign and
        ``sign`` (0 where the adjusted p-value is .05 or more); ``free``; ``seeds``.
    """
    from scipy.stats import ttest_rel

    wide, start = scores_of(table, "held_out_pass_rate"), scores_of(table, "start_pass_rate")
    coverage, mixed, used = (scores_of(table, name) for name in ("pass_at_32", "mixed_groups", "rollouts"))
    final = table[table["phase"] == "final"]
    rows = []
    for world in wide.index.get_level_values("world").unique():
        scores, solved = wide.loc[[world]], coverage.loc[[world]]
        base, begin = scores[BASELINE].to_numpy(), start.loc[[world]][BASELINE].to_numpy()
        known = scores[REFERENCE].to_numpy() if REFERENCE in scores else np.full(len(base), np.nan)
        reachable = not np.isnan(known).any() and interval(_difference, known, base, seed=seed).low > 0
        group: list[dict[str, Any]] = []
        for arm in scores.columns.drop(BASELINE):
            own = scores[arm].to_numpy()
            if np.isnan(own).any():
                continue
            about = final[(final["world"] == world) & (final["arm"] == arm)]
            difference = interval(_difference, own, base, seed=seed)
            enough = (base - begin).mean() >= LEAST_GAIN
            learning = interval(_relative, own, base, begin, seed=seed) if enough else _UNTOLD
            shared = reachable and arm != REFERENCE
            headroom = interval(_relative, own, known, base, seed=seed) if shared else _UNTOLD
            group.append(
                {
                    "world": world,
                    "arm": arm,
                    "pass_rate": own.mean(),
                    **named("difference", difference),
                    **named("learning", learning),
                    **named("headroom", headroom),
                    "p_value": 1.0 if (own == base).all() else float(ttest_rel(own, base).pvalue),
                    "pass_at_32": solved[arm].mean(),
                    **named(
                        "pass_at_32_difference",
                        interval(_difference, solved[arm].to_numpy(), solved[BASELINE].to_numpy(), seed=seed),
                    ),
                    **{name: about[name].mean() for name in _MEANS},
                    **spent(used[arm][world], used[BASELINE][world]),
                    "mixed_ratio": about["mixed_groups"].mean() / mixed.loc[[world], BASELINE].mean(),
                    "interior": bool(about["interior"].iloc[0]) if "interior" in about else False,
                    "predicted": int(about["predicted"].iloc[0]),
                    "free": about["free"].iloc[0],
                    "seeds": len(own),
                }
            )
        for row, p_value in zip(group, holm([row["p_value"] for row in group]), strict=True):
            row["p_value"] = p_value
            row["sign"] = int(np.sign(row["difference"])) if p_value < 0.05 else 0
        rows += sorted(group, key=lambda row: -row["difference"])
    return pd.DataFrame(rows)


def overall(table: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Compare every arm with uniform sampling over all worlds, which are strata: seeds are resampled in each.

    Returns:
        One row an arm: ``difference`` and ``learning`` (means over worlds, of the latter over those where uniform gains
        .01 or more) with 95% intervals, ``worlds_above`` and ``worlds_below`` (where the world's own interval of the
        difference lies on one side of 0), ``worlds``, ``learning_worlds`` (those that ``learning`` is the mean of),
        ``early_worlds`` (those in which the arm ended early).
    """
    wide, start = scores_of(table, "held_out_pass_rate"), scores_of(table, "start_pass_rate")
    worlds = wide.index.get_level_values("world").unique()
    single = compare(table, seed)
    rows = []
    for arm in wide.columns.drop(BASELINE):
        there = [world for world in worlds if not wide.loc[[world], arm].isna().any()]
        if not there:
            continue
        x, y, z = (
            np.stack([part.loc[[world], name].to_numpy() for world in there])
            for part, name in ((wide, arm), (wide, BASELINE), (start, BASELINE))
        )
        difference = interval(_difference, x, y, seed=seed)
        told = (y - z).mean(axis=1) >= LEAST_GAIN
        learning = interval(_relative, x[told], y[told], z[told], seed=seed) if told.any() else _UNTOLD
        own = single[single["arm"] == arm]
        rows.append(
            {
                "arm": arm,
                **named("difference", difference),
                **named("learning", learning),
                "worlds_above": int((own["difference_low"] > 0).sum()),
                "worlds_below": int((own["difference_high"] < 0).sum()),
                "worlds": len(there),
                "learning_worlds": int(told.sum()),
                "early_worlds": int(own["early"].sum()),
                "predicted": int(own["predicted"].iloc[0]),
                "free": own["free"].iloc[0],
            }
        )
    return pd.DataFrame(rows).sort_values("difference", ascending=False, ignore_index=True)


def spent(own: pd.Series, base: pd.Series) -> dict[str, Any]:
    """Return the columns ``rollouts``, ``budget`` and ``early`` of an arm's runs against those of another arm."""
    rollouts, budget = float(own.mean()), float(base.mean())
    return {"rollouts": rollouts, "budget": budget, "early": rollouts < _WHOLE * budget}


def interval(statistic: Callable[..., Any], *scores: Array, seed: int) -> Interval:
    """Return a statistic of (worlds, seeds) or (seeds,) scores with its interval from resampled seeds."""
    stacked = [np.atleast_2d(part) for part in scores]
    return bootstrap_interval(statistic, *stacked, seed=seed, resamples=_RESAMPLES, vectorized=True)


def named(name: str, interval: Interval) -> dict[str, float]:
    """Return an interval as three columns: the name, and the name with ``_low`` and ``_high``."""
    return {name: interval.estimate, f"{name}_low": interval.low, f"{name}_high": interval.high}


def format_comparison(table: pd.DataFrame) -> str:
    """Return the comparisons by world and over all worlds as text."""
    final = table[table["phase"] == "final"]
    base = final[final["arm"] == BASELINE].groupby("world")
    seeds = final.groupby("world")["seed"].nunique().min()
    parts = [
        f"held-out pass rate at equal rollouts against {BASELINE}, {seeds} paired seeds, 95% intervals; p adjusted by "
        "Holm over the arms of a world; * free knowledge"
    ]
    single = compare(table)
    if single["learning"].isna().any():
        parts[0] += f"; – no learning to compare with, as {BASELINE} gains less than {LEAST_GAIN:g}"
    for world, rows in single.groupby("world", sort=False):
        own = base.get_group(world)
        head = (
            f"{world}: start {own['start_pass_rate'].mean():.3f}, {BASELINE} {own['held_out_pass_rate'].mean():.3f} "
            f"(sd {own['held_out_pass_rate'].std():.3f}) at rate {own['learning_rate'].iloc[0]:g}, "
            f"{own['mixed_groups'].mean():.1f} groups with a gradient a step, pass@32 {own['pass_at_32'].mean():.3f}"
        )
        parts.append(f"{head}\n{_text(rows.drop(columns='world'))}")
    if single["world"].nunique() > 1:
        parts.append(f"all worlds\n{_text(overall(table))}")
    if "interior" in final and final["interior"].notna().all():
        inside = final.groupby(["world", "arm"])["interior"].first().astype(bool)
        goal = "" if inside.mean() >= _INSIDE else f", fewer than the {_INSIDE:.0%} that were asked for"
        parts.append(f"{inside.sum()} of {len(inside)} tuned learning rates lie inside what was tried{goal}")
    return "\n\n".join(parts)


def _shortfall(rows: pd.DataFrame) -> list[str]:
    """Return what is said beside the name of an arm that ended before the budget was spent."""
    if "early_worlds" in rows:
        return [f" (ended early in {count})" if count else "" for count in rows["early_worlds"]]
    parts = zip(rows["early"], rows["rollouts"], rows["budget"], strict=True)
    return [f" ({rollouts:,.0f} of {budget:,.0f} rollouts)" if early else "" for early, rollouts, budget in parts]


def _text(rows: pd.DataFrame) -> str:
    shown = rows.assign(arm=rows["arm"] + np.where(rows["free"] != "", "*", "") + _shortfall(rows))
    shown = shown.drop(columns=[name for name in shown if str(name).startswith(_UNSHOWN)])
    for name, form in (("difference", "+.4f"), ("learning", ".2f")):
        low, high = shown.pop(f"{name}_low"), shown.pop(f"{name}_high")
        columns = zip(shown[name], low, high, strict=True)
        shown[name] = ["–" if np.isnan(x) else f"{x:{form}} [{y:{form}}, {z:{form}}]" for x, y, z in columns]
    return shown.to_string(index=False, float_format="{:.3g}".format)
