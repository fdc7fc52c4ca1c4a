"""The numeric half of a verification: nothing escapes the recheck, and its digits fit the instance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import mpmath
import numpy as np
import pytest
from numpy.typing import NDArray

from vas_theory.claims import get_claims
from vas_theory.claims.lib.base import Claim, Domain, Instance, Limit
from vas_theory.claims.lib.checks import DEEP, DEFAULT, LIMIT_SIZES, Effort, _attained, recheck, stress


def _claim(values: NDArray[np.float64], gap: Any) -> Claim:
    """Return a claim x >= x - gap(x) on given values of x; it fails where the gap is negative."""

    def family(rng: np.random.Generator, size: int) -> Iterator[Instance]:
        yield {"x": values}

    (plain,) = get_claims(["B02"])
    return replace(
        plain,
        left=lambda x: x,
        right=lambda x: x - gap(x),
        domain=Domain({"given": family}),
        equality=None,
        sharp=False,
        formal=None,
    )


def _hidden(x: Any) -> Any:
    """Return 0 but for x = 400, where the claim fails by 2e-18 of x: invisible in float64."""
    return np.array([0 * value - (1e-15 if value == 400 else 0) for value in x], dtype=x.dtype)


def test_a_violation_among_many_small_slacks_is_found() -> None:
    values = np.arange(1.0, 700.0)
    found = stress(_claim(values, _hidden), np.random.default_rng(0), DEFAULT)
    assert found.instances == found.rechecked == values.size
    assert found.undecided == 0
    assert not found.passed
    assert found.worst_instance == {"x": 400.0}
    assert DEFAULT.rechecks is DEEP.rechecks is None


def test_a_cap_on_the_recheck_counts_what_it_leaves_out() -> None:
    values = np.arange(1.0, 700.0)
    found = stress(_claim(values, _hidden), np.random.default_rng(0), Effort(rechecks=100))
    assert (found.instances, found.rechecked, found.undecided) == (100, 100, values.size - 100)


@pytest.mark.parametrize("size", [1e-8, 1e-12, 1e-20])
def test_a_relative_violation_above_rounding_is_no_rounding(size: float) -> None:
    found = stress(_claim(np.array([2.0]), lambda x: x * (-size)), np.random.default_rng(0), DEFAULT)
    assert not found.passed
    assert found.worst_slack == pytest.approx(-size, rel=1e-4)
    assert stress(_claim(np.array([2.0]), lambda x: x * 0), np.random.default_rng(0), DEFAULT).passed


def test_what_lies_within_a_claims_own_tolerance_is_no_violation() -> None:
    claim = replace(_claim(np.array([2.0, 4.0]), lambda x: x * (-1e-10)), float_tolerance=1e-9)
    found = stress(claim, np.random.default_rng(0), DEFAULT)
    assert found.passed
    assert found.violated_share == 0
    worse = replace(_claim(np.array([2.0, 4.0]), lambda x: (2.5 - x) * 1e-8), float_tolerance=1e-9)
    assert stress(worse, np.random.default_rng(0), DEFAULT).violated_share == 0.5


def test_an_equality_that_is_not_reached_is_told_by_its_smallest_gap() -> None:
    missed = replace(
        _claim(np.array([2.0]), lambda x: x / 10), equality=lambda size: {"x": np.array([0.1 * size])}, right=_short
    )
    evidence, reached = _attained(missed)
    assert not evidence.passed
    assert reached == pytest.approx(1 - 0.02)  # at the smallest size, 2
    assert _attained(replace(missed, right=missed.left))[1] == 1.0


def test_equalities_are_tried_at_few_and_at_many_arms_and_a_deep_look_at_sixty_thousand_instances() -> None:
    asked: list[int] = []

    def equality(size: int) -> Instance:
        asked.append(size)
        return {"x": np.array([float(size)])}

    _attained(replace(_claim(np.array([2.0]), lambda x: 0 * x), equality=equality))
    assert asked == [2, 3, 8, 64]
    assert DEEP.instances == 50 * DEFAULT.instances == 60_000


def _short(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return x * (1 - x / 10)


@pytest.mark.parametrize(("gaps", "falls"), [((0.1, 0.5, 0.3, 0.2), False), ((0.5, 0.1, 0.3, 0.2), True)])
def test_a_limit_is_approached_where_the_last_gap_is_below_the_first(gaps: tuple[float, ...], falls: bool) -> None:
    gap = dict(zip(LIMIT_SIZES, gaps, strict=True)).__getitem__
    limit = Limit(lambda size: {"x": np.array([float(size)])}, gap, "by hand")
    right = lambda x: x * (1 - np.array([gap(int(size)) for size in x]))  # noqa: E731
    evidence, best = _attained(replace(_claim(np.array([2.0]), lambda x: x), limit=limit, right=right))
    assert evidence.passed == falls
    assert best == pytest.approx(0.9)


RARE: Instance = {
    "probs": np.array([[1e-24, 0.5, 0.5], [1e-24, 0.7, 0.3], [0.2, 0.5, 0.3]]),
    "rewards": np.array([[0.0, 1.0, 1.0]] * 3),
    "share": np.array([1e-3, 1e-3, 0.5]),
}


class TestTheDigitsFitTheInstance:
    def test_a43_with_a_probability_of_1e_24(self) -> None:
        """With fifty digits the first two slacks read .6803 and .6624; two arms in effect, they are the same."""
        (claim,) = get_claims(["A43"])
        slack, ratio = recheck(claim, RARE)
        np.testing.assert_allclose(slack[:2], 0.6437427841629911, rtol=1e-12)
        with mpmath.workdps(400):
            exact = {name: np.vectorize(mpmath.mpf, otypes=[object])(values) for name, values in RARE.items()}
            exact["probs"] = exact["probs"] / exact["probs"].sum(-1, keepdims=True)
            left, right = claim.sides(exact)
            expected = [float((a - b) / a) for a, b in zip(left, right, strict=True)]
        np.testing.assert_allclose(slack, expected, rtol=1e-12)
        np.testing.assert_allclose(ratio, 1 - slack, rtol=1e-12)

    @pytest.mark.parametrize("name", ["A43", "A42", "B02", "B22"])
    def test_twice_the_digits_change_nothing(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        from vas_theory.claims.lib import checks

        (claim,) = get_claims([name])
        rng = np.random.default_rng(4)
        instance = {
            key: values[:8] for key, values in next(iter(claim.domain.families["near-vertex"](rng, 96))).items()
        }
        slack, _ = recheck(claim, instance)
        usual = checks._digits
        monkeypatch.setattr(checks, "_digits", lambda rows: 2 * usual(rows))
        np.testing.assert_allclose(slack, recheck(claim, instance)[0], rtol=1e-12, atol=1e-25)
