"""LaTeX to MathML, so that formulas render offline, scale with the text and follow its colour.

A browser takes the symbols' shapes and sizes from a font with mathematical tables, which not every system has. So the
pages bring one: ``mathematics.woff``, whose origin ``mathematics.LICENSE.txt`` tells.
"""

from __future__ import annotations

import base64
import re
from importlib import resources

from markupsafe import Markup, escape

from vas_theory.foundation.command_line import require

__all__ = ["FONT", "font_face", "formula", "text_with_formulas"]

FONT = "mathematics.woff"
"""File of the font, in this folder."""

_NAMESPACE = ' xmlns="http://www.w3.org/1998/Math/MathML"'  # implied inside HTML
_NAME = re.compile(r"<mo>([A-Za-z]{2,})</mo>")
_COMMAND_LEFT = re.compile(r">[^<]*\\[^<]*<")


def font_face() -> str:
    """Return the style that gives formulas their font, with the font in it."""
    data = base64.b64encode(resources.files("paper_figures.report").joinpath(FONT).read_bytes()).decode()
    return (
        f'@font-face {{ font-family: "Mathematics"; src: url("data:font/woff;base64,{data}") format("woff"); }}\n'
        'math { font-family: "Mathematics", math; }\n'
    )


def formula(latex: str) -> Markup:
    """Return a formula as MathML; one that cannot be translated is shown as its LaTeX source."""
    converter = require("latex2mathml.converter", "figures")
    try:
        mathml = converter.convert(latex).replace(_NAMESPACE, "")
        # a function's name stands off what comes before it, not off its own argument
        mathml = _NAME.sub(r'<mo lspace="0.17em" rspace="0">\1</mo>', mathml)
    except Exception:  # what the library raises on malformed input shares no narrower base class
        mathml = ""
    if not mathml or _COMMAND_LEFT.search(mathml):
        return Markup("<code>{}</code>").format(latex)
    return Markup(mathml)


def text_with_formulas(text: str) -> Markup:
    """Return escaped text in which every ``$...$`` has become MathML."""
    parts = text.split("$")
    return Markup("").join(formula(part) if index % 2 else escape(part) for index, part in enumerate(parts))
