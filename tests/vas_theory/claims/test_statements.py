"""The recorded verdict of a claim is that of the statement as it stands, sign by sign."""

from __future__ import annotations

import pytest

from vas_theory.claims import all_claims
from vas_theory.claims.lib.base import Claim
from vas_theory.claims.lib.ledger import read_record

RECORD = read_record()


@pytest.mark.parametrize("claim", all_claims().values(), ids=lambda claim: claim.id)
def test_the_statement_is_the_one_that_was_verified(claim: Claim) -> None:
    assert RECORD.get(claim.id, {}).get("statement") == claim.statement, "run: python -m vas_theory verify --record"


def test_no_verdict_of_a_claim_that_is_gone_is_recorded() -> None:
    assert set(RECORD) == set(all_claims()), "run: python -m vas_theory verify --record"
