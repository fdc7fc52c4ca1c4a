"""Diversity measures against nltk, sets, a full distance table, and the plain Python reference."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection import diversity
from vas_theory.selection.diversity import _reference as reference
from vas_theory.selection.diversity import (
    distinct_n,
    distinct_n_groups,
    edit_distance,
    edit_distance_groups,
    from_lists,
    from_padded,
    mean_squared_distance,
    mean_squared_distance_groups,
    self_bleu,
    self_bleu_groups,
)

TOLERANCE = 1e-12
LARGEST = 2**63 - 1

few_ids = st.integers(0, 3)
wide_ids = st.one_of(
    few_ids, st.sampled_from([LARGEST, LARGEST - 1, -(2**63), -1, 2**32, 2**31]), st.integers(0, LARGEST)
)
sequences = st.lists(st.one_of(st.lists(few_ids, max_size=12), st.lists(wide_ids, max_size=5)), max_size=7)
groups = st.lists(sequences, max_size=5)


def nltk_self_bleu(group: list[list[int]], max_n: int) -> float:
    if len(group) < 2:
        return 0.0
    scores = [
        sentence_bleu(
            group[:i] + group[i + 1 :],
            hypothesis,
            weights=(1 / max_n,) * max_n,
            smoothing_function=SmoothingFunction().method1,
        )
        for i, hypothesis in enumerate(group)
    ]
    return sum(scores) / len(scores)


def brute_force_distinct(group: list[list[int]], n: int) -> float:
    grams = [tuple(s[k : k + n]) for s in group for k in range(len(s) - n + 1)]
    return len(set(grams)) / len(grams) if grams else 0.0


def table_distance(a: list[int], b: list[int]) -> int:
    """Levenshtein distance from the whole table, cell by cell."""
    table = np.zeros((len(a) + 1, len(b) + 1), dtype=int)
    table[:, 0], table[0, :] = range(len(a) + 1), range(len(b) + 1)
    for i, j in itertools.product(range(1, len(a) + 1), range(1, len(b) + 1)):
        table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (a[i - 1] != b[j - 1]))
    return int(table[-1, -1])


def pairwise(group: list[list[int]]) -> list[float]:
    return [table_distance(a, b) / max(len(a), len(b)) if a or b else 0.0 for a, b in itertools.combinations(group, 2)]


def mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def flatten(nested: list[list[list[int]]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    tokens, offsets = from_lists([sequence for group in nested for sequence in group])
    return tokens, offsets, np.cumsum([0, *(len(group) for group in nested)])


@given(group=sequences, max_n=st.integers(1, 5))
@example(group=[[], []], max_n=3)
@example(group=[[1], [1]], max_n=3)
@example(group=[[], [1]], max_n=1)
@example(group=[[1, 2, 3]] * 3, max_n=3)
@example(group=[[1, 2, 3]], max_n=3)
@example(group=[[1] * 4, [1] * 2, [1] * 6], max_n=3)
@example(group=[[1, 1, 2], [1, 2, 2, 3]], max_n=9)
@example(group=[[LARGEST, 0], [LARGEST, 0, -(2**63)]], max_n=2)
def test_self_bleu_equals_nltk(group: list[list[int]], max_n: int) -> None:
    expected = nltk_self_bleu(group, max_n)
    assert self_bleu(*from_lists(group), max_n=max_n) == pytest.approx(expected, abs=TOLERANCE)
    assert reference.self_bleu(group, max_n) == pytest.approx(expected, abs=TOLERANCE)


@given(nested=groups, max_n=st.integers(1, 4))
def test_groups_do_not_see_each_other(nested: list[list[list[int]]], max_n: int) -> None:
    tokens, offsets, group_offsets = flatten(nested)
    bleu = self_bleu_groups(tokens, offsets, group_offsets, max_n=max_n)
    distinct = distinct_n_groups(tokens, offsets, group_offsets, n=max_n)
    distance = edit_distance_groups(tokens, offsets, group_offsets)
    squared = mean_squared_distance_groups(tokens, offsets, group_offsets)
    for result in (bleu, distinct, distance, squared):
        assert result.shape == (len(nested),)
        assert result.dtype == np.float64
    for g, group in enumerate(nested):
        assert bleu[g] == pytest.approx(nltk_self_bleu(group, max_n), abs=TOLERANCE)
        assert distinct[g] == brute_force_distinct(group, max_n)
        assert distance[g] == pytest.approx(mean(pairwise(group)), abs=TOLERANCE)
        assert squared[g] == pytest.approx(mean([d * d for d in pairwise(group)]), abs=TOLERANCE)


@pytest.mark.parametrize("pieces", [1, 40])
def test_cutting_into_pieces_changes_nothing(pieces: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    nested = [[rng.integers(0, 5, rng.integers(0, 9)).tolist() for _ in range(rng.integers(0, 5))] for _ in range(60)]
    monkeypatch.setattr("vas_theory.selection.diversity._token_groups._PIECE_TOKENS", pieces)
    got = self_bleu_groups(*flatten(nested))
    np.testing.assert_allclose(got, [nltk_self_bleu(group, 3) for group in nested], rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("kind", ["few tokens", "many tokens", "alike", "uneven"])
def test_long_sequences(kind: str) -> None:
    """Sizes at which the hash table grows, runs are long and distances span several machine words."""
    rng = np.random.default_rng(1)
    lengths = rng.integers(0, 700, 6) if kind == "uneven" else np.full(6, 400)
    vocabulary = {"few tokens": 3, "many tokens": 2**62, "alike": 50, "uneven": 30}[kind]
    base = rng.integers(0, vocabulary, 700)
    group = []
    for length in lengths:
        fresh = rng.random(length) < (0.1 if kind == "alike" else 1.0)
        group.append(np.where(fresh, rng.integers(0, vocabulary, length), base[:length]).tolist())
    arrays = from_lists(group)
    assert self_bleu(*arrays) == pytest.approx(nltk_self_bleu(group, 3), abs=TOLERANCE)
    for n in (1, 2, 3):
        assert distinct_n(*arrays, n=n) == brute_force_distinct(group, n)
    assert edit_distance(*arrays) == pytest.approx(mean(reference.distances(group)), abs=TOLERANCE)


@given(
    first=st.integers(55, 75).flatmap(lambda n: st.lists(st.integers(0, 2), min_size=n, max_size=n)),
    second=st.lists(st.integers(0, 2), max_size=140),
)
def test_edit_distance_across_machine_words(first: list[int], second: list[int]) -> None:
    expected = table_distance(first, second) / max(len(first), len(second))
    for pair in ([first, second], [second, first]):
        assert edit_distance(*from_lists(pair)) == pytest.approx(expected, abs=TOLERANCE)
        assert mean_squared_distance(*from_lists(pair)) == pytest.approx(expected**2, abs=TOLERANCE)


def test_values_known_by_hand() -> None:
    kitten, sitting = [ord(c) for c in "kitten"], [ord(c) for c in "sitting"]
    assert edit_distance(*from_lists([kitten, sitting])) == pytest.approx(3 / 7, abs=TOLERANCE)
    assert mean_squared_distance(*from_lists([kitten, sitting])) == pytest.approx(9 / 49, abs=TOLERANCE)
    assert distinct_n(*from_lists([[1, 2, 1, 2], [1, 2]]), n=2) == 2 / 4
    # unigrams 2/3, bigrams 1/2, trigrams 0.1/1, same lengths
    expected = (2 / 3 * 1 / 2 * 0.1) ** (1 / 3)
    assert self_bleu(*from_lists([[1, 2, 3], [1, 2, 4]])) == pytest.approx(expected, abs=TOLERANCE)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64])
def test_every_integer_dtype(dtype: type[np.integer]) -> None:
    info = np.iinfo(dtype)
    tokens = np.array([info.max, 1, info.min, info.max, 1, 2], dtype=dtype)
    offsets = np.array([0, 3, 6], dtype=np.int32)
    group = [tokens[:3].tolist(), tokens[3:].tolist()]
    assert self_bleu(tokens, offsets) == pytest.approx(nltk_self_bleu(group, 3), abs=TOLERANCE)
    assert distinct_n(tokens, offsets, n=1) == brute_force_distinct(group, 1)
    assert edit_distance(tokens[::-1], offsets) == pytest.approx(1 / 3, abs=TOLERANCE)


def test_ids_that_collide_in_the_hash_table() -> None:
    """Multiples of large powers of two, and ids that differ in a single bit, stay apart."""
    ids = [k << 48 for k in range(200)] + [1 << k for k in range(63)] + list(range(200))
    group = [ids, ids[::2], ids[1::3]]
    assert self_bleu(*from_lists(group)) == pytest.approx(nltk_self_bleu(group, 3), abs=TOLERANCE)
    assert distinct_n(*from_lists(group), n=1) == brute_force_distinct(group, 1)


def test_from_lists_keeps_what_it_is_given() -> None:
    tokens, offsets = from_lists([[1, 2], [], np.array([3], dtype=np.uint8)])
    assert tokens.dtype == np.int64
    assert tokens.tolist() == [1, 2, 3]
    assert offsets.tolist() == [0, 2, 2, 3]
    tokens, offsets = from_lists([])
    assert tokens.size == 0
    assert offsets.tolist() == [0]
    tokens, _ = from_lists([[2**64 - 1], [5]])
    assert tokens.dtype == np.uint64
    assert tokens.tolist() == [2**64 - 1, 5]
    with pytest.raises(ArgumentError, match="2\\^63"):
        from_lists([[2**64 - 1], [-5]])


@given(sequences, st.integers(0, 3), st.integers(-9, 9))
def test_padding_is_never_scored(group: list[list[int]], extra: int, pad: int) -> None:
    width = max((len(sequence) for sequence in group), default=0) + extra
    rectangle = np.full((len(group), width), pad, dtype=np.int64)
    for row, sequence in zip(rectangle, group, strict=True):
        row[: len(sequence)] = sequence
    tokens, offsets = from_padded(rectangle, np.array([len(sequence) for sequence in group], dtype=np.int64))
    plain_tokens, plain_offsets = from_lists(group)
    np.testing.assert_array_equal(tokens, plain_tokens)
    np.testing.assert_array_equal(offsets, plain_offsets)


def test_array_likes_are_taken() -> None:
    class Tensor:
        """What a framework's CPU tensor offers to numpy."""

        def __init__(self, values: object) -> None:
            self.values = values

        def __array__(self, dtype: object = None, copy: bool | None = None) -> np.ndarray:
            return np.array(self.values, dtype=dtype)  # type: ignore[call-overload, no-any-return]

    tokens, offsets = from_padded(Tensor([[1, 2, 0], [1, 2, 3]]), Tensor([2, 3]))
    assert self_bleu(Tensor(tokens), Tensor(offsets)) == self_bleu([1, 2, 1, 2, 3], [0, 2, 5])


@pytest.mark.parametrize("measure", [self_bleu_groups, distinct_n_groups, edit_distance_groups])
@pytest.mark.parametrize(
    ("tokens", "offsets", "group_offsets", "message"),
    [
        ([1.5], [0, 1], [0, 1], "tokens must be one-dimensional, of integers"),
        ([[1]], [0, 1], [0, 1], "tokens must be one-dimensional"),
        ([True], [0, 1], [0, 1], "tokens must"),
        ([1, 2], [1, 2], [0, 1], "offsets must start at 0; received 1"),
        ([1, 2], [0, 1], [0, 1], "offsets must end at 2, the number of tokens; received 1"),
        ([1, 2], [0, 3, 2], [0, 2], "offsets must never decrease; received '3 then 2 at index 2'"),
        ([1, 2], [], [0, 1], "offsets must be a non-empty"),
        ([1, 2], [0.0, 2.0], [0, 1], "offsets must be a non-empty one-dimensional array of integers"),
        ([1, 2], [0, 2], [0, 2], "group_offsets must end at 1, the number of sequences"),
        ([1, 2], [0, 1, 2], [0, -1, 2], "group_offsets must never decrease"),
        (np.array([1, 2]), np.array([0, 5, 2], dtype=np.uint64), [0, 2], "offsets must never decrease"),
    ],
)
def test_bad_arrays_are_refused(
    measure: Callable[..., object], tokens: object, offsets: object, group_offsets: object, message: str
) -> None:
    with pytest.raises(ArgumentError, match=message):
        measure(tokens, offsets, group_offsets)


@pytest.mark.parametrize("n", [0, -1, 1.0, True, None])
def test_bad_orders_are_refused(n: object) -> None:
    with pytest.raises(ArgumentError, match="max_n must be an integer of 1 or more"):
        self_bleu([1], [0, 1], max_n=n)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="n must be an integer of 1 or more"):
        distinct_n([1], [0, 1], n=n)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tokens", "lengths", "message"),
    [
        ([1, 2], [1], "tokens must be two-dimensional"),
        ([[1.0]], [1], "tokens must be two-dimensional, of integers"),
        ([[1, 2]], [3], r"lengths\[0\] must lie in \[0, 2\]; received 3"),
        ([[1, 2], [1, 2]], [1, -1], r"lengths\[1\] must lie in"),
        ([[1, 2]], [1, 1], r"lengths must be integers of shape \(1,\)"),
        ([[1, 2]], [1.0], "lengths must be integers"),
    ],
)
def test_bad_rectangles_are_refused(tokens: object, lengths: object, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        from_padded(tokens, lengths)  # type: ignore[arg-type]


def test_bad_lists_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"sequences\[1\] must be one-dimensional, of integers"):
        from_lists([[1], [0.5]])
    with pytest.raises(ArgumentError, match=r"sequences\[0\]"):
        from_lists([[[1]]])


def test_a_group_too_large_for_the_counting_sort_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diversity, "LARGEST_LAYOUT", 10)
    assert self_bleu([1, 1], [0, 1, 2], max_n=2) > 0
    with pytest.raises(ArgumentError, match="groups of at most 10"):
        self_bleu([1, 2, 3, 4, 5], [0, 1, 5], max_n=2)


@given(nested=groups, max_n=st.integers(1, 4))
def test_the_fallback_without_numba_agrees(nested: list[list[list[int]]], max_n: int) -> None:
    arrays = flatten(nested)
    measures: list[Callable[[], np.ndarray]] = [
        lambda: self_bleu_groups(*arrays, max_n=max_n),
        lambda: distinct_n_groups(*arrays, n=max_n),
        lambda: edit_distance_groups(*arrays),
        lambda: mean_squared_distance_groups(*arrays),
    ]
    compiled = [measure() for measure in measures]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diversity, "numba_is_available", lambda: False)
        for measure, expected in zip(measures, compiled, strict=True):
            plain = measure()
            assert plain.dtype == np.float64
            np.testing.assert_allclose(plain, expected, rtol=0, atol=TOLERANCE)
