"""The directive ``claims``: the numbered statements of the theory page, written from the ledger itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sphinx.util.docutils import SphinxDirective

from vas_theory.claims import all_claims
from vas_theory.claims.lib.base import Claim, Verdict
from vas_theory.claims.lib.ledger import completeness_row, read_record

__all__ = ["setup", "statement_markdown"]


def _links(ids: Iterable[str]) -> str:
    return ", ".join(f"[{name}](#{name.lower()})" for name in ids)


def _plain(text: str) -> str:
    """Return a ledger text with what Markdown would read as markup escaped."""
    for mark in "\\*_`|[]$<>":
        text = text.replace(mark, f"\\{mark}")
    return text


def _machine(claim: Claim) -> str:
    """Return how much of a claim a machine has checked, by which theorems, and what rests on words."""
    row = completeness_row(claim)
    theorems = ", ".join(f"`{part['theorem']}`" for part in row["machine"] if part["theorem"])
    sizes = sorted({part["sizes"] for part in row["machine"] if bool(part["theorem"]) == bool(theorems)})
    text = row["complete"] + (f", {_plain('; '.join(sizes))}" if sizes else "") + (f": {theorems}" if theorems else "")
    text += f". In words: {_plain(row['remains'])}" if row["remains"] else ""
    loose = "; ".join(f"the {side} side, {why}" for side, why in row["untied"].items())
    return text + (f". Not compared with the theorem: {_plain(loose)}" if loose else "")


def statement_markdown(claim: Claim, recorded: Mapping[str, Any]) -> str:
    """Return one numbered statement: verdict, formula, assumptions, why it holds or fails, what replaces it.

    Args:
        claim: the claim.
        recorded: its row of the recorded ledger; an empty one leaves out how tight the statement is.

    Returns:
        Markdown whose heading is the link target of the claim's id.
    """
    details = [
        ("Source", _plain(claim.source)),
        ("Needs", _plain("; ".join(claim.assumptions))),
        ("Certificate", f"{claim.certificate.kind}: {_plain(claim.certificate.summary)}"),
        ("Machine-checked", _machine(claim)),
    ]
    if claim.not_computed:
        parts = "; ".join(f"{part}: {why}" for part, why in claim.not_computed.items())
        details.append(("Numbers not computed", _plain(parts)))
    if claim.verdict is Verdict.REFUTED:
        details.append(("What it lacked", _plain(claim.lacked)))
        details.append(("Corrected by", _links(claim.corrected_by) or "nothing: there is no true version"))
    if recorded.get("tightness") is not None:
        details.append(("Tightness", f"{recorded['tightness']:.3f}"))
    if claim.predicts:
        details.append(("Predicts of networks", _plain("; ".join(map(str, claim.predicts)))))
    if claim.notes:
        details.append(("Notes", _plain(claim.notes)))
    lines = [
        f"({claim.id.lower()})=",
        f"### {claim.id} · {_plain(claim.title)}",
        "",
        f"[{claim.verdict}]{{.verdict .{claim.verdict}}}",
        "",
        "$$",
        claim.statement,
        "$$",
        "",
        *(f"- **{name}.** {text}" for name, text in details),
        "",
    ]
    return "\n".join(lines)


class ClaimsDirective(SphinxDirective):
    """``{claims} A`` shows every claim whose id starts with A, in order."""

    required_arguments = 1
    final_argument_whitespace = False

    def run(self) -> list[Any]:
        from vas_theory.claims.lib import ledger

        self.env.note_dependency(str(ledger.RECORD))
        record = read_record()
        claims = [claim for name, claim in all_claims().items() if name.startswith(self.arguments[0])]
        if not claims:
            raise self.error(f"no claim's id starts with {self.arguments[0]}")
        text = "\n".join(statement_markdown(claim, record.get(claim.id, {})) for claim in claims)
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def setup(app: Any) -> dict[str, bool]:
    """Register the directive with Sphinx."""
    app.add_directive("claims", ClaimsDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
