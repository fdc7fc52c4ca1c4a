"""Put the explorer's page together: facts as data, formulas and page as script, one look with the report."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

from paper_figures.explorer.facts import facts
from paper_figures.report.maths import font_face, text_with_formulas
from vas_theory.foundation.command_line import require

__all__ = ["SCRIPTS", "explorer"]

SCRIPTS = ("formulas.js", "csv.js", "advice.js", "explorer.js")
"""In the order in which they need each other."""


def explorer(root: Path, preset: str) -> str:
    """Return the explorer as one HTML text without any external reference.

    Raises:
        DataError: the tournament's table or the pilot's is missing; the message names the file.
    """
    jinja = require("jinja2", "figures")
    environment = jinja.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja.StrictUndefined
    )
    environment.filters.update(maths=text_with_formulas)
    here, report = resources.files("paper_figures.explorer"), resources.files("paper_figures.report")
    known = facts(root, preset)
    template = environment.from_string(here.joinpath("template.html").read_text(encoding="utf-8"))
    html: str = template.render(
        facts=known,
        # inside a script element only the mark that would end it needs escaping
        facts_json=json.dumps(known, allow_nan=False).replace("<", "\\u003c"),
        style="".join(place.read_text(encoding="utf-8") for place in (report / "style.css", here / "explorer.css"))
        + font_face(),
        script="\n".join(here.joinpath(name).read_text(encoding="utf-8") for name in SCRIPTS),
    )
    return html
