"""The examples that Rocq has to prove: a claim's function and the quoted term of its theorem at one point.

Values that are no fraction (roots, exponentials) are enclosed: Rocq proves that the term is within 1e-15 of the
decimal, relative to 1 or to the value where that is larger.
"""

from __future__ import annotations

import inspect
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from vas_theory.claims.lib.base import Claim, Instance
from vas_theory.claims.lib.bridge.points import POINTS
from vas_theory.claims.lib.bridge.terms import bound_terms, lets, number
from vas_theory.foundation.errors import UnknownNameError

__all__ = ["bridge_text", "missing_quotes"]

_DIGITS = 40
_PLACES = 22
"""Digits of a value that is no fraction; the fraction of its decimal is what Rocq compares with."""
_IRRATIONAL = re.compile(
    r"\b(?:sqrt|norm|rho|exp|ln|Rpower|GroupGain|GainBounds|FirstMoment|SampleStep|Softmax|Derivative|whitened\w*"
    r"|tilted_mean|deviation|Tokens|FixedRate)\b"
)
"""Functions whose values Rocq encloses, even where one happens to be rational."""
_HEADER = """\
(* Written by `python -m vas_theory proofs --record`; not to be edited. Every number is what the package's own function
   of a claim gives at a rational point; Rocq proves that the theorem's term has the same value there. *)
Require Import Reals Lra Lia List.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Tactic.
{requires}
Import ListNotations.
Open Scope R_scope.

(* the term at a point, down to arithmetic on numbers; a derivative of the softmax value is p_i (r_i - V) *)
Ltac numbers := cbv -[Rplus Rminus Rmult Ropp Rdiv Rinv IZR Rmax Rmin Rabs sqrt exp ln PI cos sin asin Rle
  Rle_dec Req_EM_T Derivative.partial].
Ltac decide_all := repeat match goal with
  | |- context [Req_EM_T ?x ?y] => destruct (Req_EM_T x y); first [exfalso; lra | idtac]
  end.
(* a group without spread: its whitened terms are 0 / sqrt 0 *)
Ltac silent := repeat match goal with
  | |- context [?x / sqrt ?y] => replace (x / sqrt y) with 0 by (replace x with 0 by lra; unfold Rdiv; ring)
  | |- context [?x * / sqrt ?y] => replace (x * / sqrt y) with 0 by (replace x with 0 by lra; ring)
  end.
(* the power of a positive number: its case of zero does not occur *)
Ltac positive := repeat match goal with
  | |- context [Rle_dec ?x 0] => let zero := fresh in
      destruct (Rle_dec x 0) as [zero | _]; [exfalso; refine (Rlt_not_le x 0 _ zero); interval with (i_prec 120) |]
  end.
Ltac compute_term := numbers; repeat (rewrite Derivative.partial_value by lia; numbers); decide_all.
Ltac largest :=
  repeat match goal with
    | |- context [Rmax ?x ?y] => first [rewrite (Rmax_left x y) by lra | rewrite (Rmax_right x y) by lra
        | rewrite (Rmax_left x y) by interval | rewrite (Rmax_right x y) by interval]
    | |- context [Rmin ?x ?y] => first [rewrite (Rmin_left x y) by lra | rewrite (Rmin_right x y) by lra
        | rewrite (Rmin_left x y) by interval | rewrite (Rmin_right x y) by interval]
  end.
Ltac sizes :=
  repeat match goal with
    | |- context [Rabs ?x] => first [rewrite (Rabs_right x) by lra | rewrite (Rabs_left x) by lra]
  end.
Ltac equal_value := compute_term; largest; sizes; silent; first [lra | field; lra | field].
Ltac near_value := compute_term; positive; largest; silent; repeat rewrite asin_atan by lra; interval with (i_prec 120).
"""


def _arguments(side: Callable[..., Any], instance: Instance) -> Instance:
    """Return the arrays of a point that a side asks for: a point may have more than one claim needs."""
    names = inspect.signature(side).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in names.values()):
        return instance
    return {name: values for name, values in instance.items() if name in names}


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


def _evaluated(side: Callable[..., Any], instance: Instance) -> Any:
    """Return a side's value: a fraction where its arithmetic allows one, else 40 digits."""
    import mpmath

    def real(value: Any) -> Any:
        return mpmath.mpf(value.numerator) / value.denominator if isinstance(value, Fraction) else value

    arrays = _arguments(side, instance)
    with mpmath.workdps(_DIGITS):
        try:
            values = side(**arrays)
        except TypeError:  # a root inside it is no fraction, and does not mix with fractions
            values = side(
                **{
                    name: np.vectorize(real, otypes=[object])(array) if array.dtype == object else array
                    for name, array in arrays.items()
                }
            )
    return np.asarray(values, dtype=object).reshape(-1)[0]


def _examples(claim: Claim) -> Iterator[str]:
    import mpmath

    formal = claim.formal
    assert formal is not None
    if formal.points not in POINTS:
        raise UnknownNameError("kind of points", formal.points, POINTS)
    functions = [own or other for own, other in zip(formal.sides, (claim.left, claim.right), strict=True)]
    with mpmath.workdps(_DIGITS):
        instances = list(POINTS[formal.points](random.Random(claim.id)))
    for case, instance in enumerate(instances, 1):
        bound = bound_terms(instance)
        bound |= {name: term if isinstance(term, str) else term() for name, term in formal.where.items()}
        for name, term, side in zip(("left", "right"), (formal.left, formal.right), functions, strict=True):
            if not term:
                continue
            value = _evaluated(side, instance)
            fraction = isinstance(value, (int, Fraction))
            shown = Fraction(value) if fraction else Fraction(mpmath.nstr(value, _PLACES))
            definitions = lets(term, bound)
            head = f"Example {claim.id}_{name}_{case} :\n{definitions}"
            if fraction and not _IRRATIONAL.search(definitions + term):
                yield f"{head}  {term} = {number(shown)}.\nProof. equal_value. Qed.\n"
            else:
                near = Fraction(max(1, int(abs(shown))), 10**15)
                yield f"{head}  Rabs ({term}\n  - {number(shown)}) <= {number(near)}.\nProof. near_value. Qed.\n"


def bridge_text(claims: Iterable[Claim], modules: Iterable[str]) -> str:
    """Return the text of ``Bridge.v``.

    Args:
        claims: all claims; those whose theorem quotes no side are left out.
        modules: the proofs' modules.
    """
    parts = [
        f"(* {claim.id} *)\n" + "".join(_examples(claim))
        for claim in claims
        if claim.formal is not None and claim.formal.points
    ]
    requires = f"From Vas Require {' '.join(sorted(set(modules) - {'Bridge'}))}."
    return _HEADER.format(requires=requires) + "\n" + "\n".join(parts)
