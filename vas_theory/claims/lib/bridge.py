"""The tie between a claim's two functions and the theorem that Rocq checked: equal values at rational points.

A claim's :class:`~vas_theory.claims.lib.completeness.Formal` quotes both sides as the theorem's printed statement has
them. Here each side is evaluated by the claim's own function in exact arithmetic, and written as an ``Example`` that
Rocq has to prove for the quoted term at the same point. The file ``vas_theory/proofs/Bridge.v`` holds them all: a
changed function changes that file, which a test notices without Rocq; a changed definition or statement breaks its
proofs.

Values that are no fraction (roots, exponentials) are enclosed: Rocq proves that the term is within 1e-15 of the
decimal, relative to 1 or to the value where that is larger.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from vas_theory.claims.lib.base import Claim, Instance
from vas_theory.foundation.errors import ArgumentError, UnknownNameError
from vas_theory.policy.softmax import feature_score

__all__ = ["POINTS", "Points", "bridge_text", "missing_quotes"]

_SIZES = (2, 3, 5)
_DIGITS = 40
_PLACES = 22
"""Digits of a value that is no fraction; the fraction of its decimal is what Rocq compares with."""
_IRRATIONAL = re.compile(r"\b(?:sqrt|norm|rho|exp|ln|Rpower|asin|PI)\b")
"""Functions whose values Rocq encloses even where a root happens to be rational."""
_HEADER = """\
(* Written by `python -m vas_theory proofs --record`; not to be edited. Every number is what the package's own function
   of a claim gives at a rational point; Rocq proves that the theorem's term has the same value there. *)
Require Import Reals Lra List.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Tactic.
{requires}
Import ListNotations.
Open Scope R_scope.

(* the term at a point, down to arithmetic on numbers *)
Ltac compute_term := cbv -[Rplus Rminus Rmult Ropp Rdiv Rinv IZR Rmax Rmin Rabs sqrt exp ln PI cos sin asin
  Rle].
Ltac largest :=
  repeat match goal with
    | |- context [Rmax ?x ?y] => first [rewrite (Rmax_left x y) by lra | rewrite (Rmax_right x y) by lra]
    | |- context [Rmin ?x ?y] => first [rewrite (Rmin_left x y) by lra | rewrite (Rmin_right x y) by lra]
    | |- context [Rabs ?x] => first [rewrite (Rabs_right x) by lra | rewrite (Rabs_left x) by lra]
  end.
Ltac equal_value := compute_term; largest; first [lra | field; lra | field].
Ltac near_value := compute_term; largest; interval with (i_prec 120).
"""


@dataclass(frozen=True)
class Points:
    """A kind of rational points.

    Args:
        draw: yields instances of one row each, with fractions (and integers for counts).
        bind: the Rocq term of every variable that a quoted side may use, for one instance.
    """

    draw: Callable[[random.Random], Iterator[Instance]]
    bind: Callable[[Instance], Mapping[str, str]]


def number(value: Any) -> str:
    """Return a rational number as Rocq reads it."""
    fraction = Fraction(value)
    text = (
        f"{abs(fraction.numerator)}/{fraction.denominator}"
        if fraction.denominator > 1
        else str(abs(fraction.numerator))
    )
    return f"({text})" if fraction >= 0 else f"(- ({text}))"


def _listed(rows: Iterable[str]) -> str:
    return f"[{'; '.join(rows)}]"


def _object(values: Any) -> Any:
    return np.array(values, dtype=object)[None]


def _probabilities(rng: random.Random, count: int) -> list[Fraction]:
    weights = [rng.randint(1, 9) for _ in range(count)]
    return [Fraction(weight, sum(weights)) for weight in weights]


def _rewards(rng: random.Random, count: int, binary: bool) -> list[Fraction]:
    """Return rewards that are not all equal; the first two arms differ."""
    if binary:
        return [Fraction(1), Fraction(0), *(Fraction(rng.randint(0, 1)) for _ in range(count - 2))]
    return [Fraction(7, 8), *(Fraction(rng.randint(0, 6), 7) for _ in range(count - 1))]


def _tabular(binary: bool) -> Points:
    def draw(rng: random.Random) -> Iterator[Instance]:
        for count in _SIZES:
            yield {"probs": _object(_probabilities(rng, count)), "rewards": _object(_rewards(rng, count, binary))}

    def bind(instance: Instance) -> Mapping[str, str]:
        pairs = zip(instance["probs"][0], instance["rewards"][0], strict=True)
        arms = _listed(f"({number(p)}, {number(r)})" for p, r in pairs)
        return {"arms": arms, "p": "@fst R R", "r": "@snd R R"}

    return Points(draw, bind)


def _scored(binary: bool) -> Points:
    """Policies over actions with two features; the score is the centred feature, by the package's own function."""

    def draw(rng: random.Random) -> Iterator[Instance]:
        for count in _SIZES:
            features = [[Fraction(rng.randint(-3, 3), rng.randint(1, 3)) for _ in range(2)] for _ in range(count)]
            features[0][0] += 5  # never all scores zero
            yield {
                "probs": _object(_probabilities(rng, count)),
                "features": _object(features),
                "rewards": _object(_rewards(rng, count, binary)),
            }

    def bind(instance: Instance) -> Mapping[str, str]:
        scores = feature_score(instance["probs"], instance["features"])[0]
        rows = zip(instance["probs"][0], instance["rewards"][0], scores, strict=True)
        actions = (f"({number(p)}, {number(r)}, {_listed(map(number, g))})" for p, r, g in rows)
        action = "(a : R * R * list R)"
        return {
            "acts": _listed(actions),
            "dims": "[0%nat; 1%nat]",
            "p": f"fun {action} => fst (fst a)",
            "r": f"fun {action} => snd (fst a)",
            "g": f"fun {action} k => nth k (snd a) 0",
        }

    return Points(draw, bind)


def _with(points: Points, **extra: tuple[str, Callable[[random.Random], Any]]) -> Points:
    """Return the points with further arrays: instance name -> (Rocq variable, draw of a number)."""

    def draw(rng: random.Random) -> Iterator[Instance]:
        for instance in points.draw(rng):
            drawn = {name: np.array([value(rng)], dtype=object) for name, (_, value) in extra.items()}
            yield {**instance, **drawn}

    def bind(instance: Instance) -> Mapping[str, str]:
        terms = {variable: number(instance[name][0]) for name, (variable, _) in extra.items()}
        return {**points.bind(instance), **terms}

    return Points(draw, bind)


def _share(rng: random.Random) -> Fraction:
    return Fraction(rng.randint(1, 9), 10)


POINTS: Mapping[str, Points] = {
    "tabular": _tabular(binary=False),
    "tabular, binary": _tabular(binary=True),
    "scored": _scored(binary=False),
    "scored, binary": _scored(binary=True),
    "scored, baseline": _with(_scored(binary=False), baseline=("b", _share)),
}
"""Kinds of points by name, with the variables that a quoted side may use: ``arms, p, r`` for tabular policies,
``acts, dims, p, r, g`` for scored ones, ``b`` for a baseline."""


def _flat(text: str) -> str:
    return " ".join(text.split())


def missing_quotes(claim: Claim, statements: Mapping[str, str]) -> list[str]:
    """Return the quoted sides of a claim that none of its theorems' printed statements contains.

    Args:
        claim: a claim with a formal theorem and quoted sides.
        statements: printed statement by theorem.
    """
    assert claim.formal is not None
    printed = " ".join(_flat(statements[name]) for name in claim.formal.theorems)
    return [side for side in (claim.formal.left, claim.formal.right) if _flat(side) not in printed]


def _examples(claim: Claim) -> Iterator[str]:
    import mpmath

    formal = claim.formal
    assert formal is not None
    if formal.points not in POINTS:
        raise UnknownNameError("kind of points", formal.points, POINTS)
    points = POINTS[formal.points]
    for case, instance in enumerate(points.draw(random.Random(claim.id)), 1):
        bound = points.bind(instance)
        lets = "\n  ".join(f"let {variable} := {text} in" for variable, text in bound.items())
        for name, term, side in (("left", formal.left, claim.left), ("right", formal.right, claim.right)):
            with mpmath.workdps(_DIGITS):
                value = np.asarray(side(**instance), dtype=object).reshape(-1)[0]
                rational = isinstance(value, (int, Fraction)) and not _IRRATIONAL.search(term)
                shown = Fraction(value) if isinstance(value, (int, Fraction)) else Fraction(mpmath.nstr(value, _PLACES))
            head = f"Example {claim.id}_{name}_{case} :\n  {lets}\n"
            if rational:
                yield f"{head}  {term} = {number(shown)}.\nProof. equal_value. Qed.\n"
            else:
                near = Fraction(max(1, int(abs(shown))), 10**15)
                yield f"{head}  Rabs ({term}\n  - {number(shown)}) <= {number(near)}.\nProof. near_value. Qed.\n"


def bridge_text(claims: Iterable[Claim], modules: Iterable[str]) -> str:
    """Return the text of ``Bridge.v``.

    Args:
        claims: all claims; those whose theorem quotes no sides are left out.
        modules: the proofs' modules.

    Raises:
        ArgumentError: a claim quotes one side only.
    """
    parts = []
    for claim in claims:
        formal = claim.formal
        if formal is None or not formal.points:
            continue
        if not (formal.left and formal.right):
            raise ArgumentError("left, right", "both be given with points", claim.id)
        parts.append(f"(* {claim.id} *)\n" + "".join(_examples(claim)))
    requires = f"From Vas Require {' '.join(sorted(set(modules) - {'Bridge'}))}."
    return _HEADER.format(requires=requires) + "\n" + "\n".join(parts)
