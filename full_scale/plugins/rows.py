"""Keys of the rows of a data set, and what is known of each row beforehand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from full_scale.plugins.config import SelectionConfig
from vas_theory.foundation.errors import DataError
from vas_theory.selection.prediction.pass_rate_prior import PassRatePrior

__all__ = ["field_values", "known_beforehand", "prompt_key", "row_keys"]

_SHOWN = 60


def prompt_key(prompt: Any) -> str:
    """Return the 64-bit BLAKE2b hash of a prompt, a text or a conversation, as hex.

    Raises:
        TypeError: the prompt holds something that is not text (an image, say).
    """
    text = json.dumps(prompt, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def field_values(rows: Sequence[Any], path: str) -> list[Any]:
    """Return a field of every row, ``None`` where it is missing; dots lead into fields within fields.

    Raises:
        DataError: no row has it.
    """
    values = list(rows)
    for name in path.split("."):
        values = [value.get(name) if isinstance(value, dict) else None for value in values]
    if all(value is None for value in values):
        raise DataError(f"no prompt has a field {path!r}; the first has {_names(rows)}")
    return values


def _names(rows: Sequence[Any]) -> str:
    return ", ".join(map(repr, rows[0])) if rows and isinstance(rows[0], dict) and rows[0] else "no fields"


def row_keys(prompts: Sequence[Any], rows: Sequence[Any], config: SelectionConfig) -> list[str] | list[int]:
    """Return one unique key a row: the named field, or a hash of the prompt.

    Args:
        prompts: texts or conversations.
        rows: their other fields, one dict each; read only where the settings name a field.
        config: the settings.

    Raises:
        DataError: a key cannot be used or occurs twice; the message names the rows and the remedy.
    """
    if len(prompts) == 0:
        raise DataError("the training data hold no prompt")
    keys: list[Any]
    if config.key is None:
        keys = [_hashed(row, prompt) for row, prompt in enumerate(prompts)]
    else:
        keys = field_values(rows, config.key)
        kind = type(keys[0]) if type(keys[0]) in (str, int) else str
        for row, key in enumerate(keys):
            if type(key) is not kind:
                raise DataError(f"field {config.key!r}, row {row}: a key must be text or an integer, not {key!r}")
    first: dict[Any, int] = {}
    for row, key in enumerate(keys):
        if (earlier := first.setdefault(key, row)) != row:
            shown = str(prompts[row])
            shown = shown if len(shown) <= _SHOWN else shown[: _SHOWN - 3] + "..."
            what = "have the same prompt" if config.key is None else f"have the same {config.key} {key!r}"
            remedy = "drop the repeats, or name a field of unique keys with the setting 'key'"
            raise DataError(f"rows {earlier} and {row} {what}: {shown!r}; {remedy}")
    return keys


def _hashed(row: int, prompt: Any) -> str:
    try:
        return prompt_key(prompt)
    except TypeError as error:
        remedy = "name a field of unique keys with the setting 'key'"
        raise DataError(f"the prompt of row {row} cannot be hashed ({error}); {remedy}") from None


def known_beforehand(rows: Sequence[Any], config: SelectionConfig) -> dict[str, Any]:
    """Return the arguments ``categories``, ``features`` and ``prior`` of a selector that the settings name fields for.

    Raises:
        DataError: no row has such a field.
        ArgumentError: its values cannot be used.
    """
    known: dict[str, Any] = {}
    if config.category is not None:
        known["categories"] = [str(value) for value in field_values(rows, config.category)]
    if config.features is not None:
        values = field_values(rows, config.features)
        width = max(len(value) for value in values if value is not None)
        known["features"] = [[float("nan")] * width if value is None else list(value) for value in values]
    if config.pass_rates is not None:
        known["prior"] = PassRatePrior.from_rates(field_values(rows, config.pass_rates), config.pass_rate_trials)
    return known
