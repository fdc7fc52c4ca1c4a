"""Asking for what is missing, checking it, and writing it down."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from full_scale.answering.journal import Journal
from full_scale.answering.records import Answerer, AnsweringStopped, Answers, Question
from full_scale.rewards import check_answers
from full_scale.tasks.prompt import Prompt
from vas_theory.foundation.errors import ArgumentError

__all__ = ["AnsweringStopped", "collect"]


def collect(
    answerer: Answerer,
    prompts: Sequence[Prompt],
    totals: int | Sequence[int],
    journal: Journal,
    report: Callable[[str], None] = lambda _: None,
) -> dict[str, Answers]:
    """Return verified answers of prompts, and ask for those only that the journal does not hold.

    Args:
        answerer: a :class:`~full_scale.answering.local.LocalModel`, an
            :class:`~full_scale.answering.endpoint.Endpoint`, or your own.
        prompts: with keys that differ.
        totals: answers wanted of each prompt in all, earlier ones included; one number, or one a prompt.
        journal: open; its settings are the answerer's.
        report: called with a line after each batch.

    Returns:
        Key -> what the journal then holds of the prompt: more than wanted if it was asked for more before, fewer where
        an endpoint failed on that prompt alone. Look at ``trials``.

    Raises:
        AnsweringStopped: the model cannot go on; what it answered is in the journal.
        ArgumentError: two prompts have one key, or the totals do not fit.
    """
    wanted = [totals] * len(prompts) if isinstance(totals, int) else list(totals)
    if len(wanted) != len(prompts) or min(wanted, default=0) < 0:
        raise ArgumentError("totals", f"be a number, or {len(prompts)} of them, at least 0", totals)
    if len({prompt.key for prompt in prompts}) != len(prompts):
        raise ArgumentError("prompts", "have keys that differ", [prompt.key for prompt in prompts])
    questions = [
        Question(prompt, total - earlier, earlier)
        for prompt, total in zip(prompts, wanted, strict=True)
        if (earlier := journal.answers(prompt).trials) < total
    ]
    asked, came = sum(question.count for question in questions), 0
    for batch in answerer.ask(questions) if questions else ():
        pairs = [(reply.prompt, text) for reply in batch.replies for text in reply.texts]
        values = iter([value or 0.0 for value in check_answers([p for p, _ in pairs], [text for _, text in pairs])])
        scores = [[next(values) for _ in reply.texts] for reply in batch.replies]
        journal.add(batch.replies, scores, batch.ledger)
        came += len(pairs)
        if pairs:
            right = sum(value >= 1.0 for row in scores for value in row)
            report(f"{came:,} of {asked:,} answers; of the last {len(pairs)}, {right} right")
    return {prompt.key: journal.answers(prompt) for prompt in prompts}
