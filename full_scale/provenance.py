"""Which code the tables of each stage depend on. Code that only reads configs or stores results is left out."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from types import ModuleType

__all__ = ["EVALUATING", "MEASURING", "PREDICTING", "VALIDATING", "modules", "training_sources"]

_SAMPLING = (
    "full_scale.models.loading",
    *(f"full_scale.rewards.{name}" for name in ("checks", "compose", "extraction", "groups", "shape", "verifier")),
    "full_scale.compact.rollouts",
    "full_scale.compact.shared_prefix",
    "full_scale.streams",
    *(f"full_scale.tasks.{name}" for name in ("arithmetic", "files", "reasoning_gym", "rows", "splitting")),
)
_SELECTION = (
    "vas_theory.groups.advantages",
    "vas_theory.selection.contract.strategy",
    "vas_theory.selection.contract.driver",
)
_SAMPLER = (
    "vas_theory.foundation.streams",
    "vas_theory.selection.drawing.uniform_walk",
    "vas_theory.selection.drawing.weighted_index",
    "vas_theory.selection.posteriors.discounted_beta",
    "vas_theory.selection.sampler.feedback",
    "vas_theory.selection.sampler.variance_aware",
    "vas_theory.selection.sampler.weights",
)
_SHARED_PARTS = {
    "dapo": ("_groups", "uniform"),
    "index": ("_diffusion", "_logit_belief", "_look_ahead"),
    "index-ada": ("_balanced", "_diffusion", "_logit_belief", "_look_ahead", "index"),
    "mopps": ("_beta_memory",),
    "vas-paper": ("_periodic",),
}

MEASURING = (
    *_SAMPLING,
    "full_scale.compact.collection",
    "full_scale.measuring.prompts",
    "full_scale.measuring.probe",
    "full_scale.measuring.score_gram",
)
PREDICTING = tuple(
    f"full_scale.{name}"
    for name in (
        "predictions.dynamics",
        "predictions.forecast",
        "predictions.document",
        "predictions.prompt_laws",
        "predictions.rehearsal",
        "streams",
        "predictions.training_laws",
    )
)
EVALUATING = (*_SAMPLING, "full_scale.measuring.held_out", "full_scale.measuring.probe")
VALIDATING = tuple(
    f"full_scale.predictions.{name}"
    for name in ("dynamics", "document", "prompt_laws", "prompt_measures", "training_measures", "verdict")
)


def training_sources(*strategies: str) -> tuple[str, ...]:
    """Return what training with these strategies depends on: a new strategy leaves the runs of others current."""
    names = []
    for strategy in strategies:
        names += [strategy.replace("-", "_"), *_SHARED_PARTS.get(strategy, ())]
    chosen = (f"vas_theory.selection.strategies.{name}" for name in names)
    sampler = _SAMPLER if "vas" in strategies else ()
    engine = (
        "full_scale.compact.collection",
        "full_scale.compact.loop",
        "full_scale.compact.objective",
        "full_scale.compact.update",
    )
    return tuple(sorted({*_SAMPLING, *_SELECTION, *sampler, *chosen, *engine}))


def modules(names: Iterable[str]) -> list[ModuleType]:
    """Import modules by name."""
    return [importlib.import_module(name) for name in names]
