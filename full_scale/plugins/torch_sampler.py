"""A prompt selector as a torch ``Sampler`` whose state a stateful data loader saves and restores."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from torch.utils.data import Sampler

from full_scale.plugins.interface import Key, PromptSelector

__all__ = ["SelectorSampler"]

logger = logging.getLogger(__name__)


class SelectorSampler(Sampler[int]):
    """Yields the position of one prompt after the other, without end.

    torchdata's ``StatefulDataLoader`` keeps :meth:`state_dict` in its own state and restores it. The loader should not
    read ahead: with workers it asks for prompts before the rewards of earlier ones are known, so it needs
    ``num_workers=0``. The first time that more than a batch is asked for without rewards in between, a warning says so.

    Args:
        selector: of the prompts of the data set, in the order of its rows.

    Attributes:
        policy_version: told to the selector at each choice; ``None`` for the present one.
        restored: whether a saved state has been loaded.
    """

    def __init__(self, selector: PromptSelector) -> None:
        self.selector = selector
        self.policy_version: int | None = None
        self.restored = False
        self._taken: list[Key] = []
        self._said = False

    def __iter__(self) -> Iterator[int]:
        observed, asked = self.selector.observed_groups, 0
        while True:
            if self.selector.observed_groups != observed:
                observed, asked = self.selector.observed_groups, 0
            asked += 1
            self._say_what_is_read_ahead(asked)
            keys = self.selector.select(1, policy_version=self.policy_version)
            self._taken += keys
            yield int(self.selector.positions_of(keys)[0])

    def _say_what_is_read_ahead(self, asked: int) -> None:
        size = self.selector.sampler.config.batch_size
        if asked > size and not self._said:
            self._said = True
            logger.warning(
                "more than batch_size = %d prompts were asked for without rewards in between: the loader reads ahead, "
                "and prompts are chosen without what their predecessors teach; give it num_workers=0, or batch_size "
                "the prompts of a step",
                size,
            )

    def __len__(self) -> int:
        return len(self.selector)

    def take_keys(self) -> list[Key]:
        """Return the keys of the prompts that were yielded since the last call, in that order."""
        taken, self._taken = self._taken, []
        return taken

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the selector."""
        return self.selector.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state; see :meth:`~full_scale.plugins.interface.Selector.load_state_dict`."""
        self.selector.load_state_dict(state)
        self._taken = []
        self.restored = True
