"""The fuzzing command: a failure is found and can be repeated, the time is kept, nothing runs unseen."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz import main

BROKEN = """
from hypothesis import given
from hypothesis import strategies as st


@given(st.integers(0, 1000))
def test_no_number_is_large(number):
    assert number < 900


def test_without_examples():
    raise AssertionError("this is no property test")
"""


def test_a_failure_is_found_and_named_with_its_seed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "test_broken.py").write_text(BROKEN, encoding="utf-8")
    assert main(["--minutes", "2", "--seed", "7", str(tmp_path)]) == 1
    said = capfd.readouterr().out
    assert "fuzz: seed 7 found a failure; again: HYPOTHESIS_PROFILE=random" in said
    assert "--hypothesis-seed=7" in said
    assert "this is no property test" not in said


def test_a_folder_without_property_tests_is_no_success(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "test_none.py").write_text("def test_one():\n    pass\n", encoding="utf-8")
    assert main(["--minutes", "2", str(tmp_path)]) == 2
    assert "no property test ran" in capfd.readouterr().err


@pytest.mark.parametrize("minutes", ["0", "-1", "nan", "inf"])
def test_minutes_have_to_be_a_number_above_zero(minutes: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--minutes", minutes])
    assert ended.value.code == 2
    assert "--minutes" in capsys.readouterr().err
