"""A run in windows of steps: what is plotted of it, with intervals where counts are known."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from vas_theory.foundation.intervals import wilson

__all__ = ["COVERAGE", "PASS_RATES", "windows"]

COVERAGE = 0.95
"""Of the intervals."""

PASS_RATES: Mapping[str, tuple[float, float]] = {
    "0": (0.0, 0.0),
    "0 to 1/4": (0.0, 0.25),
    "1/4 to 1/2": (0.25, 0.5),
    "1/2 to 3/4": (0.5, 0.75),
    "3/4 to 1": (0.75, 1.0),
    "1": (1.0, 1.0),
}
"""Classes of a group's pass rate: none right, quarters of what lies between (with their lower ends), all right."""

_MEANS = ("reward", "silent_share", "gradient_norm", "seconds", "held_out")
_LAST = ("coverage", "rollouts")
_PLACES = ("weighted_places", "probe_places", "uniform_places")


def windows(steps: pd.DataFrame, groups: pd.DataFrame | None, most: int = 60) -> pd.DataFrame:
    """Return one row a window of consecutive steps.

    Args:
        steps, groups: of a :class:`~full_scale.logs.run.Run`.
        most: number of windows, at most.

    Returns:
        ``step`` (last of the window); means over its steps of ``reward``, ``silent_share``, ``gradient_norm``,
        ``seconds`` and ``held_out``; ``predicted_mixed`` beside ``realised_mixed``, the share of mixed groups that the
        sampler expected and the one that came, both of the window or both of the run so far, see below;
        ``realised_low`` and ``realised_high`` (Wilson's interval, where the groups are known);
        ``weighted``, ``probe`` and ``uniform``, shares of the places by what drew them; ``new``, share of groups whose
        prompt had not come before; ``prompts``, different ones so far; ``coverage`` of the pool and ``rollouts`` of the
        run at the end of the window; and one column a class of :data:`PASS_RATES`, share of the groups in it (NaN where
        rewards leave [0, 1]). What the log does not tell is NaN. ``attrs["mixed_of"]`` says what mixed groups are
        counted over: ``window``, or ``run so far`` where the trainer logged running shares and no forecast of each
        group; ``attrs["pass_rates"]`` names the classes.
    """
    parts = np.array_split(np.arange(len(steps)), min(most, len(steps)))
    window_of = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    ends = steps["step"].to_numpy()[[part[-1] for part in parts]]
    by_window = steps.groupby(window_of)
    table = pd.DataFrame({"step": ends})
    for column in _MEANS:
        table[column] = by_window[column].mean() if column in steps else math.nan
    for column in _LAST:
        table[column] = by_window[column].last()
    places = by_window[list(_PLACES)].sum(min_count=1)
    drawn = places.sum(axis=1, min_count=1)
    for column in _PLACES:
        table[column.removesuffix("_places")] = places[column] / drawn if places[_PLACES[2]].notna().any() else math.nan
    table["predicted_mixed"] = by_window["predicted_mixed"].last()
    table["realised_mixed"] = by_window["realised_mixed"].last()
    running = table["predicted_mixed"].notna().any()
    if groups is not None and running and "expected_mixed" in groups:
        running = groups["expected_mixed"].isna().all()
    of_groups = _of_groups(groups, ends, running=bool(running))
    whole = pd.concat([table.drop(columns=of_groups.columns.intersection(table.columns)), of_groups], axis=1)
    whole.attrs["pass_rates"] = list(PASS_RATES)
    whole.attrs["mixed_of"] = "run so far" if running else "window"
    return whole


def _of_groups(groups: pd.DataFrame | None, ends: np.ndarray, *, running: bool) -> pd.DataFrame:
    """Return what only the groups tell of each window; with ``running`` mixed groups are counted from the start on."""
    names = ["realised_low", "realised_high", "new", "prompts", *PASS_RATES]
    if groups is None:
        return pd.DataFrame(math.nan, index=range(len(ends)), columns=names)
    inside = groups[groups["step"] <= ends[-1]].sort_values("step", kind="stable")
    window = np.searchsorted(ends, inside["step"].to_numpy())
    first = ~inside["prompt"].duplicated()
    found = pd.DataFrame({"new": first.groupby(window).mean()}).reindex(range(len(ends)))
    found["prompts"] = first.groupby(window).sum().reindex(found.index, fill_value=0).cumsum()
    mixed = ~inside["silent"].astype(bool)
    seen = mixed.groupby(window).agg(["sum", "size"]).reindex(found.index, fill_value=0)
    seen = seen.cumsum() if running else seen[seen["size"] > 0]
    shares = seen["sum"] / seen["size"]
    bounds = [wilson(float(shares[at]), int(seen["size"][at]), COVERAGE) for at in seen.index]
    found["realised_low"] = pd.Series([bound.low for bound in bounds], index=seen.index, dtype=float)
    found["realised_high"] = pd.Series([bound.high for bound in bounds], index=seen.index, dtype=float)
    found["realised_mixed"] = shares
    if not running:
        expected = inside.get("expected_mixed", pd.Series(math.nan, index=inside.index))
        found["predicted_mixed"] = expected.groupby(window).mean()
    reward = inside["reward"].to_numpy()
    whole = reward.size > 0 and reward.min() >= 0 and reward.max() <= 1
    for name, (low, high) in PASS_RATES.items():
        within = reward == low if low == high else (reward >= low) & (reward < high) & (reward > 0)
        share = pd.Series(within, index=inside.index).groupby(window).mean()
        found[name] = share if whole else math.nan
    return found
