"""What an arm of the network laboratory is: a strategy, its options, and what it is given for nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simulations.networks.strategies import own_class, own_names
from vas_theory.selection.strategies import make_strategy, strategy_class

if TYPE_CHECKING:
    from simulations.networks.runs.policy import Policy
    from vas_theory.selection.contract.strategy import SelectionSetting, Strategy

__all__ = ["Arm", "build_strategy"]

_DIVERSE = ("vas-paper", "vas-released", "vas-reuse")


@dataclass(frozen=True)
class Arm:
    """One way of choosing prompts.

    Args:
        name: of the arm.
        strategy: name of one of ``vas_theory.selection.strategies`` or of :mod:`simulations.networks.strategies`.
        options: the strategy's own options.
        group_size: rollouts of a group where it is not the world's; a step's rollouts stay the same.
        max_visits: steps in which a prompt may be rolled.
        free: what the arm knows that costs others rollouts; empty where every rollout is charged.
    """

    name: str
    strategy: str
    options: Mapping[str, Any] = field(default_factory=dict)
    group_size: int | None = None
    max_visits: int | None = None
    free: str = ""

    @property
    def uses_diversity(self) -> bool:
        """Whether the strategy looks at how different the responses of a group are."""
        return self.strategy in _DIVERSE

    @property
    def entries(self) -> tuple[str, str]:
        """What the arm's results depend on: its strategy, and no other of the two folders of strategies."""
        own = self.strategy in own_names()
        module = (own_class if own else strategy_class)(self.strategy).__module__
        return f"{module}:STRATEGY", "vas_theory.selection.strategies:" if own else "simulations.networks.strategies:"


def build_strategy(arm: Arm, setting: SelectionSetting, policy: Policy) -> Strategy:
    """Return a fresh strategy of an arm; those of the laboratory are shown the network."""
    if arm.strategy in own_names():
        strategy: Strategy = own_class(arm.strategy)(setting, **arm.options)
        strategy.truth = policy
        return strategy
    return make_strategy(arm.strategy, setting, **arm.options)
