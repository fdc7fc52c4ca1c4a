"""Answers of a model on this machine, sampled by the compact engine."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from full_scale.answering.records import Batch, Ledger, Question, Reply, usual_tokens
from full_scale.tasks.prompt import Prompt
from vas_theory.foundation.errors import ArgumentError
from vas_theory.foundation.streams import check_seed, stream

if TYPE_CHECKING:
    from full_scale.config.training import ModelConfig
    from full_scale.tasks.templates import Style

__all__ = ["LocalModel"]


class LocalModel:
    """Samples from a model of text: the packaged one, a folder or a hub id.

    Answers depend on the settings, on the prompts that share a batch and on how many answers each of them had before,
    so a run that was killed and goes on gives those of an uninterrupted one.

    Args:
        model: which model, where and at which precision.
        style: how questions are put, see :mod:`full_scale.tasks.templates`; ``None`` is ``evaluation`` for a model
            with a chat template and ``completion`` for others.
        temperature: of sampling, > 0.
        max_new_tokens: an answer is cut here; by default 64 tokens of a plain completion, 2,048 of a conversation.
        seed: of the draws.
        rows_at_once: answers sampled together: bounds memory, and what a kill can lose.

    Raises:
        ArgumentError: a value is out of range, or the model reads images.
        DataError: the model cannot be found or read.
    """

    def __init__(
        self,
        model: ModelConfig,
        *,
        style: Style | None = None,
        temperature: float = 1.0,
        max_new_tokens: int | None = None,
        seed: int = 0,
        rows_at_once: int = 256,
    ) -> None:
        from full_scale.models.loading import load_language_model
        from full_scale.models.turns import turn_ends

        if not 0 < temperature < float("inf"):
            raise ArgumentError("temperature", "be positive and finite", temperature)
        for name, value in (("max_new_tokens", max_new_tokens), ("rows_at_once", rows_at_once)):
            if value is not None and value < 1:
                raise ArgumentError(name, "be at least 1", value)
        self._rows, self._name = rows_at_once, model.name
        self._temperature, self._seed = temperature, check_seed(seed)
        language = load_language_model(model)
        converses = bool(getattr(language.tokenizer, "chat_template", None))
        self.style: Style = style or ("evaluation" if converses else "completion")
        self._tokens = max_new_tokens or usual_tokens(self.style)
        self._language = language if self.style == "completion" else replace(language, stop_ids=turn_ends(language))

    @property
    def settings(self) -> dict[str, Any]:
        """What the answers depend on."""
        return {
            "model": self._name,
            "fingerprint": self._language.fingerprint,
            "precision": self._language.precision,
            "style": self.style,
            "temperature": self._temperature,
            "max_new_tokens": self._tokens,
            "seed": self._seed,
            "rows_at_once": self._rows,
        }

    def ask(self, questions: Sequence[Question]) -> Iterator[Batch]:
        """Yield batches of answers; prompts of which as many are wanted, after as many, share one, in their order."""
        seeing = [question.prompt.key for question in questions if question.prompt.images]
        if seeing:
            raise ArgumentError("prompts", "show no images: a local model of text answers them", seeing[0])
        for count, earlier in sorted({(question.count, question.earlier) for question in questions}):
            prompts = [q.prompt for q in questions if (q.count, q.earlier) == (count, earlier)]
            size = max(1, self._rows // count)
            for start in range(0, len(prompts), size):
                yield self._answer(prompts[start : start + size], count, earlier)

    def _answer(self, prompts: Sequence[Prompt], count: int, earlier: int) -> Batch:
        from full_scale.compact.rollouts import sample
        from full_scale.tasks.templates import render

        language = self._language
        place = zlib.crc32("\n".join(prompt.key for prompt in prompts).encode("utf-8", "surrogatepass"))
        drawn = sample(
            language,
            render(language.tokenizer, prompts, self.style),
            count,
            self._tokens,
            temperature=self._temperature,
            generator=stream(self._seed, "answers", place, earlier),
            rows_at_once=self._rows,
        )
        lengths = drawn.mask_NT.sum(dim=1)
        last = drawn.tokens_NT.gather(1, lengths[:, None] - 1)[:, 0].tolist()
        cut = [
            length == self._tokens and token not in language.stop_ids
            for length, token in zip(lengths.tolist(), last, strict=True)
        ]
        replies = [
            Reply(prompt, tuple(drawn.texts[row : row + count]), sum(cut[row : row + count]))
            for row, prompt in zip(range(0, len(drawn.texts), count), prompts, strict=True)
        ]
        ledger = Ledger(
            requests=1,
            answers=len(drawn.texts),
            prompt_tokens=int(drawn.prompts.mask_PL.sum()),
            completion_tokens=int(lengths.sum()),
        )
        return Batch(tuple(replies), ledger)
