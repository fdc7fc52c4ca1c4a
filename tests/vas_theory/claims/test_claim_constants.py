"""The numbers that a LaTeX statement shows are those that the code computes with."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

from vas_theory.bounds import (
    KAPPA_POLYNOMIAL,
    ONE_SAMPLE_STEP,
    mei_smoothness,
)
from vas_theory.claims import all_claims, get_claims
from vas_theory.claims.b11_best_pass_rate import CERTIFIED_GROUP_SIZES
from vas_theory.claims.b25_one_sample_step import _IMPROVED_STEP, next_digit
from vas_theory.claims.c18_fixed_rate import returning_rate
from vas_theory.claims.lib.base import Claim
from vas_theory.claims.lib.step_gain import KAPPA_ROUNDED_UP
from vas_theory.policy.gradients import policy_gradient
from vas_theory.proofs import record


def _right(claim: Claim, instance: dict[str, Any]) -> float:
    return float(np.asarray(claim.right(**instance)).reshape(-1)[0])


def _numbers(pattern: str, text: str) -> list[float]:
    found = re.search(pattern, text)
    assert found is not None, f"{pattern} is not in {text}"
    return [float(number) for number in found.groups()]


def test_the_group_sizes_of_the_statement_are_those_that_were_certified() -> None:
    (claim,) = get_claims(["B57"])
    sizes = _numbers(r"(\d+)\\le G\\le (\d+)", claim.statement)
    assert sizes == [min(CERTIFIED_GROUP_SIZES), max(CERTIFIED_GROUP_SIZES)]


def test_no_decimal_of_a_statement_is_typed_by_hand() -> None:
    known = {*(float(x) for x in (ONE_SAMPLE_STEP, _IMPROVED_STEP, KAPPA_ROUNDED_UP)), float(mei_smoothness(1.0))}
    printed = {"A19"}  # quotes the printed resolution of a table
    for claim in all_claims().values():
        if claim.id not in printed:
            for text in (claim.statement, claim.title):
                assert {float(number) for number in re.findall(r"\d*\.\d+", text)} <= known, claim.id


def test_the_thresholds_are_the_published_ones() -> None:
    assert (ONE_SAMPLE_STEP, _IMPROVED_STEP, KAPPA_ROUNDED_UP) == (0.1724, 0.2318, "1.644491")
    assert range(2, 65) == CERTIFIED_GROUP_SIZES
    assert (next_digit(0.1724), next_digit(0.2318)) == ("0.1725", "0.2319")


@pytest.mark.parametrize(("name", "constant"), [("B25", "ONE_SAMPLE_STEP"), ("B54", "_IMPROVED_STEP")])
@pytest.mark.parametrize("off", [-0.0024, -0.0001, 0.0001])
def test_a_threshold_that_is_not_the_last_digit_fails(
    name: str, constant: str, off: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vas_theory.claims import b25_one_sample_step as module

    monkeypatch.setattr(module, constant, round(getattr(module, constant) + off, 4))
    (claim,) = get_claims([name])
    assert not claim.certificate.check().passed


def test_the_formal_thresholds_are_the_codes() -> None:
    statements = record.read().theorems
    assert (
        f"eta <= {ONE_SAMPLE_STEP} / SampleStep.rho K r"
        in statements["SampleStep.one_sample_gain_guaranteed"].statement
    )
    assert f"SampleStep.rho K r <= {_IMPROVED_STEP}" in statements["SampleStep.one_sample_gain_half"].statement
    assert "(5 * ln 2 / (p * (1 - p))) t = p" in statements["FixedRate.fixed_rate_returns"].statement
    assert returning_rate(np.array([0.5]))[0] == pytest.approx(20 * math.log(2), rel=1e-15)
    first, second, third, last = KAPPA_POLYNOMIAL
    cubic = f"{first} * y ^ 3 - {-second} * y ^ 2 + {third} * y - {-last} = 0"
    assert cubic in record.read().definitions["Kappa.kappa_root"]
    assert f"< k < {KAPPA_ROUNDED_UP}" in statements["Kappa.kappa_digits"].statement


def test_a_step_backwards_needs_its_sign() -> None:
    """At eta < 0 the half of B25 fails; B25, B27, B28, B54 and B55 say eta > 0."""
    from vas_theory.claims.b25_one_sample_step import _gain, _half

    backwards = {"probs": np.array([[0.5, 0.5]]), "rewards": np.array([[1.0, 0.0]]), "step": np.array([-0.1])}
    gain, half = _gain(**backwards)[0], _half(**backwards)[0]
    assert gain == pytest.approx(-0.01767, abs=1e-5)
    assert gain < half
    for name in ("B25", "B27", "B28", "B54", "B55"):
        (claim,) = get_claims([name])
        assert "eta > 0" in claim.assumptions
        family = next(iter(claim.domain.families.values()))
        assert (next(iter(family(np.random.default_rng(0), 24)))["step"] > 0).all()


def test_what_b52_says_is_what_is_refuted() -> None:
    """The necessary condition of Frobenius is true; refuted is that such a factor and potential exist."""
    (claim,) = get_claims(["B52"])
    assert r"\exists\,\mu>0,\Phi" in claim.statement
    assert r"\Rightarrow\; F" not in claim.statement
    assert "F . (curl F) = 0" in claim.part
    assert "Frobenius" in claim.certificate.remains
    assert claim.formal is not None
    assert claim.remains == claim.formal.remains == "potentials whose mixed slopes do not agree"


def test_the_gradient_bound_of_mei_uses_the_best_arm() -> None:
    (claim,) = get_claims(["L04"])
    instance = {"probs": np.array([[0.2, 0.5, 0.3]]), "rewards": np.array([[0.1, 0.3, 0.9]])}
    assert _right(claim, instance) == pytest.approx(float(policy_gradient(**instance)[0, 2]), rel=1e-12)
