"""Builders of certificates: each returns a :class:`Certificate` whose check is exact or says it is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from vas_theory.claims.lib.base import Certificate, CertificateKind, Claim, Evidence, Instance, Relation, Side
from vas_theory.claims.lib.completeness import Machine, Method
from vas_theory.foundation.errors import ArgumentError
from vas_theory.foundation.precision import exact

__all__ = ["Step", "counterexample", "enclosure", "identity", "polynomial_sign", "proof_steps", "sampled"]

_LEAST_WIDTH = 2.0**-40
"""A box this small that is still undecided holds a zero, or comes too near to one for the working precision."""

Bridge = Callable[[Claim, Instance], tuple[Any, Any]]


class Step(NamedTuple):
    """One step of a proof on paper.

    Args:
        text: the step in words.
        check: an exact check of it, or ``None`` where only the argument in words carries it.
        sizes: the sizes for which the check decides it.
        by: what the check consists of.
    """

    text: str
    check: Callable[[], bool] | None
    sizes: str = "all"
    by: Method = Method.SYMBOLIC


def _vanishes(expression: Any) -> bool:
    """Decide whether an expression is identically zero.

    Rational functions are decided by exact arithmetic in their field, which is many times faster than expansion;
    what is not one (roots, exponentials) is expanded or simplified.
    """
    import sympy

    expression = sympy.sympify(expression)
    symbols = sorted(expression.free_symbols, key=str)
    if symbols and expression.is_rational_function(*symbols):
        try:
            return not sympy.field(symbols, sympy.QQ)[0].from_expr(expression)
        except ValueError:  # a coefficient is irrational
            pass
    return bool(sympy.expand(expression) == 0 or sympy.simplify(sympy.together(expression)) == 0)


def identity(
    summary: str,
    expressions: Callable[[], Mapping[str, Any]],
    *,
    sizes: str,
    remains: str = "",
    bridge: Bridge | None = None,
    kind: CertificateKind = CertificateKind.IDENTITY,
) -> Certificate:
    """Certify that SymPy expressions vanish identically.

    Args:
        summary: one line.
        expressions: returns name -> expression that must expand (or simplify) to zero.
        sizes: the sizes at which the expressions are written out; starts with ``all`` where they hold for every size.
            What is checked at some sizes only is not called an identity: its kind is ``FIXED_SIZES``.
        remains: what is argued in words, such as the step from these sizes to all; some sizes alone must say it.
        bridge: see :class:`Certificate`.
        kind: ``IDENTITY``, or ``SUM_OF_SQUARES`` when the expression is ``slack - sum of squares``.

    Raises:
        ArgumentError: ``sizes`` names some sizes and ``remains`` is empty.
    """
    if not sizes.startswith("all"):
        if not remains:
            raise ArgumentError("remains", f"say what carries the step from {sizes} to every size", remains)
        kind = CertificateKind.FIXED_SIZES

    def check() -> Evidence:
        lines = []
        passed = True
        for name, expression in expressions().items():
            zero = _vanishes(expression)
            passed &= zero
            lines.append(f"{name}: {'vanishes identically' if zero else f'does NOT vanish: {expression}'}")
        return Evidence(passed and bool(lines), "; ".join(lines))

    return Certificate(kind, summary, check, bridge, (Machine(summary, Method.SYMBOLIC, sizes),), remains)


def counterexample(
    summary: str, relation: Relation, left: Side, right: Side, instance: Instance, *, remains: str = ""
) -> Certificate:
    """Certify that an exact instance violates a relation, in rational arithmetic.

    Args:
        summary: one line with the instance in words.
        relation: the relation that fails.
        left: the claim's left side.
        right: the claim's right side.
        instance: arrays of integers, fractions or floats (floats are taken exactly).
        remains: what of the refutation is argued in words, such as every other constant than those shown.
    """

    def check() -> Evidence:
        rational = {name: exact(values) for name, values in instance.items()}
        left_value = np.asarray(left(**rational), dtype=object).reshape(-1)
        right_value = np.broadcast_to(np.asarray(right(**rational), dtype=object), left_value.shape).reshape(-1)
        slack = [relation.slack(a, b) for a, b in zip(left_value, right_value, strict=True)]
        shown = ", ".join(f"{a} {relation} {b} is false" for a, b in zip(left_value, right_value, strict=True))
        return Evidence(bool(slack) and all(value < 0 for value in slack), shown)

    machine = (Machine(summary, Method.FRACTIONS, "the instance"),)
    return Certificate(CertificateKind.COUNTEREXAMPLE, summary, check, machine=machine, remains=remains)


def polynomial_sign(
    summary: str,
    polynomials: Callable[[], Mapping[str, tuple[Any, Any, Any]]],
    *,
    sizes: str,
    remains: str = "",
    bridge: Bridge | None = None,
) -> Certificate:
    """Certify that univariate polynomials with rational coefficients are positive inside intervals.

    Args:
        summary: one line.
        polynomials: returns name -> (polynomial, low, high); it must have no root in the open interval
            (counted exactly by Sturm's theorem) and be positive at the midpoint.
        sizes: the sizes that the polynomials cover.
        remains: what is argued in words.
        bridge: see :class:`Certificate`.
    """

    def check() -> Evidence:
        import sympy

        lines, passed = [], True
        for name, (expression, low, high) in polynomials().items():
            low, high = sympy.Rational(low), sympy.Rational(high)
            expression = sympy.sympify(expression)
            poly = sympy.Poly(expression, *(expression.free_symbols or {sympy.Dummy()}))
            for end in (low, high):  # a root at an end is allowed; divide it out before counting
                factor = sympy.Poly(poly.gen - end, poly.gen)
                while not poly.is_zero and poly.eval(end) == 0:
                    poly = sympy.quo(poly, factor)
                    if end == high:  # x - high is negative inside
                        poly = -poly
            good = not poly.is_zero and poly.count_roots(low, high) == 0 and poly.eval((low + high) / 2) > 0
            passed &= bool(good)
            lines.append(f"{name}: {'positive' if good else 'NOT positive'} on ({low}, {high})")
        return Evidence(passed and bool(lines), "; ".join(lines))

    machine = (Machine(summary, Method.STURM, sizes),)
    return Certificate(CertificateKind.POLYNOMIAL_SIGN, summary, check, bridge, machine, remains)


def enclosure(
    summary: str,
    function: Callable[..., Any],
    boxes: Sequence[Sequence[tuple[Any, Any]]],
    *,
    max_boxes: int = 200_000,
    remains: str = "",
    bridge: Bridge | None = None,
) -> Certificate:
    """Certify that a function is positive on boxes by ball arithmetic and bisection.

    Args:
        summary: one line.
        function: takes one ``flint.arb`` ball a dimension and returns a ball containing the values.
        boxes: each a sequence of (low, high), given as exact decimal strings, integers or fractions.
        max_boxes: the check fails when it needs more pieces than this.
        remains: what is argued in words, such as that the function is the claim's slack.
        bridge: see :class:`Certificate`.
    """

    def check() -> Evidence:
        from fractions import Fraction

        import flint

        def ball(low: Fraction, high: Fraction) -> Any:
            ends = [flint.arb(flint.fmpq(e.numerator, e.denominator)) for e in (low, high)]
            return ends[0].union(ends[1])

        stack = [tuple((Fraction(a), Fraction(b)) for a, b in box) for box in boxes]
        pieces = 0
        while stack:
            box = stack.pop()
            pieces += 1
            widths = [high - low for low, high in box]
            shown = " x ".join(f"[{float(low):.9g}, {float(high):.9g}]" for low, high in box)
            value = function(*(ball(low, high) for low, high in box))
            if value > 0:
                continue
            if value <= 0:
                return Evidence(False, f"not positive on {shown}: {value}")
            if pieces > max_boxes or max(widths) < _LEAST_WIDTH:
                return Evidence(False, f"not decided after {pieces} pieces, near {shown}")
            axis = max(range(len(box)), key=widths.__getitem__)
            low, high = box[axis]
            middle = (low + high) / 2
            for part in ((low, middle), (middle, high)):
                stack.append((*box[:axis], part, *box[axis + 1 :]))
        return Evidence(pieces > 0, f"positive on every one of {pieces} pieces")

    machine = (Machine(summary, Method.BALLS, "every point of the boxes"),)
    return Certificate(CertificateKind.ENCLOSURE, summary, check, bridge, machine, remains)


def proof_steps(summary: str, steps: Sequence[Step | tuple[Any, ...]], *, bridge: Bridge | None = None) -> Certificate:
    """Certify a proof on paper as far as its algebra can be checked.

    It is never complete: that the steps together give the statement is left to the reader.

    Args:
        summary: one line.
        steps: the steps, or pairs of their text and check.
        bridge: see :class:`Certificate`.
    """
    listed = [Step(*step) for step in steps]

    def check() -> Evidence:
        lines, passed = [], True
        for number, step in enumerate(listed, 1):
            if step.check is None:
                lines.append(f"{number}. {step.text} [argued]")
                continue
            good = bool(step.check())
            passed &= good
            lines.append(f"{number}. {step.text} [{'checked' if good else 'FAILED'}]")
        return Evidence(passed and bool(lines), "\n".join(lines))

    machine = tuple(Machine(step.text, step.by, step.sizes) for step in listed if step.check is not None)
    argued = [step.text for step in listed if step.check is None]
    remains = "; ".join([*argued, "that the steps together give the statement"])
    return Certificate(CertificateKind.PROOF_STEPS, summary, check, bridge, machine, remains)


def sampled(summary: str) -> Certificate:
    """State that only sampling supports the claim; it can never carry the verdict 'proved'."""
    return Certificate(CertificateKind.SAMPLED, summary, lambda: Evidence(True, "sampled only; see the numeric check"))
