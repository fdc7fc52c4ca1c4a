r"""Whether an answer is right: what counts as the answer of a completion, and one rule for each kind of reference.

The answer of a completion is what is marked (the last ``\boxed`` or the answer block), else what follows its last
"answer is", else its last line. Nothing of it is run.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from full_scale.benchmarks.examples import LETTERS, Example
from full_scale.rewards.verifier import shared_verifier
from full_scale.tasks.answers import choice_letter, final_answer, last_number

__all__ = ["RULES", "Score", "extract", "relaxed_equal", "score"]

_STATED = re.compile(r"\banswer\s*(?:is|:)\s*(.+)", re.IGNORECASE)
_TEXT = re.compile(r"\\(?:text|mathrm|textbf|mathbf)\s*\{([^{}]*)\}")
_BRACKETED = re.compile(r"\(([A-Z])\)")
TOLERANCE = 0.05
"""Relative error that ChartQA forgives."""

Score = tuple[str | None, bool | None]
"""The answer as it was read (None: nothing could be), and whether it is right (None: the rules cannot tell)."""


def extract(text: str) -> str | None:
    """Return the answer of a completion, None if it is blank."""
    marked = final_answer(text)
    if marked is not None:
        return _TEXT.sub(r"\1", marked).strip() or None
    after = text[text.rfind("</think>") + len("</think>") :] if "</think>" in text else text
    lines = [line.strip() for line in after.splitlines() if line.strip()]
    if not lines:
        return None
    for line in reversed(lines):
        stated = _STATED.findall(line)
        if stated:
            return str(stated[-1]).strip().rstrip(".").strip("*$ ") or None
    return lines[-1]


def _plain(text: str) -> str:
    return " ".join(text.strip().strip("$").rstrip(".").lower().split())


def _letter(example: Example, answer: str) -> bool | None:
    letter = choice_letter(answer)
    if letter is None and example.choices:
        same = [place for place, choice in enumerate(example.choices) if _plain(choice) == _plain(answer)]
        letter = LETTERS[same[0]] if len(same) == 1 else None
    if letter is None:
        bracketed = set(_BRACKETED.findall(answer))
        letter = bracketed.pop() if len(bracketed) == 1 else None
    if letter is None:
        return None
    return letter == example.answer.strip().upper()[:1]


def _letters(example: Example, answer: str) -> bool | None:
    found = set(re.findall(r"(?<![A-Za-z])[A-Z](?![A-Za-z])", answer))
    if not found and re.fullmatch(r"[A-Z]{2,6}", answer.strip()):
        found = set(answer.strip())
    return "".join(sorted(found)) == example.answer if found else None


def _number(text: str) -> float | None:
    """Return a number as it is written, or else the last one in the text."""
    for candidate in (text.replace(",", "").strip("$ "), last_number(text)):
        try:
            return float(candidate) if candidate is not None else None
        except ValueError:
            continue
    return None


def _integer(example: Example, answer: str) -> bool | None:
    """lmms-eval's rule for MathVista: the decimal places are cut off."""
    number = _number(answer)
    if number is None or abs(number) == float("inf"):
        return None
    return str(int(number)) == example.answer


def _rounded(example: Example, answer: str) -> bool | None:
    """lmms-eval's rule for MathVista: equal after rounding to the precision of the question."""
    number = _number(answer)
    if number is None:
        return None
    places = 2 if example.precision is None else example.precision
    return round(number, places) == round(float(example.answer), places)


def _int_cast(example: Example, answer: str) -> bool | None:
    """VLMEvalKit's rule: the answer has to be written as a whole number."""
    try:
        return int(answer) == int(float(example.answer))
    except ValueError:
        return None


def _float_cast(example: Example, answer: str) -> bool | None:
    """VLMEvalKit's rule: equal as floating point numbers."""
    try:
        return float(answer) == float(example.answer)
    except ValueError:
        return None


def _same_text(example: Example, answer: str) -> bool | None:
    return _plain(answer) == _plain(example.answer)


def _latex(example: Example, answer: str) -> bool | None:
    return shared_verifier().verify(example.answer, answer) == "right"


def _relaxed_number(text: str) -> float | None:
    text = text.strip().replace(",", "").strip("$")
    try:
        return float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        return None


def relaxed_equal(answer: str, reference: str, tolerance: float = TOLERANCE) -> bool:
    """Return ChartQA's verdict: numbers within a relative error of the reference, other answers equal but for case.

    Source:
        Masry et al., ChartQA (2022), section 5 (after Methani et al., PlotQA).
    """
    number, wanted = _relaxed_number(answer), _relaxed_number(reference)
    if number is not None and wanted:  # nothing is near zero
        return abs(number - wanted) <= tolerance * abs(wanted)
    return answer.strip().lower() == reference.strip().lower()


def _relaxed(example: Example, answer: str) -> bool | None:
    return relaxed_equal(answer, example.answer)


RULES: dict[str, Callable[[Example, str], bool | None]] = {
    "letter": _letter,
    "letters": _letters,
    "integer": _integer,
    "rounded": _rounded,
    "int_cast": _int_cast,
    "float_cast": _float_cast,
    "text": _same_text,
    "latex": _latex,
    "relaxed": _relaxed,
}
"""How references are compared: example and extracted answer in, verdict out; None where the rule cannot read it."""


def score(example: Example, text: str) -> Score:
    """Return the answer of a completion and whether it is right; a blank one is wrong."""
    answer = extract(text)
    if answer is None:
        return None, False
    return answer, RULES[example.rule](example, answer)
