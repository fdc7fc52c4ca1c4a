"""Names of the prompts of a data set, which outlive a run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from vas_theory.foundation.errors import ArgumentError, DataError

__all__ = ["prompt_key", "prompt_keys"]

_SHOWN = 60


def prompt_key(prompt: Any) -> str:
    """Return the 64-bit BLAKE2b hash of a prompt, a text or a conversation, as hex.

    Raises:
        TypeError: the prompt holds something that is not text (an image, say).
    """
    text = json.dumps(prompt, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def prompt_keys(dataset: Any, key_column: str | None) -> list[str] | list[int]:
    """Return one unique key for each row.

    Args:
        dataset: a map-style data set with ``column_names``.
        key_column: column that holds the keys; ``None`` for hashes of the column ``prompt``.

    Raises:
        ArgumentError: the data set is empty or a stream.
        DataError: a column is missing, a key cannot be used or occurs twice; the message names the rows.
    """
    if not hasattr(dataset, "__getitem__") or not hasattr(dataset, "__len__"):
        raise ArgumentError(
            "train_dataset", "be a map-style data set: a stream cannot be drawn from by weight", dataset
        )
    if len(dataset) == 0:
        raise ArgumentError("train_dataset", "have at least one row", dataset)
    column = key_column or "prompt"
    if column not in dataset.column_names:
        hint = "" if key_column else "; name a column of unique keys with VASConfig(key_column=...)"
        raise DataError(f"the training data set has no column {column!r}, only {sorted(dataset.column_names)}{hint}")
    values = dataset[column]
    keys = list(values) if key_column else [_hash(row, value) for row, value in enumerate(values)]
    kind = type(keys[0])
    for row, key in enumerate(keys):
        if not isinstance(key, (str, int)) or isinstance(key, bool) or type(key) is not kind:
            raise DataError(
                f"column {column!r}, row {row}: a key must be text or an integer like the others, not {key!r}"
            )
    _require_unique(keys, values, column, key_column is None)
    return keys


def _hash(row: int, prompt: Any) -> str:
    try:
        return prompt_key(prompt)
    except TypeError as error:
        raise DataError(
            f"the prompt of row {row} cannot be hashed ({error}); "
            "name a column of unique keys with VASConfig(key_column=...)"
        ) from None


def _require_unique(keys: Sequence[str | int], values: Sequence[Any], column: str, hashed: bool) -> None:
    first: dict[str | int, int] = {}
    repeats = [(first[key], row) for row, key in enumerate(keys) if first.setdefault(key, row) != row]
    if not repeats:
        return
    earlier, later = repeats[0]
    shown = str(values[later])
    shown = shown if len(shown) <= _SHOWN else shown[: _SHOWN - 3] + "..."
    remedy = "drop the repeats, or name a column of unique keys with VASConfig(key_column=...)" if hashed else ""
    raise DataError(
        f"{len(repeats)} of {len(keys)} rows repeat an earlier {'prompt' if hashed else 'key'} in column {column!r}, "
        f"such as rows {earlier} and {later}: {shown!r}{'; ' if remedy else ''}{remedy}"
    )
