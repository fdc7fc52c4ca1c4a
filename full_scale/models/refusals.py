"""What is refused of a model that was loaded without an error."""

from __future__ import annotations

from typing import Any

from vas_theory.foundation.errors import DataError

__all__ = ["refuse_broken_weights"]

__neutral__ = "what is refused"


def refuse_broken_weights(model: Any) -> None:
    """Refuse weights that are no numbers, as training that diverged leaves them.

    Raises:
        DataError: with the first such tensor.
    """
    for name, tensor in model.named_parameters():
        if not tensor.isfinite().all():
            raise DataError(f"{name} holds values that are no numbers; was it saved by training that diverged?")
