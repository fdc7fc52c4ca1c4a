"""Prompts as a data set for TRL's trainers, with the columns that the rewards read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from full_scale.tasks.prompt import Prompt
from full_scale.tasks.templates import Style, messages
from vas_theory.foundation.command_line import require
from vas_theory.foundation.errors import ArgumentError

__all__ = ["to_dataset"]


def to_dataset(prompts: Sequence[Prompt], style: Style = "completion") -> Any:
    """Return a ``datasets.Dataset`` with one row a prompt.

    Columns: prompt (text, or a conversation in the other styles), key, answer, check, entry, stratum, level, and
    images if a prompt has any. With ``VASConfig(key_column="key")`` feedback finds each prompt by its key.

    Raises:
        ArgumentError: there are no prompts.
    """
    if not prompts:
        raise ArgumentError("prompts", "not be empty", prompts)
    datasets = require("datasets", "full-scale")
    rows: dict[str, Any] = {name: [getattr(p, name) for p in prompts] for name in _COLUMNS}
    rows["prompt"] = [p.text if style == "completion" else messages(p, style) for p in prompts]
    if not any(prompt.images for prompt in prompts):
        return datasets.Dataset.from_dict(rows)
    rows["images"] = [[{"bytes": image, "path": None} for image in prompt.images] for prompt in prompts]
    return datasets.Dataset.from_dict(rows).cast_column("images", datasets.List(datasets.Image()))


_COLUMNS = ("key", "answer", "check", "entry", "stratum", "level")
