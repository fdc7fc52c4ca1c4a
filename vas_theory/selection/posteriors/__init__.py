"""The pass-rate posteriors by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import ArrayLike

from vas_theory.foundation.errors import ArgumentError, UnknownNameError
from vas_theory.selection.posteriors.arcsine_kalman import ArcsineKalman
from vas_theory.selection.posteriors.discounted_beta import DiscountedBeta, PassRatePosterior
from vas_theory.selection.posteriors.hierarchical_beta import HierarchicalBeta

__all__ = ["POSTERIORS", "build_posterior"]

POSTERIORS = {posterior.kind: posterior for posterior in (DiscountedBeta, ArcsineKalman, HierarchicalBeta)}


def build_posterior(
    posterior: str | PassRatePosterior,
    num_prompts: int,
    categories: ArrayLike | None,
    options: Mapping[str, Any] | None = None,
) -> PassRatePosterior:
    """Return a new posterior by name and options, or the given one after a check of its size.

    Raises:
        UnknownNameError: there is no such posterior.
        ArgumentError: categories are missing, superfluous or of another length than the prompts; an option is
            unknown or out of range, or comes with a posterior that is already built.
    """
    chosen = dict(options or {})
    built: PassRatePosterior
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
