"""Whether completions are right: one function for each way a task may ask for.

Reference answers and completions are compared as text, as numbers or by a LaTeX grammar; none is ever run as code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from full_scale.rewards.verifier import shared_verifier
from full_scale.tasks.answers import choice_letter, final_answer, short_answer
from full_scale.tasks.prompt import Prompt
from vas_theory.foundation.errors import MissingExtraError, UnknownNameError

__all__ = ["CHECKS", "check_answers", "exact_match", "failures"]

failures: Counter[str] = Counter()
"""Completions whose scorer raised an error, by the error's name; they count as wrong."""


def exact_match(prompt: Prompt, completion: str) -> float:
    """Return 1 if the marked answer, or else the whole completion without outer white space, is the reference."""
    found = final_answer(completion) if "\\boxed" in completion or "<answer>" in completion else None
    return float((found or completion.strip()) == prompt.answer)


def _exact(prompts: Sequence[Prompt], texts: Sequence[str]) -> list[float]:
    return [exact_match(prompt, text) for prompt, text in zip(prompts, texts, strict=True)]


def _choice(prompts: Sequence[Prompt], texts: Sequence[str]) -> list[float]:
    letters = [choice_letter(text) for text in texts]
    return [float(x is not None and x == choice_letter(p.answer)) for p, x in zip(prompts, letters, strict=True)]


def _math(prompts: Sequence[Prompt], texts: Sequence[str]) -> list[float]:
    answers = [short_answer(text) for text in texts]
    pairs = [(prompt.answer, answer) for prompt, answer in zip(prompts, answers, strict=True) if answer is not None]
    verdicts = iter(shared_verifier().verify_many(pairs) if pairs else ())
    return [0.0 if answer is None else float(next(verdicts) == "right") for answer in answers]


def _reasoning_gym(prompts: Sequence[Prompt], texts: Sequence[str]) -> list[float]:
    from full_scale.tasks.reasoning_gym import score

    values = []
    for prompt, text in zip(prompts, texts, strict=True):
        try:
            values.append(score(prompt, final_answer(text) or text.strip()))
        except MissingExtraError:  # no answer's fault, and no answer could be right
            raise
        except Exception as error:  # a scorer that an answer breaks must not stop a run
            failures[type(error).__name__] += 1
            values.append(0.0)
    return values


CHECKS: dict[str, Callable[[Sequence[Prompt], Sequence[str]], list[float]]] = {
    "exact_match": _exact,
    "choice": _choice,
    "math": _math,
    "reasoning_gym": _reasoning_gym,
}
"""How answers can be checked: prompts and completions in, values in [0, 1] out; 1 is right."""


def check_answers(prompts: Sequence[Prompt], texts: Sequence[str]) -> list[float | None]:
    """Score each completion by the check its prompt asks for.

    Raises:
        UnknownNameError: a prompt asks for a check that does not exist.
    """
    values: list[float | None] = [None] * len(texts)
    for name in dict.fromkeys(prompt.check for prompt in prompts):
        if name not in CHECKS:
            raise UnknownNameError("answer check", name, CHECKS)
        rows = [row for row, prompt in enumerate(prompts) if prompt.check == name]
        found = CHECKS[name]([prompts[row] for row in rows], [texts[row] for row in rows])
        for row, value in zip(rows, found, strict=True):
            values[row] = value
    return values
