"""Rollouts written down by hand, for tests of single steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vas_theory.selection.contract.strategy import Rollouts, SelectionSetting

__all__ = ["received", "setting"]


def setting(prompts: int = 12, batch_size: int = 2, group_size: int = 4, budget: int = 20_000) -> SelectionSetting:
    """Return a small setting."""
    return SelectionSetting(prompts, batch_size, group_size, budget)


def received(
    prompts: Sequence[int],
    rewards: Sequence[Sequence[float]],
    *,
    first: int = 0,
    lengths: Sequence[Sequence[float]] | None = None,
    diversity: Sequence[float] | None = None,
) -> Rollouts:
    """Return the rollouts of a proposal: one list of rewards a prompt."""
    flat = np.concatenate([np.asarray(group, dtype=float) for group in rewards])
    counts = np.array([len(group) for group in rewards])
    long = np.ones(len(flat)) if lengths is None else np.concatenate([np.asarray(group, float) for group in lengths])
    measured = None if diversity is None else np.array(diversity)
    return Rollouts(np.array(prompts), counts, first + np.arange(len(flat)), flat, long, measured)
