"""What arms of the network laboratory learn, as Markdown tables for README and documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paper_figures.networks import COMPARED, FRESH, MAIN_ARMS, arms_in_order, described, kind_of, leading
from paper_figures.report.words import counted, listed, points_with_interval, ratio_with_interval

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["fresh_table", "in_short", "mean_points", "short_table", "world_table"]

_MOST_WORLDS = 9


def short_table(ranking: pd.DataFrame) -> list[str]:
    """Return the arms of :func:`~paper_figures.networks.leading`, and in the last line what was measured.

    Args:
        ranking: the table :data:`paper_figures.networks.NETWORKS`.
    """
    lines = [
        "| how prompts are chosen | learning | worlds above / below | points of pass@1 / @32 | all charged |",
        "| --- | --- | --- | --- | --- |",
    ]
    points = mean_points(ranking)
    for _, row in leading(ranking).iterrows():
        worlds = f"{row['worlds_above']:.0f} / {row['worlds_below']:.0f} of {row['worlds']:.0f}"
        first, further = points.loc[row["arm"]]
        told = [_cell(row), worlds, f"{first:+.1f} / {further:+.1f}", "no" if row["free"] else "yes"]
        lines.append(f"| {described(row['arm'])} | {' | '.join(told)} |")
    base = _in_known_worlds(ranking, "baseline")
    text = (
        f"Small transformers in {counted(len(base), 'setting')} (worlds): {listed(sorted(base['world']))}; "
        f"{base['seeds'].min():.0f} paired seeds, learning rates tuned for each row. Learning: gain in held-out pass "
        f"rate over uniform sampling's, {100 * base['gain'].mean():.1f} points in the mean, with 95% intervals. "
        "Points: difference to uniform sampling. Not charged: rollouts that measured pass rates. "
        f"{_confirmed(ranking)}"
    )
    return [*lines, "", text.strip()]


def mean_points(ranking: pd.DataFrame) -> pd.DataFrame:
    """Return each arm's differences to uniform sampling in points of pass@1 and pass@32, means over its worlds.

    Args:
        ranking: the table :data:`paper_figures.networks.NETWORKS`.
    """
    known = _in_known_worlds(ranking, "world")
    return 100 * known.groupby("arm")[["difference", "pass_at_32_difference"]].mean()


def _in_known_worlds(ranking: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return the rows of a kind without the worlds that were added later."""
    rows = kind_of(ranking, kind)
    return rows[~rows["world"].isin(FRESH)]


def _confirmed(ranking: pd.DataFrame) -> str:
    """Return a sentence on the worlds of :data:`~paper_figures.networks.FRESH`; nothing where none has run."""
    rows = kind_of(ranking, "world")
    rows = rows[rows["world"].isin(FRESH)]
    if rows.empty:
        return ""
    parts = []
    for world, there in rows.groupby("world", sort=True):
        told = {row["arm"]: row for _, row in there.iterrows()}
        cells = [f"`{arm}` {_both(told[arm]).partition(';')[0]}" for arm in arms_in_order(told, COMPARED)]
        reason = "" if there["learning"].notna().any() else " (too small gains for a ratio)"
        parts.append(f"{world}{reason}: {', '.join(cells)}")
    return f"In worlds added later, {'; '.join(parts)}."


def world_table(ranking: pd.DataFrame) -> list[str]:
    """Return uniform sampling's gain by world and below it the compared arms' learning, with the mean over worlds.

    The worlds are those in which uniform sampling gains most, nine at most, without those that were added later.

    Args:
        ranking: the table :data:`paper_figures.networks.NETWORKS`.
    """
    base, rows = _in_known_worlds(ranking, "baseline"), kind_of(ranking, "world")
    overall = {str(row["arm"]): row for _, row in kind_of(ranking, "overall").iterrows()}
    base = base.sort_values("gain", ascending=False).head(_MOST_WORLDS)
    gains = base.set_index("world")["gain"].sort_index()
    lines = [
        f"| how prompts are chosen | {' | '.join(map(str, gains.index))} | mean |",
        "| --- |" + " --- |" * (len(gains) + 1),
        f"| uniform sampling, points gained | {' | '.join(f'{100 * gain:+.1f}' for gain in gains)} | "
        f"{100 * gains.mean():+.1f} |",
    ]
    for arm in arms_in_order(set(rows["arm"]).intersection(COMPARED), COMPARED):
        own = {str(row["world"]): row for _, row in rows[rows["arm"] == arm].iterrows()}
        cells = [_cell(own[world]) if world in own else "–" for world in map(str, gains.index)]
        free = " (given pass rates)" if overall[arm]["free"] else ""
        line = f"| `{arm}`{free} | {' | '.join(cells)} | {_cell(overall[arm])} |"
        lines.append(line.replace(", ", ",\N{NO-BREAK SPACE}"))  # an interval is not broken where columns are narrow
    return lines


def fresh_table(ranking: pd.DataFrame) -> list[str]:
    """Return what arms learn in the worlds of :data:`~paper_figures.networks.FRESH`; nothing where none has run.

    Args:
        ranking: the table :data:`paper_figures.networks.NETWORKS`.
    """
    rows = kind_of(ranking, "world")
    rows = rows[rows["world"].isin(FRESH)]
    worlds = [world for world in FRESH if world in set(rows["world"])]
    if not worlds:
        return []
    lines = [
        f"In {counted(len(worlds), 'world')} added after the group size had been chosen on the others, not in the "
        "means (learning, where uniform sampling gains 1 point; difference to it):",
        "",
        f"| how prompts are chosen | {' | '.join(worlds)} |",
        "| --- |" + " --- |" * len(worlds),
    ]
    for arm in arms_in_order(rows["arm"], COMPARED):
        own = {str(row["world"]): row for _, row in rows[rows["arm"] == arm].iterrows()}
        cells = [_both(own[world]) if world in own else "–" for world in worlds]
        lines.append(f"| {described(arm)} | {' | '.join(cells)} |")
    return lines


def _both(row: pd.Series) -> str:
    """Return learning where it is known, and the difference to uniform sampling in points."""
    points = points_with_interval(row)
    return points if row["learning"] != row["learning"] else f"{_cell(row)}; {points}"


def _cell(row: pd.Series) -> str:
    """Return learning with its interval, bold where that lies above 1; a dash where it is not known."""
    if row["learning"] != row["learning"]:
        return "–"
    return f"**{ratio_with_interval(row)}**" if row["learning_low"] > 1 else ratio_with_interval(row)


def in_short(ranking: pd.DataFrame) -> str:
    """Return a paragraph: what the main arms change in pass@32, and which predicted signs came out.

    Args:
        ranking: the table :data:`paper_figures.networks.NETWORKS`.
    """
    base, rows = kind_of(ranking, "baseline").set_index("world"), kind_of(ranking, "world")
    prices = _in_known_worlds(ranking, "world").groupby("arm")["pass_at_32_difference"].mean()
    each = listed(f"`{arm}` {100 * prices[arm]:+.1f}" for arm in MAIN_ARMS if arm in prices)
    signed = rows[rows["predicted"] != 0]
    held = int((signed["sign"] == signed["predicted"]).sum())
    wrong = int((signed["sign"] == -signed["predicted"]).sum())
    edge = [str(world) for world, row in base.iterrows() if not row["interior"]]
    text = (
        f"pass@32 against uniform sampling's, in points, mean over an arm's worlds: {each}. Of {len(signed)} signs "
        f"that were predicted before the runs {held} came out, {wrong} came out reversed, and "
        f"{len(signed) - held - wrong} are not clearly different from 0."
    )
    return text + (f" In {listed(edge)} the best rate of uniform sampling lies at the end of the grid." if edge else "")
