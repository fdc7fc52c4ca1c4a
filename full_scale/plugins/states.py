"""The state of a selector as a flat dict: what it holds, and reading it whole before anything is changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vas_theory.foundation.errors import DataError
from vas_theory.provenance.state import seal, verify
from vas_theory.selection.sampler.prompt_keys import PromptKeys

__all__ = ["SavedSelector", "read_selector", "saved_keys", "selector_state"]

_FORMAT, _VERSION = "prompt-selector", 1
_PREFIX = "sampler."


@dataclass(frozen=True)
class SavedSelector:
    """What a state says.

    Attributes:
        sampler: the state of the sampler.
        keys: of the prompts.
        posterior: of the view of the rewards.
        reward_range: of that view.
        waiting: positions that were drawn and not asked for.
        selected_groups, observed_groups: in the run so far.
        says_right: what said which rollouts are right, None in states that do not name it.
    """

    sampler: Mapping[str, Any]
    keys: PromptKeys
    posterior: str
    reward_range: tuple[float, float]
    waiting: tuple[int, ...]
    selected_groups: int
    observed_groups: int
    says_right: str | None


def saved_keys(state: Mapping[str, Any]) -> PromptKeys:
    """Return the keys of the prompts in the state of a selector."""
    return PromptKeys.from_state(_of_sampler(state))


def selector_state(
    sampler_state: Mapping[str, Any],
    *,
    posterior: str,
    reward_range: tuple[float, float],
    waiting: Collection[int] = (),
    selected_groups: int = 0,
    observed_groups: int = 0,
    says_right: str = "",
) -> dict[str, Any]:
    """Return the state of a selector, as ``Selector.load_state_dict`` takes it, from that of its sampler.

    Args:
        sampler_state: from ``VarianceAwareSampler.state_dict``.
        posterior: of the view of the rewards.
        reward_range: of that view.
        waiting: positions that were drawn and not asked for yet.
        selected_groups: in the run so far.
        observed_groups: in the run so far.
        says_right: what says which rollouts are right, empty for rewards of 0 and 1.
    """
    own = {
        "format": _FORMAT,
        "version": _VERSION,
        "posterior": posterior,
        "lowest_reward": float(reward_range[0]),
        "largest_reward": float(reward_range[1]),
        "waiting": np.array(list(waiting), dtype=np.int64),
        "selected_groups": selected_groups,
        "observed_groups": observed_groups,
        "says_right": says_right,
    }
    return seal({**own, **{f"{_PREFIX}{name}": value for name, value in sampler_state.items()}})


def read_selector(state: Any) -> SavedSelector:
    """Return what the state of a selector says.

    Raises:
        DataError: it is no state of a selector, or an entry is missing or of another kind; an ``IntegrityError`` if
            it was altered.
    """
    found = [str(state.get(name)) for name in ("format", "version")] if isinstance(state, Mapping) else type(state)
    if found != [_FORMAT, str(_VERSION)]:
        raise DataError(
            f"the state has format and version {found}, not {[_FORMAT, str(_VERSION)]} of a prompt selector"
        )
    sampler = _of_sampler(state)
    for part, what in ((state, "the state of the prompt selector"), (sampler, "the state of the selector's sampler")):
        _require("checksum", isinstance(part.get("checksum", ""), str))
        verify(part, what=what)
    for name in ("settings", "key_kind", "keys"):
        _require(name, name in sampler)
    for name, kind in (("posterior", str), ("lowest_reward", float), ("largest_reward", float)):
        _require(name, isinstance(state.get(name), kind))
    for name in ("selected_groups", "observed_groups"):
        _require(name, isinstance(state.get(name), (int, np.integer)) and state[name] >= 0)
    _require("says_right", isinstance(state.get("says_right", ""), str))
    waiting = state.get("waiting")
    _require("waiting", isinstance(waiting, np.ndarray) and waiting.ndim == 1 and waiting.dtype.kind in "iu")
    return SavedSelector(
        sampler=sampler,
        keys=PromptKeys.from_state(sampler),
        posterior=state["posterior"],
        reward_range=(float(state["lowest_reward"]), float(state["largest_reward"])),
        waiting=tuple(np.asarray(waiting).tolist()),
        selected_groups=int(state["selected_groups"]),
        observed_groups=int(state["observed_groups"]),
        says_right=state.get("says_right"),
    )


def _of_sampler(state: Mapping[str, Any]) -> dict[str, Any]:
    return {name.removeprefix(_PREFIX): value for name, value in state.items() if name.startswith(_PREFIX)}


def _require(name: str, holds: bool) -> None:
    if not holds:
        raise DataError(f"the state of the prompt selector has no {name}, or one of another kind")
