"""What the real training study measured of each arm's accuracy beside uniform sampling, from its committed tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paper_figures.drawing.declaration import Table
from vas_theory.provenance.tables import read_metadata, read_table

__all__ = ["STUDY", "AccuracyGains", "accuracy_gains"]

STUDY = tuple(
    Table("full_scale", name, "full_scale study --preset {preset}", presets=("paper",))
    for name in ("validation", "training_steps", "probe")
)
"""The committed tables, the same for every size of the pages that read them."""


@dataclass(frozen=True)
class AccuracyGains:
    """Gains in held-out accuracy over uniform sampling at equal rollouts, predicted before and measured after training.

    Args:
        setting: model, task, seeds and rollouts in words.
        coverage: of the intervals.
        rows: arm -> ``predicted``, ``measured``, their ends (``_low``, ``_high``) and ``verdict``, for arms with an
            interval.
    """

    setting: str
    coverage: float
    rows: Mapping[str, Mapping[str, Any]]


def accuracy_gains(root: Path, preset: str = "paper") -> AccuracyGains | None:
    """Return the study's gains in accuracy; None where one of its tables is not there.

    Args:
        root: the project's folder.
        preset: the size of the page that asks.

    Raises:
        IntegrityError: a table was altered or cut short.
    """
    paths = [table.path(root, preset) for table in STUDY]
    if not all(path.is_file() for path in paths):
        return None
    validation, steps, probe = paths
    config, frame, table = read_metadata(steps)["config"], read_table(steps), read_table(validation)
    setting = (
        f"{config['model']['name']} ({config['task']['name']}, {frame['seed'].nunique()} paired seeds, "
        f"{frame['rollouts'].max():,} rollouts a run)"
    )
    known = table[(table["quantity"] == "accuracy_gain") & table["measured_low"].notna()]
    rows = {str(row["arm"]): {str(key): value for key, value in row.items()} for row in known.to_dict("records")}
    return AccuracyGains(setting, read_metadata(probe)["config"]["probe"]["coverage"], rows)
