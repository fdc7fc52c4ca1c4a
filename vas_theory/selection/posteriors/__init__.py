"""The pass-rate posteriors by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

from numpy.typing import ArrayLike

from vas_theory.foundation.errors import ArgumentError, UnknownNameError
from vas_theory.selection.posteriors.arcsine_kalman import ArcsineKalman
from vas_theory.selection.posteriors.discounted_beta import DiscountedBeta, PassRatePosterior
from vas_theory.selection.posteriors.hierarchical_beta import HierarchicalBeta
from vas_theory.selection.posteriors.normal_gamma import NormalGamma
from vas_theory.selection.posteriors.predicted_beta import PredictedBeta
from vas_theory.selection.prediction.pass_rate_prior import PassRatePrior
from vas_theory.selection.refusals import refuse_all_but_posteriors

__all__ = ["POSTERIORS", "build_posterior", "learns_from_rewards", "shares_prediction"]

_KINDS = (DiscountedBeta, ArcsineKalman, HierarchicalBeta, NormalGamma, PredictedBeta)
POSTERIORS: dict[str, Callable[..., PassRatePosterior]] = {posterior.kind: posterior for posterior in _KINDS}


def learns_from_rewards(posterior: object) -> TypeGuard[NormalGamma]:
    """Say whether a posterior learns from the rewards themselves, and not from how many were right."""
    return getattr(posterior, "learns_from", "successes") == "rewards"


def shares_prediction(posterior: object) -> TypeGuard[PredictedBeta]:
    """Say whether a posterior learns about all prompts from each group, by a prediction that they share."""
    return hasattr(posterior, "prediction")


def build_posterior(
    posterior: str | PassRatePosterior,
    num_prompts: int,
    categories: ArrayLike | None,
    options: Mapping[str, Any] | None = None,
    *,
    features: ArrayLike | None = None,
    prior: PassRatePrior | None = None,
) -> PassRatePosterior:
    """Return a new posterior by name and options, or the given one after a check of its size.

    Raises:
        UnknownNameError: there is no such posterior.
        ArgumentError: categories are missing, superfluous or of another length than the prompts; an option is
            unknown or out of range, or comes with a posterior that is already built.
    """
    refuse_all_but_posteriors(posterior)
    chosen = dict(options or {})
    built: PassRatePosterior
    if features is not None or prior is not None:
        if posterior not in (DiscountedBeta.kind, PredictedBeta.kind):
            needs = "be left out, or 'discounted_beta' or 'predicted_beta', with features or a prior"
            raise ArgumentError("posterior", needs, posterior)
        if prior is not None and not isinstance(prior, PassRatePrior):
            raise ArgumentError("prior", "be a PassRatePrior(successes, trials)", prior)
        chosen.update(features=features, column=prior)
        posterior = PredictedBeta.kind
    if not isinstance(posterior, str):
        if chosen:
            raise ArgumentError("posterior options", "be left out for a posterior that is already built", chosen)
        built = posterior
    elif posterior not in POSTERIORS:
        raise UnknownNameError("posterior", posterior, POSTERIORS)
    elif posterior == HierarchicalBeta.kind:
        if categories is None:
            raise ArgumentError("categories", "be given for the posterior 'hierarchical_beta'", None)
        built = _made(HierarchicalBeta, categories, chosen)
    else:
        built = _made(POSTERIORS[posterior], num_prompts, chosen)
    if categories is not None and not isinstance(built, HierarchicalBeta):
        raise ArgumentError("categories", "be given for the posterior 'hierarchical_beta' only", posterior)
    if built.num_prompts != num_prompts:
        raise ArgumentError("posterior and categories", f"be for {num_prompts} prompts", built.num_prompts)
    return built


def _made(kind: Callable[..., PassRatePosterior], about: Any, options: dict[str, Any]) -> PassRatePosterior:
    allowed = set(inspect.signature(kind).parameters) - {"num_prompts", "categories"}
    for name in options:
        if name not in allowed:
            raise ArgumentError("posterior options", f"be among {', '.join(sorted(allowed))}", name)
    return kind(about, **options)
