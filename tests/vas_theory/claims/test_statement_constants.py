"""Every number of a statement in LaTeX is read there and held against what the code computes.

A reading evaluates a formula of a statement at an instance of the claim, with values for its letters that are made
here from definitions, and compares it with a side of the claim (or with the function that the formula stands for). Then
each number of the formula is changed, and the comparison has to fail. What no reading covers is named with the reason
by the claim itself, under ``not_computed``.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.vas_theory.claims.statements.latex import evaluated, numbers_of
from tests.vas_theory.claims.statements.reading import Reading, Row, right
from tests.vas_theory.claims.statements.table_a import PAPER
from tests.vas_theory.claims.statements.table_b import SHARP, SIGNAL
from tests.vas_theory.claims.statements.table_c import LATER
from vas_theory.claims import all_claims, get_claims
from vas_theory.claims.lib.base import Claim

READINGS = {**PAPER, **SHARP, **LATER}

ELSEWHERE = {"B57": (r"2\le G\le 64",)}
"""Numbers that test_claim_constants reads."""

NAMES = (
    r"E\|g\|^2", r"\nabla^2", r"\|_2", r"\mathbf 1", r"1\{\text{clipped}\}", r"E\|\hat g\|^2", "F^{-1}",
    r"\mathrm{CV}^2", r"\|\nabla V_x\|^2", r"\mid1", r"\mid0", r"E\hat V^2", "E V^2",
)  # fmt: skip
"""Names of quantities with a number in them."""

SYMMETRIC = {"w_G(0)", "w_G(1)"}
"""Each of them has the value of the other."""

_SUBSCRIPT = re.compile(r"_(?:\{[^{}/]*\}|\d)")

_SIGN_OF = re.compile(r"(?<![\d.])0(?=<|\\le)|(?:[<>=]|\\ge|\\le|\\ne)\s*0(?![\d.])")
"""Numbers that name something, and zeros that something is compared with."""


def _rows(claim: Claim) -> list[dict[str, Any]]:
    """Return a few instances of every shape of every family, each as a row."""
    rows = []
    for family in claim.domain.families.values():
        for batch in itertools.islice(family(np.random.default_rng(5), 60), 4):
            count = min(4, len(next(iter(batch.values()))))
            rows += [{name: values[place] for name, values in batch.items()} for place in range(count)]
    return rows


def _shown(reading: Reading, names: Mapping[str, Any]) -> Any:
    letters = dict(names)
    for letter, formula in reading.given.items():
        letters[letter] = evaluated(formula, letters)
        if reading.times and letter == list(reading.given)[-1]:
            letters[letter] = letters[letter] * letters[reading.times]
    return reading.then(letters, evaluated(reading.formula, letters))


def _agree(reading: Reading, claim: Claim, rows: list[dict[str, Any]], letters: Callable[[Row], Any]) -> bool:
    for row in filter(reading.where, rows):
        names = letters(row)
        value, wanted = np.asarray(_shown(reading, names)), np.asarray(reading.code(claim, row, names))
        if not np.allclose(value, wanted, rtol=reading.tolerance, atol=1e-11):
            return False
    return True


CASES = [(name, reading) for name, (_, readings) in READINGS.items() for reading in readings]

IDS = [f"{name} {reading.formula}" for name, reading in CASES]


@pytest.mark.parametrize(("name", "reading"), CASES, ids=IDS)
def test_a_formula_of_a_statement_is_what_the_code_computes(name: str, reading: Reading) -> None:
    (claim,) = get_claims([name])
    for formula in (reading.formula, *reading.given.values()):
        assert formula in claim.statement
    rows, letters = _rows(claim), READINGS[name][0]
    assert _agree(reading, claim, rows, letters)
    if reading.formula in SYMMETRIC:
        return
    for letter in ("", *reading.given):
        formula = reading.given[letter] if letter else reading.formula
        for start, end in numbers_of(formula):
            changed = f"{formula[:start]}{{{_next(formula[start:end])}}}{formula[end:]}"
            if letter:
                other = replace(reading, given={**reading.given, letter: changed})
            else:
                other = replace(reading, formula=changed)
            try:
                with np.errstate(all="ignore"):
                    agrees = _agree(other, claim, rows, letters)
            except (ValueError, ArithmeticError):  # the number is a part of a name, or must not be another
                continue
            assert not agrees, f"{name}: {changed} would do as well"


def _next(number: str) -> str:
    return str(int(number) + 1) if number.isdigit() else str(float(number) * 1.01)


@pytest.mark.parametrize("claim", all_claims().values(), ids=lambda claim: claim.id)
def test_every_number_of_a_statement_is_read(claim: Claim) -> None:
    text = claim.statement
    covered = [found.span() for pattern in (_SUBSCRIPT, _SIGN_OF) for found in pattern.finditer(text)]
    readings = READINGS.get(claim.id, (None, []))[1]
    formulas = [formula for reading in readings for formula in (reading.formula, *reading.given.values())]
    not_computed = claim.not_computed
    assert all(not_computed.values())
    if "whole statement" in not_computed:
        return
    parts = (*formulas, *not_computed, *ELSEWHERE.get(claim.id, ()))
    assert all(part in text for part in parts)
    for part in (*parts, *NAMES):
        covered += [found.span() for found in re.finditer(re.escape(part), text)]
    open_numbers = [
        text[max(0, start - 15) : end + 10]
        for start, end in numbers_of(text)
        if not any(first <= start and end <= last for first, last in covered)
    ]
    assert not open_numbers, (
        f"read these numbers of {claim.id} from the code in tests/vas_theory/claims/statements, "
        f"or name them with the reason in the claim's `not_computed`: {open_numbers}"
    )


OTHERWISE = {"A03", "B22", "B58"}
"""The statement orders matrices first, or moves a term to the left side, or says that a formula grows."""

RELATIONS = {">=": r"\ge", "<=": r"\le", "=": "="}


@pytest.mark.parametrize("name", sorted(set(READINGS) - OTHERWISE))
def test_the_relation_before_the_right_side_is_the_claims(name: str) -> None:
    (claim,) = get_claims([name])
    for reading in READINGS[name][1]:
        if reading.code is right and reading is not SIGNAL:
            before = claim.statement.split(reading.formula)[0].rstrip("\\,;: ")
            assert before.endswith(RELATIONS[claim.relation.value]), before[-20:]
