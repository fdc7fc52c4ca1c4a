r"""What a conversational model is told: how to think and how to answer, for training and for evaluation.

Source:
    2509.21268, sections 5 and 6 (what the two instructions ask for; the wording is this project's).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from full_scale.tasks.prompt import Prompt
from vas_theory.foundation.errors import DataError, UnknownNameError

__all__ = ["INSTRUCTIONS", "Style", "messages", "render"]

Style = Literal["completion", "reasoning", "evaluation"]

INSTRUCTIONS = {
    "reasoning": (
        "Reason about the question before you answer it. Put your reasoning between <think> and </think> and your "
        "reply between <answer> and </answer>. The reply states the final result once, inside \\boxed{}, in this way: "
        "<think>your reasoning</think><answer>your reply with \\boxed{result}</answer>"
    ),
    "evaluation": (
        "Work through the question step by step and give the final result once, inside \\boxed{}. "
        "If the question offers lettered options, put only the letter of the right one into the box."
    ),
}
"""System message of each conversational style."""
_IMAGE_MARK = "<image>"


def messages(prompt: Prompt, style: Style) -> list[dict[str, str]]:
    """Return a question as a conversation: the style's instruction, then the question without image marks.

    Raises:
        UnknownNameError: the style is not a conversational one.
    """
    if style not in INSTRUCTIONS:
        raise UnknownNameError("conversational style", style, INSTRUCTIONS)
    question = prompt.question or prompt.text
    if prompt.images:
        question = question.replace(_IMAGE_MARK, "").strip()
    return [{"role": "system", "content": INSTRUCTIONS[style]}, {"role": "user", "content": question}]


def render(tokenizer: Any, prompts: Sequence[Prompt], style: Style) -> list[str]:
    """Return what the model reads: the plain text, or the conversation through the tokenizer's chat template.

    Raises:
        DataError: the tokenizer has no chat template.
    """
    if style == "completion":
        return [prompt.text for prompt in prompts]
    if not getattr(tokenizer, "chat_template", None):
        raise DataError(f"style {style!r} needs a model whose tokenizer has a chat template; use style 'completion'")
    return [
        tokenizer.apply_chat_template(messages(prompt, style), tokenize=False, add_generation_prompt=True)
        for prompt in prompts
    ]
