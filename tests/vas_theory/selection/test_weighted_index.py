"""The weighted index against naive models: exact bookkeeping, exact probabilities, refusals.

The chi-square tests draw from fixed seeds. Each would fail a correct index with probability 1e-6.
"""

from __future__ import annotations

import copy
import itertools
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from numpy.typing import NDArray
from scipy import stats

from tests.false_alarms import RARE
from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.drawing import _weighted_index_kernel as kernel
from vas_theory.selection.drawing.weighted_index import WeightedIndex

weight = st.one_of(
    st.just(0.0),
    st.floats(0.0, 1.0),
    st.sampled_from([5e-324, 1e-300, 1e-16, 0.25, 1.0, 1e12, 1e300]),
)


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def chi_square_p_value(counts: NDArray[np.int64], probabilities: NDArray[np.float64]) -> float:
    assert counts[probabilities == 0].sum() == 0
    positive = probabilities > 0
    expected = probabilities[positive] * counts.sum()
    assert expected.min() > 5
    return float(stats.chisquare(counts[positive], expected).pvalue)


# Weights for rejection (acceptance above 1/8), for the tree (one weight dwarfs the rest), and in between.
POOLS = {
    "equal": np.ones(10),
    "scores": generator(1).random(300) * 0.25,
    "with zeros": np.where(np.arange(100) % 3 == 0, 0.0, generator(2).random(100) + 0.1),
    "skewed": np.concatenate([[5000.0], generator(3).random(200) + 0.5]),
    "one in a thousand": np.concatenate([np.zeros(500), [2.0], np.zeros(498), [1.0]]),
    "one": np.array([0.3]),
}


@pytest.mark.parametrize("name", POOLS)
def test_draws_with_replacement_are_proportional(name: str) -> None:
    weights = POOLS[name]
    index = WeightedIndex(weights)
    rng = generator(10)
    draws = np.concatenate([index.draw(rng, 50_000) for _ in range(10)])
    counts = np.bincount(draws, minlength=weights.size)
    if np.count_nonzero(weights) == 1:
        assert counts[weights > 0] == draws.size
    else:
        assert chi_square_p_value(counts, weights / weights.sum()) > RARE


@pytest.mark.parametrize("weights", [[1.0, 2.0, 3.0, 4.0, 0.0], [1.0, 0.0, 200.0, 3.0, 20.0] + 60 * [0.0], [1.0] * 4])
def test_ordered_draws_without_replacement_are_successive(weights: list[float]) -> None:
    index = WeightedIndex(weights)
    rng = generator(11)
    seen: dict[tuple[int, ...], int] = {}
    trials = 40_000
    for _ in range(trials):
        triple = tuple(index.draw(rng, 3, replace=False).tolist())
        seen[triple] = seen.get(triple, 0) + 1
    positive = [i for i, w in enumerate(weights) if w > 0]
    expected = {}
    for triple in itertools.permutations(positive, 3):
        probability, left = 1.0, sum(weights)
        for i in triple:
            probability *= weights[i] / left
            left -= weights[i]
        expected[triple] = probability * trials
    assert set(seen) <= set(expected)
    large = [t for t, e in expected.items() if e >= 8]
    observed = [seen.get(t, 0) for t in large]
    wanted = [expected[t] for t in large]
    rest = trials - sum(wanted)
    if rest > 5:
        observed.append(trials - sum(observed))
        wanted.append(rest)
    wanted_array = np.array(wanted) * (sum(observed) / sum(wanted))
    assert stats.chisquare(observed, wanted_array).pvalue > RARE


def test_a_tiny_weight_is_drawn_once_the_giant_is_gone() -> None:
    index = WeightedIndex([1e-300, 1.0, 2e-300, 0.0])
    draws = np.array([index.draw(generator(seed), 3, replace=False) for seed in range(2000)])
    assert (draws[:, 0] == 1).all()
    share = (draws[:, 1] == 2).mean()
    assert abs(share - 2 / 3) < 4.9 * np.sqrt(2 / 9 / 2000)  # two-sided false-alarm rate 1e-6


@given(st.lists(weight, min_size=1, max_size=600), st.integers(0, 2**32), st.booleans(), st.data())
def test_draws_are_positive_and_distinct_and_leave_no_trace(
    weights: list[float], seed: int, replace: bool, data: st.DataObject
) -> None:
    index = WeightedIndex(weights)
    positive = sum(w > 0 for w in weights)
    if positive == 0:
        with pytest.raises(ArgumentError, match="weights must"):
            index.draw(generator(seed), 1)
        return
    size = data.draw(st.integers(0, 50 if replace else positive))
    before = index.total, index.maximum_bound, index.positive_count
    drawn = index.draw(generator(seed), size, replace=replace)
    assert drawn.dtype == np.int64
    assert drawn.shape == (size,)
    assert all(weights[i] > 0 for i in drawn)
    if not replace:
        assert len(set(drawn.tolist())) == size
    assert (index.total, index.maximum_bound, index.positive_count) == before
    np.testing.assert_array_equal(index.weights, weights)
    # an index rebuilt from the weights draws the same, whatever this one did before
    rebuilt = WeightedIndex(index.weights)
    np.testing.assert_array_equal(
        index.draw(generator(seed + 1), size, replace=replace), rebuilt.draw(generator(seed + 1), size, replace=replace)
    )


class IndexAgainstArray(RuleBasedStateMachine):
    """Updates and draws in any order against a plain array."""

    @initialize(weights=st.lists(weight, min_size=1, max_size=700))
    def build(self, weights: list[float]) -> None:
        self.model = np.array(weights)
        self.index = WeightedIndex(weights)

    @rule(data=st.data())
    def update(self, data: st.DataObject) -> None:
        positions = data.draw(st.lists(st.integers(0, self.model.size - 1), max_size=40))
        weights = data.draw(st.lists(weight, min_size=len(positions), max_size=len(positions)))
        for position, value in zip(positions, weights, strict=True):
            self.model[position] = value
        self.index.update(np.array(positions, dtype=np.int32), weights)

    @rule(seed=st.integers(0, 2**32), replace=st.booleans(), share=st.floats(0, 1))
    @precondition(lambda self: self.model.any())
    def draw(self, seed: int, replace: bool, share: float) -> None:
        size = int(share * np.count_nonzero(self.model))
        drawn = self.index.draw(generator(seed), size, replace=replace)
        assert (self.model[drawn] > 0).all()
        assert replace or np.unique(drawn).size == size
        fresh = WeightedIndex(self.model).draw(generator(seed), size, replace=replace)
        np.testing.assert_array_equal(drawn, fresh)

    @rule(bad=st.sampled_from([np.nan, -1.0, np.inf, -5e-324]), data=st.data())
    def refuse(self, bad: float, data: st.DataObject) -> None:
        position = data.draw(st.integers(0, self.model.size - 1))
        with pytest.raises(ArgumentError, match=f"position {position} "):
            self.index.update([0, position], [0.5, bad])

    @invariant()
    def agrees(self) -> None:
        np.testing.assert_array_equal(self.index.weights, self.model)
        fresh = WeightedIndex(self.model)
        assert self.index.total == fresh.total
        np.testing.assert_allclose(self.index.total, np.sum(self.model), rtol=1e-13)
        assert self.index.positive_count == np.count_nonzero(self.model)
        bound = self.index.maximum_bound
        assert bound == fresh.maximum_bound
        largest = self.model.max()
        if largest > 1e-300:
            assert largest <= bound <= largest * (33 / 32)
        else:
            assert bound >= largest


TestIndexAgainstArray = IndexAgainstArray.TestCase
TestIndexAgainstArray.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)


def test_a_repeated_position_takes_the_last_value() -> None:
    index = WeightedIndex([1.0, 1.0, 1.0])
    index.update([1, 1, 1], [5.0, 0.0, 2.0])
    assert index.weights.tolist() == [1.0, 2.0, 1.0]
    assert index.positive_count == 3
    assert index.total == 4.0
    index.update(np.array([0, 2]), 0.0)
    assert index.weights.tolist() == [0.0, 2.0, 0.0]
    index.update([], [])
    assert index.total == 2.0


def test_the_weights_are_a_live_view_that_cannot_be_written() -> None:
    source = np.ones(4)
    index = WeightedIndex(source)
    view = index.weights
    source[0] = 7.0
    index.update([1], [3.0])
    assert view.tolist() == [1.0, 3.0, 1.0, 1.0]
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 2.0


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda index: pickle.loads(pickle.dumps(index))])
def test_copies_are_independent(clone: object) -> None:
    index = WeightedIndex(POOLS["scores"])
    other = clone(index)  # type: ignore[operator]
    index.update([0, 1, 2], [9.0, 9.0, 9.0])
    np.testing.assert_array_equal(other.weights, POOLS["scores"])
    expected = WeightedIndex(POOLS["scores"]).draw(generator(5), 200)
    np.testing.assert_array_equal(other.draw(generator(5), 200), expected)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([], "non-empty"),
        ([[1.0]], "one-dimensional"),
        ([1.0, np.nan], "position 1 "),
        ([1.0, 1.0, -0.1], "position 2 "),
        ([np.inf], "position 0 "),
        ([1e308, 1e308], "position 0 "),
    ],
)
def test_bad_weights_are_refused(weights: object, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        WeightedIndex(weights)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("positions", "weights", "message"),
    [
        ([3], [1.0], r"positions must lie in \[0, 3\); received 3"),
        ([0, -1], [1.0, 1.0], "received -1"),
        (np.array([2**64 - 1], dtype=np.uint64), [1.0], "received 18446744073709551615"),
        ([0.5], [1.0], "integers"),
        ([[0]], [[1.0]], "one-dimensional"),
        ([0, 1], [1.0], "shape of positions"),
        ([True], [1.0], "integers"),
    ],
)
def test_bad_updates_are_refused_and_change_nothing(positions: object, weights: object, message: str) -> None:
    index = WeightedIndex([1.0, 2.0, 3.0])
    with pytest.raises(ArgumentError, match=message):
        index.update(positions, weights)  # type: ignore[arg-type]
    assert index.weights.tolist() == [1.0, 2.0, 3.0]
    assert index.total == 6.0


def test_impossible_draws_are_refused() -> None:
    index = WeightedIndex([0.0, 0.0, 0.0])
    assert index.draw(generator(), 0).size == 0
    assert index.maximum_bound == 0.0
    with pytest.raises(ArgumentError, match="above zero"):
        index.draw(generator(), 1)
    index.update([0, 2], [1.0, 1e-9])
    with pytest.raises(ArgumentError, match="at most 2 without replacement"):
        index.draw(generator(), 3, replace=False)
    with pytest.raises(ArgumentError, match="0 or more"):
        index.draw(generator(), -1)
    assert sorted(index.draw(generator(), 2, replace=False).tolist()) == [0, 2]


def test_negative_zero_counts_as_zero() -> None:
    index = WeightedIndex([-0.0, 1.0])
    index.update([1], [-0.0])
    assert index.positive_count == 0
    assert index.total == 0.0


@pytest.fixture
def _plain_python(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("accept_proposals", "descend", "find_invalid", "set_leaves"):
        monkeypatch.setattr(getattr(kernel, name), "_callable", getattr(kernel, name).python)


def _trace() -> list[object]:
    trace: list[object] = []
    for name in ("scores", "skewed"):
        index = WeightedIndex(POOLS[name])
        rng = generator(3)
        for replace in (True, False):
            drawn = index.draw(rng, 30, replace=replace)
            index.update(drawn, rng.random(30))
            trace += [drawn.tolist(), index.total, index.maximum_bound]
    return trace


def test_compiled_and_plain_python_agree(request: pytest.FixtureRequest) -> None:
    compiled = _trace()
    request.getfixturevalue("_plain_python")
    assert _trace() == compiled


def test_a_pool_beyond_two_to_the_24_reaches_its_last_prompt() -> None:
    size = 2**24 + 3
    weights = np.zeros(size)
    weights[-1] = 1.0
    weights[2**24] = 3.0
    draws = WeightedIndex(weights).draw(generator(), 4000)
    assert set(draws.tolist()) == {size - 1, 2**24}
    assert abs((draws == size - 1).mean() - 0.25) < 4.9 * np.sqrt(3 / 16 / 4000)
