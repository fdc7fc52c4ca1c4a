"""The sampler's state: capture it, check it against a receiver, restore it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from vas_theory.errors import DataError, StateMismatchError
from vas_theory.selection.prompt_keys import PromptKeys
from vas_theory.selection.state import seal, verify
from vas_theory.selection.weighted_index import WeightedIndex

if TYPE_CHECKING:
    from vas_theory.selection.sampler import VarianceAwareSampler

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
        "last_refresh": sampler.last_refresh,
        "uniform_reason": sampler.uniform_reason or "",
        "ledger": json.dumps(sampler.ledger.state_dict(), sort_keys=True),
        "tally": sampler.tally.to_json(),
        "weights": sampler.weights.copy(),
        "draw_counts": sampler.draw_counts.copy(),
        "drawn_by": sampler.drawn_by.copy(),
    }
    if sampler.due is not None and sampler.staged_scores is not None:
        state["due"] = sampler.due.copy()
        state["staged_scores"] = sampler.staged_scores.copy()
    for prefix, part in (("posterior", sampler.posterior), ("walk", sampler.walk)):
        state.update({f"{prefix}.{name}": value for name, value in part.state_dict().items()})
    return seal(state)


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
    sampler.seed = int(state["seed"])
    sampler.step = int(state["step"])
    sampler.policy_version = int(state["policy_version"])
    sampler.last_refresh = int(state["last_refresh"])
    sampler.uniform_reason = state["uniform_reason"] or None
    sampler.ledger.load_state_dict(json.loads(state["ledger"]))
    sampler.tally.from_json(state["tally"])
    for name, array in (("draw_counts", sampler.draw_counts), ("drawn_by", sampler.drawn_by)):
        array[known] = state[name][sources[known]]
        array[~known] = 0
    for prefix, part in (("posterior", sampler.posterior), ("walk", sampler.walk)):
        inner = {
            name.removeprefix(f"{prefix}."): value for name, value in state.items() if name.startswith(f"{prefix}.")
        }
        if same:
            part.load_state_dict(inner)
        elif part is sampler.posterior:
            sampler.posterior.adopt(inner, sources)
        else:
            sampler.walk.adopt(inner, sources, sampler.seed)
    weights = state["weights"] if same else sampler.rule.initial_weights()
    weights[known] = state["weights"][sources[known]]
    sampler.index = WeightedIndex(weights)
    sampler.due = sampler.staged_scores = None
    if "due" in state:
        sampler.due = np.ones(len(sampler), dtype=bool)
        sampler.staged_scores = np.zeros(len(sampler))
        sampler.due[known] = state["due"][sources[known]]
        sampler.staged_scores[known] = state["staged_scores"][sources[known]]


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
