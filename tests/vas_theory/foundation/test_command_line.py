"""What the command lines share."""

from __future__ import annotations

import pytest

from vas_theory.foundation.command_line import parse_assignments
from vas_theory.foundation.errors import ArgumentError


@pytest.mark.parametrize("entry", ["draws", "=3"])
def test_assignments_need_a_key_and_a_value(entry: str) -> None:
    with pytest.raises(ArgumentError, match="--set"):
        parse_assignments([entry])


def test_values_are_json_or_toml_or_text() -> None:
    entries = ["a=1", "b = [2, 3]", "c=word", "d=x=y", "e.f=1_000", "g={h = 'i'}", "j=null", 'k={"l": true}']
    assert parse_assignments(entries) == {
        "a": 1, "b": [2, 3], "c": "word", "d": "x=y", "e.f": 1000, "g": {"h": "i"}, "j": None, "k": {"l": True},
    }  # fmt: skip


def test_a_key_is_set_once() -> None:
    with pytest.raises(ArgumentError, match="once"):
        parse_assignments(["a=1", "a=2"])
