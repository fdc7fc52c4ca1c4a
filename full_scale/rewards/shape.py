"""Rewards for the shape of a completion: its format and its length."""

from __future__ import annotations

from vas_theory.foundation.errors import ArgumentError

__all__ = ["follows_format", "length_penalty"]

_TAGS = ("<think>", "</think>", "<answer>", "</answer>")


def follows_format(text: str) -> bool:
    r"""Say whether a text is ``<think>…</think><answer>… \boxed{…}</answer>`` and nothing else.

    Each tag occurs once and in this order, the thinking is not blank, and the answer holds a closed, filled box.
    """
    from full_scale.tasks.answers import last_boxed

    text = text.strip()
    if any(text.count(tag) != 1 for tag in _TAGS):
        return False
    opens, closes, answer, end = (text.index(tag) for tag in _TAGS)
    if not (opens == 0 and opens < closes < answer < end == len(text) - len("</answer>")):
        return False
    thinking, between = text[len("<think>") : closes], text[closes + len("</think>") : answer]
    return bool(thinking.strip()) and not between.strip() and bool(last_boxed(text[answer + len("<answer>") : end]))


def length_penalty(text: str, soft: int, hard: int) -> float:
    """Return ``-clip((length - soft) / (hard - soft), 0, 1)``.

    Args:
        text: the completion; its length is counted in characters, which both engines know.
        soft: up to here nothing is taken away.
        hard: from here on the penalty is -1.

    Raises:
        ArgumentError: ``hard`` is not above ``soft``.
    """
    if hard <= soft:
        raise ArgumentError("hard", f"be greater than soft = {soft}", hard)
    return -min(1.0, max(0.0, (len(text) - soft) / (hard - soft)))
