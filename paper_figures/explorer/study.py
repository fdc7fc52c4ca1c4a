"""What real training says of the arms that the tournament may recommend, in words that follow its intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from paper_figures.declaration import Table
from vas_theory.storage import read_metadata, read_table

__all__ = ["STUDY", "study_sentences"]

STUDY = tuple(
    Table("full_scale", name, "full_scale study --preset {preset}", presets=("paper",))
    for name in ("validation", "training_steps", "probe")
)
"""The committed tables of the study, which the page does without where they are not there."""

_VERDICTS = {
    "held": "as predicted",
    "failed": "and the prediction failed",
    "uninformative": "which neither bears the prediction out nor refutes it",
}


def study_sentences(root: Path, preset: str, arms: Iterable[str]) -> dict[str, str]:
    """Return what the study measured of each arm beside uniform sampling; nothing where a table is not there.

    Args:
        root: the project's folder.
        preset: the size of the page; the study is the committed one at every size.
        arms: names, among which uniform sampling is passed over.

    Returns:
        Arm -> a sentence, with the figures of the tables.

    Raises:
        IntegrityError: a table was altered or cut short.
    """
    paths = [table.path(root, preset) for table in STUDY]
    if not all(path.is_file() for path in paths):
        return {}
    validation, steps, probe = paths
    config, frame = read_metadata(steps)["config"], read_table(steps)
    where = (
        f"{config['model']['name']} ({config['task']['name']}, {frame['seed'].nunique()} paired seeds, "
        f"{frame['rollouts'].max():,} rollouts a run)"
    )
    coverage = read_metadata(probe)["config"]["probe"]["coverage"]
    table = read_table(validation)
    measured = table[(table["quantity"] == "accuracy_gain") & table["measured_low"].notna()]
    gains = {str(row["arm"]): row for row in measured.to_dict("records")}
    return {
        arm: _sentence(gains[arm], where, coverage)
        if arm in gains
        else f"{arm} was not among the arms of this project's real training."
        for arm in arms
        if arm != "uniform"
    }


def _sentence(row: Mapping[Any, Any], where: str, coverage: float) -> str:
    if row["measured_low"] > 0:
        stance, place = "agrees", "above uniform sampling"
    elif row["measured_high"] < 0:
        stance, place = "contradicts this", "below uniform sampling"
    else:
        side = "above" if row["measured"] > 0 else "below"
        stance, place = "does not bear this out", f"{side} uniform sampling by no more than the seeds vary"
    return (
        f"Real training {stance}: on {where} the gain of {row['arm']} in held-out accuracy over uniform sampling was "
        f"predicted as {_signed(row['predicted'])} and measured as {_signed(row['measured'])} ({coverage:.0%} interval "
        f"{_signed(row['measured_low'])} to {_signed(row['measured_high'])}): {place}, {_VERDICTS[row['verdict']]}."
    )


def _signed(value: float) -> str:
    return f"{value + 0.0:+.3f}".replace("-", "−")
