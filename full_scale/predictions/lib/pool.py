"""The pool of pass rates: a Beta distribution fitted to the pilot, and what follows from the pool alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from vas_theory.foundation.streams import stream
from vas_theory.groups.beta_pools import fit_pool_to_counts
from vas_theory.potentials import beta_pool_gain

__all__ = ["UNIFORM_GROUPS", "PoolDraws", "draw_pool", "pilot_counts", "row_correlations"]

DRAWS = 4000
FEW = 2000
REFITS = 200
"""Bootstrap samples of the pilot to which the pool is fitted again."""
UNIFORM_GROUPS = 24
"""Groups of the uniform arm on which the mixed share is measured: few enough that the policy has changed little."""
Array = NDArray[np.float64]


def pilot_counts(pilot: pd.DataFrame) -> tuple[Array, Array]:
    """Return successes and rollouts of the pilot's prompts as floats."""
    return pilot.successes.to_numpy(float), pilot.rollouts.to_numpy(float)


@dataclass(frozen=True)
class PoolDraws:
    """What may be true of the pool, D draws.

    Args:
        mixed_share_D: share of mixed groups among :data:`UNIFORM_GROUPS` uniformly drawn ones.
        squared_variation_D: squared coefficient of variation of the reward variance over the pool.
        variance_DP: reward variances of the pilot's prompts.
    """

    mixed_share_D: Array
    squared_variation_D: Array
    variance_DP: Array


def draw_pool(pilot: pd.DataFrame, group_size: int, seed: int) -> PoolDraws:
    """Draw what follows from pass rates alone.

    Args:
        pilot: columns prompt_key, rollouts, successes.
        group_size: rollouts of a training group.
        seed: of the study.
    """
    draw = stream(seed, "pool predictions")
    right, count = pilot_counts(pilot)
    a, b = fit_pool_to_counts(right, count)
    rates = draw.beta(a, b, (DRAWS, UNIFORM_GROUPS))
    mixed = draw.random(rates.shape) < 1 - rates**group_size - (1 - rates) ** group_size
    # the variation is a ratio over the pool: which prompts are in it, and the fit, are both uncertain
    variations = []
    for _ in range(REFITS):
        rows = draw.integers(len(right), size=len(right))
        a_row, b_row = fit_pool_to_counts(right[rows], count[rows])
        variations.append(float(beta_pool_gain(a_row, b_row)) - 1)
    variance = draw.beta(a + right, b + count - right, (FEW, len(right)))
    variance *= 1 - variance
    return PoolDraws(mixed.mean(axis=1), np.array(variations), variance)


def row_correlations(rows_DP: Array, fixed_P: Array) -> Array:
    """Return Spearman's rank correlation of each row with fixed values; ties take their mean rank."""
    left, right = stats.rankdata(rows_DP, axis=1), stats.rankdata(fixed_P)
    left, right = left - left.mean(axis=1, keepdims=True), right - right.mean()
    spread = np.sqrt((left**2).sum(axis=1) * (right**2).sum())
    return np.divide(left @ right, spread, out=np.zeros(len(left)), where=spread > 0)
