"""Every claim of the ledger: its verdict stands, its certificate is tied to its sides, a wrong constant is caught."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from vas_theory.claims import all_claims, get_claims
from vas_theory.claims.lib.base import Certificate, CertificateKind, Claim, Evidence, Relation, Verdict
from vas_theory.claims.lib.certificates import (
    counterexample,
    enclosure,
    identity,
    polynomial_sign,
    proof_steps,
    sampled,
)
from vas_theory.claims.lib.checks import Effort, verify
from vas_theory.claims.lib.completeness import Completeness
from vas_theory.foundation.errors import ArgumentError, UnknownNameError
from vas_theory.foundation.precision import exact, floating, symbolic

CLAIMS = list(all_claims().values())
QUICK = Effort(instances=240, search_width=4, search_steps=8)


def _ids(claims: list[Claim]) -> list[str]:
    return [claim.id for claim in claims]


@pytest.mark.parametrize("claim", CLAIMS, ids=_ids(CLAIMS))
def test_the_verdict_stands_on_other_seeds(claim: Claim) -> None:
    report = verify(claim, seed=20_24, effort=QUICK)
    assert report.passed, f"{report.evidence.detail}\n{report.numeric}"


SHARP = [claim for claim in CLAIMS if claim.sharp]


@pytest.mark.parametrize("factor", [1.01, 0.99])
@pytest.mark.parametrize("claim", SHARP, ids=_ids(SHARP))
def test_a_constant_that_is_one_percent_off_is_caught(claim: Claim, factor: float) -> None:
    cheap = Certificate(claim.certificate.kind, "left out: the mutation is for the numeric side", _passes)
    mutant = dataclasses.replace(claim.scaled(factor), certificate=cheap)
    assert not verify(mutant, seed=1, effort=QUICK).passed


def _passes() -> Evidence:
    return Evidence(True, "")


ONE_BY_ONE = {
    *("A15", "B05", "B06", "B09", "B10", "B11", "B27", "B28", "B29", "B30", "B31", "B32", "B33", "B34", "B47", "B50"),
    *("B51", "B55", "B57", "B58", "C01", "C02", "C04", "C05", "C11", "L01", "L02", "L03", "L05"),
}
"""Claims whose sides take a flat list of instances: they go through group sizes or policies one by one."""

NESTED = [claim for claim in CLAIMS if claim.id not in ONE_BY_ONE]


@pytest.mark.parametrize("claim", NESTED, ids=_ids(NESTED))
def test_a_batch_of_batches_has_the_values_of_its_batches(claim: Claim) -> None:
    """Sums run over the last axes, not over the second one."""
    batch = next(iter(next(iter(claim.domain.families.values()))(np.random.default_rng(0), 8)))
    nested = {name: np.stack([values, values]) for name, values in batch.items()}
    for side, plain in zip(claim.sides(nested), claim.sides(batch), strict=True):
        np.testing.assert_allclose(side, np.stack([plain, plain]), rtol=1e-12)


BRIDGED = [claim for claim in CLAIMS if claim.certificate.bridge is not None]


@pytest.mark.parametrize("claim", BRIDGED, ids=_ids(BRIDGED))
def test_what_was_certified_is_what_is_evaluated(claim: Claim) -> None:
    rng = np.random.default_rng(7)
    assert claim.certificate.bridge is not None
    for family in claim.domain.families.values():
        instance = next(iter(family(rng, 60)))
        evaluated, certified = (floating(side) for side in claim.certificate.bridge(claim, instance))
        scale = np.maximum(np.abs(evaluated), np.abs(certified)).max(initial=0.0)
        np.testing.assert_allclose(evaluated, certified, rtol=1e-6, atol=1e-9 * scale + 1e-300)


REFUTED = [claim for claim in CLAIMS if claim.verdict is Verdict.REFUTED]


@pytest.mark.parametrize("claim", REFUTED, ids=_ids(REFUTED))
def test_symbols_fractions_and_floats_agree_at_the_counterexample(claim: Claim) -> None:
    assert claim.counterexample is not None
    as_float = {name: floating(values) for name, values in claim.counterexample.items()}
    as_symbol = {name: symbolic(values) for name, values in claim.counterexample.items()}
    as_fraction = {name: exact(values) for name, values in claim.counterexample.items()}
    reference = [np.asarray(side, dtype=float) for side in claim.sides(as_float)]
    for instance in (as_symbol, as_fraction):
        for side, expected in zip(claim.sides(instance), reference, strict=True):
            np.testing.assert_allclose(floating(np.atleast_1d(side)), np.atleast_1d(expected), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("claim", REFUTED, ids=_ids(REFUTED))
def test_a_refuted_claim_names_what_replaces_it(claim: Claim) -> None:
    assert claim.lacked
    for corrected in claim.corrected_by:
        assert get_claims([corrected])[0].verdict is not Verdict.REFUTED


@pytest.mark.parametrize("claim", CLAIMS, ids=_ids(CLAIMS))
def test_every_claim_says_where_it_comes_from(claim: Claim) -> None:
    assert claim.title
    assert claim.source
    assert "search" in claim.source or "prior source" not in claim.source
    assert claim.statement
    assert claim.assumptions
    assert claim.id[0] in "ABCL"


def test_nothing_sampled_can_be_called_proved() -> None:
    claim = get_claims(["B02"])[0]
    with pytest.raises(ArgumentError, match="sampled certificate"):
        dataclasses.replace(claim, certificate=sampled("only seen"))


def test_a_sharp_claim_needs_an_instance_that_shows_it() -> None:
    claim = get_claims(["B02"])[0]
    with pytest.raises(ArgumentError, match="equality or limit"):
        dataclasses.replace(claim, equality=None, limit=None)


def test_unknown_ids_are_named_with_a_hint() -> None:
    with pytest.raises(UnknownNameError, match="unknown claim 'B99'; did you mean B"):
        get_claims(["B99"])


class TestCertificatesCanFail:
    def test_identity(self) -> None:
        import sympy

        x = sympy.Symbol("x")
        good = identity("", lambda: {"square": (x + 1) ** 2 - x**2 - 2 * x - 1}, sizes="all x")
        bad = identity("", lambda: {"square": (x + 1) ** 2 - x**2 - 2 * x}, sizes="all x")
        assert good.check().passed
        assert not bad.check().passed
        assert not identity("", dict, sizes="all x").check().passed
        with pytest.raises(ArgumentError, match="remains must say what carries the step from K = 2 to every size"):
            identity("", dict, sizes="K = 2")
        assert identity("", dict, sizes="K = 2", remains="words").kind is CertificateKind.FIXED_SIZES

    def test_counterexample(self) -> None:
        instance = {"x": np.array([0.5])}
        bad = counterexample("", Relation.AT_LEAST, lambda x: x, lambda x: x, instance)
        good = counterexample("", Relation.AT_LEAST, lambda x: x * x, lambda x: x, instance)
        assert not bad.check().passed
        assert good.check().passed

    def test_polynomial_sign(self) -> None:
        import sympy

        x = sympy.Symbol("x")
        check = lambda expression: polynomial_sign("", lambda: {"p": (expression, 0, 1)}, sizes="all").check().passed  # noqa: E731
        assert check(x * (1 - x))
        assert check(x**2 - x + sympy.Rational(26, 100))
        assert not check(x**2 - x + sympy.Rational(24, 100))
        assert not check(-x)
        assert not check(x * 0)

    def test_enclosure(self) -> None:
        boxes = [[(0, 1), (0, 1)]]
        assert enclosure("", lambda x, y: x * x + y * y - x * y + 1, boxes).check().passed
        assert not enclosure("", lambda x, y: x - y + 0.5, boxes).check().passed
        assert not enclosure("", lambda x, y: x * x, boxes, max_boxes=50).check().passed

    def test_proof_steps(self) -> None:
        assert proof_steps("", [("argued", None), ("checked", lambda: True)]).check().passed
        assert not proof_steps("", [("checked", lambda: False)]).check().passed


WIDER = {"A21", "A23", "A27", "A39", "A41", "B09", "B13", "B17", "B20", "B25", "B29", "B30", "B32", "B51", "B54", "L05"}


@pytest.mark.parametrize("claim", CLAIMS, ids=_ids(CLAIMS))
def test_every_claim_says_how_much_a_machine_checked(claim: Claim) -> None:
    assert claim.complete in Completeness
    assert (claim.complete is Completeness.MACHINE) == bool(claim.machine and not claim.remains)
    if claim.verdict in (Verdict.PROVED, Verdict.CONDITIONAL):
        assert claim.complete is not Completeness.NONE
    for part in claim.machine:
        assert part.statement
        assert part.sizes
    # a statement that says more than its two sides names what they compare
    assert claim.part or claim.id not in WIDER


def test_kinds_are_data() -> None:
    assert {claim.certificate.kind for claim in CLAIMS} <= set(CertificateKind)
