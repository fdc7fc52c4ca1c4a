"""P6: what the diversity of a prompt's completions says about its variance, its gradient and its class distance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats

from full_scale.predictions.lib.base import Forecast, Plan, Prediction, forecast_of
from full_scale.predictions.lib.evidence import Evidence
from full_scale.predictions.lib.measurements import Measurements, rank_correlation
from full_scale.predictions.lib.pool import row_correlations
from full_scale.predictions.lib.prompt_draws import FEW
from full_scale.predictions.p1_gradient_norms import FEWEST_PROMPTS
from vas_theory.foundation.intervals import UNKNOWN, Estimate

__all__ = ["instances"]


@dataclass(frozen=True, kw_only=True)
class DiversityAndGradient(Prediction):
    """Diversity and the gradient norm."""

    id = "P6/diversity-gradient"
    quantity = "diversity_norm_correlation"
    statement = (
        "rank correlation of |grad J| with the pilot's diversity (1 - self-BLEU) if diversity says nothing about "
        "the class distance and matters through the variance alone"
    )

    def predict(self, evidence: Evidence) -> Forecast | None:
        draws = evidence.prompts
        if draws.informative_P.sum() < FEWEST_PROMPTS:
            return None
        correlations = row_correlations(draws.norms_DP[:FEW], draws.diversity_P)
        return forecast_of(correlations, evidence.coverage, 0.0)

    def measure(self, found: Measurements) -> Estimate:
        return found.bootstrap(found.probe, rank_correlation("pilot_diversity", "gradient_norm"))


@dataclass(frozen=True, kw_only=True)
class DiversityAndDistance(Prediction):
    """Diversity and the distance between the classes."""

    id = "P6/diversity-distance"
    quantity = "diversity_distance_correlation"
    statement = (
        "tabular softmax: at a given p more diversity means a smaller gradient, so |mu_1 - mu_0| falls with "
        "diversity over the prompts that show both outcomes"
    )

    def predict(self, evidence: Evidence) -> Forecast | None:
        count = evidence.prompts.informative_P.sum()
        if count < FEWEST_PROMPTS:
            return None
        # a law of sign alone: every correlation that so many prompts can tell from 0 agrees with it
        weakest = -float(stats.norm.ppf(evidence.coverage) / np.sqrt(count - 1))
        return Forecast(predicted=(weakest - 1) / 2, low=-1.0, high=weakest, no_effect=0.0)

    def measure(self, found: Measurements) -> Estimate:
        known = found.probe.dropna(subset=["mu_distance"])
        if len(known) < FEWEST_PROMPTS:
            return UNKNOWN
        return found.bootstrap(known, rank_correlation("pilot_diversity", "mu_distance"))


@dataclass(frozen=True, kw_only=True)
class DiversityAndVariance(Prediction):
    """Diversity and the variance of the reward."""

    id = "P6/diversity-variance"
    quantity = "diversity_variance_correlation"
    statement = (
        "rank correlation of reward variance on fresh rollouts with the pilot's diversity, if the pilot's "
        "posterior of each pass rate is right"
    )

    def predict(self, evidence: Evidence) -> Forecast:
        correlations = row_correlations(evidence.pool.variance_DP, evidence.pilot.diversity.to_numpy(float))
        return forecast_of(correlations, evidence.coverage, 0.0)

    def measure(self, found: Measurements) -> Estimate:
        return found.bootstrap(found.pool, rank_correlation("pilot_diversity", "variance"))


def instances(plan: Plan) -> Iterator[Prediction]:
    """Yield the predictions of a study."""
    yield from (DiversityAndGradient(), DiversityAndDistance(), DiversityAndVariance())
