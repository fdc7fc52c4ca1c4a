"""What passes between a model that answers, the account of what it cost, and those who asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Protocol

from full_scale.tasks.prompt import Prompt
from vas_theory.foundation.errors import DataError

__all__ = ["Answerer", "AnsweringStopped", "Answers", "Batch", "Ledger", "Question", "Reply", "usual_tokens"]


class AnsweringStopped(DataError):
    """A model cannot go on answering; what it answered before is in the journal."""


@dataclass(frozen=True)
class Ledger:
    """What answers cost. Two of them add up.

    Attributes:
        requests: that were answered: calls of an endpoint, or batches of a local model.
        failed_requests: that were not (time-outs, errors of the server); what they cost there is not known.
        answers: that were used.
        surplus_answers: that came beyond those asked for, and were left out.
        prompt_tokens, completion_tokens: of the requests that said so.
        uncounted_requests: that were answered without a word on tokens.
    """

    requests: int = 0
    failed_requests: int = 0
    answers: int = 0
    surplus_answers: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    uncounted_requests: int = 0

    def __add__(self, other: Ledger) -> Ledger:
        return Ledger(*(getattr(self, part.name) + getattr(other, part.name) for part in fields(self)))

    def as_dict(self) -> dict[str, int]:
        """All counts, JSON-serialisable."""
        return asdict(self)

    def text(self) -> str:
        """Return one line for people."""
        parts = [
            f"{self.answers:,} answers in {self.requests:,} requests",
            f"{self.prompt_tokens:,} prompt and {self.completion_tokens:,} completion tokens",
        ]
        if self.uncounted_requests:
            parts.append(f"{self.uncounted_requests:,} requests did not say how many tokens they took")
        if self.surplus_answers:
            parts.append(f"{self.surplus_answers:,} answers more than asked for were left out")
        if self.failed_requests:
            parts.append(f"{self.failed_requests:,} requests failed, whose cost is not known")
        return "; ".join(parts)


@dataclass(frozen=True)
class Question:
    """A prompt and how many answers are wanted of it now, after so many earlier ones."""

    prompt: Prompt
    count: int
    earlier: int = 0


@dataclass(frozen=True)
class Reply:
    """What a model answered to one prompt.

    Attributes:
        prompt: the prompt.
        texts: the answers; they may be fewer than asked for.
        cut: how many of them ended at the token limit.
    """

    prompt: Prompt
    texts: tuple[str, ...]
    cut: int = 0


@dataclass(frozen=True)
class Batch:
    """Replies that came together, and what they cost. A request that failed for good is a batch without replies."""

    replies: tuple[Reply, ...]
    ledger: Ledger


class Answerer(Protocol):
    """Anything that answers prompts."""

    @property
    def settings(self) -> dict[str, Any]:
        """All that the answers depend on besides the prompts, JSON-serialisable: a journal is of one such setting."""

    def ask(self, questions: Sequence[Question]) -> Iterator[Batch]:
        """Yield answers in batches as they come.

        Raises:
            AnsweringStopped: no further answer can be had.
        """


@dataclass(frozen=True)
class Answers:
    """Everything a journal holds of one prompt.

    Attributes:
        values: of the prompt's own check, in [0, 1]; 1 is right.
        texts: the answers; empty where the journal does not keep them.
        cut: how many of the answers ended at the token limit.
    """

    values: tuple[float, ...] = ()
    texts: tuple[str, ...] = ()
    cut: int = 0

    def __add__(self, other: Answers) -> Answers:
        return Answers(self.values + other.values, self.texts + other.texts, self.cut + other.cut)

    @property
    def trials(self) -> int:
        """Number of answers."""
        return len(self.values)

    @property
    def successes(self) -> int:
        """Number of answers that are right."""
        return sum(value >= 1.0 for value in self.values)


def usual_tokens(style: str) -> int:
    """Return the token limit of a style where none is given: a line of plain text, or a conversation's answer."""
    return 64 if style == "completion" else 2048
