"""The rollout ledger charges what it is told, by purpose, and survives a round trip."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vas_theory.foundation.errors import ArgumentError, UnknownNameError
from vas_theory.selection.contract.ledger import PURPOSES, RolloutLedger


@given(st.lists(st.tuples(st.sampled_from(PURPOSES), st.integers(0, 9), st.integers(0, 99), st.integers(0, 9))))
def test_charges_add_up(charges: list[tuple[str, int, int, int]]) -> None:
    ledger = RolloutLedger()
    for purpose, groups, rollouts, tokens in charges:
        ledger.charge(purpose, groups=groups, rollouts=rollouts, tokens=tokens)
    assert ledger.rollouts == sum(charge[2] for charge in charges)
    for purpose in PURPOSES:
        assert ledger[purpose].rollouts == sum(charge[2] for charge in charges if charge[0] == purpose)
        assert ledger[purpose].groups == sum(charge[1] for charge in charges if charge[0] == purpose)
    copy = RolloutLedger()
    copy.load_state_dict(ledger.state_dict())
    assert copy.as_dict() == ledger.as_dict()


def test_bad_charges_are_refused() -> None:
    ledger = RolloutLedger()
    with pytest.raises(UnknownNameError, match="training"):
        ledger.charge("trainig", rollouts=1)
    with pytest.raises(ArgumentError, match="rollouts"):
        ledger.charge("training", rollouts=-1)
    with pytest.raises(ArgumentError, match="state"):
        ledger.load_state_dict({"training": {}})
    assert ledger.rollouts == 0
