"""Ways of choosing prompts, one module each, which defines ``STRATEGY``. Adding a file adds the strategy.

A strategy's name is its module's name with hyphens: ``vas_reuse.py`` holds ``vas-reuse``.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from vas_theory.foundation.errors import UnknownNameError

if TYPE_CHECKING:
    from vas_theory.selection.contract.strategy import SelectionSetting, Strategy

__all__ = [
    "make_strategy",
    "one_round_strategies",
    "strategy_class",
    "strategy_entry",
    "strategy_names",
    "strategy_options",
]

__dispatch__ = "STRATEGY"

_MACHINERY = {"base", "driver"}


def strategy_names() -> list[str]:
    """Return the names of all strategies, sorted."""
    modules = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name.replace("_", "-") for name in modules if name not in _MACHINERY and not name.startswith("_"))


def strategy_class(name: str) -> type[Strategy]:
    """Return the class of a strategy.

    Raises:
        UnknownNameError: there is none of this name.
    """
    if name not in strategy_names():
        raise UnknownNameError("strategy", name, strategy_names())
    found: type[Strategy] = importlib.import_module(f"{__name__}.{name.replace('-', '_')}").STRATEGY
    return found


def strategy_options(name: str) -> list[str]:
    """Return the names of the options that a strategy declares.

    Raises:
        UnknownNameError: there is no strategy of this name.
    """
    return [field.name for field in fields(strategy_class(name)) if field.init and field.name != "setting"]


def strategy_entry(name: str) -> str:
    """Return where a strategy is defined, as results that depend on it name it in their keys.

    Raises:
        UnknownNameError: there is none of this name.
    """
    return f"{strategy_class(name).__module__}:STRATEGY"


def one_round_strategies() -> list[str]:
    """Return the names of the strategies that choose whole groups in one round a step and train on all of them.

    These fit trainers that make a fixed number of rollouts before every update, such as TRL's.
    """
    from vas_theory.selection.contract.strategy import OneRoundStrategy

    def fits(name: str) -> bool:
        found = strategy_class(name)
        return (
            found.propose is OneRoundStrategy.propose
            and found.training_groups is OneRoundStrategy.training_groups
            and not found.needs_truth
            and found.sampling == "independent"
        )

    return [name for name in strategy_names() if fits(name)]


def make_strategy(name: str, setting: SelectionSetting, **options: Any) -> Strategy:
    """Return a fresh strategy.

    Args:
        name: its name.
        setting: what it is told about the run.
        options: its own options; each has a default.

    Raises:
        UnknownNameError: there is no strategy of this name, or it has no such option.
    """
    found = strategy_class(name)
    known = strategy_options(name)
    for option in options:
        if option not in known:
            raise UnknownNameError(f"option of {name}", option, known)
    return found(setting, **options)
