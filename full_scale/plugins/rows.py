"""Keys of the rows of a data set, and what is known of each row beforehand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from full_scale.plugins.config import SelectionConfig
from vas_theory.foundation.errors import DataError
from vas_theory.selection.prediction.pass_rate_prior import PassRatePrior

__all__ = ["field_values", "hashed_keys", "known_beforehand", "named_keys", "prompt_key", "row_keys"]

_SHOWN = 60


def _hashes(texts: Iterable[str]) -> list[str]:
    # written out for speed: there may be millions
    return [hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest() for text in texts]


def prompt_key(prompt: Any) -> str:
    """Return the 64-bit BLAKE2b hash of a prompt, a text or a conversation, as hex.

    Raises:
        TypeError: the prompt holds something that is not text (an image, say).
    """
    (key,) = _hashes([json.dumps(prompt, sort_keys=True, ensure_ascii=False, separators=(",", ":"))])
    return key


def hashed_keys(prompts: Sequence[Any], remedy: str) -> list[str]:
    """Return the hash of each prompt, after checking that all differ.

    Args:
        prompts: texts or conversations.
        remedy: for messages: how to name keys instead.

    Raises:
        DataError: a prompt cannot be hashed or occurs twice; the message names the rows and the remedy.
    """
    if all(type(prompt) is str for prompt in prompts):
        hashes = _hashes(map(json.encoder.encode_basestring, prompts))  # as json.dumps writes a text
    else:
        hashes = [_hashed(row, prompt, remedy) for row, prompt in enumerate(prompts)]
    _require_unique(hashes, prompts, "prompt", f"; drop the repeats, or {remedy}")
    return hashes


def named_keys(keys: Sequence[Any], where: str) -> list[str] | list[int]:
    """Return keys that the user named, after checking that they can serve.

    Args:
        keys: one a row.
        where: what holds them, for messages.

    Raises:
        DataError: a key is neither text nor an integer, not of the kind of the others, or occurs twice.
    """
    if {type(key) for key in keys} not in ({str}, {int}):
        kind = type(keys[0])
        for row, key in enumerate(keys):
            if not isinstance(key, (str, int)) or isinstance(key, bool) or type(key) is not kind:
                raise DataError(f"{where}, row {row}: a key must be text or an integer like the others, not {key!r}")
    _require_unique(keys, keys, f"key in {where}", "")
    return list(keys)


def _hashed(row: int, prompt: Any, remedy: str) -> str:
    try:
        return prompt_key(prompt)
    except TypeError as error:
        raise DataError(f"the prompt of row {row} cannot be hashed ({error}); {remedy}") from None


def _require_unique(keys: Sequence[str | int], values: Sequence[Any], what: str, remedy: str) -> None:
    if len(set(keys)) == len(keys):
        return
    first: dict[str | int, int] = {}
    repeats = [(first[key], row) for row, key in enumerate(keys) if first.setdefault(key, row) != row]
    earlier, later = repeats[0]
    shown = str(values[later])
    shown = shown if len(shown) <= _SHOWN else shown[: _SHOWN - 3] + "..."
    raise DataError(
        f"{len(repeats)} of {len(keys)} rows repeat an earlier {what}, such as rows {earlier} and {later}: "
        f"{shown!r}{remedy}"
    )


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
    if config.key is None:
        return hashed_keys(prompts, "name a field of unique keys with the setting 'key'")
    return named_keys(field_values(rows, config.key), f"field {config.key!r}")


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
        for row, value in enumerate(values):
            if not isinstance(value, (Sequence, np.ndarray, type(None))) or isinstance(value, (str, bytes)):
                needs = "a list of numbers is needed"
                raise DataError(f"field {config.features!r} of row {row} holds {value!r}; {needs}")
        width = max(len(value) for value in values if value is not None)
        known["features"] = [[float("nan")] * width if value is None else list(value) for value in values]
    if config.pass_rates is not None:
        known["prior"] = PassRatePrior.from_rates(field_values(rows, config.pass_rates), config.pass_rate_trials)
    return known
