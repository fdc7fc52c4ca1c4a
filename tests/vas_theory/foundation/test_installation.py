"""Hints and places follow from where the code is: in a checkout, or in a wheel's folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from vas_theory.foundation import installation
from vas_theory.foundation.errors import ArgumentError, MissingExtraError
from vas_theory.foundation.outputs import require_checkout


def test_in_a_checkout_commands_use_its_files() -> None:
    root = Path(__file__).parents[3]
    assert installation.checkout() == installation.working_root() == root
    assert "pip install -c constraints.txt -e '.[figures]'" in str(MissingExtraError("matplotlib", "figures"))
    assert installation.where_tables_are() == ""
    require_checkout("--record")


def test_from_a_wheel_commands_need_no_file_and_results_stay_where_the_user_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "SOURCES", tmp_path / "site-packages")
    monkeypatch.chdir(tmp_path)
    assert installation.checkout() is None
    assert installation.working_root() == tmp_path
    assert "pip install 'variance-aware-sampling[figures]'" in str(MissingExtraError("matplotlib", "figures"))
    assert "source distribution" in installation.where_tables_are()
    with pytest.raises(ArgumentError, match="--record must be used in a checkout"):
        require_checkout("--record")
