"""How much of a claim a machine has checked, as data: what exactly, for which sizes, by what, what remains prose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

__all__ = ["Completeness", "Formal", "Machine", "Method"]


class Completeness(StrEnum):
    """How much of a claim's statement a machine has checked."""

    MACHINE = "machine"
    """All of it: nothing rests on an argument in words."""
    PARTLY = "partly"
    """Some steps or some sizes; the rest is argued in words."""
    ARGUED = "argued"
    """Nothing but the words of the argument carries the verdict."""
    NONE = "none"
    """Nothing is proved: the claim rests on sampling."""


class Method(StrEnum):
    """What checked a statement."""

    ROCQ = "rocq"
    SYMBOLIC = "symbolic"
    STURM = "sturm"
    BERNSTEIN = "bernstein"
    BALLS = "ball arithmetic"
    FRACTIONS = "fractions"


@dataclass(frozen=True)
class Machine:
    """One thing that a machine checked.

    Args:
        statement: what exactly.
        by: what checked it.
        sizes: for which arms, group sizes, prompts: ``all K``, or the sizes themselves.
        theorem: name of the formal theorem, where there is one.
    """

    statement: str
    by: Method
    sizes: str
    theorem: str = ""


@dataclass(frozen=True)
class Formal:
    """The theorem in ``vas_theory/proofs`` that is a claim, or a part of one.

    Args:
        theorem: ``Module.name``; its statement is printed in ``vas_theory/proofs/statements.txt``.
        sizes: for which arms, group sizes, prompts it holds, such as ``all K``.
        remains: what of the claim's statement it leaves to prose; empty where it leaves nothing.
        also: further theorems that are needed (another half, the derivative that the claim is about).
        points: kind of rational points at which sides are compared, see :mod:`vas_theory.claims.lib.bridge`; empty
            where none is.
        left: the claim's left side in the terms of the theorem, exactly as it stands in the printed statement; empty
            where it is not compared.
        right: the right side, likewise.
        untied: side (``left`` or ``right``) that is not compared -> why it is not.
        where: what the variables of the quoted sides stand for beside those of the points, in Rocq's terms; a
            function where the term has to be computed.
        sides: two functions of the points' arrays that are compared in place of the claim's own sides, where a quoted
            side is not the claim's number but what that is made of (a quadratic form for a norm, a coordinate for a
            vector).
    """

    theorem: str
    sizes: str
    remains: str = ""
    also: tuple[str, ...] = ()
    points: str = ""
    left: str = ""
    right: str = ""
    untied: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, str | Callable[[], str]] = field(default_factory=dict)
    sides: tuple[Callable[..., Any] | None, Callable[..., Any] | None] = (None, None)

    @property
    def theorems(self) -> tuple[str, ...]:
        """All theorems that the claim names."""
        return (self.theorem, *self.also)
