"""The numbers that a LaTeX statement shows are those that the code computes with."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from vas_theory.bounds import (
    KAPPA_POLYNOMIAL,
    ONE_SAMPLE_STEP,
    improvement_time_bound,
    length_bound,
    mei_smoothness,
    razin_gradient_bound,
    razin_time_bound,
    smoothness,
)
from vas_theory.claims import all_claims, get_claims
from vas_theory.claims.b11_best_pass_rate import CERTIFIED_GROUP_SIZES
from vas_theory.claims.b25_one_sample_step import _IMPROVED_STEP, next_digit
from vas_theory.claims.lib.base import Claim
from vas_theory.claims.lib.step_gain import KAPPA_ROUNDED_UP
from vas_theory.policy.gradients import policy_gradient, reward_variance
from vas_theory.proofs import record

BANDIT = {"probs": np.array([[0.5, 0.2, 0.3]]), "rewards": np.array([[0.9, 0.1, 0.4]])}
BINARY = {"probs": np.array([[0.5, 0.2, 0.3]]), "rewards": np.array([[1.0, 0.0, 1.0]])}
DIRECTION = {"probs": BANDIT["probs"], "direction": np.array([[1.0, 0.0, -2.0]])}
CHAINS = {
    "probs": np.array([[0.5, 0.5]]),
    "chain_pass_rates": np.array([[0.2, 0.6]]),
    "distances": np.array([[[0.0, 1.0], [1.0, 0.0]]]),
    "slope": np.array([1.0]),
}
ONE = np.ones(1)
STEP = {
    "probs": np.array([[0.75, 0.25]]),
    "features": np.array([[[1.0], [0.0]]]),
    "rewards": np.array([[1.0, 0.0]]),
    "curvature": -ONE,
    "smoothness": ONE,
    "share": ONE,
}
# there the score is 1/4 or -3/4: |grad|^2 = (3/16)^2 and Var = Gamma = 3/16, so c = Gamma
GRADIENT = (3 / 16) ** 2
MOMENT = 0.75 * 0.25**4 + 0.25 * 0.75**4


def _right(claim: Claim, instance: dict[str, Any]) -> float:
    return float(np.asarray(claim.right(**instance)).reshape(-1)[0])


def _numbers(pattern: str, text: str) -> list[float]:
    found = re.search(pattern, text)
    assert found is not None, f"{pattern} is not in {text}"
    return [float(number) for number in found.groups()]


def _a28(claim: Claim) -> float:
    eta = 1 / 4  # c / (4 L Gamma) with c = Gamma
    return _right(claim, {**STEP, "constant_share": ONE}) / (eta * GRADIENT)


def _a33(claim: Claim) -> float:
    c, largest = 3 / 16, (3 / 4) ** 2
    eta = c / (2 * (c + largest))
    return _right(claim, {**STEP, "constant_share": ONE}) / (eta * GRADIENT)


def _a31(claim: Claim) -> float:
    return _right(claim, STEP) / (GRADIENT / MOMENT * GRADIENT)


VARIANCE_OF_BANDIT = float(reward_variance(**BANDIT)[0])
TIED: dict[str, tuple[str, Callable[[Claim], Any]]] = {
    "A26": (r"\\tfrac(\d)(\d)", lambda claim: _right(claim, DIRECTION) / 5.0),
    "A28": (r"\\tfrac(\d)(\d)\\,\\eta", _a28),
    "A31": (r"\\tfrac\{\\eta\}(\d)", lambda claim: 1 / _a31(claim)),
    "A33": (r"\\tfrac(\d)(\d)\\,\\eta", _a33),
    "A36": (r"L\^2\}\{(\d)\}", lambda claim: 0.5 / _right(claim, CHAINS)),
    "A37": (r"l\^2\}\{(\d)\}", lambda claim: 0.5 / _right(claim, CHAINS)),
    "B06": (r"\\sqrt\{L/(\d)\}", lambda claim: 1 / float(length_bound(1.0, 1.0, 1.0)) ** 2),
    "B07": (r"\\Delta\}\{(\d)\\sqrt(\d)\}", lambda claim: 1 / float(smoothness(1.0))),
    "B17": (r"Var\}/(\d)\}", lambda claim: VARIANCE_OF_BANDIT / _right(claim, BANDIT) ** 2),
    "B18": (r"\\sqrt(\d)", lambda claim: (_right(claim, BINARY) / float(reward_variance(**BINARY)[0])) ** 2),
    "B19": (r"\\frac\{(\d)\\,", lambda claim: _right(claim, BANDIT) * 0.8 / VARIANCE_OF_BANDIT),
    "B25": (r"\\frac\{([\d.]+)\}", lambda claim: ONE_SAMPLE_STEP),
    "B26": (r"\\frac\{([\d.]+)\}", lambda claim: ONE_SAMPLE_STEP),
    "B46": (r"(\d+)y\^3(-\d+)y\^2(\+\d+)y(-\d+)", lambda claim: KAPPA_POLYNOMIAL),
    "B54": (r"\\le (0[\d.]+)", lambda claim: _IMPROVED_STEP),
    "B57": (r"(\d+)\\le G\\le (\d+)", lambda claim: (min(CERTIFIED_GROUP_SIZES), max(CERTIFIED_GROUP_SIZES))),
    "L01": (r"\\le (\d)L", lambda claim: float(razin_gradient_bound(1.0, 1.0, 1.0))),
    "L03": (r"\\le ([\d.]+)", lambda claim: float(mei_smoothness(1.0))),
}
RATIOS = {"A26", "A28", "A33"}
"""Statements that show the constant as a fraction of two digits."""


@pytest.mark.parametrize("name", TIED)
def test_the_constant_of_the_statement_is_the_codes(name: str) -> None:
    (claim,) = get_claims([name])
    pattern, of_code = TIED[name]
    shown = _numbers(pattern, claim.statement)
    if name in RATIOS:
        shown = [shown[0] / shown[1]]
    if name == "B07":
        shown = [shown[0] * math.sqrt(shown[1])]
    np.testing.assert_allclose(np.atleast_1d(of_code(claim)), shown, rtol=1e-12)


def test_the_constants_of_the_time_bounds() -> None:
    (theorem,) = get_claims(["L02"])
    ninth, seven, three, eight = _numbers(r"gamma/(\d)\}.*-(\d)/\((\d).*\}\{(\d)L", theorem.statement)
    (third,) = _numbers(r"\^\{-1/(\d)\}", theorem.statement)
    for gamma, weight in ((0.7, 0.0), (0.7, 60.0)):
        share = 1 - math.exp(-gamma / ninth)
        if weight:
            share = min(share, 1 - math.exp(-seven / (three * weight)))
        expected = share / (eight * 4 * 9) * 0.2 ** (-1 / third)
        assert float(razin_time_bound(gamma, 2.0, 3, 0.2, kl_weight=weight)) == pytest.approx(expected, rel=1e-12)
    assert float(improvement_time_bound(0.7, 2.0, 0.2)) == pytest.approx((1 - math.exp(-0.7)) / 4 / 0.2**0.5, rel=1e-12)
    (proposition,) = get_claims(["L06"])
    two, half = _numbers(r"frac\{(\d)\|S\|.*gamma/(\d)\}", proposition.statement)
    half_way, zero = np.array([0.5]), np.zeros(1)
    instance = {"start": half_way, "way": half_way, "scale": half_way, "penalty": zero}
    expected = two * (1 - math.exp(-0.5 / half)) / 0.5  # a rise of 1/2 at a variance of 1/4
    assert _right(proposition, instance) == pytest.approx(expected, rel=1e-12)


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
