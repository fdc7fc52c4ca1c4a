"""The arms of the network laboratory: ways of choosing prompts, with what each is given for nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulations.networks.choosing import LABORATORY
from simulations.networks.policy import Policy
from vas_theory.errors import UnknownNameError
from vas_theory.selection.strategies import make_strategy
from vas_theory.selection.strategies.base import SelectionSetting, Strategy

__all__ = ["ARMS", "Arm", "build_strategy", "get_arm"]


@dataclass(frozen=True)
class Arm:
    """One way of choosing prompts.

    Args:
        name: of the arm.
        strategy: name of a strategy of ``vas_theory.selection.strategies`` or of :mod:`simulations.networks.choosing`.
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
        return self.strategy in ("vas-paper", "vas-released", "vas-reuse")


_TRUTH = "pass rates of all prompts, 16 rollouts each every 40 steps"

ARMS: dict[str, Arm] = {
    arm.name: arm
    for arm in (
        Arm("uniform", "uniform"),
        Arm("uniform-g4", "uniform", group_size=4),
        Arm("uniform-g16", "uniform", group_size=16),
        Arm("vas", "vas"),
        Arm("vas-weighted", "vas", {"mixture_ratio": 1.0}),
        Arm("vas-paper", "vas-paper", {"scoring_rollouts": 4, "update_interval": 10_000}),
        Arm("vas-paper-free", "scored-free", free="scoring rollouts of all prompts, 8 each every 35 steps"),
        Arm("dapo", "dapo"),
        Arm("mopps", "mopps"),
        Arm("arcus", "arcus"),
        Arm("insight", "insight"),
        Arm("index", "index"),
        Arm("index-ada", "index-ada"),
        Arm("index-cap2", "index", max_visits=2),
        Arm("reinforce-ada", "reinforce-ada"),
        Arm("speed", "speed"),
        Arm("greso", "greso"),
        Arm("oracle", "true-variance", free=_TRUTH),
        Arm("oracle-half", "true-variance", {"mixture_ratio": 0.5}, free=_TRUTH),
        Arm("predictor", "predictor"),
    )
}
"""All arms by name."""


def get_arm(name: str, *, max_visits: int | None = None) -> Arm:
    """Return an arm, or the arm with a cap on visits: ``vas`` or ``vas@2`` for two steps a prompt at most.

    Raises:
        UnknownNameError: there is no such arm.
    """
    plain, _, cap = name.partition("@")
    if plain not in ARMS or (cap and not (cap.isdecimal() and int(cap) >= 1)):
        raise UnknownNameError("arm", name, ARMS)
    arm = ARMS[plain]
    if not cap:
        return arm
    return Arm(name, arm.strategy, arm.options, arm.group_size, int(cap), arm.free)


def build_strategy(arm: Arm, setting: SelectionSetting, policy: Policy) -> Strategy:
    """Return a fresh strategy of an arm; those of the laboratory are shown the network."""
    if arm.strategy in LABORATORY:
        strategy: Strategy = LABORATORY[arm.strategy](setting, **arm.options)
        strategy.truth = policy
        return strategy
    return make_strategy(arm.strategy, setting, **arm.options)
