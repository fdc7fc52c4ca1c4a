"""The generated parts of the README: the ledger, the figures and what the main job printed last.

A generated part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import re
from pathlib import Path

from paper_figures.declaration import ROOT
from paper_figures.figures import get_figures
from vas_theory.claims import all_claims
from vas_theory.claims.ledger import ledger_markdown, read_record
from vas_theory.errors import DataError
from vas_theory.storage import atomic_path

__all__ = ["OUTPUT_RECORD", "render_readme", "write_readme"]

OUTPUT_RECORD = ROOT / "paper_figures" / "results" / "reproduce.txt"
"""The closing lines of the last recorded run of the main job."""


def _figures() -> str:
    lines = ["| figure | shows | kind | made by |", "| --- | --- | --- | --- |"]
    for figure in get_figures():
        commands = dict.fromkeys(table.shown_command("quick") for table in figure.inputs.values())
        shown = "<br>".join(f"`{command}`" for command in [*commands, f"python -m paper_figures make {figure.name}"])
        lines.append(f"| `{figure.name}` | {figure.title} | {figure.label} | {shown} |")
    return "\n".join(lines)


def _output() -> str:
    if not OUTPUT_RECORD.exists():
        raise DataError(f"{OUTPUT_RECORD} does not exist; run: python -m paper_figures reproduce --record")
    return "```text\n" + OUTPUT_RECORD.read_text(encoding="utf-8").strip("\n") + "\n```"


def render_readme(text: str) -> str:
    """Return the README with its generated parts renewed.

    Args:
        text: the README as it is.

    Raises:
        DataError: a part is missing, or the record of the main job is.
    """
    parts = {
        "output": _output,
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
