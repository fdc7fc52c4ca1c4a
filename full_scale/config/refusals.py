"""What tables of settings refuse beside what their classes refuse one by one; none of it decides a result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sized
from typing import Any, get_args

from pydantic import BaseModel

from vas_theory.foundation.errors import ArgumentError

__all__ = ["refuse_none", "refuse_seeds", "refuse_truths", "refuse_unnamed"]

__neutral__ = "what is refused"


def refuse_truths(settings: type[BaseModel], table: Any, source: str) -> None:
    """Refuse true and false where a number is meant; they would count as 1 and 0.

    Args:
        settings: the class that the table is to become.
        table: nested, not checked yet.
        source: names it in errors.

    Raises:
        ArgumentError: with the key.
    """
    where = next(_truths((settings,), table), None)
    if where is not None:
        raise ArgumentError(f"{where[0]} ({source})", "be a number", where[1])


def _truths(kinds: tuple[Any, ...], value: Any, where: str = "") -> Iterator[tuple[str, bool]]:
    """Yield name and value of the booleans that none of the kinds of a value allows."""
    if isinstance(value, bool):
        if bool not in kinds and any(kind in (int, float) for kind in kinds):
            yield where, value
    elif isinstance(value, Mapping):
        models = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        for name, part in value.items():
            fields = [model.model_fields[name].annotation for model in models if name in model.model_fields]
            # tables without classes of their own, such as knows, name their parts freely
            yield from _truths(_kinds(fields) or kinds, part, f"{where}.{name}" if where else str(name))
    elif isinstance(value, (list, tuple)):
        for place, part in enumerate(value):
            yield from _truths(kinds, part, f"{where}.{place}")


def _kinds(annotations: Any) -> tuple[Any, ...]:
    """Return the types that annotations are made of, those within lists and unions included."""
    return tuple(kind for given in annotations for kind in (given, *_kinds(get_args(given))))


def refuse_unnamed(table: Mapping[str, Any], source: str) -> None:
    """Refuse arms without a name of their own that is text, and ``knows`` that is no table of tables.

    Raises:
        ArgumentError: with what was found.
    """
    knows, arms = table.get("knows", {}), table.get("arms")
    if not isinstance(knows, Mapping):
        raise ArgumentError(f"knows ({source})", "hold a table for each arm that it names", knows)
    for name, told in knows.items():
        if not isinstance(told, Mapping):
            raise ArgumentError(f"knows.{name} ({source})", "be valid: a table is needed", told)
    for arm in arms if isinstance(arms, (list, tuple)) else ():
        if isinstance(arm, Mapping) and not isinstance(arm.get("name", ""), str):
            raise ArgumentError(f"arms ({source})", "have names that are text", arm["name"])
        if isinstance(arm, Mapping) and arm.get("name") == "start":
            needs = "leave the name 'start' to the untrained model, which tables hold beside the arms"
            raise ArgumentError(f"arms ({source})", needs, arm["name"])


def refuse_seeds(table: Mapping[str, Any], source: str) -> None:
    """Refuse a seed that is given twice, whose runs would count twice, and one that the engine cannot take.

    Raises:
        ArgumentError: with the seed.
    """
    training, bits = table.get("training"), 32 if table.get("engine") == "trl" else 64
    seeds = training.get("seeds", ()) if isinstance(training, Mapping) else ()
    seeds = [seed for seed in seeds if isinstance(seed, int)] if isinstance(seeds, (list, tuple)) else []
    for place, seed in enumerate(seeds):
        if seed in seeds[:place]:
            raise ArgumentError(f"training.seeds ({source})", "name each seed once", seed)
    for name, given in [("seed", table.get("seed")), *(("training.seeds", seed) for seed in seeds)]:
        if isinstance(given, int) and given >= 2**bits:
            raise ArgumentError(f"{name} ({source})", f"be less than 2**{bits}", given)


def refuse_none(name: str, values: Sized) -> None:
    """Refuse an empty list.

    Raises:
        ValueError: as settings report it.
    """
    if not len(values):
        raise ValueError(f"{name} must name at least one")
