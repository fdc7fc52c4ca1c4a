"""The sampler's state: capture it, check it against a receiver, restore it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vas_theory.foundation.errors import DataError, StateMismatchError
from vas_theory.provenance.state import seal, verify
from vas_theory.selection.drawing.weighted_index import WeightedIndex
from vas_theory.selection.sampler.prompt_keys import PromptKeys

if TYPE_CHECKING:
    from vas_theory.selection.sampler.variance_aware import VarianceAwareSampler

__all__ = ["FORMAT", "VERSION", "capture", "restore"]

FORMAT = "variance-aware-sampler"
VERSION = 1


def _settings(sampler: VarianceAwareSampler) -> dict[str, Any]:
    posterior = {f"posterior.{name}": value for name, value in sampler.posterior.settings().items()}
    settings: dict[str, Any] = json.loads(json.dumps({**sampler.config.as_dict(), **posterior}))
    return settings


def capture(sampler: VarianceAwareSampler) -> dict[str, Any]:
    """Return the sealed state."""
    state: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "settings": json.dumps(_settings(sampler), sort_keys=True),
        "key_kind": sampler.keys.kind(),
        "keys": sampler.keys.as_state(),
        "seed": str(sampler.seed),  # may pass 2**63, which not every reader of the file can hold
        "step": sampler.step,
        "policy_version": sampler.policy_version,
        "probe_cursor": sampler.probe_cursor,
        "uniform_reason": sampler.uniform_reason or "",
        "ledger": json.dumps(sampler.ledger.state_dict(), sort_keys=True),
        "tally": sampler.tally.to_json(),
        "weights": sampler.weights.copy(),
        "draw_counts": sampler.draw_counts.copy(),
        "drawn_by": sampler.drawn_by.copy(),
    }
    for prefix, part in (
        ("posterior", sampler.posterior.state_dict()),
        ("walk", sampler.walk.state_dict()),
        ("refreshes", sampler.refreshes.state_dict()),
    ):
        state.update({f"{prefix}.{name}": value for name, value in part.items()})
    return seal(state)


def _part(state: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {name.removeprefix(f"{prefix}."): value for name, value in state.items() if name.startswith(f"{prefix}.")}


def restore(sampler: VarianceAwareSampler, state: Mapping[str, Any], *, match_keys: bool) -> None:
    """Check a state against the sampler and put it in place."""
    verify(state, what="sampler state")
    if state.get("format") != FORMAT or state["version"] != VERSION:
        found = (state.get("format"), state.get("version"))
        raise DataError(f"sampler state has format and version {found}; this code reads {(FORMAT, VERSION)}")
    saved_keys = PromptKeys(int(state["keys"][0]) if state["key_kind"] == "positions" else state["keys"])
    _compare(sampler, state, saved_keys, match_keys)

    sources = sampler.keys.sources_in(saved_keys)
    known = sources >= 0
    same = sampler.keys.equals(saved_keys)
    # the posterior first: it alone can still refuse
    if same:
        sampler.posterior.load_state_dict(_part(state, "posterior"))
        sampler.walk.load_state_dict(_part(state, "walk"))
    else:
        sampler.posterior.adopt(_part(state, "posterior"), sources)
        sampler.walk.adopt(_part(state, "walk"), sources, int(state["seed"]))
    sampler.seed = int(state["seed"])
    sampler.step = int(state["step"])
    sampler.policy_version = int(state["policy_version"])
    sampler.probe_cursor = int(state["probe_cursor"]) % len(sampler)
    sampler.uniform_reason = state["uniform_reason"] or None
    sampler.ledger.load_state_dict(json.loads(state["ledger"]))
    sampler.tally.from_json(state["tally"])
    for name, array in (("draw_counts", sampler.draw_counts), ("drawn_by", sampler.drawn_by)):
        array[known] = state[name][sources[known]]
        array[~known] = 0
    sampler.refreshes.adopt(_part(state, "refreshes"), sources)
    weights = state["weights"]
    if not same:
        weights = sampler.rule.initial_weights()
        weights[known] = state["weights"][sources[known]]
    sampler.index = WeightedIndex(weights)


def _compare(sampler: VarianceAwareSampler, state: Mapping[str, Any], saved_keys: PromptKeys, match_keys: bool) -> None:
    expected, found = _settings(sampler), json.loads(state["settings"])
    differences = {
        name: (expected.get(name, "absent"), found.get(name, "absent"))
        for name in expected.keys() | found.keys()
        if expected.get(name) != found.get(name)
    }
    if not match_keys and not sampler.keys.equals(saved_keys):
        differences["prompts"] = (f"{len(sampler):,} prompts", sampler.keys.difference(saved_keys))
    if differences:
        raise StateMismatchError("sampler state", differences)
