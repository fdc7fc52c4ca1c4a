"""Exact numbers: against Python's fractions on random expressions, and what is left to the algebra system."""

from __future__ import annotations

import re
import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from full_scale.rewards.exact import ExactNumber, compare_exactly, read_exact
from full_scale.rewards.plain import plain_to_latex

LEAVES = st.integers(0, 99).map(str) | st.tuples(st.integers(0, 99), st.integers(0, 99)).map("{0[0]}.{0[1]}".format)
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: (
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map("({0[0]}){0[1]}({0[2]})".format)
        | inner.map("-({})".format)
        | st.tuples(inner, st.integers(0, 4)).map("({0[0]})**{0[1]}".format)
    ),
    max_leaves=8,
)


def _by_python(text: str) -> Fraction | None:
    code = re.sub(r"(?<!\*\*)(?<![\d.])(\d+(?:\.\d+)?)", r"Fraction('\1')", text)
    try:
        return Fraction(eval(code, {"Fraction": Fraction}))  # of a text that the strategy above made
    except ZeroDivisionError:
        return None


@given(text=EXPRESSIONS)
def test_expressions_have_the_value_that_python_gives_them(text: str) -> None:
    expected, found = _by_python(text), read_exact(text)
    if expected is None or "(0)**0" in text or found is None:
        # zero to the power of zero and numbers beyond the bound are not computed here
        assert found is None
    else:
        assert found == ExactNumber(expected)


@given(a=st.fractions(), b=st.fractions())
def test_fractions_are_equal_only_if_their_values_are(a: Fraction, b: Fraction) -> None:
    text = rf"\frac{{{b.numerator}}}{{{b.denominator}}}"
    assert compare_exactly(str(a), text) == (a == b)
    assert compare_exactly(text, str(a)) == (a == b)


@given(text=st.text("0123456789+-*/^!(){}.,i \\frac", max_size=40))
def test_no_text_raises(text: str) -> None:
    read_exact(text)
    compare_exactly(text, text)
    plain_to_latex(text)


@pytest.mark.parametrize(
    "text",
    ["9^{9^{9^{9}}}", "99999!", "1/0", "0^0", "2(3)", r"1\frac{1}{2}", "x", "1,23", "", "(1,2)", r"10\%", "1e99999"],
)
def test_what_has_several_readings_or_no_bound_is_left_to_the_algebra_system(text: str) -> None:
    assert read_exact(text) is None


@pytest.mark.parametrize("text", ["(" * 1500 + "1", "-" * 1900 + "1", "2" + "^1" * 900, "1" + "!" * 900])
def test_deep_texts_end(text: str) -> None:
    assert read_exact(text) in (None, ExactNumber(Fraction(1)))


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "sqrt(",
            "abs(1)",
            "[1]  ",
            "[[1],",
            "1 1/2 ",
            "10 000 ",
            "(2)",
            "2(",
            "1e-7",
            "x**",
            "**(",
            "1j+",
            "0.1\\bar{3}",
        ),
        *(
            "1{,}000",
            "\u00b2",
            "\u221a",
            "\\text{",
            "  ",
            "factorial(",
            "1\\frac{1}{2}",
            "*I",
            "(((",
            "[",
            ".",
            "0" * 50,
        ),
    ],
)
def test_hostile_plain_text_takes_no_time(piece: str) -> None:
    start = time.process_time()
    for text in (piece * 2000)[:2000], "[[" + (piece * 2000)[:1990] + "x", "(" + (piece * 2000)[:1990] + "]":
        plain_to_latex(text)
        compare_exactly(text, text)
    assert time.process_time() - start < 2.0


@pytest.mark.parametrize("text", [r"\frac{\pi}{2}", r"\sqrt{2}", r"2\cdot 3", r"\text{sin of pi}", "x_1", "spinning"])
def test_latex_and_words_stay_themselves(text: str) -> None:
    assert plain_to_latex(text) == text
