"""The criterion a selector has to meet, on a made-up tournament whose answers are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from simulations.analysis.challenge import challenge, challenges, format_challenge, rivals_by_world
from simulations.analysis.statistics import holm, noninferiority_p_value
from simulations.running.bandit_worlds import development_worlds, held_out_worlds
from vas_theory.foundation.errors import DataError, UnknownNameError

NOISE = np.array([0.002, -0.002, 0.001, -0.001])
FINALS = {
    "uniform": {"a": 0.40, "b": 0.40},
    "oracle": {"a": 0.60, "b": 0.50},
    "one": {"a": 0.55, "b": 0.42},
    "two": {"a": 0.50, "b": 0.45},
    "ours": {"a": 0.549, "b": 0.44},
}
TUNING = {"uniform": 0.4, "oracle": 0.9, "one": 0.5, "two": 0.6, "ours": 0.8}
"""On the tuning seeds arm two is the best rival in both worlds, though one wins the final runs of world a."""


def _table() -> pd.DataFrame:
    rows = []
    for name, worlds in FINALS.items():
        for world, score in worlds.items():
            for seed, noise in enumerate(NOISE):
                own = noise * (2 if name == "ours" else 1)
                row = {"world": world, "strategy": name, "regime": "tuned", "phase": "final", "learning_rate": 0.8}
                rows.append({**row, "seed": seed, "rollouts": 9, "pass_rate": score + own})
            for rate, shift in ((0.8, 0.0), (0.2, 0.3 if name == "one" else 0.0)):
                row = {"world": world, "strategy": name, "regime": "tuned", "phase": "tuning", "learning_rate": rate}
                rows.append({**row, "seed": 4, "rollouts": 9, "pass_rate": TUNING[name] + shift})
    return pd.DataFrame(rows)


def test_rivals_are_chosen_on_the_tuning_seeds_at_the_rate_they_play() -> None:
    assert rivals_by_world(_table(), "ours", "tuned") == {"a": "two", "b": "two"}
    at_another = _table()
    at_another.loc[at_another["phase"] == "final", "learning_rate"] = 0.4
    with pytest.raises(DataError, match="no tuning run in a, b"):
        rivals_by_world(at_another, "ours", "tuned")


def test_forms_of_the_index_are_not_each_others_rivals() -> None:
    named = _table().replace({"ours": "index-ada", "two": "index"})
    assert rivals_by_world(named, "index-ada", "tuned") == {"a": "one", "b": "one"}
    assert set(rivals_by_world(named, "one", "tuned").values()) == {"index-ada"}  # but everyone else's


def test_the_test_by_hand() -> None:
    found = challenge(_table(), "ours", "tuned").set_index("world")
    assert found["difference"].tolist() == pytest.approx([0.049, -0.01])
    raw = [
        noninferiority_p_value(0.049 + NOISE, np.zeros(4), 0.005),
        noninferiority_p_value(NOISE - 0.01, [0] * 4, 0.005),
    ]
    assert found["p_value"].tolist() == pytest.approx(raw)
    assert found["adjusted"].tolist() == pytest.approx(holm(raw))
    assert found["no_worse"].tolist() == [True, False]
    assert found["gap_closed"].tolist() == pytest.approx([0.149 / 0.2, 0.4])


def test_only_the_worlds_asked_for_are_adjusted_for() -> None:
    found = challenge(_table(), "ours", "tuned", worlds=["b"])
    assert found["world"].tolist() == ["b"]
    assert found["adjusted"].tolist() == found["p_value"].tolist()
    with pytest.raises(UnknownNameError, match="did you mean ours"):
        challenge(_table(), "our", "tuned")


def _named() -> pd.DataFrame:
    """The table with names that mean something: a form of the index in a world of each kind."""
    table = _table().replace({"ours": "index-ada", "a": development_worlds()[0], "b": held_out_worlds()[0]})
    return pd.concat([table, table.assign(regime="fixed", pass_rate=0.9 * table["pass_rate"])], ignore_index=True)


def test_every_form_that_plays_is_tested_at_each_regime_in_worlds_of_each_kind() -> None:
    table = _named()
    rows = challenges(table)
    assert rows[["strategy", "regime", "worlds"]].to_numpy().tolist() == [
        ["index-ada", regime, kind] for regime in ("tuned", "fixed") for kind in ("development", "held-out")
    ]
    alone = challenge(table, "index-ada", "fixed", worlds=held_out_worlds())
    pd.testing.assert_frame_equal(rows.iloc[[3]][list(alone)].reset_index(drop=True), alone)
    strict = challenges(table, margin=1e-4)
    assert (strict["p_value"] > rows["p_value"]).all()
    nothing = challenges(table[table["phase"] == "final"])
    assert nothing.empty
    assert nothing.columns.tolist() == rows.columns.tolist()
    assert challenges(table[table["strategy"] != "oracle"]).empty


def test_the_text_names_where_the_arm_is_not_shown_to_be_no_worse() -> None:
    rows = challenges(_named())
    text = format_challenge(rows, "index-ada").splitlines()
    assert "(margin .005, paired t-tests, Holm)" in text[0]
    assert text[1] == (
        "  learning rate tuned, development worlds: no worse shown in 1 of 1, mean gap to the oracle closed 0.745"
    )
    assert text[2].endswith(f"not shown in {held_out_worlds()[0]} (-0.010, two)")
    assert format_challenge(rows, "index") == ""
    assert "margin .01" in format_challenge(challenges(_named(), margin=0.01), "index-ada")
