"""The ledger as data and as text: what ``list``, ``verify`` and the README show."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from vas_theory.claims.lib.base import Claim
from vas_theory.claims.lib.checks import Report
from vas_theory.foundation.errors import DataError

__all__ = ["RECORD", "ledger_markdown", "read_record", "report_row"]

RECORD = Path(__file__).parents[2] / "results" / "ledger.json"
"""The last recorded verification of the whole ledger, written by ``verify --record``."""


def report_row(report: Report) -> dict[str, Any]:
    """Return one claim's line of ``verify --json``."""
    numeric = report.numeric
    return {
        **claim_row(report.claim),
        "passed": report.passed,
        "tightness": numeric.tightness,
        "seconds": round(report.seconds, 3),
        "evidence": report.evidence.detail,
        "instances": numeric.instances,
        "rechecked": numeric.rechecked,
        "worst_slack": numeric.worst_slack,
        "violated_share": numeric.violated_share,
        "numeric": numeric.detail,
    }


def claim_row(claim: Claim) -> dict[str, Any]:
    """Return what the ledger says of a claim without verifying it."""
    return {
        "id": claim.id,
        "title": claim.title,
        "source": claim.source,
        "verdict": claim.verdict.value,
        "certificate": claim.certificate.kind.value,
        "corrected_by": list(claim.corrected_by),
        "experiment": claim.experiment,
        "figure": claim.figure,
    }


def read_record() -> dict[str, dict[str, Any]]:
    """Return the recorded rows by id; empty when nothing was recorded.

    Raises:
        DataError: the record is not readable.
    """
    if not RECORD.exists():
        return {}
    try:
        rows = json.loads(RECORD.read_text(encoding="utf-8"))["claims"]
        return {row["id"]: row for row in rows}
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise DataError(f"the recorded ledger {RECORD} cannot be read: {error!r}") from None


def _tightness(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def ledger_markdown(claims: Sequence[Claim], record: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the ledger as the Markdown table of the README.

    Args:
        claims: the claims, in order.
        record: recorded rows by id; a claim without one shows no tightness.
    """
    lines = ["| id | claim | verdict | certificate | tightness |", "| --- | --- | --- | --- | --- |"]
    for claim in claims:
        tightness = _tightness(record.get(claim.id, {}).get("tightness"))
        title = claim.title.replace("|", r"\|")
        lines.append(f"| {claim.id} | {title} | {claim.verdict} | {claim.certificate.kind} | {tightness} |")
    return "\n".join(lines)


def plain_table(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows as a fixed-width table: id, verdict, certificate, tightness, seconds, title."""
    lines = [f"{'id':4} {'verdict':14} {'certificate':15} {'tight':>6} {'seconds':>8}  title"]
    for row in rows:
        seconds = row.get("seconds")
        shown = "–" if seconds is None else f"{seconds:.2f}"
        lines.append(
            f"{row['id']:4} {row['verdict']:14} {row['certificate']:15} {_tightness(row.get('tightness')):>6} "
            f"{shown:>8}  {row['title']}"
        )
    return "\n".join(lines)
