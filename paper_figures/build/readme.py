"""The generated parts of the README: the ledger, the figures and what the main job printed last.

A generated part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import hashlib
import re
import textwrap
from collections.abc import Sequence
from pathlib import Path

from paper_figures.drawing.declaration import ROOT, Table
from paper_figures.figures import get_figures
from paper_figures.networks import NETWORKS
from paper_figures.report.networks import in_short, table_lines
from paper_figures.report.results import prediction_counts
from vas_theory.claims import all_claims
from vas_theory.claims.lib.ledger import ledger_markdown, read_record
from vas_theory.foundation.errors import DataError
from vas_theory.provenance.tables import atomic_path, read_metadata, read_table, table_files

__all__ = ["OUTPUT_RECORD", "render_readme", "write_readme"]

OUTPUT_RECORD = ROOT / "paper_figures" / "results" / "reproduce.txt"
"""The closing lines of the last recorded run of the main job."""


def _figures() -> str:
    """List the figures with what makes them; minutes and hash are those of the committed tables."""
    lines = ["| figure | shows | kind | made by | minutes | hash |", "| --- | --- | --- | --- | --- | --- |"]
    for figure in get_figures():
        tables = list(figure.inputs.values())
        commands = dict.fromkeys(table.shown_command("paper") for table in tables)
        made = "<br>".join(
            f"`{command}`" for command in [*commands, f"python -m paper_figures make {figure.name} --preset paper"]
        )
        minutes, digest = _committed(tables)
        lines.append(f"| `{figure.name}` | {figure.title} | {figure.label} | {made} | {minutes} | {digest} |")
    return "\n".join(lines)


def _committed(tables: Sequence[Table]) -> tuple[str, str]:
    """Return minutes of making and one hash of a figure's committed tables, or dashes where one is not committed."""
    paths = [table.path(ROOT, "paper") for table in tables]
    if not all(map(table_files, paths)):
        return "–", "–"
    records = [read_metadata(path) for path in paths]
    digest = hashlib.sha256("".join(record["sha256"] for record in records).encode()).hexdigest()
    # tables of one run share its seconds
    seconds = {(table.command, record.get("seconds")) for table, record in zip(tables, records, strict=True)}
    known = [value for _, value in seconds if value is not None]
    return f"{sum(known) / 60:.1f}" if known else "–", f"`{digest[:8]}`"


def _output() -> str:
    if not OUTPUT_RECORD.exists():
        raise DataError(f"{OUTPUT_RECORD} does not exist; run: python -m paper_figures reproduce --record")
    said = OUTPUT_RECORD.read_text(encoding="utf-8").strip("\n")
    above = "`make reproduce` at its quick size and `make test` end like this (2 CPU cores, no GPU):"
    return f"{_predictions()}\n\n{above}\n\n```text\n{said}\n```"


def _predictions() -> str:
    """Count the predictions of the paper-size study, which the quick one of the main job only rehearses."""
    found = prediction_counts(ROOT, "paper")
    failed, open_ = found.verdicts.get("failed", 0), found.verdicts.get("uninformative", 0)
    return (
        f"**Predictions about real training, written before it (paper size): {found.standing} of {found.total} held, "
        f"{failed} failed, {open_} were uninformative.**"
    )


def _networks() -> str:
    """Compare arms with uniform sampling in the worlds of small networks whose runs are committed."""
    ranking = read_table(NETWORKS.path(ROOT, "paper"))
    return "\n".join([*table_lines(ranking), "", textwrap.fill(in_short(ranking), 119, break_on_hyphens=False)])


def render_readme(text: str) -> str:
    """Return the README with its generated parts renewed.

    Args:
        text: the README as it is.

    Raises:
        DataError: a part is missing, or the record of the main job is.
    """
    parts = {
        "output": _output,
        "networks": _networks,
        "ledger": lambda: ledger_markdown(list(all_claims().values()), read_record()),
        "figures": _figures,
    }
    for name, render in parts.items():
        pattern = re.compile(rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        if len(pattern.findall(text)) != 1:
            raise DataError(f"the README must have exactly one part '<!-- generated: {name} -->'")
        body = render()
        text = pattern.sub(lambda match, body=body: f"{match[1]}{body}\n{match[2]}", text)  # type: ignore[misc]
    return text


def write_readme(path: Path = ROOT / "README.md") -> bool:
    """Renew the generated parts of the README in place and say whether anything changed."""
    old = path.read_text(encoding="utf-8")
    new = render_readme(old)
    if new != old:
        with atomic_path(path) as temporary:
            temporary.write_text(new, encoding="utf-8")
    return new != old
