"""Lists of the documentation: the ledger, the figures with what makes them, and the networks' arms by world."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from paper_figures.docs.generated.tables import find_table, markdown
from paper_figures.drawing.declaration import ROOT, Table, published_folder
from paper_figures.drawing.render import load_tables
from paper_figures.figures import get_figures
from paper_figures.figures._study import arms_in_order
from paper_figures.knowledge import BASE, knowledge_gains, over_uniform
from paper_figures.report.network_tables import fresh_table, in_short, short_table, world_table
from vas_theory.claims import all_claims
from vas_theory.claims.lib.ledger import ledger_markdown, read_record
from vas_theory.provenance.tables import read_metadata, read_table, table_files

__all__ = ["arms", "figures", "gallery", "knowledge", "ledger", "networks"]


def ledger(_root: Path) -> str:
    """Return every claim with its verdict, certificate and tightness."""
    lines = ledger_markdown(list(all_claims().values()), read_record()).splitlines()
    return "\n".join(
        re.sub(r"^\| (\w\d+) \|", lambda found: f"| [{found[1]}](#{found[1].lower()}) |", line) for line in lines
    )


_ABSENT = "*Not computed in this copy; run `python -m simulations networks tournament --preset quick`.*"


def arms(root: Path) -> str:
    """Return what the leading arms learn relative to uniform sampling in the mean over worlds."""
    path = find_table("network_ranking", root)
    if path is None:
        return _ABSENT
    return "\n".join(short_table(read_table(path)))


def networks(root: Path) -> str:
    """Return what arms learn relative to uniform sampling, world by world, and the result in a paragraph."""
    path = find_table("network_ranking", root)
    if path is None:
        return _ABSENT
    ranking = read_table(path)
    return "\n".join([*world_table(ranking), "", *fresh_table(ranking), "", in_short(ranking)])


def knowledge(root: Path) -> str:
    """Return what arms that know pass rates gained on a real model, beside uniform sampling."""
    numbers = knowledge_gains(root)
    if numbers is None:
        return "*Not computed in this copy; run `python -m full_scale study --preset knowledge`.*"
    means = numbers.groupby("arm").mean(numeric_only=True)
    header = ["arm", "pass@1 gained", "pass@1 over uniform", "pass@8 over uniform", "groups with a gradient", "charged"]
    rows = []
    for arm in arms_in_order(means.index):
        others = [over_uniform(numbers, arm, f"pass_at_{k}_points") if arm != BASE else "–" for k in (1, 8)]
        gained, share = f"{means.pass_at_1_points[arm]:+.1f}", f"{means.mixed_share[arm]:.2f}"
        rows.append([f"`{arm}`", gained, *others, share, "no" if means.free[arm] else "yes"])
    return markdown(header, rows)


def figures(_root: Path) -> str:
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


def gallery(root: Path) -> str:
    """Show every figure that is committed, with what it says."""
    parts = []
    for figure in get_figures():
        image = published_folder(root) / f"{figure.name}.slide.png"
        if image.is_file():
            said = figure.headline(figure.numbers(load_tables(figure, root, "paper")))
            text = f"**{figure.title}** ({figure.label}; `{figure.name}`). {said}."
            parts.append(f"({figure.name})=\n\n{text}\n\n![{figure.title}](../results/paper/{image.name})")
    return "\n\n".join(parts) or "*The figures of the paper size are not in this copy.*"


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
