"""What the network laboratory answers, in words made of the numbers of its tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from paper_figures.laboratory import REGIMES
from paper_figures.networks import FRESH, MAIN_ARMS, clear_sign, kind_of, leading
from paper_figures.report.network_pairs import pair
from paper_figures.report.network_tables import mean_points
from paper_figures.report.words import counted, listed, points_with_interval, ratio_with_interval

__all__ = ["GOAL", "Answer", "answers", "in_summary"]

GOAL = 1.25
"""Learning relative to uniform sampling that a predictor was to reach in two thirds of the worlds, set beforehand."""
_NEVER_BELOW = 0.95
_NOISE = 0.9
"""Share of the squared gradient that differs between halves of a batch; above it they hardly agree."""


_KNOWING = ("oracle", "vas-own", "vas-both", "vas-states", "vas-states-g4", "predictor")
"""Arms that are told pass rates, or predict them."""


@dataclass(frozen=True)
class Answer:
    """A question and what the tables say."""

    question: str
    text: str


class _Tables:
    """The ranking by kind, for look-ups: without the worlds that were added later, which ``added`` has."""

    def __init__(self, ranking: pd.DataFrame, agreement: pd.DataFrame) -> None:
        self.every = ranking
        known, added = (ranking[ranking["world"].isin(FRESH) == later] for later in (False, True))
        self.base = kind_of(known, "baseline").set_index("world")
        self.worlds = kind_of(known, "world")
        self.added = kind_of(added, "world")
        self.overall = kind_of(ranking, "overall").set_index("arm")
        self.contrasts = kind_of(known, "contrast")
        self.agreement = agreement

    def of(self, arm: str) -> pd.DataFrame:
        """Return an arm's rows, one a world."""
        return self.worlds[self.worlds["arm"] == arm]


def in_summary(ranking: pd.DataFrame) -> str:
    """Return what the report's summary says of the arms of its table.

    Args:
        ranking: the table :data:`paper_figures.networks.NETWORKS`.
    """
    rows = leading(ranking).set_index("arm")
    knowing = rows[rows.index.isin(_KNOWING)]
    text = ""
    if len(knowing):
        most = knowing[2 * knowing["worlds_above"] > knowing["worlds"]].index
        lost = int((mean_points(ranking).loc[knowing.index, "pass_at_32_difference"] < 0).sum())
        learned, lost_it = ("all" if count == len(knowing) else str(count) for count in (len(most), lost))
        text = (
            f"Of {counted(len(knowing), 'sampler')} that know or predict pass rates, {learned} learned more than "
            f"uniform sampling in most worlds of small networks, and {lost_it} lost pass@32 (table)."
        )
    if "vas-paper" in rows.index:
        verdict = {1: "learned more than", -1: "learned less than", 0: "was not clearly different from"}
        text += (
            " The published method, which pays for scoring rollouts, "
            f"{verdict[clear_sign(rows.loc[['vas-paper']].iloc[0])]} uniform sampling."
        )
    return text.strip()


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
        "Do hidden states and groups of 4 also help in worlds added later?": _fresh,
        "Do scoring rollouts of a part of the pool pay?": _refreshed,
        "Do hidden states have to be renewed?": _renewed,
        "Why does the index lose?": _index,
        "What does selection cost in pass@32?": _coverage,
        "Do bandits order the arms as networks do?": _agreement,
    }
    return [Answer(question, answer(tables)) for question, answer in asked.items()]


def _spent(row: pd.Series) -> str:
    """Say beside a number that an arm ended before the budget was spent."""
    spent = f" (at {row['rollouts']:,.0f} of {row['budget']:,.0f} rollouts, for lack of prompts)"
    return spent if row["early"] else ""


def _missing(arm: str) -> str:
    return f"{arm} is not measured yet."


def _record(rows: pd.DataFrame, name: str) -> str:
    """Say where an arm ends above, not clearly different from and below uniform sampling, by its intervals."""
    above, below = rows[rows["difference_low"] > 0], rows[rows["difference_high"] < 0]
    level = rows[(rows["difference_low"] <= 0) & (rows["difference_high"] >= 0)]
    parts = []
    for part, word in ((above, "above"), (level, "not clearly different from"), (below, "below")):
        if len(part):
            each = listed(f"{row['world']} {points_with_interval(row)}{_spent(row)}" for _, row in part.iterrows())
            parts.append(f"{word} uniform sampling in {len(part)} of {counted(len(rows), 'world')} ({each})")
    return f"{name} ends {listed(parts)}."


def _measured(tables: _Tables) -> str:
    from simulations.networks.worlds import world_names

    rows, base = (kind_of(tables.every, kind) for kind in ("world", "baseline"))
    tuned = pd.concat([rows["interior"], base["interior"]]).astype(bool)
    inside = f"{int(tuned.sum())} of {len(tuned)} tuned learning rates lie inside what was tried"
    lowest = rows.groupby("world")["arm"].nunique().add(1)
    arms = counted(int(lowest.min()), "arm") if lowest.nunique() == 1 else f"{lowest.min()} to {lowest.max()} arms"
    added = listed(world for world in FRESH if world in set(base["world"]))
    later = f" Worlds added later, which only one answer below tells of: {added}." if added else ""
    return (
        f"{len(base)} of {counted(len(world_names(development=False)), 'world')} so far, with {arms} each, "
        f"{int(base['seeds'].min())} paired seeds: "
        + listed(
            f"{row['world']} (uniform sampling gains {points_with_interval(row, 'gain')})" for _, row in base.iterrows()
        )
        + f".{later} {inside}. Every rollout is charged, but for arms that are given pass rates."
    )


def _published(tables: _Tables) -> str:
    parts = []
    for arm, name in (
        ("vas-paper", "VAS with scoring rollouts, 4 a prompt, once before training, charged,"),
        ("vas-paper-free", "With 8 scoring rollouts a prompt every 35 steps, not charged, as its paper counts, it"),
    ):
        rows = tables.of(arm)
        parts.append(_record(rows, name) if len(rows) else _missing(f"{arm} ({name.rstrip(',')})"))
    return " ".join(parts)


def _headroom(tables: _Tables) -> str:
    oracle = tables.of("oracle")
    if oracle.empty:
        return _missing("oracle")
    told = oracle.dropna(subset=["learning"])
    each = listed(f"{row['world']} {ratio_with_interval(row)}" for _, row in told.iterrows())
    text = f"The oracle draws by {oracle['free'].iloc[0]}, not counted."
    if len(told):
        text += f" It learns this many times what uniform sampling learns: {each}."
    else:
        text += " In no world in which uniform sampling gains 1 point has it run."
    charged = tables.worlds[tables.worlds["free"] == ""]
    shares = charged.dropna(subset=["headroom"])
    if shares.empty:
        return f"{text} In no world is its gain clearly above 0, so no share of it can be given."
    best = shares.loc[shares.groupby("world", sort=False)["headroom"].idxmax()]
    reached = listed(
        f"{row['world']} {row['arm']} {ratio_with_interval(row, 'headroom')}" for _, row in best.iterrows()
    )
    untold = listed(world for world in oracle["world"] if world not in set(best["world"]))
    left_out = f" (not given where the oracle's gain is not clearly above 0: {untold})" if untold else ""
    return (
        f"{text} Share of the oracle's gain over uniform sampling that the best fully charged arm reaches: "
        f"{reached}{left_out}."
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
        each = listed(f"{row['world']} {ratio_with_interval(row)}" for _, row in rows.iterrows())
        parts.append(
            f"{'Yes' if held else 'No'}, {arm}: at least {GOAL} times uniform sampling's learning, with an interval "
            f"above 1, in {len(reach)} of {counted(len(rows), 'world')} (two thirds were asked for), below "
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
            f"Uniform sampling in groups of {size} instead of 8 learns {ratio_with_interval(mean)} times as much in "
            f"the mean, above in {above} and below in {below} of {counted(len(rows), 'world')}."
        )
    for arm in ("vas-states", "vas-states-g4"):
        against = tables.contrasts
        against = against[(against["arm"] == arm) & (against["against"] == "uniform-g4")]
        if against.empty:
            parts.append(f"{arm} beside uniform-g4 is not measured yet.")
            continue
        above, below = (against["difference_low"] > 0).sum(), (against["difference_high"] < 0).sum()
        each = listed(f"{row['world']} {points_with_interval(row)}" for _, row in against.iterrows())
        parts.append(
            f"{arm} ends above uniform sampling in groups of 4 in {above}, below it in {below} of "
            f"{counted(len(against), 'world')} ({each})."
        )
    return " ".join(parts)


def _fresh(tables: _Tables) -> str:
    """Tell of the worlds that had no part in the choice of the group size."""
    rows = tables.added
    if rows.empty:
        return "No world has been added since the group size was chosen."
    parts = []
    for arm, own in rows.groupby("arm", sort=False):
        each = listed(f"{points_with_interval(row)} in {row['world']}{_spent(row)}" for _, row in own.iterrows())
        parts.append(f"{arm} ends {each}")
    return f"Against uniform sampling {'; '.join(parts)}."


def _refreshed(tables: _Tables) -> str:
    name = "a group of each of the 2% of prompts that are most uncertain, every 35 steps, charged"
    return " ".join(
        pair(tables.contrasts, tables.overall, arm, other, f"{arm} ({name})")
        for arm, other in (("vas-rescored", "vas"), ("vas-states-rescored", "vas-states"))
    )


def _renewed(tables: _Tables) -> str:
    arm = "vas-states-once"
    return pair(tables.contrasts, tables.overall, arm, "vas-states", f"{arm} (states before training alone)")


def _index(tables: _Tables) -> str:
    rows = tables.of("index")
    if rows.empty:
        return _missing("index")
    base = tables.base.loc[rows["world"]]
    text = _record(rows, "index")
    visits, theirs = rows["most_visits"].max(), base["most_visits"].max()
    text += (
        f" It has {rows['mixed_ratio'].mean():.1f} times uniform's groups with a gradient, and rolls one prompt up to "
        f"{visits:.0f} times in a world (uniform sampling up to {theirs:.0f})."
    )
    capped = tables.contrasts
    capped = capped[(capped["arm"] == "index@2") & (capped["against"] == "index")]
    text += (
        " Capped at two visits a prompt it ends higher than without the cap by "
        + listed(f"{points_with_interval(row)} in {row['world']}{_spent(row)}" for _, row in capped.iterrows())
        + "."
        if len(capped)
        else " The cap of two visits a prompt is not measured yet."
    )
    noise, usual = rows["noise_share"].mean(), base["noise_share"].mean()
    agree = "hardly agree" if min(noise, usual) > _NOISE else "agree in part"
    return text + (
        f" The gradients of two halves of a batch {agree}, with the index ({noise:.2f}) as with uniform sampling "
        f"({usual:.2f}; 1 means no agreement). Its learning rate was tuned separately, so the loss does not come from "
        "using uniform's rate."
    )


def _coverage(tables: _Tables) -> str:
    fallen = [
        f"{world} from {row['start_pass_at_32']:.2f} to {row['pass_at_32']:.2f}"
        for world, row in tables.base.iterrows()
    ]
    parts = [f"Uniform sampling itself moves pass@32 in {listed(fallen)}."]
    for arm in MAIN_ARMS:
        rows = tables.of(arm)
        if rows.empty:
            parts.append(_missing(arm))
            continue
        lost = int((rows["pass_at_32_difference_high"] < 0).sum())
        won = int((rows["pass_at_32_difference_low"] > 0).sum())
        parts.append(
            f"{arm} ends {100 * rows['pass_at_32_difference'].mean():+.1f} points from uniform's pass@32 in the mean, "
            f"below it in {lost} and above it in {won} of {counted(len(rows), 'world')}."
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
            f"{row['correlation_high']:+.2f}] over {row['arms']:.0f} arms. The interval covers the networks' seeds "
            "only, not the choice of arms or the model's own seeds."
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
    each = listed(f"{change} {row['mean']:+.2f} ({row['count']:.0f})" for change, row in found.iterrows())
    return f" By what a bandit world changes, mean correlation (worlds): {each}."
