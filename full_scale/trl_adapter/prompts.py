"""Names of the prompts of a data set, which outlive a run."""

from __future__ import annotations

from typing import Any

from full_scale.plugins.rows import hashed_keys, named_keys
from vas_theory.foundation.errors import ArgumentError, DataError

__all__ = ["column_values", "prompt_keys"]

_REMEDY = "name a column of unique keys with VASConfig(key_column=...)"


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
    wrong = next((row for row, prompt in enumerate(prompts) if not _is_prompt(prompt)), None)
    if wrong is not None:
        raise DataError(
            f"column 'prompt', row {wrong}: a prompt must be a text or a list of messages, not {prompts[wrong]!r}"
        )
    if key_column is None:
        return hashed_keys(prompts, _REMEDY)
    _require_column(dataset, key_column, "VASConfig(key_column=...) names it")
    return named_keys(column_values(dataset, key_column), f"column {key_column!r}")


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


def _is_prompt(prompt: Any) -> bool:
    return isinstance(prompt, str) or (isinstance(prompt, list) and all(isinstance(part, dict) for part in prompt))


def _says_something(prompt: Any) -> bool:
    """Say whether a text has a character that is not white space, or a conversation a message."""
    if isinstance(prompt, str):
        return bool(prompt) and not prompt.isspace()
    return len(prompt) > 0 if isinstance(prompt, list) else prompt is not None
