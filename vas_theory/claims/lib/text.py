"""One claim as text for a terminal."""

from __future__ import annotations

import textwrap

from vas_theory.claims.lib.base import Verdict
from vas_theory.claims.lib.checks import Report

__all__ = ["describe"]


def _shorten(value: object, limit: int = 300) -> str:
    text = str(value)
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def describe(report: Report) -> str:
    """Return statement, assumptions, verdict, evidence and worst instance of a verified claim."""
    claim, numeric = report.claim, report.numeric
    lines = [
        f"{claim.id}  {claim.title}",
        f"source       {claim.source}",
        f"verdict      {claim.verdict}  ({'stands' if report.passed else 'DOES NOT STAND'}, {report.seconds:.2f} s)",
        f"statement    {claim.statement}",
        "assumptions  " + "; ".join(claim.assumptions),
        f"certificate  {claim.certificate.kind}: {claim.certificate.summary}",
        textwrap.indent(report.evidence.detail, "    "),
    ]
    if claim.verdict is Verdict.REFUTED:
        lines += [f"it lacked    {claim.lacked}", f"corrected by {', '.join(claim.corrected_by) or '–'}"]
    if claim.notes:
        lines.append(f"notes        {claim.notes}")
    lines += [
        f"stressed on  {numeric.instances} instances, {numeric.rechecked} of them again at 50 digits; {numeric.detail}",
        "tightness    " + ("–" if numeric.tightness is None else f"{numeric.tightness:.6f}"),
        "worst        " + "; ".join(f"{name} = {_shorten(value)}" for name, value in numeric.worst_instance.items()),
    ]
    if claim.experiment or claim.figure:
        lines.append(f"shown by     experiment {claim.experiment or '–'}, figure {claim.figure or '–'}")
    return "\n".join(lines)
