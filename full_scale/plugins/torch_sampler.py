"""A prompt selector as a torch ``Sampler`` whose state a stateful data loader saves and restores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch.utils.data import Sampler

from full_scale.plugins.interface import Key, PromptSelector

__all__ = ["SelectorSampler"]


class SelectorSampler(Sampler[int]):
    """Yields the position of one prompt after the other, without end.

    torchdata's ``StatefulDataLoader`` keeps :meth:`state_dict` in its own state and restores it. The loader must not
    read ahead: with workers it would ask for prompts before the rewards of earlier ones are known, so it needs
    ``num_workers=0``.

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

    def __iter__(self) -> Iterator[int]:
        while True:
            keys = self.selector.select(1, policy_version=self.policy_version)
            self._taken += keys
            yield int(self.selector.positions_of(keys)[0])

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
