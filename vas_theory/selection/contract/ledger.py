"""The rollout ledger: every rollout is charged to a purpose, trained on or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vas_theory.foundation.errors import ArgumentError, UnknownNameError

__all__ = ["PURPOSES", "Charge", "RolloutLedger"]

PURPOSES = ("training", "scoring", "screening", "rejected")
"""What a rollout can be spent on: trained on; scored only; screened before training; generated, then dropped."""


@dataclass(frozen=True)
class Charge:
    """What one purpose has cost so far."""

    groups: int = 0
    rollouts: int = 0
    tokens: int = 0


class RolloutLedger:
    """Counts of groups, rollouts and tokens by purpose.

    A method that hides rollouts it did not train on looks cheaper than it is; budgets are compared on
    :attr:`rollouts`, the sum over all purposes.
    """

    def __init__(self) -> None:
        self._charges = dict.fromkeys(PURPOSES, Charge())

    def __getitem__(self, purpose: str) -> Charge:
        if purpose not in self._charges:
            raise UnknownNameError("purpose", purpose, PURPOSES)
        return self._charges[purpose]

    @property
    def rollouts(self) -> int:
        """All rollouts, whatever they were for."""
        return sum(charge.rollouts for charge in self._charges.values())

    def charge(self, purpose: str, *, rollouts: int, groups: int = 0, tokens: int = 0) -> None:
        """Add to one purpose.

        Args:
            purpose: one of :data:`PURPOSES`.
            rollouts: how many rollouts, 0 or more.
            groups: how many groups they came in.
            tokens: how many tokens they hold, 0 where they were not counted.
        """
        before = self[purpose]
        for name, value in (("rollouts", rollouts), ("groups", groups), ("tokens", tokens)):
            if value < 0:
                raise ArgumentError(name, "be 0 or more", value)
        self._charges[purpose] = Charge(
            before.groups + int(groups), before.rollouts + int(rollouts), before.tokens + int(tokens)
        )

    def as_dict(self) -> dict[str, dict[str, int]]:
        """Return purpose -> {groups, rollouts, tokens}."""
        return {
            purpose: {"groups": charge.groups, "rollouts": charge.rollouts, "tokens": charge.tokens}
            for purpose, charge in self._charges.items()
        }

    state_dict = as_dict

    def load_state_dict(self, state: Mapping[str, Mapping[str, int]]) -> None:
        """Replace the counts by saved ones."""
        if set(state) != set(PURPOSES):
            raise ArgumentError("state", f"hold the purposes {', '.join(PURPOSES)}", sorted(state))
        self._charges = {purpose: Charge(**{k: int(v) for k, v in state[purpose].items()}) for purpose in PURPOSES}
