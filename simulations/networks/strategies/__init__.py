"""Ways of choosing prompts that only the networks know, one file each, which defines ``STRATEGY``.

Some look at the network itself: their ``truth`` is a :class:`~simulations.networks.runs.policy.Policy`, with the
network's states on prompts, which cost a prefill, and free rollouts, which nobody has in practice and which every table
names. The others follow the same contract as those of ``vas_theory.selection.strategies``.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vas_theory.selection.contract.strategy import Strategy

__all__ = ["own_class", "own_names"]

__dispatch__ = "STRATEGY"


def own_names() -> list[str]:
    """Return the names of all strategies of this folder, sorted."""
    modules = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name.replace("_", "-") for name in modules if not name.startswith("_"))


def own_class(name: str) -> type[Strategy]:
    """Return the class of one of :func:`own_names`."""
    found: type[Strategy] = importlib.import_module(f"{__name__}.{name.replace('-', '_')}").STRATEGY
    return found
