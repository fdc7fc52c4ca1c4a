"""What a run refuses to go on with beside what its identity names; none of it decides a result."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vas_theory.foundation.errors import DataError, VASError

__all__ = ["drop_passed_over", "refuse_divergence", "refuse_foreign_tokens"]

__neutral__ = "what is refused"


def drop_passed_over(newest: Path) -> None:
    """Remove checkpoints of later steps: the run passed over them, and they would outlive those that it makes."""
    for later in newest.parent.glob(f"{newest.name.partition('-')[0]}-*"):
        if later.name <= newest.name:
            continue
        if later.is_dir() and not later.is_symlink():
            shutil.rmtree(later)
        else:
            later.unlink()


def refuse_divergence(row: Mapping[str, Any] | None) -> None:
    """Refuse to go on after a step whose numbers are none; its checkpoint is not made.

    Args:
        row: of the step, None where there was none.

    Raises:
        VASError: with the step and what is no number.
    """
    for name, value in (row or {}).items():
        if isinstance(value, float) and not math.isfinite(value):
            raise VASError(
                f"training diverged: the {name} of step {(row or {})['step']} is {value}; lower "
                "optimiser.learning_rate, which needs a new --output or --restart"
            )


def refuse_foreign_tokens(language: Any, ids: Any) -> None:
    """Refuse tokens that the model has no embedding for: its tokenizer is another model's.

    Args:
        language: a ``LanguageModel``.
        ids: int64 token ids of prompts.

    Raises:
        DataError: with the largest token.
    """
    largest, known = int(ids.max()), int(language.model.get_input_embeddings().num_embeddings)
    if largest >= known:
        raise DataError(
            f"the tokenizer of model {language.label!r} makes token {largest}, and the model knows {known}: it is the "
            "tokenizer of another model"
        )
