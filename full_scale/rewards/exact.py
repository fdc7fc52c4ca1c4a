r"""Exact comparison of numbers written in plain text or LaTeX.

A computer algebra system compares numbers with a tolerance, so that :math:`2^{-99}` would equal :math:`2^{-98}`. Here
integers, fractions, powers, factorials and complex numbers of rational parts are computed exactly, within a bound on
their size. What cannot be read or would be too large is left to the algebra system.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["ExactNumber", "compare_exactly", "read_exact"]

BITS = 1 << 16
"""Largest size of a numerator or denominator; the factorial of 5,000 has 54,465 bits."""
DIGITS = 6
"""Significant digits and decimal places from which on a decimal stands for the exact number that it rounds."""

_TOKEN = re.compile(
    r"\s+|\\[,;:! ]|\\(?:left|right)(?![A-Za-z])"
    r"|(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])|\d+\.\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|\d+(?:[eE][-+]?\d+)?)"
    r"|(?P<fraction>\\[dt]?frac(?![A-Za-z]))|(?P<times>\\cdot(?![A-Za-z])|\\times(?![A-Za-z])|\*(?!\*)|\u00d7|\u00b7)"
    r"|(?P<power>\^|\*\*)|(?P<divide>/|\\div(?![A-Za-z])|\u00f7)|(?P<plus>\+)|(?P<minus>-|\u2212)|(?P<factorial>!)"
    r"|(?P<open>\(|\\lparen(?![A-Za-z]))|(?P<close>\)|\\rparen(?![A-Za-z]))|(?P<left>\{)|(?P<right>\})|(?P<unit>i(?![A-Za-z]))"
)
_DECIMAL = re.compile(r"\s*[-+\u2212]?\s*(\d*)\.?(\d*)(?:[eE]([-+]?\d+))?\s*")


class _UnreadableError(Exception):
    """The text is not a number that is computed here."""


@dataclass(frozen=True)
class ExactNumber:
    """A complex number of rational parts.

    Attributes:
        real, imaginary: its parts.
    """

    real: Fraction
    imaginary: Fraction = Fraction(0)


def _bounded(value: Fraction) -> Fraction:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > BITS:
        raise _UnreadableError
    return value


def _times(a: ExactNumber, b: ExactNumber) -> ExactNumber:
    real = a.real * b.real - a.imaginary * b.imaginary
    return ExactNumber(_bounded(real), _bounded(a.real * b.imaginary + a.imaginary * b.real))


def _over(a: ExactNumber, b: ExactNumber) -> ExactNumber:
    square = b.real**2 + b.imaginary**2
    if square == 0:
        raise _UnreadableError
    return _times(a, ExactNumber(b.real / square, -b.imaginary / square))


def _integer(value: ExactNumber) -> int:
    if value.imaginary or value.real.denominator != 1:
        raise _UnreadableError
    return value.real.numerator


def _power(base: ExactNumber, exponent: ExactNumber) -> ExactNumber:
    power = _integer(exponent)
    if base.imaginary:
        if abs(power) > 64:
            raise _UnreadableError
        result = ExactNumber(Fraction(1))
        for _ in range(abs(power)):
            result = _times(result, base)
        return _over(ExactNumber(Fraction(1)), result) if power < 0 else result
    size = max(base.real.numerator.bit_length(), base.real.denominator.bit_length())
    # a number of 1 bit is 0, 1 or -1, whose powers stay small
    if (base.real == 0 and power <= 0) or (size > 1 and size * abs(power) > BITS):
        raise _UnreadableError
    return ExactNumber(base.real ** (power if size > 1 else power % 2 + 2))


def _factorial(value: ExactNumber) -> ExactNumber:
    count = _integer(value)
    if not 0 <= count <= 5000:
        raise _UnreadableError
    return ExactNumber(Fraction(math.factorial(count)))


class _Reader:
    """Recursive descent over sums, products, signs, powers and atoms."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        place = 0
        while place < len(text):
            mark = _TOKEN.match(text, place)
            if mark is None:
                raise _UnreadableError
            if mark.lastgroup:
                self.tokens.append((mark.lastgroup, mark.group()))
            place = mark.end()
        self.place, self.depth = 0, 0

    def kind(self) -> str:
        return self.tokens[self.place][0] if self.place < len(self.tokens) else "end"

    def take(self, *kinds: str) -> str:
        """Step over a token of one of these kinds and return its kind; "" where another one stands."""
        found = self.kind()
        if found not in kinds:
            return ""
        self.place += 1
        return found

    def need(self, kind: str) -> None:
        if not self.take(kind):
            raise _UnreadableError

    def whole(self) -> ExactNumber:
        value = self.sum()
        if self.kind() != "end":
            raise _UnreadableError
        return value

    def sum(self) -> ExactNumber:
        self.depth += 1
        if self.depth > 50:
            raise _UnreadableError
        value = self.product()
        while sign := self.take("plus", "minus"):
            other = self.product()
            factor = 1 if sign == "plus" else -1
            value = ExactNumber(
                _bounded(value.real + factor * other.real), _bounded(value.imaginary + factor * other.imaginary)
            )
        self.depth -= 1
        return value

    def product(self) -> ExactNumber:
        value = self.signed()
        while True:
            if self.take("times"):
                value = _times(value, self.signed())
            elif self.take("divide"):
                value = _over(value, self.signed())
            elif self.kind() == "unit":  # 3i, the one product written without a sign
                value = _times(value, self.powered())
            else:
                return value

    def signed(self) -> ExactNumber:
        sign = 1
        while found := self.take("plus", "minus"):
            sign = -sign if found == "minus" else sign
        value = self.powered()
        return ExactNumber(sign * value.real, sign * value.imaginary)

    def powered(self) -> ExactNumber:
        base = self.atom()
        while self.take("factorial"):
            base = _factorial(base)
        if self.take("power"):
            base = _power(base, self.exponent())
        return base

    def exponent(self) -> ExactNumber:
        if self.take("left"):
            return self.closed("right")
        self.depth += 1
        if self.depth > 50:
            raise _UnreadableError
        value = self.signed()  # binds to the right: 2^3^2 is 2^9
        self.depth -= 1
        return value

    def closed(self, end: str) -> ExactNumber:
        value = self.sum()
        self.need(end)
        return value

    def atom(self) -> ExactNumber:
        if self.kind() == "number":
            text = self.tokens[self.place][1].replace(",", "")
            self.place += 1
            if self.kind() in ("number", "fraction", "open", "left"):  # 1\frac12 and 2(3) have several readings
                raise _UnreadableError
            _, _, exponent = text.lower().partition("e")
            if exponent and abs(int(exponent)) > BITS // 4:
                raise _UnreadableError
            return ExactNumber(_bounded(Fraction(text)))
        if self.take("unit"):
            return ExactNumber(Fraction(0), Fraction(1))
        if self.take("open"):
            value = self.closed("close")
        elif self.take("left"):
            value = self.closed("right")
        elif self.take("fraction"):
            self.need("left")
            over = self.closed("right")
            self.need("left")
            value = _over(over, self.closed("right"))
        else:
            raise _UnreadableError
        if self.kind() in ("number", "fraction", "open", "left"):
            raise _UnreadableError
        return value


def read_exact(text: str) -> ExactNumber | None:
    """Return the number that a text denotes, or None where it is none or larger than ``BITS``.

    Read are integers (with or without thousands separators), decimals, scientific notation, ``+ - * / ^ !``,
    brackets, ``\\frac`` and the imaginary unit ``i``. Products without a sign are not, except ``3i``.
    """
    text = text.strip().strip("$").rstrip(".").strip()
    if "," in text and text[0] in "({[" and text[-1] in ")}]":  # (1,234) is a pair, too
        return None
    try:
        return _Reader(text).whole()
    except (_UnreadableError, ValueError, OverflowError, RecursionError):
        return None


def _rounding_unit(text: str) -> Fraction | None:
    """Return the value of the last digit of a decimal with at least ``DIGITS`` digits and places, else None."""
    mark = _DECIMAL.fullmatch(text.strip().strip("$"))
    if mark is None or "." not in text:
        return None
    whole, decimals, exponent = mark.group(1), mark.group(2), int(mark.group(3) or 0)
    if min(len((whole + decimals).lstrip("0")), len(decimals) - exponent) < DIGITS or abs(exponent) > BITS // 4:
        return None
    return Fraction(10) ** (exponent - len(decimals))


def compare_exactly(gold: str, answer: str) -> bool | None:
    """Return whether two texts denote the same number; None where one of them cannot be read exactly.

    Both are computed exactly. A decimal with at least ``DIGITS`` significant digits and as many decimal places also
    equals the number that it rounds: ``0.333333`` equals ``1/3``, ``0.33`` does not, and two decimals are equal only
    if their values are.
    """
    wanted, found = read_exact(gold), read_exact(answer)
    if wanted is None or found is None:
        return None
    if wanted == found:
        return True
    units = [_rounding_unit(text) for text in (gold, answer)]
    if (units[0] is None) == (units[1] is None) or wanted.imaginary != found.imaginary:
        return False
    unit = units[0] if units[0] is not None else units[1]
    assert unit is not None
    return abs(wanted.real - found.real) <= unit / 2
