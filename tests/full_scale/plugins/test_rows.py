"""Keys of rows, and fields that are known of them beforehand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from datasets import Dataset

from full_scale import VASConfig
from full_scale.plugins.config import SelectionConfig
from full_scale.plugins.rows import field_values, known_beforehand, prompt_key, row_keys
from full_scale.trl_adapter.prompts import prompt_keys
from vas_theory.foundation.errors import ArgumentError, DataError

PROMPTS: list[Any] = ["1 + 1 =", [{"role": "user", "content": "zwei € mal \ud83d"}]]


def test_a_prompt_has_one_key_in_every_framework() -> None:
    for prompt in (PROMPTS[0], [{"role": "user", "content": "zwei € mal"}]):
        assert prompt_keys(Dataset.from_dict({"prompt": [prompt]}), None) == [prompt_key(prompt)]
    assert row_keys(PROMPTS, [], SelectionConfig()) == [prompt_key(prompt) for prompt in PROMPTS]


def test_keys_may_come_from_a_field_within_a_field() -> None:
    rows = [{"extra_info": {"index": row + 5}} for row in range(2)]
    assert row_keys(PROMPTS, rows, SelectionConfig(key="extra_info.index")) == [5, 6]


BAD: list[tuple[list[Any], list[Any], dict[str, Any], str]] = [
    ([], [], {}, "no prompt"),
    (["a", "b", "a"], [], {}, "1 of 3 rows repeat an earlier prompt, such as rows 0 and 2: 'a'; drop .*'key'"),
    (["a" * 80] * 2, [], {}, r"'a{57}\.\.\.'"),
    ([b"bytes"], [], {}, "row 0 cannot be hashed.*'key'"),
    (["a", "b"], [{"id": 1}, {"id": 1}], {"key": "id"}, "an earlier key in field 'id', such as rows 0 and 1: '1'$"),
    (["a", "b"], [{"id": 1}, {"id": "x"}], {"key": "id"}, "row 1: a key must be .* like the others, not 'x'"),
    (["a"], [{"id": True}], {"key": "id"}, "row 0.*True"),
    (["a"], [{"id": 1}], {"key": "extra.id"}, "no prompt has a field 'extra.id'; the first has 'id'"),
]


@pytest.mark.parametrize(("prompts", "rows", "settings", "message"), BAD, ids=[case[-1] for case in BAD])
def test_unusable_keys_are_told_with_their_rows(
    prompts: list[Any], rows: list[Any], settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        row_keys(prompts, rows, SelectionConfig(**settings))


@pytest.mark.parametrize("value", [0.5, "0.5", {"a": 1}])
def test_features_that_are_no_lists_are_told_with_their_row(value: Any) -> None:
    with pytest.raises(DataError, match=r"field 'e' of row 1 holds .*; a list of numbers is needed"):
        known_beforehand([{"e": [1.0]}, {"e": value}], SelectionConfig(features="e"))


def test_what_is_known_beforehand_becomes_arguments_of_the_selector() -> None:
    rows = [{"level": 1, "e": [0.5, 1.0], "x": {"rate": 0.25}}, {"level": 2, "e": None, "x": None}]
    pooled = known_beforehand(rows, SelectionConfig(category="level", posterior="hierarchical_beta"))
    assert pooled == {"categories": ["1", "2"]}
    known = known_beforehand(rows, SelectionConfig(features="e", pass_rates="x.rate"))
    assert np.array_equal(known["features"], [[0.5, 1.0], [np.nan, np.nan]], equal_nan=True)
    assert known["prior"].known.tolist() == [True, False]
    assert known_beforehand([], SelectionConfig()) == {}
    with pytest.raises(ArgumentError, match="percentages"):
        known_beforehand([{"rate": 25}], SelectionConfig(pass_rates="rate"))
    with pytest.raises(DataError, match="'rate'"):
        field_values([], "rate")


def test_pass_rates_count_as_those_of_eight_rollouts_in_every_host() -> None:
    assert SelectionConfig().pass_rate_trials == VASConfig().pass_rate_trials == 8
