"""The sampler's state: capture it, check it against a receiver, restore it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from vas_theory.foundation.errors import DataError, StateMismatchError
from vas_theory.provenance.state import seal, verify
from vas_theory.selection.drawing.weighted_index import WeightedIndex
from vas_theory.selection.refusals import refuse_all_but_states, refuse_strangers
from vas_theory.selection.sampler.config import SamplerConfig
from vas_theory.selection.sampler.pool import NEVER_DRAWN, Pool
from vas_theory.selection.sampler.prompt_keys import PromptKeys

__all__ = ["FORMAT", "VERSION", "capture", "restore"]

FORMAT = "variance-aware-sampler"
VERSION = 2
_ADDED = ("exponent", "candidates", "rest_steps", "strict", "revisit_discount")
"""Settings that earlier states may lack; without them the sampler did what their defaults say.

Version 1 was written before batches carried over what is left of the share by weight; it is still read."""


def _settings(pool: Pool) -> dict[str, Any]:
    posterior = {f"posterior.{name}": value for name, value in pool.posterior.settings().items()}
    settings: dict[str, Any] = json.loads(json.dumps({**pool.config.as_dict(), **posterior}))
    return settings


def capture(pool: Pool) -> dict[str, Any]:
    """Return the sealed state."""
    return seal(_entries(pool))


def _entries(pool: Pool) -> dict[str, Any]:
    state: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "settings": json.dumps(_settings(pool), sort_keys=True),
        **pool.keys.as_state(),
        "seed": str(pool.seed),  # may pass 2**63, which not every reader of the file can hold
        "step": pool.step,
        "policy_version": pool.policy_version,
        "probe_cursor": pool.probe_cursor,
        "uniform_reason": pool.uniform_reason or "",
        "ledger": json.dumps(pool.ledger.state_dict(), sort_keys=True),
        "tally": pool.tally.to_json(),
        "weights": np.empty(0) if pool.index is None else pool.index.weights.copy(),
        "last_drawn": pool.last_drawn.copy(),
        "draw_counts": pool.draw_counts.copy(),
        "drawn_by": pool.drawn_by.copy(),
    }
    for prefix, part in (
        ("posterior", pool.posterior.state_dict()),
        ("walk", pool.walk.state_dict()),
        ("refreshes", pool.refreshes.state_dict()),
    ):
        state.update({f"{prefix}.{name}": value for name, value in part.items()})
    return state


def _part(state: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {name.removeprefix(f"{prefix}."): value for name, value in state.items() if name.startswith(f"{prefix}.")}


def restore(pool: Pool, state: Mapping[str, Any], *, match_keys: bool) -> None:
    """Check a state against the sampler and put it in place."""
    refuse_all_but_states(state)
    verify(state, what="sampler state")
    if state.get("format") != FORMAT or state["version"] not in (1, VERSION):
        found = (state.get("format"), state.get("version"))
        raise DataError(f"sampler state has format and version {found}; this code reads {(FORMAT, VERSION)}")
    _check_entries(pool, state)
    saved_keys = PromptKeys.from_state(state)
    _compare(pool, state, saved_keys, match_keys)
    if missing := sorted(pool.posterior.state_dict().keys() - _part(state, "posterior").keys()):
        raise DataError(f"sampler state has no {', '.join(missing)} of the posterior")

    sources = pool.keys.sources_in(saved_keys)
    known = sources >= 0
    same = pool.keys.equals(saved_keys)
    # the posterior first: it alone can still refuse
    if same:
        pool.posterior.load_state_dict(_part(state, "posterior"))
        pool.walk.load_state_dict(_part(state, "walk"))
    else:
        refuse_strangers(pool.keys, saved_keys)
        pool.posterior.adopt(_part(state, "posterior"), sources)
        pool.walk.adopt(_part(state, "walk"), sources, int(state["seed"]))
    pool.seed = int(state["seed"])
    pool.step = int(state["step"])
    pool.policy_version = int(state["policy_version"])
    pool.probe_cursor = int(state["probe_cursor"]) % len(pool)
    pool.uniform_reason = state["uniform_reason"] or None
    pool.ledger.load_state_dict(json.loads(state["ledger"]))
    pool.tally.from_json(state["tally"])
    for name, array in (("draw_counts", pool.draw_counts), ("drawn_by", pool.drawn_by)):
        array[known] = state[name][sources[known]]
        array[~known] = 0
    pool.refreshes.adopt(_part(state, "refreshes"), sources)
    pool.refreshes.open(pool.step)
    if pool.last_drawn.size:
        pool.last_drawn[:] = NEVER_DRAWN
        if state["last_drawn"].size:
            pool.last_drawn[known] = state["last_drawn"][sources[known]]
    if pool.index is None:
        return
    weights = state["weights"]
    if not same:
        weights = pool.rule.initial_weights()
        weights[known] = state["weights"][sources[known]]
    pool.index = WeightedIndex(weights)


def _check_entries(pool: Pool, state: Mapping[str, Any]) -> None:
    """Refuse a state that is sealed and not whole, before anything changes."""
    own = {name for name in _entries(pool) if not name.startswith("posterior.") and not name.startswith("key")}
    own -= {"last_drawn"} if state["version"] == 1 else set()
    if missing := sorted(own - state.keys()):
        raise DataError(f"sampler state has no {', '.join(missing)}")
    if "keys" not in state or "key_kind" not in state:
        raise DataError("sampler state has no keys")
    count = int(state["keys"][0]) if state["key_kind"] == "positions" else len(state.get("key_ends", state["keys"]))
    for name in ("weights", "draw_counts", "drawn_by", "last_drawn"):
        if (length := len(state.get(name, ()))) not in ((0, count) if name in ("last_drawn", "weights") else (count,)):
            raise DataError(f"sampler state has {length} {name} for {count} prompts")


def _compare(pool: Pool, state: Mapping[str, Any], saved_keys: PromptKeys, match_keys: bool) -> None:
    expected, found = _settings(pool), json.loads(state["settings"])
    found = {**{field.name: field.default for field in fields(SamplerConfig) if field.name in _ADDED}, **found}
    differences = {
        name: (expected.get(name, "absent"), found.get(name, "absent"))
        for name in expected.keys() | found.keys()
        if expected.get(name) != found.get(name)
    }
    if not match_keys and not pool.keys.equals(saved_keys):
        differences["prompts"] = (f"{len(pool):,} prompts", pool.keys.difference(saved_keys))
    if differences:
        raise StateMismatchError("sampler state", differences)
