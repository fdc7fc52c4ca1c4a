"""Names of the prompts of a data set, which outlive a run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from vas_theory.foundation.errors import ArgumentError, DataError

__all__ = ["column_values", "prompt_key", "prompt_keys"]

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


def prompt_keys(dataset: Any, key_column: str | None) -> list[str] | list[int]:
    """Return one unique key for each row, after checking that every row has a prompt.

    Args:
        dataset: a ``datasets.Dataset`` with a column ``prompt``.
        key_column: column that holds the keys; ``None`` for hashes of the column ``prompt``.

    Raises:
        ArgumentError: it is a stream, empty, or no data set.
        DataError: a column is missing, a prompt is empty, a key cannot be used or occurs twice; the message names the
            rows.
    """
    from datasets import Dataset, IterableDataset

    if isinstance(dataset, IterableDataset):
        raise ArgumentError(
            "train_dataset", "be a map-style data set: a stream cannot be drawn from by weight", dataset
        )
    if not isinstance(dataset, Dataset):
        hint = "datasets.Dataset.from_list(rows) makes one of rows"
        raise ArgumentError("train_dataset", f"be a datasets.Dataset ({hint})", dataset)
    if len(dataset) == 0:
        raise ArgumentError("train_dataset", "have at least one row", dataset)
    _require_column(dataset, "prompt", "GRPOTrainer reads the prompts from it")
    prompts = column_values(dataset, "prompt")
    empty = [row for row, prompt in enumerate(prompts) if not _says_something(prompt)]
    if empty:
        more = f" ({len(empty)} of {len(prompts)} rows)" if len(empty) > 1 else ""
        raise DataError(f"column 'prompt', row {empty[0]}: a prompt must not be empty, not {prompts[empty[0]]!r}{more}")
    if key_column is None:
        if all(type(prompt) is str for prompt in prompts):
            hashes = _hashes(map(json.encoder.encode_basestring, prompts))  # as json.dumps writes a text
        else:
            hashes = [_hash(row, prompt) for row, prompt in enumerate(prompts)]
        _require_unique(hashes, prompts, "prompt", hashed=True)
        return hashes
    _require_column(dataset, key_column, "VASConfig(key_column=...) names it")
    keys = column_values(dataset, key_column)
    if {type(key) for key in keys} not in ({str}, {int}):
        kind = type(keys[0])
        for row, key in enumerate(keys):
            if not isinstance(key, (str, int)) or isinstance(key, bool) or type(key) is not kind:
                raise DataError(
                    f"column {key_column!r}, row {row}: a key must be text or an integer like the others, not {key!r}"
                )
    _require_unique(keys, keys, key_column, hashed=False)
    return keys


def _require_column(dataset: Any, column: str, why: str) -> None:
    if column not in dataset.column_names:
        raise DataError(f"the training data set has no column {column!r}, only {sorted(dataset.column_names)}; {why}")


def column_values(dataset: Any, column: str) -> list[Any]:
    """Return a column as Python values; texts and numbers come as one array, not row by row."""
    from datasets import Value

    if isinstance(dataset.features[column], Value):
        table = dataset.select_columns([column]).with_format("arrow")[:]
        values: list[Any] = table.column(column).to_pylist()
        return values
    return list(dataset.with_format(None)[column])


def _says_something(prompt: Any) -> bool:
    """Say whether a text has a character that is not white space, or a conversation a message."""
    if isinstance(prompt, str):
        return bool(prompt) and not prompt.isspace()
    return len(prompt) > 0 if isinstance(prompt, list) else prompt is not None


def _hash(row: int, prompt: Any) -> str:
    try:
        return prompt_key(prompt)
    except TypeError as error:
        raise DataError(
            f"the prompt of row {row} cannot be hashed ({error}); "
            "name a column of unique keys with VASConfig(key_column=...)"
        ) from None


def _require_unique(keys: Sequence[str | int], values: Sequence[Any], column: str, *, hashed: bool) -> None:
    if len(set(keys)) == len(keys):
        return
    first: dict[str | int, int] = {}
    repeats = [(first[key], row) for row, key in enumerate(keys) if first.setdefault(key, row) != row]
    earlier, later = repeats[0]
    shown = str(values[later])
    shown = shown if len(shown) <= _SHOWN else shown[: _SHOWN - 3] + "..."
    remedy = "drop the repeats, or name a column of unique keys with VASConfig(key_column=...)" if hashed else ""
    raise DataError(
        f"{len(repeats)} of {len(keys)} rows repeat an earlier {'prompt' if hashed else 'key'} in column {column!r}, "
        f"such as rows {earlier} and {later}: {shown!r}{'; ' if remedy else ''}{remedy}"
    )
