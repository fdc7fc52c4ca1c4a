r"""What may be true of single prompts before they are measured: pass rates and distances between the classes.

For binary rewards :math:`|\nabla J| = p(1-p)\,|\mu_1 - \mu_0|` exactly, so the open question is how far the distance
between the classes varies from prompt to prompt. It is measured on calibration prompts; the pass rate and diversity
of a predicted prompt come from its pilot rollouts alone. Neither has seen the rollouts of the measurement.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from full_scale.predictions.lib.pool import pilot_counts
from vas_theory.foundation.errors import DataError
from vas_theory.foundation.streams import stream
from vas_theory.groups.beta_pools import fit_pool_to_counts

__all__ = ["FEW", "PromptDraws", "draw_prompts"]

DRAWS = 20_000
FEW = 2000
"""Draws where each costs a fit or a ranking."""
Array = NDArray[np.float64]


@dataclass(frozen=True)
class PromptDraws:
    """What may be true of the measured prompts, D draws of each.

    Args:
        keys: the prompts.
        rates_DP, distance_DP: pass rates, and distances between the classes.
        diversity_P: trajectory diversity in the pilot.
        informative_P: whether the pilot has shown both outcomes.
        score_norm: largest root mean squared norm of the score function over the calibration prompts.
    """

    keys: list[str]
    rates_DP: Array
    distance_DP: Array
    diversity_P: Array
    informative_P: NDArray[np.bool_]
    score_norm: float

    @property
    def variance_DP(self) -> Array:
        """Variance of the reward."""
        return self.rates_DP * (1 - self.rates_DP)

    @property
    def norms_DP(self) -> Array:
        """Norms of the policy gradient."""
        return self.variance_DP * self.distance_DP


def draw_prompts(pilot: pd.DataFrame, calibration: pd.DataFrame, keys: list[str], seed: int) -> PromptDraws:
    """Draw pass rates from their posteriors and class distances from what other prompts show.

    Args:
        pilot: columns prompt_key, rollouts, successes, diversity; a sample of the training pool.
        calibration: rows of the probe table for the calibration prompts.
        keys: prompts to predict; none of them is in ``calibration``.
        seed: of the study.

    Raises:
        DataError: fewer than three calibration prompts show both classes twice.
    """
    usable = calibration[calibration.mu_distance > 0]
    if len(usable) < 3:
        raise DataError(
            f"only {len(usable)} calibration prompts have two right and two wrong rollouts; "
            "raise probe.rollouts or probe.calibration_prompts"
        )
    draw = stream(seed, "predictions")
    a, b = fit_pool_to_counts(*pilot_counts(pilot))
    counts = pilot.set_index("prompt_key").loc[keys]
    right, wrong = counts.successes.to_numpy(float), (counts.rollouts - counts.successes).to_numpy(float)
    shape = (DRAWS, len(keys))
    rates = draw.beta(a + right, b + wrong, shape)
    logs = np.log(usable.mu_distance.to_numpy(float))
    n = len(logs)
    # one draw of a new prompt's distance: Student's t, because mean and spread are estimated from n prompts
    distance = np.exp(logs.mean() + logs.std(ddof=1) * np.sqrt(1 + 1 / n) * draw.standard_t(n - 1, shape))
    mixed = (right > 0) & (wrong > 0)
    diversity = counts.diversity.to_numpy(float)
    return PromptDraws(keys, rates, distance, diversity, mixed, float(calibration.score_norm.max()))
