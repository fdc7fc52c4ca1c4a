"""What values that replace a preset's have to be like, beside what each config says itself; no result rests on it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from vas_theory.foundation.errors import ArgumentError

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

__all__ = ["as_refusal", "refuse_overrides"]

__neutral__ = "what is refused"

_MOST = 1_000_000_000
"""Of counts: more would not end, or not fit into any memory."""

_SEEDS = ("seed", "seeds", "tuning_seeds")
"""Have limits of their own."""

_LEAST = {"arms": 2, "group_sizes": 2, "enumerated_sizes": 2, "rollouts": 2, "scale": 0.005}
"""Below that there are too few arms, rollouts or prompts."""

_RATES = ("fixed_rate", "learning_rate", "learning_rates")

_FASTEST = 300
"""What learners take at most, as a step a group in logits."""


def refuse_overrides(base: BaseModel, overrides: Mapping[str, Any] | None) -> None:
    """Refuse values that no experiment can be run with.

    Args:
        base: the preset's config.
        overrides: what replaces its values.

    Raises:
        ArgumentError: a value is true or false where a number is meant, not finite or too large, or of a list that
            names an entry twice or has other entries than texts where the preset has texts.
    """
    for key, value in (overrides or {}).items():
        own = getattr(base, key, None)
        entries = list(value) if isinstance(value, (list, tuple)) else []
        if any(entry in entries[:place] for place, entry in enumerate(entries)):
            raise ArgumentError(key, "name each entry once", value)
        texts = isinstance(own, tuple) and own and all(isinstance(entry, str) for entry in own)
        if texts and not all(isinstance(entry, str) for entry in entries):
            raise ArgumentError(key, "be a list of texts", value)
        if isinstance(own, dict) and not isinstance(value, dict):
            raise ArgumentError(key, "be a table of values", value)
        counts = isinstance(own, tuple) and own and all(isinstance(entry, int) and entry > 0 for entry in own)
        for number in _numbers(value):
            _refuse_number(key, number, flag=isinstance(own, bool), least=_LEAST.get(key, 1 if counts else -math.inf))


def as_refusal(error: ValidationError, name: str) -> ArgumentError:
    """Return what a config says against a value as one line.

    Args:
        error: of the config, or of one that is made of it while the experiment runs.
        name: of the experiment, where the error names no value.
    """
    problem = error.errors()[0]
    where = ".".join(str(part) for part in problem["loc"]) or name
    return ArgumentError(where, f"satisfy: {problem['msg']}", problem["input"])


def _refuse_number(key: str, number: float, *, flag: bool, least: float) -> None:
    if isinstance(number, bool):
        if not flag:
            raise ArgumentError(key, "be a number, not true or false", number)
    elif not math.isfinite(number):
        raise ArgumentError(key, "be finite", number)
    elif key in _RATES and number > _FASTEST:
        raise ArgumentError(key, f"be at most {_FASTEST}", number)
    elif key not in _SEEDS and abs(number) > _MOST:
        raise ArgumentError(key, f"be at most {_MOST:,}", number)
    elif number < least:
        raise ArgumentError(key, f"be at least {least}", number)


def _numbers(value: object) -> Iterator[float]:
    if isinstance(value, (int, float)):
        yield value
    elif isinstance(value, (list, tuple)):
        for entry in value:
            yield from _numbers(entry)
