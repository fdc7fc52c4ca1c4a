"""Where more rollouts are worth it: two for all, more where a group may be mixed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vas_theory.groups.beta_pools import fit_pool_to_counts
from vas_theory.selection.group_moments import beta_binomial_expectation, mixed_values

__all__ = ["FIRST", "LIKELY", "next_totals", "stages"]

FIRST = 2
LIKELY = 0.5
"""Least chance of a mixed group at which a prompt is rolled out further."""


def stages(rollouts: int) -> list[int]:
    """Return the totals after each stage: 2, then twice as many each time, up to ``rollouts``."""
    totals = [min(FIRST, rollouts)]
    while totals[-1] < rollouts:
        totals.append(min(2 * totals[-1], rollouts))
    return totals


def next_totals(
    successes: NDArray[np.int64], trials: NDArray[np.int64], group_size: int, total: int
) -> NDArray[np.int64]:
    """Return how many rollouts each prompt is to have in all after the next stage.

    The pool's Beta distribution is fitted to all counts so far; a prompt goes on where a group of ``group_size``, given
    its own counts, is at least as likely mixed as silent.

    Args:
        successes, trials: so far, shape (P,).
        group_size: of the run that the column is for.
        total: of those that go on.
    """
    known = trials > 0
    a, b = fit_pool_to_counts(successes[known].astype(np.float64), trials[known].astype(np.float64))
    chance = beta_binomial_expectation(a + successes, b + trials - successes, mixed_values(group_size))
    return np.where(chance >= LIKELY, np.maximum(total, trials), trials)
