"""From what the user said of the prompts to what the sampler is given, before and while it draws."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from full_scale.plugins.interface import Selector
from full_scale.plugins.reward_view import PASS_RATES, RewardView
from full_scale.trl_adapter.config import VASConfig
from full_scale.trl_adapter.knowledge.columns import given_features, pass_rate_prior
from full_scale.trl_adapter.knowledge.hidden_states import HiddenStates
from full_scale.trl_adapter.knowledge.renewal import Renewal
from full_scale.trl_adapter.strategies import StrategySelector
from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.posteriors import build_posterior
from vas_theory.selection.prediction.pass_rate_prior import PassRatePrior
from vas_theory.selection.sampler.variance_aware import VarianceAwareSampler

if TYPE_CHECKING:
    from full_scale.trl_adapter.mixin import VASMixin

__all__ = ["Knowledge", "build_renewal", "build_selector"]

_IMAGES = ("image", "images")


@dataclass(frozen=True)
class Knowledge:
    """What is known of the prompts beforehand.

    Attributes:
        features: shape (P, d), None if there are none or they are made while training goes on.
        prior: pass rates from elsewhere, None if there are none.
    """

    features: NDArray[np.floating[Any]] | None
    prior: PassRatePrior | None

    @classmethod
    def of(cls, dataset: Any, vas: VASConfig) -> Knowledge:
        """Read it from a data set.

        Raises:
            ArgumentError: features have another shape than the data set's, or values that are no numbers.
            DataError: a column is missing or cannot be used; the message names the row.
        """
        shown = [name for name in _IMAGES if name in dataset.column_names]
        if isinstance(vas.features, str) and shown:
            needs = "be an array or a function of rows where prompts show images, which hidden_states does not read"
            raise ArgumentError("features", needs, shown)
        return cls(given_features(dataset, vas), pass_rate_prior(dataset, vas))

    @property
    def digest(self) -> str:
        """SHA-256 of all of it, empty where nothing is known: a run that goes on has to be told the same."""
        parts: list[NDArray[Any]] = [] if self.prior is None else [self.prior.successes, self.prior.trials]
        parts += [] if self.features is None else [self.features]
        digest = hashlib.sha256()
        for part in parts:
            digest.update(f"{part.shape}".encode())
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest() if parts else ""


def build_selector(trainer: VASMixin, keys: list[str] | list[int], prompts: int) -> Selector | StrategySelector:
    """Return what chooses a trainer's prompts.

    Args:
        trainer: with its settings, but without a selector yet.
        keys: of the prompts.
        prompts: a generation batch.
    """
    vas, known = trainer.vas, trainer.known
    seed = trainer.args.seed if vas.seed is None else vas.seed
    shape: dict[str, Any] = {"batch_size": prompts, "group_size": trainer.num_generations, "seed": seed}
    if vas.strategy != "vas":
        return StrategySelector(vas.strategy, keys, options=vas.options, **shape)
    given = {**vas.sampler_options, **({"strict": True} if vas.strict else {})}
    categories = trainer.train_dataset[vas.category_column] if vas.category_column else None

    def build(posterior: str, reward_range: tuple[float, float], kept: Mapping[str, Any]) -> VarianceAwareSampler:
        named = posterior == (vas.posterior or PASS_RATES)
        belief = build_posterior(
            vas.posterior_kind(posterior) if named else posterior,
            len(keys),
            categories,
            vas.posterior_options if named else {},
            features=known.features,
            prior=known.prior,
        )
        return VarianceAwareSampler(keys, posterior=belief, **{**kept, **given, **shape, "reward_range": reward_range})

    return Selector(RewardView(vas.reward_terms(), build))


def build_renewal(trainer: VASMixin) -> Renewal | None:
    """Return what keeps a trainer's features new, None if they do not change."""
    vas = trainer.vas
    if not vas.renews_features:
        return None
    make = vas.features if callable(vas.features) else HiddenStates(trainer)
    return Renewal(trainer, make, vas.features_every)
