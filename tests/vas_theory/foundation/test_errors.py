"""Errors say which argument, what was required and what came."""

from __future__ import annotations

import pytest

from vas_theory.foundation import errors
from vas_theory.foundation.command_line import require


def test_argument_error_names_argument_requirement_and_value() -> None:
    error = errors.ArgumentError("group_size", "be at least 2", 1)
    assert str(error) == "group_size must be at least 2; received 1"
    assert isinstance(error, ValueError)


def test_long_values_are_shortened() -> None:
    assert len(str(errors.ArgumentError("rewards", "be short", "x" * 5000))) < 300


def test_mismatch_lists_every_difference() -> None:
    error = errors.StateMismatchError("sampler state", {"batch_size": (8, 16), "version": (1, 2)})
    assert "batch_size: expected 8, found 16" in str(error)
    assert "version: expected 1, found 2" in str(error)


def test_missing_extra_says_how_to_get_it() -> None:
    with pytest.raises(errors.MissingExtraError, match="full-scale"):
        require("no_such_module_anywhere", "full-scale")
