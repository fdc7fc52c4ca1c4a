"""A formula of a statement in LaTeX and the function that it shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vas_theory.claims.lib.base import Claim

__all__ = ["ETA", "GRADIENT", "PUSH", "P_Q", "Code", "Reading", "Row", "left", "named", "norm", "right"]

ETA = r"\eta"


Row = Mapping[str, Any]


Code = Callable[[Claim, Row, Mapping[str, Any]], Any]


def left(claim: Claim, row: Row, names: Mapping[str, Any]) -> Any:
    return claim.left(**{name: np.asarray(value)[None] for name, value in row.items()})[0]


def right(claim: Claim, row: Row, names: Mapping[str, Any]) -> Any:
    return claim.right(**{name: np.asarray(value)[None] for name, value in row.items()})[0]


def named(name: str) -> Code:
    """What the formula is called by another name."""
    return lambda claim, row, names: names[name]


@dataclass(frozen=True)
class Reading:
    """A formula of a statement, and what of the code it shows.

    Args:
        formula: a part of the statement.
        code: what its value has to be.
        given: letter -> the formula of the same statement that defines it; read in this order.
        then: what is made of the formula's value before it is compared.
        tolerance: relative.
        where: instances at which they are compared.
        times: factor of what the first given letter is defined by, such as the share of the longest step.
    """

    formula: str
    code: Code = right
    given: Mapping[str, str] = field(default_factory=dict)
    times: str = ""
    then: Callable[[Mapping[str, Any], Any], Any] = lambda names, value: value
    tolerance: float = 1e-9
    where: Callable[[Row], bool] = lambda row: True


def norm(values: Any) -> Any:
    return np.sqrt((np.asarray(values) ** 2).sum())


P_Q = Reading(r"p(1-p)", named("q"))


PUSH = Reading(r"\|\nabla V\|^2", left)


GRADIENT = Reading(r"\|\nabla J\|^2", left)
