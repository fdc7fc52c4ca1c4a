"""How much of a claim a machine has checked, as data: what exactly, for which sizes, by what, what remains prose."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

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
        points: kind of rational points at which both sides are compared, see :mod:`vas_theory.claims.lib.bridge`;
            empty where they are not.
        left: the claim's left side in the terms of the theorem, exactly as it stands in the printed statement.
        right: the right side, likewise.
    """

    theorem: str
    sizes: str
    remains: str = ""
    also: tuple[str, ...] = ()
    points: str = ""
    left: str = ""
    right: str = ""

    @property
    def theorems(self) -> tuple[str, ...]:
        """All theorems that the claim names."""
        return (self.theorem, *self.also)
