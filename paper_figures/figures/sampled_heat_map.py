"""Which prompts each strategy samples when: prompts by initial pass rate against rollouts spent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from paper_figures.drawing.declaration import Figure, Label, Table, Tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from paper_figures.drawing.style import Look

_TEXT = {"uniform": "Uniform", "vas": "Our sampler", "dapo": "Dynamic sampling (DAPO)", "index": "Look-ahead index"}
_HARD, _EASY = 0.1, 0.9


def numbers(tables: Tables) -> pd.DataFrame:
    """Return where each strategy's groups went: the shares of hard and easy prompts, early and late."""
    table = tables["counts"]
    rows = []
    for strategy, run in table.frame.groupby("strategy", sort=False):
        rolled, rate = run["rolled"], run["pass_rate"]
        late = run["step_bin"] >= (run["step_bin"].max() + 1) / 2
        by_prompt = run.groupby("prompt_bin")[["pass_rate", "final_pass_rate"]].first()
        rows.append(
            {
                "strategy": strategy,
                "groups_rolled": int(rolled.sum()),
                "groups_trained": int(run["trained"].sum()),
                "hard_share": rolled[rate < _HARD].sum() / rolled.sum(),
                "middle_share": rolled[(rate >= _HARD) & (rate <= _EASY)].sum() / rolled.sum(),
                "easy_share": rolled[rate > _EASY].sum() / rolled.sum(),
                "hard_share_late": rolled[late & (rate < _HARD)].sum() / rolled[late].sum(),
                "easy_share_late": rolled[late & (rate > _EASY)].sum() / rolled[late].sum(),
                "largest_cell": rolled.max() / rolled.groupby(run["step_bin"]).mean().mean(),
                "first_pass_rate": by_prompt["pass_rate"].mean(),
                "last_pass_rate": by_prompt["final_pass_rate"].mean(),
                "rollouts": int(run["rollouts"].max()),
                "seed": table.seed,
            }
        )
    return pd.DataFrame(rows)


def headline(numbers: pd.DataFrame) -> str:
    """Return the result in a few words."""
    parts = [
        f"{_TEXT.get(row['strategy'], row['strategy'])} {100 * row['hard_share']:.0f}%" for _, row in numbers.iterrows()
    ]
    return f"Share of the rolled groups spent on prompts that began below {_HARD:g}: {', '.join(parts)}"


def caption(numbers: pd.DataFrame) -> str:
    """Return the caption."""
    row = numbers.iloc[0]
    lines = [
        f"{_TEXT.get(each['strategy'], each['strategy'])}: {100 * each['hard_share']:.0f}% of the rolled groups on "
        f"prompts that began below {_HARD:g} and {100 * each['easy_share']:.0f}% on those above {_EASY:g}, "
        f"{each['groups_trained']:,} of {each['groups_rolled']:,} groups trained on, mean pass rate "
        f"{each['first_pass_rate']:.3f} to {each['last_pass_rate']:.3f}"
        for _, each in numbers.iterrows()
    ]
    return (
        f"Groups rolled by prompt and time in one run each on a simulated pool with shared skills (seed {row['seed']}, "
        f"{row['rollouts']:,} rollouts). Rows hold equally many prompts, the hardest at the start at the bottom; "
        "columns are equal shares of the budget. The colour counts groups against the mean of the map; all maps share "
        f"it, and it ends at four times the mean. {'. '.join(lines)}. No interval: single runs, shown whole."
    )


def draw(axes: Sequence[Axes], tables: Tables, look: Look) -> None:
    """Draw one map a strategy."""
    frame = tables["counts"].frame
    for index, (axis, (strategy, run)) in enumerate(zip(axes, frame.groupby("strategy", sort=False), strict=False)):
        counts = run.pivot(index="prompt_bin", columns="step_bin", values="rolled")
        relative = counts.to_numpy() / counts.to_numpy().mean()
        spent = np.concatenate([[0], run.groupby("step_bin")["rollouts"].first()]) / 1000
        rows = np.arange(len(counts) + 1)
        image = axis.pcolormesh(spent, rows, relative, cmap="cividis", vmin=0, vmax=4, rasterized=True)
        rates = run.groupby("prompt_bin")["pass_rate"].first()
        marks = [rate for rate in (0.01, 0.1, 0.5, 0.9) if rates.min() < rate < rates.max()]
        axis.set_yticks([int((rates < rate).sum()) for rate in marks], [f"{rate:g}" for rate in marks])
        axis.set(xlabel="thousand rollouts spent", ylabel="initial pass rate")
        axis.set_title(f"({'abcd'[index]}) {_TEXT.get(str(strategy), str(strategy))}")
        axis.grid(False)
        if index % max(look.medium.columns, 1) == look.medium.columns - 1 or index == frame["strategy"].nunique() - 1:
            axis.figure.colorbar(image, ax=axis, label="groups / mean of the map", extend="max")
    for spare in axes[frame["strategy"].nunique() :]:
        spare.set_axis_off()


FIGURE = Figure(
    name="sampled_heat_map",
    title="What was sampled when",
    order=13,
    label=Label.SIMULATED,
    inputs={"counts": Table("simulations", "sampled_prompts", "simulations run sampled_prompts --preset {preset}")},
    panels=4,
    numbers=numbers,
    headline=headline,
    caption=caption,
    draw=draw,
)
