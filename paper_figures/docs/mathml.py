"""Formulas of the documentation as MathML: they render offline, without a script, in the font that the pages bring."""

from __future__ import annotations

from typing import Any

from docutils import nodes

from paper_figures.report.maths import formula

__all__ = ["setup"]


def _visit_inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(str(formula(node.astext())))
    raise nodes.SkipNode


def _visit_block(translator: Any, node: nodes.math_block) -> None:
    mathml = str(formula(node.astext())).replace('display="inline"', 'display="block"', 1)
    translator.body.append(f'<div class="formula">{mathml}</div>\n')
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, bool]:
    """Register the renderer ``mathml`` with Sphinx."""
    app.add_html_math_renderer("mathml", (_visit_inline, None), (_visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
