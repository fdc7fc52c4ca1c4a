"""The pass-rate posteriors by name."""

from __future__ import annotations

from numpy.typing import ArrayLike

from vas_theory.errors import ArgumentError, UnknownNameError
from vas_theory.selection.arcsine_kalman import ArcsineKalman
from vas_theory.selection.hierarchical_beta import HierarchicalBeta
from vas_theory.selection.pass_rates import DiscountedBeta, PassRatePosterior

__all__ = ["POSTERIORS", "build_posterior"]

POSTERIORS = {posterior.kind: posterior for posterior in (DiscountedBeta, ArcsineKalman, HierarchicalBeta)}


def build_posterior(
    posterior: str | PassRatePosterior, num_prompts: int, categories: ArrayLike | None
) -> PassRatePosterior:
    """Return a new posterior by name, or the given one after a check of its size.

    Raises:
        UnknownNameError: there is no such posterior.
        ArgumentError: categories are missing, superfluous or of another length than the prompts.
    """
    built: PassRatePosterior
    if not isinstance(posterior, str):
        built = posterior
    elif posterior not in POSTERIORS:
        raise UnknownNameError("posterior", posterior, POSTERIORS)
    elif posterior == HierarchicalBeta.kind:
        if categories is None:
            raise ArgumentError("categories", "be given for the posterior 'hierarchical_beta'", None)
        built = HierarchicalBeta(categories)
    else:
        built = DiscountedBeta(num_prompts) if posterior == DiscountedBeta.kind else ArcsineKalman(num_prompts)
    if categories is not None and not isinstance(built, HierarchicalBeta):
        raise ArgumentError("categories", "be given for the posterior 'hierarchical_beta' only", posterior)
    if built.num_prompts != num_prompts:
        raise ArgumentError("posterior and categories", f"be for {num_prompts} prompts", built.num_prompts)
    return built
