"""The directive ``packages``: a picture of the four packages and what each holds, drawn from the source itself."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from paper_figures.docs.import_graph import grouped, import_graph
from paper_figures.drawing.declaration import ROOT

__all__ = ["picture", "setup"]

PLACES = {
    "vas_theory": (0, 0, 800),
    "simulations": (0, 1, 390),
    "full_scale": (410, 1, 390),
    "paper_figures": (0, 2, 800),
}
"""Left edge, row and width of each package's box; imports point upwards."""
_LINE, _HEAD, _GAP = 17, 40, 34
_HIDDEN = ("__main__", "results", "output", "presets", "accelerate_configs", "notebooks")


def _holds(package: str, root: Path) -> dict[str, str]:
    """Return the folders and modules directly in a package, each with the first line of its docstring."""
    found = {}
    for path in sorted((root / package).iterdir()):
        source = path / "__init__.py" if path.is_dir() else path
        name = path.stem
        if name.startswith("_") or name in _HIDDEN or source.suffix != ".py":
            continue
        if source.exists():
            text = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
            found[name] = text.split("\n")[0].split(": ")[0].rstrip(".")
    return found


def _box(package: str, holds: Mapping[str, str], left: int, top: int, width: int, height: int) -> list[str]:
    columns = 2 if width > 500 else 1
    rows = -(-len(holds) // columns)
    step, letters = width // columns, int(width / columns / 7)
    lines = [
        f'<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="6" fill="none" stroke="currentColor"/>',
        f'<text x="{left + 12}" y="{top + 24}" font-weight="bold" font-size="16">{package}</text>',
    ]
    for place, (name, about) in enumerate(holds.items()):
        x, y = left + 12 + step * (place // rows), top + _HEAD + 8 + _LINE * (place % rows)
        room = letters - len(name) - 4
        shown = about if len(about) <= room else about[: room - 1].rsplit(" ", 1)[0] + "…"
        lines.append(
            f'<text x="{x}" y="{y}" font-size="12"><tspan font-weight="bold">{name}</tspan>'
            f'<tspan dx="8" opacity="0.75">{escape(shown)}</tspan></text>'
        )
    return lines


def _arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    (x1, y1), (x2, y2) = start, end
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="currentColor" marker-end="url(#head)"/>'


def picture(root: Path = ROOT) -> str:
    """Return the picture as SVG: a box a package, and an arrow from each package to every one that it imports.

    The dashed arrow is no import: figures read the tables of real training and never its code.
    """
    holds = {package: _holds(package, root) for package in PLACES}
    imports = grouped(import_graph(root, tuple(PLACES)), 1)
    tall = {
        package: _HEAD + 12 + _LINE * (-(-len(held) // (2 if PLACES[package][2] > 500 else 1)))
        for package, held in holds.items()
    }
    heights = [max(tall[package] for package in PLACES if PLACES[package][1] == row) for row in range(3)]
    tops = [sum(heights[:row]) + row * _GAP for row in range(3)]
    body: list[str] = []
    for package, (left, row, width) in PLACES.items():
        body += _box(package, holds[package], left, tops[row], width, heights[row])
    for package, imported in imports.items():
        left, row, width = PLACES[package]
        for other in sorted(imported):
            other_left, other_row, other_width = PLACES[other]
            inner = max(left, other_left), min(left + width, other_left + other_width)
            # an arrow past a row in between goes through the gap between its boxes
            x = 400 if row - other_row > 1 else (inner[0] + inner[1]) // 2
            body.append(_arrow((x, tops[row]), (x, tops[other_row] + heights[other_row] + 3)))
    body += [
        f'<line x1="605" y1="{tops[1] + heights[1]}" x2="605" y2="{tops[2] - 3}" stroke="currentColor" '
        'stroke-dasharray="4 3" marker-end="url(#head)"/>',
        f'<text x="615" y="{tops[2] - 12}" font-size="12">tables</text>',
    ]
    height = tops[2] + heights[2]
    words = "; ".join(f"{package} imports {', '.join(sorted(found))}" for package, found in imports.items() if found)
    head = '<marker id="head" markerWidth="9" markerHeight="9" refX="7" refY="4" orient="auto">'
    return (
        f'<svg viewBox="-2 -2 804 {height + 4}" role="img" aria-label="{words}" fill="currentColor" '
        f'font-family="sans-serif" style="width:100%;height:auto">'
        f'<defs>{head}<path d="M0,0 L8,4 L0,8 z"/></marker></defs>{"".join(body)}</svg>'
    )


class PackagesDirective(SphinxDirective):
    """``{packages}`` shows :func:`picture`."""

    def run(self) -> list[nodes.Node]:
        return [nodes.raw("", f"<figure>{picture()}</figure>", format="html")]


def setup(app: Any) -> dict[str, bool]:
    """Register the directive with Sphinx."""
    app.add_directive("packages", PackagesDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
