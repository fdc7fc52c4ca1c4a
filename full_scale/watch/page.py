"""The page as one HTML text: data, script, style and the library that draws, nothing from elsewhere."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping
from importlib import resources
from typing import Any

__all__ = ["policy", "render"]

_SCRIPTS = ("vendor/uPlot.iife.min.js", "charts.js", "watch.js")
_STYLES = ("vendor/uPlot.min.css", "watch.css")


def policy(*, served: bool) -> str:
    """Return the content security policy: a page from a file may load nothing, a served one its own data."""
    rules = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'"
    return rules + ("; connect-src 'self'" if served else "")


def render(found: Mapping[str, Any], *, served: bool, refresh: int) -> str:
    """Return the page.

    Args:
        found: what it shows, see :func:`~full_scale.watch.content.content`. Texts in it may be a model's: they are
            embedded as data, and the script shows them as text alone.
        served: whether the page asks the server for newer data, or else is a file.
        refresh: seconds until it does, or a file is opened again because it will have been written again; 0: never.
    """
    here = resources.files("full_scale.watch")

    def joined(names: tuple[str, ...]) -> str:
        return "\n".join(here.joinpath(name).read_text(encoding="utf-8") for name in names)

    again = f'<meta http-equiv="refresh" content="{int(refresh)}">\n' if refresh and not served else ""
    template = string.Template(here.joinpath("template.html").read_text(encoding="utf-8"))
    return template.substitute(
        policy=policy(served=served),
        again=again,
        style=joined(_STYLES),
        script=joined(_SCRIPTS),
        refresh=str(int(refresh) if served else 0),
        # inside a script element only the mark that would end it, or open a comment, needs escaping
        data=json.dumps(found, allow_nan=False).replace("<", "\\u003c"),
    )
