"""From a task to the data set that TRL reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from full_scale.tasks import Prompt

__all__ = ["asks_in_conversation", "prompt_dataset"]


def asks_in_conversation(prompts: Sequence[Prompt], tokenizer: Any) -> bool:
    """Say whether prompts go through the chat template: the model has one and the task has questions for it."""
    return tokenizer.chat_template is not None and any(prompt.question or prompt.images for prompt in prompts)


def prompt_dataset(prompts: Sequence[Prompt], *, conversation: bool) -> Any:
    """Return a data set with the columns ``prompt``, ``key``, ``answer``, ``check``, ``entry`` and perhaps ``images``.

    Args:
        prompts: of one side of the split.
        conversation: ask ``question`` in one turn of a user instead of letting the model continue ``text``.
    """
    from datasets import Dataset, Image, List

    columns: dict[str, list[Any]] = {
        "prompt": [
            [{"role": "user", "content": prompt.question or prompt.text}] if conversation else prompt.text
            for prompt in prompts
        ],
        "key": [prompt.key for prompt in prompts],
        "answer": [prompt.answer for prompt in prompts],
        "check": [prompt.check for prompt in prompts],
        "entry": [prompt.entry for prompt in prompts],
    }
    if not any(prompt.images for prompt in prompts):
        return Dataset.from_dict(columns)
    columns["images"] = [[{"bytes": image, "path": None} for image in prompt.images] for prompt in prompts]
    return Dataset.from_dict(columns).cast_column("images", List(Image()))
