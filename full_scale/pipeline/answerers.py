"""Who answers problems: a model that reads images, the program that reads pictures, an endpoint or a model of text."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from full_scale.answering import Answerer, Batch, Endpoint, Ledger, LocalModel, Question, Reply
from full_scale.tasks.templates import Style, messages
from full_scale.visual.solver import solve
from vas_theory.foundation.command_line import require
from vas_theory.foundation.streams import stream

if TYPE_CHECKING:
    from full_scale.config.training import ModelConfig
    from full_scale.models.loading import Pretrained
    from full_scale.pipeline.settings import AnswersConfig
    from full_scale.tasks.prompt import Prompt

__all__ = ["ImageModel", "Solver", "answerer_of", "conversation", "model_answerer"]


def conversation(prompt: Prompt, style: Style) -> list[dict[str, Any]]:
    """Return a question as a conversation whose images, if any, come before its words."""
    turns: list[dict[str, Any]] = [dict(turn) for turn in messages(prompt, style)]
    words = [{"type": "text", "text": turns[-1]["content"]}]
    turns[-1]["content"] = [*({"type": "image"} for _ in prompt.images), *words]
    return turns


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


class ImageModel:
    """Samples from a model that reads images, with transformers' own generation.

    A batch's answers depend on its prompts and on how many answers each had before, so that a run which goes on gives
    those of an uninterrupted one.

    Args:
        found: the model, with its processor.
        device: where it runs.
        style: how questions are put.
        temperature: of sampling.
        max_new_tokens: an answer is cut here.
        seed: of the draws.
        rows_at_once: answers sampled together.
    """

    def __init__(
        self,
        found: Pretrained,
        *,
        device: str = "cpu",
        style: Style = "evaluation",
        temperature: float = 1.0,
        max_new_tokens: int = 1024,
        seed: int = 0,
        rows_at_once: int = 64,
    ) -> None:
        self._found, self._style, self._rows = found, style, rows_at_once
        self._temperature, self._tokens, self._seed = temperature, max_new_tokens, seed
        self._model = found.model.to(device)

    @property
    def settings(self) -> dict[str, Any]:
        """What the answers depend on."""
        return {
            "fingerprint": self._found.fingerprint,
            "style": self._style,
            "temperature": self._temperature,
            "max_new_tokens": self._tokens,
            "seed": self._seed,
            "rows_at_once": self._rows,
        }

    def ask(self, questions: Sequence[Question]) -> Iterator[Batch]:
        """Yield batches of answers; prompts with and without images do not share one."""
        sorts = sorted({(q.count, q.earlier, len(q.prompt.images)) for q in questions})
        for count, earlier, images in sorts:
            prompts = [
                q.prompt for q in questions if (q.count, q.earlier, len(q.prompt.images)) == (count, earlier, images)
            ]
            size = max(1, self._rows // count)
            for start in range(0, len(prompts), size):
                yield self._answer(prompts[start : start + size], count, earlier)

    def _answer(self, prompts: Sequence[Prompt], count: int, earlier: int) -> Batch:
        import torch

        processor = self._found.processor
        texts = [
            processor.apply_chat_template(conversation(prompt, self._style), tokenize=False, add_generation_prompt=True)
            for prompt in prompts
        ]
        rows = [text for text in texts for _ in range(count)]
        pictures = [[_picture(image) for image in prompt.images] for prompt in prompts for _ in range(count)]
        given: dict[str, Any] = {"images": pictures} if prompts[0].images else {}
        inputs = processor(text=rows, return_tensors="pt", padding=True, padding_side="left", **given)
        inputs = inputs.to(self._model.device)
        place = zlib.crc32("\n".join(prompt.key for prompt in prompts).encode("utf-8", "surrogatepass"))
        with torch.random.fork_rng(), torch.no_grad():
            torch.manual_seed(int(stream(self._seed, "answers", place, earlier).integers(2**62)))
            drawn = self._model.generate(
                **inputs, max_new_tokens=self._tokens, do_sample=True, temperature=self._temperature, top_k=0, top_p=1.0
            )
        new = drawn[:, inputs["input_ids"].shape[1] :]
        tokenizer = self._found.tokenizer
        ends = self._model.generation_config.eos_token_id
        ends = set(ends if isinstance(ends, list) else [ends])
        lengths = [next((place + 1 for place, token in enumerate(row) if token in ends), 0) for row in new.tolist()]
        answers = [
            tokenizer.decode(row[: length or len(row)], skip_special_tokens=True)
            for row, length in zip(new, lengths, strict=True)
        ]
        replies = [
            Reply(prompt, tuple(answers[row : row + count]), sum(not length for length in lengths[row : row + count]))
            for row, prompt in zip(range(0, len(answers), count), prompts, strict=True)
        ]
        paid = int(inputs["attention_mask"].sum()), sum(length or new.shape[1] for length in lengths)
        return Batch(tuple(replies), Ledger(1, 0, len(answers), 0, *paid))


def _picture(data: bytes) -> Any:
    image = require("PIL.Image", "full-scale")
    with image.open(io.BytesIO(data)) as opened:
        return opened.convert("RGB")


def model_answerer(
    model: ModelConfig,
    *,
    style: Style,
    temperature: float,
    max_new_tokens: int,
    seed: int,
    rows_at_once: int = 64,
    min_pixels: int = 7_056,
    max_pixels: int = 1_048_576,
) -> Answerer:
    """Load a model of this machine, of text or of text and images, as an answerer."""
    from full_scale.models.loading import check_device, load_pretrained

    check_device(model.device)
    options: dict[str, Any] = {"style": style, "temperature": temperature, "max_new_tokens": max_new_tokens}
    options |= {"seed": seed, "rows_at_once": rows_at_once}
    weights = "bfloat16" if model.precision == "bfloat16" else "float32"
    found = load_pretrained(model, weights=weights, min_pixels=min_pixels, max_pixels=max_pixels)
    if found.processor is not found.tokenizer:
        return ImageModel(found, device=model.device, **options)
    return LocalModel(model, **options)


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
