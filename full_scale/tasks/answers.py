r"""Finding the final answer in a completion. Every function runs in linear time, whatever the text holds.

A model that reasons writes ``<think>…</think><answer>… \boxed{…}</answer>``; a few-shot model writes the bare answer.
Nothing here interprets an answer: the result is a piece of the text.
"""

from __future__ import annotations

import re

__all__ = ["answer_block", "choice_letter", "final_answer", "last_boxed", "last_number", "short_answer"]

_BRACES = re.compile(r"\\(?:boxed|fbox)\s*\{|\\.|[{}]", re.DOTALL)
_NUMBER = re.compile(r"(?<![\w.])[-+\u2212]?\d[\d,]*(?:\.\d+)?(?:/\d+)?(?:[eE][-+]?\d+)?%?")
_WRAPPED = re.compile(r"\\(?:text|textbf|mathrm|mathbf|rm)\s*\{([^{}]*)\}")
_LETTER = re.compile(r"\s*[(\[]?\s*([A-Z])\s*(?:[)\].:,]|$|\s(?=[-=\u2013]))")
_STATED = re.compile(r"\b(?:[Aa]nswer|[Oo]ption|[Cc]hoice)\s*(?:is|:)?\s*[(\[]?([A-Z])(?![A-Za-z])")
SHORT = 80
"""Characters up to which a single line without marks counts as an answer as it stands."""


def last_boxed(text: str) -> str | None:
    r"""Return what is inside the ``\boxed{…}`` that begins last, or None; one that is never closed does not count."""
    opened: list[tuple[int, int] | None] = []
    best: tuple[int, int, int] | None = None
    for mark in _BRACES.finditer(text):
        token = mark.group()
        if token == "}":
            start = opened.pop() if opened else None
            if start is not None and (best is None or start[0] > best[0]):
                best = (*start, mark.start())
        elif token.endswith("{") and token != "\\{":
            opened.append((mark.start(), mark.end()) if len(token) > 1 else None)
    return None if best is None else text[best[1] : best[2]].strip()


def answer_block(text: str) -> str | None:
    """Return what stands between the last ``<answer>`` and the ``</answer>`` after it, or None."""
    end = text.rfind("</answer>")
    start = text.rfind("<answer>", 0, max(end, 0))
    return None if start < 0 else text[start + len("<answer>") : end].strip()


def final_answer(text: str) -> str | None:
    r"""Return the marked answer: the last ``\boxed`` of the answer block (or, without one, of the text after the
    thinking), else the block itself; None if nothing is marked or what is marked is blank."""
    after = text[text.rfind("</think>") + len("</think>") :] if "</think>" in text else text
    block = answer_block(after)
    found = last_boxed(after if block is None else block)
    return (block if found is None else found) or None


def last_number(text: str) -> str | None:
    """Return the last number of a text, such as ``-1,234.5``, ``3/4`` or ``12%``, without thousands separators."""
    last = None
    for mark in _NUMBER.finditer(text):
        last = mark
    return None if last is None else last.group().rstrip(",").replace(",", "").replace("\u2212", "-")


def short_answer(text: str) -> str | None:
    """Return the marked answer; without one a short single line as it stands, else the last number of the text."""
    marked = final_answer(text)
    if marked is not None:
        return marked
    bare = text.strip()
    if len(bare) <= SHORT and "\n" not in bare:
        return bare or None
    return last_number(text)


def choice_letter(text: str) -> str | None:
    """Return the letter of a multiple-choice answer: ``B``, ``(B)``, ``B. 12 cm`` or ``the answer is B``, else None."""
    candidate = _WRAPPED.sub(r"\1", final_answer(text) or text.strip()).strip().strip("$*").strip()
    mark = _LETTER.match(candidate)
    if mark:
        return mark.group(1)
    stated = _STATED.findall(candidate)
    return stated[-1] if stated else None
