"""Other ways of choosing prompts than variance-aware sampling, for comparisons at equal rollouts inside TRL.

TRL makes a fixed number of rollouts a generation batch and trains on all of them, so a strategy fits if it rolls one
batch of whole groups a step. Refilling, screening and scoring strategies (``dapo``, ``speed``, ``vas-paper``, ...) do
not; the compact engine runs those.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from full_scale.plugins.interface import Key
from vas_theory.foundation.errors import ArgumentError, StateMismatchError, VASError
from vas_theory.foundation.streams import stream_generator
from vas_theory.provenance.state import seal, verify
from vas_theory.selection.contract.strategy import Rollouts, SelectionSetting
from vas_theory.selection.sampler.prompt_keys import PromptKeys
from vas_theory.selection.strategies import make_strategy, one_round_strategies, strategy_class

__all__ = ["StrategySelector", "require_one_round"]

_STATE = "strategy."
_UNBOUNDED = 2**62
_LATER = ("keys", "options")
"""What older states do not name."""


def require_one_round(name: str) -> None:
    """Refuse a strategy that needs several rounds of rollouts a step.

    Raises:
        UnknownNameError: there is no strategy of this name.
        ArgumentError: TRL cannot serve it.
    """
    strategy_class(name)
    if name not in one_round_strategies():
        raise ArgumentError(
            "strategy",
            f"roll one batch of whole groups a step ({', '.join(one_round_strategies())}), as TRL does; the compact "
            "engine runs the others",
            name,
        )


class StrategySelector:
    """A one-round strategy behind the methods of :class:`~full_scale.plugins.interface.Selector`.

    The strategy is told 1 for a right rollout, 0 for a wrong one and NaN for one without a reward; how wins are
    weighed against each other is the loss' business. Draws depend on seed and step alone, so a resumed run goes on as
    the uninterrupted one.

    Args:
        name: of the strategy.
        keys: of the prompts.
        batch_size: prompts a generation batch.
        group_size: rollouts a prompt.
        seed: of the draws.
        options: of the strategy.
    """

    def __init__(
        self,
        name: str,
        keys: Sequence[str] | Sequence[int],
        *,
        batch_size: int,
        group_size: int,
        seed: int,
        options: Mapping[str, Any],
    ) -> None:
        require_one_round(name)
        self.name, self.keys = name, PromptKeys(keys)
        self.group_size = group_size
        setting = SelectionSetting(
            prompts=len(self.keys), batch_size=batch_size, group_size=group_size, budget=_UNBOUNDED, seed=seed
        )
        self.strategy = make_strategy(name, setting, **options)
        self._about: dict[str, object] = {
            "name": name,
            "seed": seed,
            "prompts": len(self.keys),
            "keys": hashlib.sha256(json.dumps(list(keys), default=str).encode()).hexdigest(),
            "options": json.dumps(dict(options), sort_keys=True, default=str),
        }
        self.step = self.rollouts = self.mixed = self.excluded = 0
        self.policy_version = self.selected_groups = 0
        self.last_arms = np.ones(batch_size, dtype=np.int8)  # every place is the strategy's choice

    def select(self, n: int, *, policy_version: int | None = None) -> list[Key]:
        """Return the keys of the next batch.

        Args:
            n: prompts a generation batch.
            policy_version: of the policy that will generate the rollouts; not used.

        Raises:
            VASError: the strategy asks for another number of prompts or rollouts than TRL will make.
        """
        proposal = self.strategy.propose(stream_generator(self.strategy.setting.seed, "strategy", self.step))
        prompts, counts = ((), ()) if proposal is None else proposal
        if len(prompts) != n or set(np.asarray(counts).tolist()) != {self.group_size}:
            raise VASError(
                f"strategy {self.name} asks for {len(prompts)} prompts with {sorted(set(np.asarray(counts).tolist()))} "
                f"rollouts each, but TRL makes {n} groups of {self.group_size}"
            )
        self.policy_version = self.step if policy_version is None else policy_version
        self.selected_groups += n
        chosen: list[Key] = self.keys.at(np.asarray(prompts, dtype=np.int64)).tolist()
        return chosen

    def positions_of(self, keys: ArrayLike) -> NDArray[np.int64]:
        """Positions of prompts in the order of the keys that were given."""
        return self.keys.positions_of(keys)

    def observe(
        self,
        key: ArrayLike,
        rewards: NDArray[np.float64],
        *,
        successes: NDArray[np.bool_] | None,
        lengths: ArrayLike,
        diversity: NDArray[np.float64] | None = None,
    ) -> None:
        """Tell the strategy what came of the last batch, one row a group; ``lengths`` are tokens of each rollout.

        Raises:
            ArgumentError: it is not known which rollouts are right.
        """
        if successes is None:
            needs = f"say which rollouts are right, as the strategy {self.name} learns pass rates"
            graded = rewards[np.isfinite(rewards) & (rewards != 0) & (rewards != 1)]
            raise ArgumentError("success_from or success of VASConfig", needs, float(graded[0]))
        told = np.where(np.isfinite(rewards), successes, np.nan)
        size = told.size
        rollouts = Rollouts(
            prompts_P=self.keys.positions_of(key),
            counts_P=np.full(len(told), told.shape[1], dtype=np.int64),
            ids_R=np.arange(self.rollouts, self.rollouts + size),
            rewards_R=told.reshape(-1),
            lengths_R=np.asarray(lengths, dtype=np.float64).reshape(-1),
            diversity_P=diversity,
        )
        self.strategy.receive(rollouts)
        self.strategy.training_groups()  # ends the step; TRL computes the advantages
        self.step += 1
        self.rollouts += size
        self.excluded += int(np.isnan(told).sum())
        self.mixed += int(((rollouts.successes_P > 0) & (rollouts.successes_P < rollouts.graded_P)).sum())

    def metrics(self) -> dict[str, float]:
        """Return what is known of the run so far."""
        groups = self.observed_groups
        known = {"realised_mixed_share": self.mixed / groups} if groups else {}
        return {"training_rollouts": float(self.rollouts), **known, "excluded_rewards": float(self.excluded)}

    @property
    def observed_groups(self) -> int:
        """Groups of the run so far."""
        return self.rollouts // self.group_size

    def state_dict(self) -> dict[str, Any]:
        """Return everything the next draws depend on, with a checksum."""
        counts = {name: getattr(self, name) for name in ("step", "rollouts", "mixed", "excluded", "policy_version")}
        memory = _flat(self.strategy.state_dict(), _STATE)
        return seal({**self._about, **counts, **memory})

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state.

        Raises:
            IntegrityError: the state was altered.
            StateMismatchError: it is of another strategy, other options, another seed, or other or reordered prompts.
        """
        verify(state)
        found = {**dict.fromkeys(self._about), **{name: self._about[name] for name in _LATER}, **state}
        wrong = {name: (own, found[name]) for name, own in self._about.items() if found[name] != own}
        if wrong:
            raise StateMismatchError("state of StrategySelector", wrong)
        memory: dict[str, Any] = {}
        for name, value in state.items():
            if name.startswith(_STATE):
                *path, last = name.removeprefix(_STATE).split("/")
                place = memory
                for part in path:
                    place = place.setdefault(part, {})
                place[last] = value
        self.strategy.load_state_dict(memory)
        for name in ("step", "rollouts", "mixed", "excluded", "policy_version"):
            setattr(self, name, int(state[name]))
        self.selected_groups = self.observed_groups


def _flat(values: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return nested dicts as one, their keys joined by slashes."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flat(value, f"{prefix}{name}/") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return flat
