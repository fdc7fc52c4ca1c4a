"""Sums over any number of arms, by symbols.

A sum over arms is linear. So of a polynomial in what an arm has (its probability p, its reward r) it is known by its
values on monomials: the sum of 1 is the number of arms, of p it is 1, of p r the expected reward, and the others are
symbols of their own. An identity between such sums that reduces to zero here holds for every number of arms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Arms", "Row"]


class Arms:
    """Arms without a number: their letters, and what is known of sums over them.

    Args:
        letters: names of what an arm has, such as ``"p r"``.
        known: monomial, such as ``"p*r"`` -> the name or the value of its sum; ``"1"`` is the number of arms.
        label: tells the sums of several sets of arms apart.
    """

    def __init__(self, letters: str, known: Mapping[str, Any] | None = None, *, label: str = "S") -> None:
        import sympy

        self.letters = sympy.symbols(letters, seq=True)
        self.label = label
        named = {str(letter): letter for letter in self.letters}
        self.known = {sympy.sympify(monomial, named): sympy.sympify(v) for monomial, v in (known or {}).items()}
        self.count = self._sum_of(sympy.Integer(1))

    def __iter__(self) -> Any:
        """Yield the letters as rows."""
        return iter([Row(self, letter) for letter in self.letters])

    def total(self, term: Any) -> Any:
        """Return the sum over all arms of a polynomial in the letters."""
        return self._total(term, self.letters)

    def over_pairs(self, term: Callable[..., Any]) -> Any:
        """Return the sum over all ordered pairs of arms.

        Args:
            term: given two lists of letters, one of each arm, returns a polynomial in them.
        """
        import sympy

        others = sympy.symbols([f"{letter}'" for letter in self.letters])
        return self.total(self._total(term(self.letters, others), others))

    def _total(self, term: Any, letters: Any) -> Any:
        import sympy

        polynomial = sympy.Poly(term, *letters)
        value = 0
        for powers, factor in polynomial.terms():
            monomial = sympy.prod(letter**power for letter, power in zip(self.letters, powers, strict=True))
            value += factor * self._sum_of(monomial)
        return value

    def _sum_of(self, monomial: Any) -> Any:
        import sympy

        return self.known.get(monomial, sympy.Symbol(f"{self.label}[{monomial}]", positive=True))


@dataclass(frozen=True)
class Row:
    """A number of every arm, in the place of an array whose last axis runs over arms.

    Args:
        arms: whose.
        term: the number of one arm, a polynomial in its letters.
    """

    arms: Arms
    term: Any

    def _with(self, other: Any, operation: Callable[[Any, Any], Any]) -> Row:
        return Row(self.arms, operation(self.term, other.term if isinstance(other, Row) else other))

    def __add__(self, other: Any) -> Row:
        return self._with(other, lambda a, b: a + b)

    def __sub__(self, other: Any) -> Row:
        return self._with(other, lambda a, b: a - b)

    def __rsub__(self, other: Any) -> Row:
        return self._with(other, lambda a, b: b - a)

    def __mul__(self, other: Any) -> Row:
        return self._with(other, lambda a, b: a * b)

    __radd__, __rmul__ = __add__, __mul__

    def __truediv__(self, other: Any) -> Row:
        return self._with(other, lambda a, b: a / b)

    def __pow__(self, power: int) -> Row:
        return Row(self.arms, self.term**power)

    def sum(self, axis: int | None = None, *, keepdims: bool = False) -> Any:
        """Return the sum over all arms; an axis and kept dimensions make no difference."""
        del axis, keepdims
        return self.arms.total(self.term)
