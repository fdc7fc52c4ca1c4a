"""The experiment that presses every claim of the ledger."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from simulations.experiments.claim_stress import EXPERIMENT
from vas_theory.claims import all_claims


def _rows(*claims: str, **effort: int) -> pd.DataFrame:
    config = EXPERIMENT.configure("smoke", {"claims": list(claims), **effort})
    assert EXPERIMENT.cells is not None
    assert EXPERIMENT.run_cell is not None
    return pd.concat([EXPERIMENT.run_cell(cell) for cell in EXPERIMENT.cells(config)], ignore_index=True)


def test_every_claim_and_every_family_has_a_row() -> None:
    rows = _rows("B02", "A06", "B12")
    expected = [(name, family) for name in ("B02", "A06", "B12") for family in all_claims()[name].domain.families]
    assert list(zip(rows["claim"], rows["family"], strict=True)) == expected


def test_a_proved_claim_holds_and_a_refuted_one_fails_somewhere() -> None:
    rows = _rows("B02", "B17", "A06").set_index("claim")
    assert rows.loc[["B02", "B17"], "holds"].all()
    assert (rows.loc[["B02", "B17"], "worst_slack"] >= 0).all()
    assert (rows.loc["A06", "violated_share"] > 0).any()
    assert rows.loc["A06", "tightness"].notna().all()


def test_a_bound_that_is_one_percent_too_strong_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    claims = dict(all_claims())
    claims["B17"] = claims["B17"].scaled(0.99)  # |grad| <= sqrt(Var / 2), whose constant is sharp
    monkeypatch.setattr("vas_theory.claims.all_claims", lambda: claims)
    rows = _rows("B17", instances=300, search_width=8, search_steps=20)
    assert not rows["holds"].all()
    assert (rows["violated_share"] > 0).any()


def test_equal_seeds_give_equal_rows_and_others_do_not() -> None:
    first, again, other = _rows("B25"), _rows("B25"), _rows("B25", seed=1)
    pd.testing.assert_frame_equal(first, again)
    assert not np.array_equal(first["worst_slack"], other["worst_slack"])


def test_the_whole_ledger_is_pressed_when_no_claim_is_named() -> None:
    assert EXPERIMENT.cells is not None
    cells = EXPERIMENT.cells(EXPERIMENT.configure("paper"))
    assert [cell.name for cell in cells] == list(all_claims())
    assert all(cell.uses[0].startswith("vas_theory.claims.") for cell in cells)
