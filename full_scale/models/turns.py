"""Where a turn of a conversation ends."""

from __future__ import annotations

from full_scale.models.loading import LanguageModel

__all__ = ["turn_ends"]


def turn_ends(language: LanguageModel) -> tuple[int, ...]:
    """Return the tokens that end a turn: a conversation's answer may hold newlines, which end a plain completion."""
    ends = {language.tokenizer.eos_token_id}
    generation = getattr(language.model, "generation_config", None)
    more = getattr(generation, "eos_token_id", None)
    ends.update(more if isinstance(more, list) else [more])
    return tuple(sorted(index for index in ends if index is not None))
