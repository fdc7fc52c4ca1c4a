"""Answers of a model of this machine that reads images, and the choice between it and one of text alone."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from full_scale.answering.local import LocalModel
from full_scale.answering.records import Answerer, Batch, Ledger, Question, Reply, usual_tokens
from full_scale.tasks.templates import Style, messages
from vas_theory.foundation.command_line import require
from vas_theory.foundation.errors import ArgumentError
from vas_theory.foundation.streams import stream

if TYPE_CHECKING:
    from full_scale.config.training import ModelConfig
    from full_scale.models.loading import Pretrained
    from full_scale.tasks.prompt import Prompt

__all__ = ["ImageModel", "conversation", "model_answerer"]


def conversation(prompt: Prompt, style: Style) -> list[dict[str, Any]]:
    """Return a question as a conversation whose images, if any, come before its words."""
    turns: list[dict[str, Any]] = [dict(turn) for turn in messages(prompt, style)]
    words = [{"type": "text", "text": turns[-1]["content"]}]
    turns[-1]["content"] = [*({"type": "image"} for _ in prompt.images), *words]
    return turns


class ImageModel:
    """Samples from a model that reads images, with transformers' own generation.

    A batch's answers depend on its prompts and on how many answers each had before, so that a run which goes on gives
    those of an uninterrupted one.

    Args:
        found: the model, with its processor.
        device: where it runs.
        style: how questions are put.
        temperature: of sampling.
        max_new_tokens: an answer is cut here; by default 2,048 tokens.
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
        max_new_tokens: int | None = None,
        seed: int = 0,
        rows_at_once: int = 64,
    ) -> None:
        self._found, self._style, self._rows = found, style, rows_at_once
        self._temperature, self._tokens, self._seed = temperature, max_new_tokens or usual_tokens(style), seed
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
    style: Style | None = None,
    temperature: float = 1.0,
    max_new_tokens: int | None = None,
    seed: int = 0,
    rows_at_once: int | None = None,
    min_pixels: int = 7_056,
    max_pixels: int = 1_048_576,
) -> Answerer:
    """Load a model of this machine, of text or of text and images, as an answerer; what is not given is its usual.

    Raises:
        ArgumentError: a value is out of range, or a model of images is asked for plain completions.
        DataError: the model cannot be found or read.
    """
    from full_scale.models.loading import check_device, load_pretrained, reads_images

    options: dict[str, Any] = {"temperature": temperature, "max_new_tokens": max_new_tokens, "seed": seed}
    options |= {} if rows_at_once is None else {"rows_at_once": rows_at_once}
    check_device(model.device)
    if not reads_images(model):
        return LocalModel(model, style=style, **options)
    if style == "completion":
        raise ArgumentError("style", "be reasoning or evaluation: a model that reads images converses", style)
    weights = "bfloat16" if model.precision == "bfloat16" else "float32"
    found = load_pretrained(model, weights=weights, min_pixels=min_pixels, max_pixels=max_pixels)
    return ImageModel(found, device=model.device, style=style or "evaluation", **options)
