"""The named worlds that strategies are compared in, and which of them are kept back for the final comparison."""

from __future__ import annotations

import hashlib
from typing import Any

from simulations.running.equal_budget import EqualBudgetConfig
from simulations.world.learner import LearnerConfig
from simulations.world.pool import PoolConfig
from vas_theory.foundation.errors import ArgumentError, UnknownNameError

__all__ = ["WORLDS", "development_worlds", "held_out_worlds", "run_seed", "world", "world_settings"]

_BERNOULLI: dict[str, Any] = {"rewards": "bernoulli", "arms": 2}

# Pool of 2,000 prompts and 300 steps of 64 x 8 rollouts, so nearly ten passes, unless a world says otherwise.
WORLDS: dict[str, dict[str, Any]] = {
    "bimodal-alone": {"pool": {}},
    "bimodal-shared": {"pool": {"coupling": "shared"}},
    "bimodal-interference": {"pool": {"coupling": "interference"}},
    "uniform-alone": {"pool": {"difficulty": "uniform", **_BERNOULLI}},
    "uniform-shared": {"pool": {"difficulty": "uniform", "coupling": "shared", **_BERNOULLI}},
    "hard-alone": {"pool": {"difficulty": "mostly_hard", **_BERNOULLI}},
    "hard-shared": {"pool": {"difficulty": "mostly_hard", "coupling": "shared"}},
    "hard-interference": {"pool": {"difficulty": "mostly_hard", "coupling": "interference", **_BERNOULLI}},
    "easy-alone": {"pool": {"difficulty": "mostly_easy"}},
    "easy-shared": {"pool": {"difficulty": "mostly_easy", "coupling": "shared", **_BERNOULLI}},
    "bimodal-noisy": {"pool": {"coupling": "shared", "false_positive": 0.1, "false_negative": 0.1}},
    "hard-noisy": {"pool": {"difficulty": "mostly_hard", "false_positive": 0.05}},
    "fresh-shared": {"pool": {"prompts": 20_000, "max_visits": 2, "coupling": "shared", **_BERNOULLI}},
    "small-pool": {"pool": {"prompts": 300, "coupling": "shared", "length_slope": 2.0}},
    "large-groups": {"pool": {"coupling": "shared"}, "batch_size": 32, "group_size": 16},
    "small-groups": {"pool": {"rewards": "graded", "coupling": "interference"}, "batch_size": 128, "group_size": 4},
}
"""What differs from the default of :class:`~simulations.running.equal_budget.EqualBudgetConfig`, by name."""


def world_settings(worlds: dict[str, dict[str, Any]], name: str, scale: float) -> dict[str, Any]:
    """Return what is said of a world; refuse a name that is not there, and a scale that is not in (0, 1]."""
    if name not in worlds:
        raise UnknownNameError("world", name, worlds)
    if not 0 < scale <= 1:
        raise ArgumentError("scale", "lie in (0, 1]", scale)
    return worlds[name]


def world(name: str, *, learning_rate: float = 0.2, scale: float = 1.0, evaluations: int = 8) -> EqualBudgetConfig:
    """Return a named world.

    Args:
        name: one of :data:`WORLDS`.
        learning_rate: of the learner.
        scale: multiplies pool and budget alike, so that the number of passes stays.
        evaluations: rows of the learning curve after the first.

    Raises:
        UnknownNameError: there is no such world.
        ArgumentError: the scale is not in (0, 1].
    """
    values = world_settings(WORLDS, name, scale)
    full = EqualBudgetConfig(**{**values, "pool": PoolConfig(**values["pool"])})
    assert isinstance(full.pool, PoolConfig)
    pool = {"prompts": round(full.pool.prompts * scale), "held_out": round(full.pool.held_out * scale)}
    return full.model_copy(
        update={
            "pool": full.pool.model_copy(update=pool),
            "learner": LearnerConfig(learning_rate=learning_rate),
            "budget": round(full.budget * scale),
            "evaluations": evaluations,
        }
    )


def run_seed(name: str, index: int) -> int:
    """Return the seed of a world's run of this index: the same for all strategies, different in every world.

    Runs of different worlds must be independent, because intervals resample the seeds of each world separately.
    """
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") << 20 | index


def _by_hash() -> list[str]:
    return sorted(WORLDS, key=lambda name: hashlib.sha256(name.encode()).hexdigest())


def development_worlds() -> list[str]:
    """Return the half of the worlds in which a method may be developed and tuned by hand."""
    return sorted(_by_hash()[: len(WORLDS) // 2])


def held_out_worlds() -> list[str]:
    """Return the other half, which the hashes of the names chose before any method was developed."""
    return sorted(_by_hash()[len(WORLDS) // 2 :])
