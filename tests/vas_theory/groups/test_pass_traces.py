"""What a trace of pass rates may be, and what is said where it is not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from vas_theory.foundation.errors import DataError
from vas_theory.groups.pass_traces import read_trace

RATES = [0.0, 1.0, 0.25, 0.5]


def _written(folder: Path, table: object) -> Path:
    path = folder / "trace.json"
    path.write_text(json.dumps(table), encoding="utf-8")
    return path


def test_rates_become_counts_of_as_many_visits_as_every_prompt_has(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    table: dict[str, list[float]] = {str(prompt): RATES for prompt in range(20)}
    path = _written(tmp_path, {**table, "0": [*RATES, 0.75]})
    right, rollouts = read_trace(path)
    np.testing.assert_array_equal(right, [[0, 4, 1, 2]] * 20)
    assert rollouts == 4
    assert "visits after the first 4 are left out, for 1 prompts have more" in caplog.text
    right, rollouts = read_trace(path, 8)
    np.testing.assert_array_equal(right, [[0, 8, 2, 4]] * 20)
    assert rollouts == 8


@pytest.mark.parametrize("rollouts", [1, 64])
def test_the_smallest_common_number_of_rollouts_is_found(tmp_path: Path, rollouts: int) -> None:
    path = _written(tmp_path, {str(prompt): [0, 1, 0, 1 / rollouts] for prompt in range(20)})
    assert read_trace(path)[1] == rollouts


@pytest.mark.parametrize(
    ("rates", "prompts", "message"),
    [
        (RATES, 19, "at least 20 prompts"),
        (RATES[:3], 20, "prompt '0': must be a list of 4 or more rates"),
        ([*RATES, -0.25], 20, "prompt '0': must be a list"),
        ([*RATES, 1.25], 20, "prompt '0': must be a list"),
        ([*RATES, "1"], 20, "prompt '0': must be a list"),
        ([*RATES, True], 20, "prompt '0': must be a list"),
        ([*RATES, 1 / 65], 20, "a common number of up to 64 rollouts"),
    ],
)
def test_what_is_no_trace_is_refused(tmp_path: Path, rates: list[object], prompts: int, message: str) -> None:
    path = _written(tmp_path, {str(prompt): rates for prompt in range(prompts)})
    with pytest.raises(DataError, match=message):
        read_trace(path)


def test_a_prompt_that_occurs_twice_is_named(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    path.write_text('{"a": [0, 1, 0, 1], "b": [0, 1, 0, 1], "a": [1, 1, 1, 1]}', encoding="utf-8")
    with pytest.raises(DataError, match="prompt 'a': must occur once"):
        read_trace(path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.json does not exist"):
        read_trace(tmp_path / "none.json")
    (tmp_path / "trace.json").write_text("[", encoding="utf-8")
    with pytest.raises(DataError, match="is not a JSON file"):
        read_trace(tmp_path / "trace.json")
    with pytest.raises(DataError, match="its rates are not shares of 3 rollouts"):
        read_trace(_written(tmp_path, {str(prompt): RATES for prompt in range(20)}), 3)
