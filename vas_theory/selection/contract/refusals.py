"""What strategies, worlds and settings hand to a driver that numpy would bend into shape; no result rests on it."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from vas_theory.foundation.errors import ArgumentError

if TYPE_CHECKING:
    from vas_theory.selection.contract.driver import Generated
    from vas_theory.selection.contract.strategy import SelectionSetting, Strategy, TrainingGroups

__all__ = ["refuse_generated", "refuse_groups", "refuse_proposal", "refuse_setting"]

__neutral__ = "what is refused"


def refuse_setting(setting: SelectionSetting) -> None:
    """Refuse counts that are no integers, and features of other prompts.

    Raises:
        ArgumentError: with the name of the first.
    """
    for name in ("prompts", "batch_size", "group_size", "budget", "max_visits"):
        value = getattr(setting, name)
        optional = name == "max_visits" and value is None
        if not optional and (isinstance(value, bool) or not isinstance(value, Integral)):
            raise ArgumentError(name, "be an integer", value)
    shape = np.shape(setting.features_P) if setting.features_P is not None else (setting.prompts, 1)
    if len(shape) != 2 or shape[0] != setting.prompts:
        raise ArgumentError("features_P", f"have shape ({setting.prompts}, d)", shape)


def refuse_proposal(strategy: Strategy, prompts: object, counts: object) -> None:
    """Refuse prompts and counts that are no integers: fractions would be cut off.

    Raises:
        ArgumentError: with the name of the strategy.
    """
    for name, values in (("prompts", prompts), ("counts", counts)):
        try:
            given = np.asarray(values)
        except ValueError:
            given = np.empty(1, dtype=object)
        if given.size and given.dtype.kind not in "iu":
            raise ArgumentError(f"{name} of a proposal of {type(strategy).__name__}", "be integers", values)


def refuse_generated(made: Generated, prompts: int, rollouts: int) -> None:
    """Refuse rollouts of another number than was asked for.

    Raises:
        ArgumentError: with the name of what does not fit.
    """
    for name, length in (("rewards_R", rollouts), ("lengths_R", rollouts), ("diversity_P", prompts)):
        values: Any = getattr(made, name, None)
        if (values is not None or name != "diversity_P") and np.shape(values) != (length,):
            raise ArgumentError(f"{name} of what was generated", f"have shape ({length},)", np.shape(values))
    if not np.isfinite(made.lengths_R).all():
        raise ArgumentError("lengths_R of what was generated", "be finite", made.lengths_R)


def refuse_groups(strategy: Strategy, groups: TrainingGroups) -> None:
    """Refuse training groups that are none, or whose arrays have other axes; advantages may have one of steps too.

    Raises:
        ArgumentError: with the name of the strategy.
    """
    for name in ("prompts_P", "sizes_P", "ids_R", "rewards_R"):
        if np.ndim(getattr(groups, name, 0.0)) != 1:
            raise ArgumentError(f"{name} of the groups of {type(strategy).__name__}", "have one axis", groups)
