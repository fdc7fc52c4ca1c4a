"""What a real language model learned from arms that know pass rates, beside uniform sampling, run by run."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from paper_figures.drawing.declaration import LoadedTable, Table, Tables
from vas_theory.foundation.intervals import Estimate, student
from vas_theory.provenance.tables import read_metadata, read_table

__all__ = ["BASE", "KNOWLEDGE", "difference", "knowledge_gains", "numbers", "over_uniform"]

KNOWLEDGE = {
    key: Table("full_scale", name, "full_scale study --preset knowledge", ("paper",), "knowledge")
    for key, name in (("steps", "training_steps"), ("evaluation", "evaluation"))
}
"""The tables of the study, which takes hours: there is one size of it."""
BASE = "uniform"
"""The arm that the others are compared with."""
_START = "start"
_FIRST, _FURTHER = "pass@1", "pass@8"


def numbers(tables: Tables) -> pd.DataFrame:
    """Return one row a run: gains over the start in points, groups with a gradient, and the sampler's share of time."""
    found = tables["evaluation"].frame
    ends = found.pivot(index=["arm", "seed"], columns="metric", values="value")[[_FIRST, _FURTHER]]
    start = ends.loc[_START].iloc[0]
    steps = tables["steps"].frame
    taken = steps[steps["step"] > 0].groupby(["arm", "seed"])
    means = taken[["mixed_groups", "groups"]].sum()
    rows = 100 * (ends.drop(index=_START, level="arm") - start)
    rows = rows.rename(columns={_FIRST: "pass_at_1_points", _FURTHER: "pass_at_8_points"})
    rows["mixed_share"] = means["mixed_groups"] / means["groups"]
    rows["rollouts"] = taken["rollouts"].max()
    rows["sampler_share"] = taken["sampler_seconds"].sum() / taken["seconds"].sum()
    about = {"start_pass_at_1": start[_FIRST], "start_pass_at_8": start[_FURTHER], "prompts": found["prompts"].max()}
    knows = tables["steps"].config.get("knows", {})
    free = [str(knows.get(arm, {}).get("column", "")) == "start" for arm, _ in rows.index]
    model = tables["steps"].config["model"]
    return (
        rows.assign(**about, free=free, model=model["name"], device=model["device"])
        .rename_axis(columns=None)
        .reset_index()
    )


def knowledge_gains(root: Path) -> pd.DataFrame | None:
    """Return :func:`numbers` of the committed tables; None where one of them is not there.

    Raises:
        IntegrityError: a table was altered or cut short.
    """
    paths = {key: table.path(root, "paper") for key, table in KNOWLEDGE.items()}
    if not all(path.is_file() for path in paths.values()):
        return None
    return numbers(
        {
            key: LoadedTable(
                read_table(path), (metadata := read_metadata(path)).get("seed"), metadata.get("config", {})
            )
            for key, path in paths.items()
        }
    )


def difference(numbers: pd.DataFrame, arm: str, column: str) -> Estimate:
    """Return an arm's mean difference to uniform sampling with Student's 95% interval of the paired seeds."""
    wide = numbers.pivot(index="seed", columns="arm", values=column)
    return student((wide[arm] - wide[BASE]).dropna().to_numpy(), 0.95)


def over_uniform(numbers: pd.DataFrame, arm: str, column: str) -> str:
    """Tell an arm's difference to uniform sampling with its interval, in points."""
    found = difference(numbers, arm, column)
    return f"{found.value:+.1f} [{found.low:+.1f}, {found.high:+.1f}]"
