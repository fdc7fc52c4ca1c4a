"""What the network laboratory answers, in words made of the numbers of its tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pandas as pd

from paper_figures.laboratory import REGIMES
from paper_figures.networks import MAIN_ARMS, kind_of

__all__ = ["GOAL", "Answer", "answers", "in_short", "table_lines"]

GOAL = 1.25
"""Learning relative to uniform sampling that a predictor was to reach in two thirds of the worlds, set beforehand."""
_NEVER_BELOW = 0.95


@dataclass(frozen=True)
class Answer:
    """A question and what the tables say."""

    question: str
    text: str


class _Tables:
    """The ranking by kind, for look-ups."""

    def __init__(self, ranking: pd.DataFrame, agreement: pd.DataFrame) -> None:
        self.base = kind_of(ranking, "baseline").set_index("world")
        self.worlds = kind_of(ranking, "world")
        self.overall = kind_of(ranking, "overall").set_index("arm")
        self.contrasts = kind_of(ranking, "contrast")
        self.agreement = agreement

    def of(self, arm: str) -> pd.DataFrame:
        """Return an arm's rows, one a world."""
        return self.worlds[self.worlds["arm"] == arm]


def answers(ranking: pd.DataFrame, agreement: pd.DataFrame) -> list[Answer]:
    """Answer what the laboratory was built to ask.

    Args:
        ranking: the table :data:`paper_figures.networks.NETWORKS`.
        agreement: the table :data:`paper_figures.networks.AGREEMENT`.
    """
    tables = _Tables(ranking, agreement)
    asked: dict[str, Callable[[_Tables], str]] = {
        "What is measured?": _measured,
        "Does the published method gain on uniform sampling?": _published,
        "What is knowing the pass rates worth, and how much of it do samplers reach?": _headroom,
        "Does a shared predictor reach the goal that was set?": _goal,
        "Does a better group size do as much?": _group_size,
        "Why does the index lose?": _index,
        "What does selection cost in pass@32?": _coverage,
        "Do bandits order the arms as networks do?": _agreement,
    }
    return [Answer(question, answer(tables)) for question, answer in asked.items()]


def _points(row: pd.Series, name: str = "difference") -> str:
    """Return a difference of pass rates in points with its interval."""
    low, high = 100 * row[f"{name}_low"], 100 * row[f"{name}_high"]
    return f"{100 * row[name]:+.1f} points [{low:+.1f}, {high:+.1f}]"


def _ratio(row: pd.Series, name: str = "learning") -> str:
    return f"{row[name]:.2f} [{row[f'{name}_low']:.2f}, {row[f'{name}_high']:.2f}]"


def _spent(row: pd.Series) -> str:
    """Say beside a number that an arm ended before the budget was spent."""
    spent = f" (at {row['rollouts']:,.0f} of {row['budget']:,.0f} rollouts, for lack of prompts)"
    return spent if row["early"] else ""


def _list(items: Iterable[str]) -> str:
    found = list(items)
    return ", ".join(found[:-1]) + " and " + found[-1] if len(found) > 1 else "".join(found)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _missing(arm: str) -> str:
    return f"{arm} is not measured yet."


def _record(rows: pd.DataFrame, name: str) -> str:
    """Say where an arm ends above, level with and below uniform sampling, by its intervals."""
    above, below = rows[rows["difference_low"] > 0], rows[rows["difference_high"] < 0]
    level = rows[(rows["difference_low"] <= 0) & (rows["difference_high"] >= 0)]
    parts = []
    for part, word in ((above, "above"), (level, "level with"), (below, "below")):
        if len(part):
            each = _list(f"{row['world']} {_points(row)}{_spent(row)}" for _, row in part.iterrows())
            parts.append(f"{word} uniform sampling in {len(part)} of {_count(len(rows), 'world')} ({each})")
    return f"{name} ends {_list(parts)}."


def _measured(tables: _Tables) -> str:
    from simulations.networks.worlds import world_names

    rows = tables.worlds
    tuned = pd.concat([rows["interior"], tables.base["interior"]]).astype(bool)
    inside = f"{int(tuned.sum())} of {len(tuned)} tuned learning rates lie inside what was tried"
    lowest = rows.groupby("world")["arm"].nunique().add(1)
    arms = _count(int(lowest.min()), "arm") if lowest.nunique() == 1 else f"{lowest.min()} to {lowest.max()} arms"
    return (
        f"{len(tables.base)} of {_count(len(world_names(development=False)), 'world')} so far, with {arms} each, "
        f"{int(tables.base['seeds'].min())} paired seeds: "
        + _list(f"{world} (uniform sampling gains {_points(row, 'gain')})" for world, row in tables.base.iterrows())
        + f". {inside}. Every rollout is charged, but for arms that are given pass rates."
    )


def _published(tables: _Tables) -> str:
    parts = []
    for arm, name in (
        ("vas-paper", "VAS as published, its scoring rollouts charged,"),
        ("vas-paper-free", "With its scoring rollouts for free, as its paper counts, it"),
    ):
        rows = tables.of(arm)
        parts.append(_record(rows, name) if len(rows) else _missing(f"{arm} ({name.rstrip(',')})"))
    return " ".join(parts)


def _headroom(tables: _Tables) -> str:
    oracle = tables.of("oracle")
    if oracle.empty:
        return _missing("The oracle, which draws by the true variance,")
    told = oracle.dropna(subset=["learning"])
    each = _list(f"{row['world']} {_ratio(row)}" for _, row in told.iterrows())
    text = "In no world in which uniform sampling gains 1 point has the oracle run."
    if len(told):
        text = (
            "Drawing by the true variance, which nobody knows for free, learns this many times what uniform "
            f"sampling learns: {each}."
        )
    charged = tables.worlds[tables.worlds["free"] == ""]
    shares = charged.dropna(subset=["headroom"])
    if shares.empty:
        return f"{text} In no world is its gain told apart from nothing, so no share of it can be told."
    best = shares.loc[shares.groupby("world", sort=False)["headroom"].idxmax()]
    reached = _list(f"{row['world']} {row['arm']} {_ratio(row, 'headroom')}" for _, row in best.iterrows())
    return (
        f"{text} Of its difference to uniform sampling the best arm that pays for all it knows reaches this share: "
        f"{reached}."
    )


def _goal(tables: _Tables) -> str:
    parts = []
    for arm in ("predictor", "vas-states", "vas-states-g4"):
        rows = tables.of(arm).dropna(subset=["learning"])
        if rows.empty:
            parts.append(_missing(arm))
            continue
        reach = rows[(rows["learning"] >= GOAL) & (rows["learning_low"] > 1)]
        low = rows[rows["learning"] < _NEVER_BELOW]
        held = 3 * len(reach) >= 2 * len(rows) and low.empty
        each = _list(f"{row['world']} {_ratio(row)}" for _, row in rows.iterrows())
        parts.append(
            f"{'Yes' if held else 'No'}, {arm}: at least {GOAL} times uniform sampling's learning, with an interval "
            f"above 1, in {len(reach)} of {_count(len(rows), 'world')} (two thirds were asked for), below "
            f"{_NEVER_BELOW} in {len(low)} (none was allowed): {each}."
        )
    return " ".join(parts)


def _group_size(tables: _Tables) -> str:
    """Compare uniform sampling in smaller and larger groups, at as many rollouts a step, and selection beside it."""
    parts = []
    for arm, size in (("uniform-g4", 4), ("uniform-g16", 16)):
        if arm not in tables.overall.index:
            parts.append(_missing(arm))
            continue
        rows, mean = tables.of(arm), tables.overall.loc[[arm]].iloc[0]
        above, below = (rows["difference_low"] > 0).sum(), (rows["difference_high"] < 0).sum()
        parts.append(
            f"Uniform sampling in groups of {size} instead of 8 learns {_ratio(mean)} times as much in the mean, "
            f"above in {above} and below in {below} of {_count(len(rows), 'world')}."
        )
    for arm in ("vas-states", "vas-states-g4"):
        against = tables.contrasts
        against = against[(against["arm"] == arm) & (against["against"] == "uniform-g4")]
        if against.empty:
            parts.append(f"{arm} beside uniform-g4 is not measured yet.")
            continue
        above, below = (against["difference_low"] > 0).sum(), (against["difference_high"] < 0).sum()
        each = _list(f"{row['world']} {_points(row)}" for _, row in against.iterrows())
        parts.append(
            f"{arm} ends above uniform sampling in groups of 4 in {above}, below it in {below} of "
            f"{_count(len(against), 'world')} ({each})."
        )
    return " ".join(parts)


def _index(tables: _Tables) -> str:
    rows = tables.of("index")
    if rows.empty:
        return _missing("index")
    base = tables.base.loc[rows["world"]]
    text = _record(rows, "index")
    visits, theirs = rows["most_visits"].max(), base["most_visits"].max()
    text += (
        f" It has {rows['mixed_ratio'].mean():.1f} times uniform's groups with a gradient, and rolls one prompt up to "
        f"{visits:.0f} times (uniform sampling up to {theirs:.0f})."
    )
    capped = tables.contrasts
    capped = capped[(capped["arm"] == "index@2") & (capped["against"] == "index")]
    text += (
        " Capped at two visits a prompt it ends higher than without the cap by "
        + _list(f"{_points(row)} in {row['world']}{_spent(row)}" for _, row in capped.iterrows())
        + "."
        if len(capped)
        else " The cap of two visits a prompt is not measured yet."
    )
    slower = int((rows["learning_rate"].to_numpy() < base["learning_rate"].to_numpy()).sum())
    noise, usual = rows["noise_share"].mean(), base["noise_share"].mean()
    return text + (
        f" Its learning rate, tuned for it alone, is lower than uniform's in {slower} of {_count(len(rows), 'world')}, "
        f"so a rate that does not suit it is no reason. Of its squared gradient {noise:.2f} differs between two halves "
        f"of a batch, of uniform's {usual:.2f}."
    )


def _coverage(tables: _Tables) -> str:
    fallen = [
        f"{world} from {row['start_pass_at_32']:.2f} to {row['pass_at_32']:.2f}"
        for world, row in tables.base.iterrows()
    ]
    parts = [f"Uniform sampling itself moves pass@32 in {_list(fallen)}."]
    for arm in MAIN_ARMS:
        rows = tables.of(arm)
        if rows.empty:
            parts.append(_missing(arm))
            continue
        lost = int((rows["pass_at_32_difference_high"] < 0).sum())
        won = int((rows["pass_at_32_difference_low"] > 0).sum())
        parts.append(
            f"{arm} ends {100 * rows['pass_at_32_difference'].mean():+.1f} points from uniform's pass@32 in the mean, "
            f"below it in {lost} and above it in {won} of {_count(len(rows), 'world')}."
        )
    return " ".join(parts)


def _agreement(tables: _Tables) -> str:
    rows = tables.agreement[tables.agreement["with"] == "bandits"]
    parts = []
    for regime, words in REGIMES.items():
        found = rows[(rows["regime"] == regime) & (rows["world"] == "all")]
        whole = found[found["bandit_world"] == "all"]
        if whole.empty or whole["correlation"].isna().all():
            parts.append(f"At {words}: too few arms in common to rank.")
            continue
        row = whole.iloc[0]
        text = (
            f"At {words}: the rank correlation of {row['arms']:.0f} arms is {row['correlation']:+.2f} "
            f"[{row['correlation_low']:+.2f}, {row['correlation_high']:+.2f}]"
        )
        single = found[(found["bandit_world"] != "all")].dropna(subset=["correlation"])
        if len(single):
            best = single.iloc[int(single["correlation"].to_numpy().argmax())]
            text += f", and with the bandit world that agrees best, {best['bandit_world']}, {best['correlation']:+.2f}"
        parts.append(f"{text}.{_changes(single)}")
    real = tables.agreement[(tables.agreement["with"] == "study") & (tables.agreement["world"] == "all")]
    if len(real.dropna(subset=["correlation"])):
        row = real.iloc[0]
        parts.append(
            f"With a real 135M model it is {row['correlation']:+.2f} [{row['correlation_low']:+.2f}, "
            f"{row['correlation_high']:+.2f}] over {row['arms']:.0f} arms."
        )
    return " ".join(parts)


def _changes(single: pd.DataFrame) -> str:
    """Say how the bandits' worlds agree by what they change, which ends their names."""
    words = {
        "interference": "interference and forgetting",
        "fitted": "a start fitted to a trace",
        "shared": "features shared by prompts",
    }
    changes = single.assign(change=single["bandit_world"].str.rpartition("-")[2].replace(words)).groupby("change")[
        "correlation"
    ]
    found = changes.agg(["mean", "count"]).sort_values("mean", ascending=False)
    if len(found) < 2:
        return ""
    each = _list(f"{change} {row['mean']:+.2f} ({row['count']:.0f})" for change, row in found.iterrows())
    return f" By what a bandit world changes, mean correlation (worlds): {each}."


_MOST_WORLDS = 9


def table_lines(ranking: pd.DataFrame) -> list[str]:
    """Return a Markdown table of at most 12 lines: uniform's gain by world, and the main arms' learning against it."""
    tables = _Tables(ranking, pd.DataFrame())
    arms = [arm for arm in MAIN_ARMS if len(tables.of(arm))]
    free = set(tables.worlds.loc[tables.worlds["free"] != "", "arm"])
    heads = ["world", "uniform's gain", *(f"`{arm}`{' (given pass rates)' if arm in free else ''}" for arm in arms)]
    lines = [f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads)]
    shown = tables.base.sort_values("gain", ascending=False).index[:_MOST_WORLDS]
    for world in sorted(map(str, shown)):
        gain = 100 * tables.base["gain"][world]
        cells = [_cell(tables.of(arm)[tables.of(arm)["world"] == world]) for arm in arms]
        lines.append(f"| {world} | {gain:+.1f} points | {' | '.join(cells)} |")
    if len(tables.base) > 1:
        cells = [_cell(tables.overall.loc[[arm]]) for arm in arms]
        mean = 100 * tables.base["gain"].mean()
        lines.append(f"| mean of an arm's worlds, of {len(tables.base)} | {mean:+.1f} points | {' | '.join(cells)} |")
    return lines


def _cell(rows: pd.DataFrame) -> str:
    """Return learning with its interval, bold where that lies above 1; a dash where it is not known."""
    if rows.empty or rows["learning"].isna().all():
        return "–"
    row = rows.iloc[0]
    return f"**{_ratio(row)}**" if row["learning_low"] > 1 else _ratio(row)


def in_short(ranking: pd.DataFrame) -> str:
    """Return a paragraph: who learns more in how many worlds, at what price, and which predicted signs came out."""
    tables = _Tables(ranking, pd.DataFrame())
    parts = []
    for arm in MAIN_ARMS:
        rows = tables.of(arm)
        if len(rows):
            above, below = int((rows["difference_low"] > 0).sum()), int((rows["difference_high"] < 0).sum())
            price = 100 * rows["pass_at_32_difference"].mean()
            parts.append(
                f"`{arm}` above uniform sampling in {above} and below it in {below} of {_count(len(rows), 'world')}, "
                f"pass@32 {price:+.1f} points"
            )
    signed = tables.worlds[tables.worlds["predicted"] != 0]
    held = int((signed["sign"] == signed["predicted"]).sum())
    wrong = int((signed["sign"] == -signed["predicted"]).sum())
    edge = [str(world) for world, row in tables.base.iterrows() if not row["interior"]]
    text = (
        f"By 95% intervals of the difference: {'; '.join(parts)}. Of {len(signed)} predicted signs {held} came out, "
        f"{wrong} came out reversed, and {len(signed) - held - wrong} were not told apart from 0."
    )
    return text + (f" In {_list(edge)} the best rate of uniform sampling lies at the end of the grid." if edge else "")
