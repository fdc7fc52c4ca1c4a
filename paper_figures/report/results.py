"""The verified ledger and the validated predictions of a preset, and how many of each stand."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paper_figures.drawing.declaration import Table, output_folder
from paper_figures.laboratory import CHALLENGE, RANKING
from paper_figures.networks import AGREEMENT, NETWORKS
from vas_theory.foundation.errors import DataError
from vas_theory.provenance.tables import read_table

__all__ = [
    "TABLES",
    "TRAINING",
    "Counts",
    "Job",
    "claim_counts",
    "prediction_counts",
    "read_claims",
    "read_predictions",
]

TRAINING = Table("full_scale", "training_steps", "full_scale study --preset {preset}")
VALIDATION = Table("full_scale", "validation", "full_scale study --preset {preset}")
TABLES = (TRAINING, VALIDATION, RANKING, CHALLENGE, NETWORKS, AGREEMENT)
"""What the report reads besides figures and ledger."""


@dataclass(frozen=True)
class Counts:
    """How many items stand, of how many, and the number of each verdict."""

    standing: int
    total: int
    verdicts: dict[str, int]


@dataclass(frozen=True)
class Job:
    """A command, the seconds that it took (``None`` if unknown) and the files it made with their hashes."""

    command: str
    seconds: float | None
    results: list[tuple[str, str]]


def read_claims(root: Path, preset: str) -> list[dict[str, Any]]:
    """Return the rows that verifying the ledger wrote.

    Raises:
        DataError: the file is missing or is not what ``python -m vas_theory verify`` writes.
    """
    path = output_folder(root, preset) / "claims.json"
    try:
        rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["claims"]
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; make it with: python -m paper_figures reproduce") from None
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} is not a verified ledger ({error})") from None
    return rows


def claim_counts(root: Path, preset: str) -> Counts:
    """Count the claims whose verdict was verified."""
    rows = read_claims(root, preset)
    return Counts(sum(bool(row["passed"]) for row in rows), len(rows), dict(Counter(row["verdict"] for row in rows)))


def read_predictions(root: Path, preset: str) -> list[dict[str, Any]]:
    """Return predictions and measurements, one record a prediction.

    Raises:
        DataError: the table is missing or unreadable.
        IntegrityError: the table was altered or cut short.
    """
    frame = read_table(VALIDATION.path(root, preset))
    return [dict(zip(frame.columns, row, strict=True)) for row in frame.itertuples(index=False)]


def prediction_counts(root: Path, preset: str) -> Counts:
    """Count the predictions that held."""
    verdicts = Counter(str(record["verdict"]) for record in read_predictions(root, preset))
    return Counts(verdicts["held"], verdicts.total(), dict(verdicts))
