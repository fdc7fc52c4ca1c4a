"""What the three figures of the tournament share: its numbers, and words about arms and learning rates."""

from __future__ import annotations

import pandas as pd

from paper_figures.drawing.declaration import Tables

__all__ = ["OURS", "best_rival", "in_words", "numbers", "ranking_rows"]

OURS = ("vas-paper", "vas-released", "vas-reuse", "vas", "index", "index-ada")
"""Forms of variance-aware sampling from the published one on, and the forms of the index that this project adds."""
_NO_RIVALS = ("uniform", "oracle", *OURS)


def numbers(tables: Tables) -> pd.DataFrame:
    """Return every arm's ranking and its gain in each world, by regime of learning rates."""
    summary = tables["ranking"].frame.drop(columns=["effective", "least_rollouts"])
    return summary.assign(scale=tables["tournament"].config.get("scale", 1.0), seed=tables["tournament"].seed)


def ranking_rows(numbers: pd.DataFrame, regime: str) -> pd.DataFrame:
    """Return the arms' means over worlds, best first."""
    rows = numbers[(numbers["kind"] == "ranking") & (numbers["regime"] == regime)]
    return rows.sort_values("rank").set_index("strategy")


def best_rival(ranking: pd.DataFrame) -> str:
    """Return the best arm that is neither ours nor given the truth."""
    return str(next(name for name in ranking.index if name not in _NO_RIVALS))


def in_words(numbers: pd.DataFrame) -> str:
    """Return what was compared: worlds, rollouts, seeds and learning rates."""
    row = numbers.iloc[0]
    tuning = (
        f"; tuned: each arm's best of a grid up to {row['highest_rate']:g} in each world, chosen on other seeds; "
        f"{row['highest_choices']:.0f} of {row['choices']:.0f} choices are the grid's highest, since a bandit has "
        "nothing that a large step could break."
        if row["choices"]
        else "."
    )
    size = f", pools and budgets at {100 * row['scale']:.0f}% of the worlds' size" if row["scale"] < 1 else ""
    return (
        f"{row['worlds']:.0f} worlds of bandit prompts at {row['rollouts']:,.0f} total rollouts, scoring included, "
        f"{row['seeds']:.0f} paired seeds (base seed {row['seed']:.0f}){size}. One rate: {row['fixed_rate']:g} for all"
        f"{tuning}"
    )
