"""One claim as text for a terminal."""

from __future__ import annotations

import textwrap

from vas_theory.claims.lib.base import Claim, Verdict
from vas_theory.claims.lib.checks import Report
from vas_theory.claims.lib.ledger import completeness_row

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
        *(f"not computed  {part}: {why}" for part, why in claim.not_computed.items()),
        f"certificate  {claim.certificate.kind}: {claim.certificate.summary}",
        textwrap.indent(report.evidence.detail, "    "),
        *_checked(report.claim),
    ]
    if claim.verdict is Verdict.REFUTED:
        lines += [f"it lacked    {claim.lacked}", f"corrected by {', '.join(claim.corrected_by) or '–'}"]
    lines += [f"predicts     {prediction}" for prediction in claim.predicts]
    if claim.notes:
        lines.append(f"notes        {claim.notes}")
    lines += [
        f"stressed on  {numeric.instances} instances, {numeric.rechecked} of them again at 50 digits or more"
        + (f", {numeric.undecided} more left undecided" if numeric.undecided else "")
        + f"; {numeric.detail}",
        "tightness    " + ("–" if numeric.tightness is None else f"{numeric.tightness:.6f}"),
        "worst        " + "; ".join(f"{name} = {_shorten(value)}" for name, value in numeric.worst_instance.items()),
    ]
    if claim.experiment or claim.figure:
        lines.append(f"shown by     experiment {claim.experiment or '–'}, figure {claim.figure or '–'}")
    return "\n".join(lines)


def _checked(claim: Claim) -> list[str]:
    """Return what a machine has checked of a claim and what rests on words."""
    row = completeness_row(claim)
    lines = [f"complete     {row['complete']}"]
    for part in row["machine"]:
        name = f" {part['theorem']}" if part["theorem"] else ""
        lines.append(f"    by {part['by']}{name}, {part['sizes']}:")
        lines.append(textwrap.fill(part["statement"], 112, initial_indent=" " * 8, subsequent_indent=" " * 8))
    if row["remains"]:
        lines.append(textwrap.fill(f"    in words: {row['remains']}", 116, subsequent_indent=" " * 8))
    if row["part"]:
        lines.append(f"    the two sides compare: {row['part']}")
    if row["machine"]:
        lines.append(f"    tied to the two sides by: {row['tied'] or 'nothing but reading'}")
        lines += [f"    not compared with the theorem: the {side} side, {why}" for side, why in row["untied"].items()]
    return lines
