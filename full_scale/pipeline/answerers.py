"""Who answers problems: the program that reads pictures, an endpoint or a model of this machine."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from full_scale.answering import Answerer, Batch, Endpoint, Ledger, Question, Reply, model_answerer
from full_scale.visual.solver import solve
from vas_theory.foundation.streams import stream

if TYPE_CHECKING:
    from full_scale.pipeline.settings import AnswersConfig

__all__ = ["Solver", "answerer_of"]


class Solver:
    """The program of :mod:`full_scale.visual.solver`.

    Args:
        slip: probability that a number is misread.
        seed: of the slips.
    """

    def __init__(self, slip: float, seed: int) -> None:
        self._slip, self._seed = slip, seed

    @property
    def settings(self) -> dict[str, Any]:
        """What the answers depend on."""
        return {"solver": "pictures", "slip": self._slip, "seed": self._seed}

    def ask(self, questions: Sequence[Question], at_once: int = 100) -> Iterator[Batch]:
        """Yield the answers of up to ``at_once`` problems together; each depends on its problem and number alone."""
        for start in range(0, len(questions), at_once):
            replies = [self._answer(question) for question in questions[start : start + at_once]]
            count = sum(len(reply.texts) for reply in replies)
            yield Batch(tuple(replies), Ledger(requests=1, answers=count))

    def _answer(self, question: Question) -> Reply:
        prompt = question.prompt
        place = zlib.crc32(prompt.key.encode())
        texts = [
            solve(
                prompt.question,
                prompt.images[0],
                self._slip,
                stream(self._seed, "slips", place, question.earlier + number),
            )
            for number in range(question.count)
        ]
        return Reply(prompt, tuple(texts))


def answerer_of(config: AnswersConfig) -> Answerer:
    """Return who answers the problems of a curation."""
    if config.by == "solver":
        return Solver(config.slip, config.seed)
    shared: dict[str, Any] = {
        "style": config.style,
        "temperature": config.temperature,
        "max_new_tokens": config.max_new_tokens,
    }
    if config.by == "model":
        from full_scale.config.training import ModelConfig

        return model_answerer(ModelConfig(name=config.model, device=config.device), seed=config.seed, **shared)
    return Endpoint(
        config.url,
        config.model,
        concurrency=config.concurrency,
        timeout=config.timeout,
        retries=config.retries,
        answers_per_request=config.answers_per_request,
        key_variable=config.key_variable,
        **shared,
    )
