"""Features that follow the policy: renewed for the prompts that the next draw will look at, and for no others."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.sampler.variance_aware import VarianceAwareSampler

if TYPE_CHECKING:
    from full_scale.trl_adapter.mixin import VASMixin

__all__ = ["Renewal"]

logger = logging.getLogger(__name__)

_NEVER = -(1 << 30)


class Renewal:
    """Keeps the features of a sampler's candidates no older than so many batches.

    Every process makes the features of an equal share of the prompts; the shares are gathered, so that all know the
    same. A prompt whose features hold is not looked at again.

    Args:
        trainer: whose sampler.
        make: from rows of the data set to features, shape (n, d).
        every: batches for which features hold.
    """

    def __init__(self, trainer: VASMixin, make: Callable[[list[dict[str, Any]]], Any], every: int) -> None:
        self._trainer, self._make, self._every = trainer, make, every
        self._made_at = np.full(len(trainer.sampler), _NEVER, dtype=np.int64)
        self._began: float | None = None
        self._seconds, self._share = 0.0, float("nan")
        self._latest = (0, 0.0)

    def before_draw(self) -> None:
        """Renew what the next draw will look at.

        Raises:
            ArgumentError: the function that the user gave returned something else than numbers of shape (n, d).
        """
        started = time.perf_counter()
        if self._began is None:
            self._began = started
        else:
            self._share = self._seconds / (started - self._began)
        sampler = self._trainer.sampler
        places = sampler.next_candidates()
        places = places[sampler.step - self._made_at[places] >= self._every]
        if places.size:
            self._take(sampler, places)
        spent = time.perf_counter() - started
        self._seconds += spent
        self._latest = (int(places.size), spent)

    def _take(self, sampler: VarianceAwareSampler, places: NDArray[np.int64]) -> None:
        features = self._gathered(places)
        unknown = ~np.isfinite(features).all(axis=1)
        self._made_at[places] = sampler.step
        if unknown.any():
            logger.warning(
                "step %d: the features of %d of %d prompts are not finite and are left out: pass rates of these "
                "prompts are not predicted from them",
                *(sampler.step, int(unknown.sum()), places.size),
            )
            features[unknown] = np.nan
            places, features = places[~unknown], features[~unknown]
        if places.size:
            sampler.set_features(features, places)

    def _gathered(self, places: NDArray[np.int64]) -> NDArray[np.float32]:
        accelerator = self._trainer.accelerator
        share = -(-places.size // accelerator.num_processes)
        first = accelerator.process_index * share
        # the last prompt is repeated until all have equally many: a divided model needs equally many passes
        own = places[np.minimum(np.arange(first, first + share), places.size - 1)]
        made = self._checked(self._make([self._trainer.prompt_row(int(place)) for place in own]), own.size)
        if accelerator.num_processes == 1:
            return made
        gathered = accelerator.gather(torch.from_numpy(made).to(accelerator.device))
        return np.asarray(gathered.cpu().numpy()[: places.size])

    @staticmethod
    def _checked(made: ArrayLike, count: int) -> NDArray[np.float32]:
        try:
            values = np.array(made, dtype=np.float32)
        except (TypeError, ValueError, RuntimeError):
            raise ArgumentError("features", f"return numbers of shape ({count}, d)", made) from None
        if values.ndim != 2 or values.shape[0] != count or values.shape[1] < 1:
            raise ArgumentError("features", f"return numbers of shape ({count}, d)", values.shape)
        return values

    def metrics(self) -> dict[str, float]:
        """Return the cost of the last batch's features, and the share of all earlier batches' time that they took."""
        renewed, seconds = self._latest
        return {"features_renewed": renewed, "features_seconds": seconds, "features_time_share": self._share}

    def as_state(self) -> dict[str, Any]:
        """Return when the features of each prompt were made."""
        return {"features_made_at": self._made_at.copy()}

    def restore(self, saved: Mapping[str, Any], *, same_prompts: bool) -> None:
        """Go on from a checkpoint; with other prompts all features are made anew."""
        if same_prompts:
            self._made_at[:] = saved["features_made_at"]
