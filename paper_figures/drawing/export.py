"""A table of numbers as text: CSV to compute with, LaTeX to print."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vas_theory.foundation.command_line import require

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["as_csv", "as_latex"]

_PAGE = 40
"""Rows that one page holds; a tabular would run off its foot."""


def as_csv(numbers: pd.DataFrame) -> str:
    """Return a frame as CSV with ten digits; what is not known is empty."""
    return str(numbers.to_csv(index=False, lineterminator="\n", float_format="%.10g"))


def as_latex(numbers: pd.DataFrame, digits: int = 4) -> str:
    r"""Return a frame as a LaTeX table with the rules of the package booktabs.

    It is a tabular, or for what does not fit on a page a longtable (package longtable), which breaks. Numbers stand
    to the right and have ``digits`` significant digits; what is not known is a dash. Every special character of a name
    or text is escaped, so the table can be included as it is.

    Args:
        numbers: the frame; its index is left out.
        digits: significant digits of a float.
    """
    require("jinja2", "figures")
    columns = "".join("r" if kind.kind in "iuf" else "l" for kind in numbers.dtypes)
    shown = numbers.rename(columns=lambda name: str(name).replace("_", " "))
    text: str = shown.to_latex(
        index=False, escape=True, na_rep="--", column_format=columns, longtable=len(shown) > _PAGE,
        float_format=lambda value: _number(value, digits),
    )  # fmt: skip
    return text


def _number(value: float, digits: int) -> str:
    """Return a number as LaTeX text; powers of ten and signs are set as mathematics."""
    text = f"{value:.{digits}g}"
    if math.isinf(value):
        return r"$\infty$" if value > 0 else r"$-\infty$"
    mantissa, _, exponent = text.partition("e")
    if exponent:
        return rf"${mantissa} \times 10^{{{int(exponent)}}}$"
    return f"${text}$" if value < 0 else text
