"""From this project's docstrings to reStructuredText: sections become field lists, prose is not read as markup."""

# sphinx.ext.napoleon would do the part of `field_lists` alone, and worse: it leaves `Source: ...` on one line as prose,
# takes the words before a colon under "Returns" for a type, does not escape formulas such as |grad|^2 (an error with
# -W), and does not show what pydantic fields say of themselves. sphinx.ext.autosummary documents a name that several
# modules offer once in each, so that references have several targets; `api_pages` gives each name one home.

from __future__ import annotations

import re
from typing import Any

__all__ = ["escape_prose", "field_lists", "setup", "short_types"]

_ROLES = {"Args": "param", "Attributes": "ivar", "Raises": "raises"}
_HEADER = re.compile(r"(Args|Attributes|Raises|Returns|Yields|Source):")
_ENTRY = re.compile(r"    ([*\w.]+(?:, [*\w.]+)*): (.*)")
_INLINE = re.compile(r"(Source|Costs|Deviations): (.+)")
_ARRAY_LIKE = re.compile(r"~?[\w.]*_Buffer \| .*?_NestedSequence\[complex \| bytes \| str\]")
_ARRAY = re.compile(r"~?[\w.]*ndarray\[tuple\[~?[\w.]*Any, \.\.\.\], ~?[\w.]*dtype\[([^\[\]]*)\]\]")
_LITERAL = re.compile(r"(:\w+:`[^`]*`|``.*?``|`[^`]*`_?)")


def field_lists(lines: list[str]) -> list[str]:
    """Return a docstring whose sections (Args, Returns, ...) have become fields.

    Args:
        lines: the docstring, without common indentation.
    """
    result: list[str] = []
    section = ""
    for line in lines:
        header, inline = _HEADER.fullmatch(line), _INLINE.fullmatch(line)
        if header:
            section = header[1]
            if section not in _ROLES:
                result += ["", f":{section}:"]
            else:
                result.append("")
            continue
        if line and not line.startswith(" "):
            section = ""
        entry = _ENTRY.fullmatch(line) if section in _ROLES else None
        if entry:
            names = entry[1].replace("*", "").replace(", ", ",")  # Sphinx would read a first word as a type
            result.append(f":{_ROLES[section]} {names}: {entry[2]}")
        elif inline and not section:
            if result and not result[-1].startswith((" ", ":")):
                result.append("")
            result.append(f":{inline[1]}: {inline[2]}")
        else:
            result.append(line)
    return result


def _escape(line: str) -> str:
    parts = _LITERAL.split(line)
    for index in range(0, len(parts), 2):
        parts[index] = re.sub(r"(?<!\\)\|", r"\\|", parts[index])
        parts[index] = re.sub(r"(?<=\w)_(?=\W|$)", r"\\_", parts[index])
        parts[index] = re.sub(r"(?<=[\s(])(\*+)(?=\w)", r"\\\1", parts[index])
    return "".join(parts)


def escape_prose(lines: list[str]) -> list[str]:
    """Return lines in which formulas such as ``|grad|^2`` are text; literal blocks and formulas stay as they are.

    An indented paragraph after one that is not indented is code, whether or not two colons announce it.
    """
    result: list[str] = []
    block: int | None = None
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if block is not None and line.strip() and indent <= block:
            block = None
        paragraph = len(result) > 1 and not result[-1].strip() and result[-2].strip()
        if block is None and indent and paragraph and not result[-2].startswith((" ", ":", ".. ", "* ", "- ")):
            result += ["::", ""]
            block = 0
        if block is None and (line.rstrip().endswith("::") or line.lstrip().startswith(".. ")):
            block = indent
            result.append(line)
        else:
            result.append(line if block is not None else _escape(line))
    return result


def _rewrite(_app: Any, what: str, _name: str, obj: Any, _options: Any, lines: list[str]) -> None:
    lines[:] = escape_prose(field_lists(lines))
    fields = getattr(obj, "model_fields", None) if what == "class" else None
    if fields:  # the descriptions of a pydantic model's fields are its documentation
        lines += ["", *(f":param {name}: {_escape(field.description or '')}" for name, field in fields.items()), ""]


def short_types(text: str) -> str:
    """Return a signature in which NumPy's aliases have their names again, in place of what they stand for."""
    text = _ARRAY_LIKE.sub("~numpy.typing.ArrayLike", text)
    return _ARRAY.sub(r"~numpy.typing.NDArray[\1]", text)


def _shorten_signature(
    _app: Any, what: str, _name: str, obj: Any, _options: Any, signature: str | None, returns: str | None
) -> tuple[str | None, str | None] | None:
    fields = getattr(obj, "model_fields", None) if what == "class" else None
    if fields:
        return f"(*, {', '.join(fields)})", None
    return (None if signature is None else short_types(signature)), (None if returns is None else short_types(returns))


def setup(app: Any) -> dict[str, bool]:
    """Rewrite every docstring when Sphinx reads it."""
    app.connect("autodoc-process-docstring", _rewrite)
    app.connect("autodoc-process-signature", _shorten_signature)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
