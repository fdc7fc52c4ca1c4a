"""Evaluates the formulas of statements, so that what a statement shows can be held against what the code computes.

The parsers for LaTeX that we found take p(1-p) for a function of 1-p, or know no sizes of brackets; statements need
little, so it is written out here: sums, products, quotients, powers, roots, a few functions, and names for the rest.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Formula", "Prefix", "evaluated", "numbers_of"]

_SKIP = re.compile(r"(?:\\[,;:! ]|\s|\\(?:left|right|[bB]igg?[lr]?)(?![A-Za-z]))+")
_NUMBER = re.compile(r"\d+(?:\.\d+)?|\.\d+")
_AFTER = re.compile(r"[-+)\]},]|\\r(?:floor|ceil)")
"""What ends a product."""
_CLOSING = {"(": ")", "[": "]", "{": "}"}


def numbers_of(text: str) -> list[tuple[int, int]]:
    """Return where the numbers of a text stand."""
    return [found.span() for found in _NUMBER.finditer(text)]


@dataclass(frozen=True)
class Prefix:
    """A sign that stands before a whole product, such as a sum sign."""

    function: Callable[[Any], Any]


class Formula:
    """A formula with values for its names.

    Args:
        text: LaTeX.
        names: LaTeX of a letter or a quantity -> its value, a function of the brackets that follow, or a prefix.

    The longest name that fits is taken.
    """

    def __init__(self, text: str, names: Mapping[str, Any]) -> None:
        self.text, self.place = text, 0
        self.names = {
            "e": math.e, r"\arcsin": np.arcsin, r"\max": np.maximum, r"\min": np.minimum, **names
        }  # fmt: skip
        self.listed = sorted(self.names, key=len, reverse=True)

    def value(self) -> Any:
        """Return the value of the whole formula."""
        value = self._sum()
        if self._peek():
            raise ValueError(f"cannot read {self.text[self.place :]!r} of {self.text!r}")
        return value

    def _peek(self) -> str:
        if found := _SKIP.match(self.text, self.place):
            self.place = found.end()
        return self.text[self.place : self.place + 1]

    def _take(self, token: str) -> bool:
        self._peek()
        if not self.text.startswith(token, self.place):
            return False
        if token[-1].isalpha() and token[0] == "\\" and self.text[self.place + len(token) :][:1].isalpha():
            return False
        self.place += len(token)
        return True

    def _sum(self) -> Any:
        value = -self._product() if self._take("-") else self._product()
        while True:
            if self._take("+"):
                value = value + self._product()
            elif self._take("-"):
                value = value - self._product()
            else:
                return value

    def _product(self) -> Any:
        value = self._power()
        while self._peek() and not _AFTER.match(self.text, self.place):
            value = value / self._power() if self._take("/") else value * self._power()
        return value

    def _power(self) -> Any:
        value = self._base()
        return value ** self._argument() if self._take("^") else value

    def _argument(self) -> Any:
        """Return what follows a command or a power: a group, one digit, or one name."""
        if self._peek().isdigit():
            self.place += 1
            return int(self.text[self.place - 1])
        return self._base()

    def _base(self) -> Any:
        opening = self._peek()
        if opening and opening in _CLOSING:
            return self._group(opening)[0]
        for command in (r"\frac", r"\tfrac"):
            if self._take(command):
                return self._argument() / self._argument()
        if self._take(r"\sqrt"):
            return np.sqrt(self._argument())
        if self._take(r"\lfloor") or self._take(r"\lceil"):
            up = self.text[self.place - 2 : self.place] == "il"
            value = self._sum()
            if not self._take(r"\rceil" if up else r"\rfloor"):
                raise ValueError(f"no end of a rounding in {self.text!r}")
            return np.ceil(value) if up else np.floor(value)
        for name in self.listed:
            if self._take(name):
                value = self.names[name]
                if isinstance(value, Prefix):
                    return value.function(self._product())
                return value(*self._arguments()) if callable(value) else value
        if found := _NUMBER.match(self.text, self.place):
            self.place = found.end()
            return float(found[0])
        raise ValueError(f"no value for {self.text[self.place :]!r} of {self.text!r}")

    def _arguments(self) -> list[Any]:
        opening = self._peek()
        return self._group(opening) if opening and opening in _CLOSING else [self._argument()]

    def _group(self, opening: str) -> list[Any]:
        if not self._take(opening):
            raise ValueError(f"no {opening} at {self.text[self.place :]!r}")
        values = [self._sum()]
        while self._take(","):
            values.append(self._sum())
        if not self._take(_CLOSING[opening]):
            raise ValueError(f"{opening} without its end in {self.text!r}, at {self.text[self.place :]!r}")
        return values


def evaluated(text: str, names: Mapping[str, Any] | None = None) -> Any:
    """Return the value of a formula."""
    return Formula(text, names or {}).value()
