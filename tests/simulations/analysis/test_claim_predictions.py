"""Predictions of claims about networks: their names exist, and each verdict can come out."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from simulations.analysis.claim_predictions import measured_signs
from simulations.networks.tournament.roster import get_arm
from simulations.networks.worlds import world_names
from vas_theory.claims import all_claims
from vas_theory.claims.lib.predictions import NetworkPrediction

PREDICTING = [claim for claim in all_claims().values() if claim.predicts]


def test_the_claims_on_transfer_revisits_and_estimates_predict_networks() -> None:
    assert {claim.id for claim in PREDICTING} == {"C10", "C11", "C12", "C15"}
    for claim in PREDICTING:
        for prediction in claim.predicts:
            assert prediction.world in world_names(development=False)
            assert get_arm(prediction.arm) != get_arm(prediction.against)
            assert prediction.sign in (-1, 0, 1)


def _table(difference: float) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    rows = []
    for seed in range(20):
        base, noise = rng.normal(0.5, 0.1), rng.normal(0, 0.01)
        for arm, rate in (("a", base + difference + noise), ("b", base)):
            rows.append({"world": "w", "arm": arm, "seed": seed, "phase": "final", "held_out_pass_rate": rate})
            rows.append({"world": "w", "arm": arm, "seed": -1 - seed, "phase": "tuning", "held_out_pass_rate": 9.0})
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("sign", "difference", "verdict"),
    [
        (1, 0.1, "held"),
        (1, -0.1, "failed"),
        (1, 0.0, "open"),
        (-1, -0.1, "held"),
        (0, 0.0, "held"),
        (0, 0.1, "failed"),
    ],
)
def test_every_verdict(sign: int, difference: float, verdict: str) -> None:
    claim = SimpleNamespace(id="C99", predicts=(NetworkPrediction("w", "a", "b", sign, "because"),))
    (row,) = measured_signs([claim], _table(difference)).to_dict("records")  # type: ignore[list-item]
    assert row["verdict"] == verdict
    assert row["pairs"] == 20
    assert row["difference"] == pytest.approx(difference, abs=0.01)
    assert row["difference_low"] <= row["difference"] <= row["difference_high"]


def test_arms_and_worlds_that_did_not_run_are_said() -> None:
    predicts = (NetworkPrediction("w", "a", "c", 1, ""), NetworkPrediction("v", "a", "b", 1, ""))
    rows = measured_signs([SimpleNamespace(id="C99", predicts=predicts)], _table(0.1))  # type: ignore[list-item]
    assert rows["verdict"].tolist() == ["not run", "not run"]
    assert rows["difference"].isna().all()
