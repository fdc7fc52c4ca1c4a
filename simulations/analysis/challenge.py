"""Whether one arm is no worse than the best of the others in every world, with the rival chosen on other seeds."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from simulations.analysis.ranking import REFERENCE, final_scores, gaps_closed
from simulations.analysis.statistics import holm, noninferiority_p_value
from simulations.running.bandit_worlds import development_worlds, held_out_worlds
from vas_theory.foundation.errors import DataError, UnknownNameError

__all__ = ["COLUMNS", "CONTENDERS", "challenge", "challenges", "format_challenge", "rivals_by_world"]

CONTENDERS = ("index-ada", "index")
"""The forms of the index, which are not each other's rivals; the first is the one that is meant to win everywhere."""

COLUMNS = (
    "strategy", "regime", "worlds", "world", "rival", "difference", "margin", "p_value", "adjusted", "no_worse",
    "gap_closed",
)  # fmt: skip
"""Of the table of all tests."""


def rivals_by_world(table: pd.DataFrame, arm: str, regime: str) -> dict[str, str]:
    """Return the other arm with the best mean pass rate on the tuning seeds in each world.

    Neither the oracle nor another form of the same method is a rival.

    Args:
        table: a tournament's table with both regimes; the tuning seeds meet no final one.
        arm: the arm that looks for rivals.
        regime: each rival is taken at the learning rate that its final runs of this regime have.

    Raises:
        DataError: no tuning run has the learning rate of the final runs.
    """
    final = table[(table["regime"] == regime) & (table["phase"] == "final")]
    rates = final.groupby(["world", "strategy"])["learning_rate"].first().reset_index()
    tuning = table[table["phase"] == "tuning"].merge(rates, on=["world", "strategy", "learning_rate"])
    aside = {arm, REFERENCE, *(CONTENDERS if arm in CONTENDERS else ())}
    reached = tuning[~tuning["strategy"].isin(aside)].pivot_table("pass_rate", "world", "strategy")
    missing = set(final["world"]) - set(reached.index)
    if missing:
        raise DataError(f"no tuning run in {', '.join(sorted(missing))} has the learning rate of the final runs")
    return {str(world): str(rival) for world, rival in reached.idxmax(axis=1).items()}


def challenge(
    table: pd.DataFrame, arm: str, regime: str, *, worlds: Sequence[str] | None = None, margin: float = 0.005
) -> pd.DataFrame:
    """Test an arm against its rival in each world: one-sided paired t-tests, adjusted together by Holm's rule.

    Args:
        table: a tournament's table with both regimes and the oracle.
        arm: the arm in question.
        regime: which learning rates.
        worlds: the worlds that are reported and adjusted for, all by default.
        margin: what "no worse" allows, in final pass rate.

    Returns:
        One row a world: ``world``, ``rival``, ``difference`` (mean of the arm's final pass rate minus the rival's),
        ``p_value`` against "worse by the margin or more", ``adjusted``, ``no_worse`` (adjusted below .05) and
        ``gap_closed`` between uniform and the oracle (NaN where that gap is below .01).

    Raises:
        UnknownNameError: the arm is not in the table.
        DataError: a run is missing, or rivals cannot be chosen.
    """
    part = table[table["regime"] == regime]
    scores = final_scores(part)
    if arm not in scores:
        raise UnknownNameError("strategy of the table", arm, scores)
    names = sorted(part["world"].unique())
    rivals, gaps = rivals_by_world(table, arm, regime), gaps_closed(scores, arm)
    rows = []
    for place, world in enumerate(names):
        if worlds is not None and world not in worlds:
            continue
        ours, theirs = scores[arm][place], scores[rivals[world]][place]
        rows.append(
            {
                "world": world,
                "rival": rivals[world],
                "difference": float((ours - theirs).mean()),
                "p_value": noninferiority_p_value(ours, theirs, margin),
                "gap_closed": float(gaps[place]),
            }
        )
    frame = pd.DataFrame(rows)
    frame.insert(4, "adjusted", holm(frame["p_value"]))
    frame.insert(5, "no_worse", frame["adjusted"] < 0.05)
    return frame


def challenges(table: pd.DataFrame, *, margin: float = 0.005) -> pd.DataFrame:
    """Test every form of the index that plays, at each regime, in development and in held-out worlds apart.

    Args:
        table: a tournament's table; without the oracle or tuning runs there is nothing to test.
        margin: what "no worse" allows, in final pass rate.

    Returns:
        The rows of :func:`challenge` with the columns :data:`COLUMNS`: ``strategy`` is the arm in question and
        ``worlds`` the worlds that were adjusted for together, ``development`` or ``held-out``. No rows where there is
        nothing to test.
    """
    parts = []
    names, present = set(table["strategy"]), set(table["world"])
    arms = [arm for arm in CONTENDERS if arm in names and REFERENCE in names and "tuning" in set(table["phase"])]
    for arm in arms:
        for regime in table["regime"].unique():
            for kind, of_kind in (("development", development_worlds()), ("held-out", held_out_worlds())):
                worlds = [name for name in of_kind if name in present]
                if worlds:
                    found = challenge(table, arm, str(regime), worlds=worlds, margin=margin)
                    parts.append(found.assign(strategy=arm, regime=str(regime), worlds=kind, margin=margin))
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)] if parts else pd.DataFrame(columns=list(COLUMNS))


def format_challenge(found: pd.DataFrame, arm: str) -> str:
    """Return the tests of an arm as text; empty if there are none.

    Args:
        found: what :func:`challenges` returns.
        arm: the arm in question.
    """
    own = found[found["strategy"] == arm]
    if own.empty:
        return ""
    margin = f"{own['margin'].iloc[0]:g}".removeprefix("0")
    lines = [f"{arm} against the best other method of the tuning seeds (margin {margin}, paired t-tests, Holm)"]
    above = False
    for (regime, kind), part in own.groupby(["regime", "worlds"], sort=False):
        above |= bool(part["gap_closed"].mean() > 1)
        worse = [
            f"{row['world']} ({row['difference']:+.3f}, {row['rival']})"
            for row in part[~part["no_worse"].astype(bool)].to_dict("records")
        ]
        lines.append(
            f"  learning rate {regime}, {kind} worlds: no worse shown in {int(part['no_worse'].sum())} of "
            f"{len(part)}, mean gap to the oracle closed {part['gap_closed'].mean():.3f}"
            + (f"; not shown in {', '.join(worse)}" if worse else "")
        )
    if above:
        lines.append(f"  (more than the gap: the {REFERENCE} knows every pass rate, but trains on whole groups)")
    return "\n".join(lines)
