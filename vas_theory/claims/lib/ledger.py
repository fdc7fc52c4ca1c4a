"""The ledger as data and as text: what ``list``, ``verify`` and the README show."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from vas_theory.claims.lib.base import Claim, Verdict
from vas_theory.claims.lib.checks import Report
from vas_theory.claims.lib.completeness import Completeness
from vas_theory.foundation.errors import DataError
from vas_theory.proofs import record as proofs

__all__ = [
    "COLUMNS",
    "RECORD",
    "completeness_row",
    "ledger_markdown",
    "read_record",
    "report_row",
    "shown_row",
    "summary",
]

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
        "undecided": numeric.undecided,
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
        "statement": claim.statement,
        "verdict": claim.verdict.value,
        "certificate": claim.certificate.kind.value,
        **completeness_row(claim),
        "not_computed": dict(claim.not_computed),
        "corrected_by": list(claim.corrected_by),
        "experiment": claim.experiment,
        "figure": claim.figure,
    }


@cache
def _recorded_proofs() -> proofs.Record:
    return proofs.read()


def completeness_row(claim: Claim) -> dict[str, Any]:
    """Return what a machine has checked of a claim, and what it has not.

    A formal theorem counts where the record of the proofs has it, on the axioms of the standard reals alone.

    Returns:
        ``complete`` (machine, partly, argued or none), ``machine`` (statement, by, sizes, theorem of everything that
        was checked), ``remains`` (what rests on words), ``part`` (which part of the statement the two sides compare,
        where it says more), ``tied`` (how the sides are tied to what was checked; empty where they are not),
        ``untied`` (side that is not compared with the formal theorem -> why).
    """
    recorded = _recorded_proofs()
    theorems = recorded.theorems
    named = claim.formal.theorems if claim.formal is not None else ()
    counted = set(recorded.axioms) <= proofs.ALLOWED_AXIOMS and set(named) <= set(theorems)
    known = claim if counted else replace(claim, formal=None)
    machine = [
        {
            "statement": " ".join(theorems[part.theorem].statement.split()) if part.theorem else part.statement,
            "by": part.by.value,
            "sizes": part.sizes,
            "theorem": part.theorem,
        }
        for part in known.machine
    ]
    ties = ["equal values at rational points, in Rocq"] if known.formal is not None and known.formal.points else []
    ties += ["equal values of what was certified, in floats"] if claim.certificate.bridge is not None else []
    return {
        "complete": known.complete.value,
        "machine": machine,
        "remains": known.remains,
        "part": claim.part,
        "tied": "; ".join(ties),
        "untied": dict(known.formal.untied) if known.formal is not None else {},
    }


def summary(claims: Iterable[Claim]) -> str:
    """Return how many proved claims a machine has checked completely, and where the formal theorems come from."""
    from vas_theory.proofs.rocq import missing_packages

    proved = [c for c in claims if c.verdict in (Verdict.PROVED, Verdict.CONDITIONAL)]
    counts = Counter(completeness_row(claim)["complete"] for claim in proved)
    shares = ", ".join(f"{counts[kind.value]} {kind.value}" for kind in Completeness if counts[kind.value])
    source = "not installed here; " if missing_packages() else ""
    return (
        f"{len(proved)} proved or conditional claims: {shares}. Formal theorems as recorded with Rocq "
        f"{_recorded_proofs().version} ({source}`make proofs` checks them again)."
    )


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
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"the recorded ledger {RECORD} cannot be read: {error!r}") from None


def _tightness(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def ledger_markdown(claims: Sequence[Claim], record: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the ledger as the Markdown table of the README.

    Args:
        claims: the claims, in order.
        record: recorded rows by id; a claim without one shows no tightness.
    """
    lines = ["| id | claim | verdict | certificate | complete | tightness |", "| --- | --- | --- | --- | --- | --- |"]
    for claim in claims:
        tightness = _tightness(record.get(claim.id, {}).get("tightness"))
        title = claim.title.replace("|", r"\|")
        columns = (claim.id, title, claim.verdict, claim.certificate.kind, completeness_row(claim)["complete"])
        lines.append(f"| {' | '.join(map(str, columns))} | {tightness} |")
    return "\n".join(lines)


COLUMNS = ("id", "verdict", "certificate", "complete", "tight", "seconds", "title")
"""Headings of :func:`shown_row`."""


def shown_row(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a row as people read it; the headings are :data:`COLUMNS`."""
    seconds = row.get("seconds")
    shown = "–" if seconds is None else f"{seconds:.2f}"
    texts = (str(row[name]) for name in ("id", "verdict", "certificate", "complete"))
    return (*texts, _tightness(row.get("tightness")), shown, str(row["title"]))
