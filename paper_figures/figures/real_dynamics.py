"""Training a real language model: clipping over several passes, scores early and late, groups that follow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Tables
from paper_figures.figures._study import WINDOWS, count, draw_runs, in_windows, seeds_text, study_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from paper_figures.drawing.style import Look

_ALPHA, _BETA = 0.8, 0.2
"""Weights of outcome variance and diversity in the source's main experiments (2509.21268)."""
_EDGES = np.linspace(0.0, 0.4, 9)
_BINS = ("all wrong", "mixed", "all right")


def _groups(tables: Tables) -> pd.DataFrame:
    """Return the groups that were trained on, with score, outcome and third of the run."""
    frame = tables["groups"].frame
    frame = frame[frame["trained"] & (frame["group_size"] > 0)].copy()
    rate = frame["successes"] / frame["group_size"]
    frame["score"] = _ALPHA * rate * (1 - rate) + _BETA * frame["diversity"]
    frame["bin"] = (rate > 0).astype(int) + (rate == 1).astype(int)
    last = frame.groupby(["arm", "seed"])["step"].transform("max")
    frame["third"] = np.minimum(3 * (frame["step"] - 1) // last, 2)
    return frame


def _shown_arms(names: Sequence[str]) -> tuple[str, str]:
    """Return the arms whose dynamics are drawn: uniform sampling and the variance-aware default where they are."""
    first = "uniform" if "uniform" in names else names[0]
    return first, next((name for name in ("vas", *names) if name in names and name != first), first)


def _transitions(groups: pd.DataFrame) -> NDArray[np.int64]:
    """Count outcomes of consecutive visits of a prompt within a run: rows earlier, columns later."""
    ordered = groups.sort_values(["seed", "prompt_key", "step"], kind="stable")
    same = (ordered["seed"] == ordered["seed"].shift()) & (ordered["prompt_key"] == ordered["prompt_key"].shift())
    counts = np.zeros((3, 3), dtype=np.int64)
    np.add.at(counts, (ordered["bin"].shift()[same].astype(int).to_numpy(), ordered.loc[same, "bin"].to_numpy()), 1)
    return counts


def numbers(tables: Tables) -> pd.DataFrame:
    """Return one row an arm: clip fraction, mean score early and late, revisits and how many kept their outcome."""
    groups, steps, rows = _groups(tables), tables["steps"].frame, []
    passes = tables["steps"].config["objective"]["epochs"]
    for arm, part in groups.groupby("arm", sort=True):
        counts = _transitions(part)
        clipped = steps.loc[(steps["arm"] == arm) & (steps["groups"] > 0), "clip_fraction"].astype(float)
        # a batch without gradient clips nothing, while after a single pass there is nothing to say
        clipped = clipped.fillna(0.0) if passes > 1 else clipped
        rows.append(
            {
                "arm": arm,
                "seeds": part["seed"].nunique(),
                "groups": len(part),
                "clip_fraction": float(clipped.mean()) if clipped.notna().any() else float("nan"),
                "early_score": part.loc[part["third"] == 0, "score"].mean(),
                "late_score": part.loc[part["third"] == 2, "score"].mean(),
                "early_mixed": (part.loc[part["third"] == 0, "bin"] == 1).mean(),
                "late_mixed": (part.loc[part["third"] == 2, "bin"] == 1).mean(),
                "revisits": int(counts.sum()),
                "kept_outcome": int(np.trace(counts)),
                "wrong_to_right_or_mixed": int(counts[0, 1:].sum()),
                "wrong": int(counts[0].sum()),
                "passes": passes,
                "seed_list": ", ".join(map(str, sorted(part["seed"].unique()))),
            }
        )
    return pd.DataFrame(rows).assign(device=tables["steps"].config["model"]["device"])


def _by_arm(numbers: pd.DataFrame) -> dict[str, dict[str, Any]]:
    return {str(row["arm"]): {str(key): value for key, value in row.items()} for row in numbers.to_dict("records")}


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    arm = _shown_arms(list(numbers["arm"]))[0]
    row = _by_arm(numbers)[arm]
    if not row["revisits"]:
        return f"No prompt was visited twice under {arm} sampling in so short a run"
    return (
        f"{row['kept_outcome']:,} of {count(row['revisits'], 'revisit')} under {arm} sampling found the prompt's "
        "group as before: all wrong, mixed or all right"
    )


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    first, second = _shown_arms(list(numbers["arm"]))
    table = _by_arm(numbers)
    seeds = seeds_text(int(seed) for seed in table[first]["seed_list"].split(", "))
    passes = int(table[first]["passes"])
    averaged = f"averaged over {WINDOWS} parts of a run, by arm: thin lines single runs, thick ones their mean, dashed "
    averaged += "ones the mean of uniform sampling"
    if passes > 1:
        clipped = "; ".join(f"{arm} {row['clip_fraction']:.2%}" for arm, row in table.items())
        panel = f"Share of the batch's tokens that clipping removes, {averaged}; over whole runs {clipped}"
    else:
        panel = f"Share of the batch's groups with a gradient, {averaged}; one pass a batch clips nothing"
    early = "; ".join(
        f"{arm} {table[arm]['early_score']:.3f} to {table[arm]['late_score']:.3f}"
        for arm in dict.fromkeys((first, second))
    )
    visits = " and ".join(f"{arm} {table[arm]['revisits']:,}" for arm in dict.fromkeys((first, second)))
    return (
        f"GRPO on a real language model, {passes} {'pass' if passes == 1 else 'passes'} a batch, {seeds} of "
        f"{first}. (a) {panel}. (b) Score {_ALPHA:g} OVS + {_BETA:g} TDS of the groups trained on, first and last "
        f"third of the run (mean {early}). (c, d) Outcome of a prompt's group at one visit (rows) "
        f"and at its next (columns): share of the row, number in brackets; revisits: {visits}. An arm "
        "chooses what it visits again, so only uniform sampling shows the pool. No interval: counts are given."
    )


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw clipping or groups with a gradient, scores and transitions."""
    import seaborn

    groups = _groups(tables)
    first, second = _shown_arms(sorted(groups["arm"].unique()))
    _over_the_run(axes[0], tables, look)
    for arm, third, text in ((first, 0, "first"), (first, 2, "last"), (second, 0, "first"), (second, 2, "last")):
        part = groups.loc[(groups["arm"] == arm) & (groups["third"] == third), "score"]
        line = {"linestyle": ":", "linewidth": look.medium.font_size / 7} if third == 0 else {"linewidth": 2.0}
        seaborn.histplot(
            part, ax=axes[1], bins=list(_EDGES), stat="probability", element="step", fill=False,
            color=look.arm(arm)["color"], label=f"{arm}, {text} third", **line,
        )  # fmt: skip
    axes[1].set(xlabel=f"score {_ALPHA:g} OVS + {_BETA:g} TDS of a group", ylabel="share of groups")
    axes[1].set_title("(b) Scores early and late")
    axes[1].set_ylim(top=1.6 * axes[1].get_ylim()[1])  # room for the legend above the bars
    axes[1].set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    axes[1].legend(loc="upper right")
    for axis, letter, arm in ((axes[2], "c", first), (axes[3], "d", second)):
        _matrix(axis, _transitions(groups[groups["arm"] == arm]), look)
        axis.set_title(f"({letter}) Next visit, {arm}")


def _over_the_run(axis: Axes, tables: Tables, look: Look) -> None:
    """Draw what clipping removes; with one pass a batch it removes nothing, and groups with a gradient are drawn."""
    steps = tables["steps"]
    if steps.config["objective"]["epochs"] > 1:
        column, title, label = "clip_fraction", "Clipping after the first pass", "clip fraction"
    else:
        column, title, label = "mixed_share", "Groups with a gradient", "share of groups"
    frame = steps.frame[steps.frame["step"] > 0]
    frame = frame.assign(mixed_share=frame["mixed_groups"] / frame["groups"])
    draw_runs(axis, in_windows(frame[frame[column].notna()], column), column, look)
    if frame["arm"].nunique() > 1:
        axis.plot([], [], color=look.ink, linestyle=(0, (2, 1)), label="uniform sampling's mean")
        axis.legend(loc="upper left", fontsize=0.8 * look.medium.font_size)
    axis.set(ylabel=label, title=f"(a) {title}")
    axis.set_ylim(bottom=0)


def _matrix(axis: Axes, counts: NDArray[np.int64], look: Look) -> None:
    import seaborn

    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    texts = [
        [f"{share:.2f}\n({count})" for share, count in zip(*row, strict=True)]
        for row in zip(shares, counts, strict=True)
    ]
    seaborn.heatmap(
        shares, ax=axis, annot=np.array(texts), fmt="", cmap="Blues", vmin=0, vmax=1.4, cbar=False,
        xticklabels=_BINS, yticklabels=_BINS, annot_kws={"fontsize": 0.9 * look.medium.font_size},
    )  # fmt: skip
    axis.tick_params(axis="y", labelrotation=0)
    axis.set(xlabel="next visit", ylabel="visit")
    axis.grid(visible=False)


FIGURE = Figure(
    name="real_dynamics",
    title="Clipping, scores and revisits in real training",
    order=19,
    label=Label.MEASURED,
    inputs={"steps": study_table("training_steps"), "groups": study_table("training_prompts")},
    panels=4,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
