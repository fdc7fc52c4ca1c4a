"""Advantages of a sampled group, as GRPO, Dr.GRPO and RLOO compute them."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.arguments import check_ddof_eps, unify
from vas_theory.foundation.errors import ArgumentError, UnknownNameError
from vas_theory.foundation.precision import sqrt
from vas_theory.foundation.refusals import refuse_masked

__all__ = ["AdvantageKind", "check_kind", "group_advantages", "usable_groups"]

AdvantageKind = Literal["grpo", "dr_grpo", "rloo"]


def check_kind(kind: str) -> None:
    """Check the name of an advantage.

    Raises:
        UnknownNameError: it is not one of ``grpo``, ``dr_grpo``, ``rloo``.
    """
    if kind not in get_args(AdvantageKind):
        raise UnknownNameError("kind of advantage", kind, get_args(AdvantageKind))


def usable_groups(rewards: ArrayLike) -> NDArray[np.bool_]:
    """Return which groups can be trained on: at least two rewards are numbers, and none is infinite (beyond 1e300).

    Args:
        rewards: (..., G) rewards; None and NaN mark a missing reward.

    Returns:
        (...) booleans. A usable group may still be silent (all its rewards equal).
    """
    _, present, infinite = _read(rewards)
    return ~infinite.any(-1) & (present.sum(-1) >= 2)


def group_advantages(
    rewards: ArrayLike, *, kind: AdvantageKind = "grpo", ddof: int = 0, eps: float = 0.0
) -> NDArray[Any]:
    r"""Return the advantages of the rollouts of each group.

    .. math::
        A_i = \frac{r_i - \bar r}{s + \varepsilon}\ (\text{grpo}), \qquad
        A_i = r_i - \bar r\ (\text{dr\_grpo}), \qquad
        A_i = r_i - \frac{1}{n-1} \sum_{j \ne i} r_j\ (\text{rloo})

    with :math:`s^2 = \sum_i (r_i - \bar r)^2 / (n - \mathrm{ddof})` over the n rewards that are present.
    Missing rewards (None, NaN) are left out and get advantage 0. Groups with max = min are silent: their
    advantages are exactly 0, whatever the rounding of their mean. Groups that :func:`usable_groups` rejects
    get 0 throughout. For rewards 1, 0, 0, 0 the largest advantage is 1.73 (ddof 0), 1.50 (ddof 1), .75
    (dr_grpo) and 1 (rloo).

    Args:
        rewards: (..., G) rewards of the rollouts, G >= 2.
        kind: ``grpo``, ``dr_grpo`` or ``rloo``.
        ddof: 0 for the population and 1 for the sample standard deviation (grpo only).
        eps: constant added to the standard deviation, in units of the reward (grpo only).

    Returns:
        (..., G) advantages, float64 (or the exact arithmetic of ``rewards``).

    Raises:
        ArgumentError: fewer than two rollouts, or ``ddof`` or ``eps`` out of range.
        UnknownNameError: no such kind.

    Source:
        Shao et al. 2402.03300 (GRPO); Liu et al. 2503.20783 (Dr.GRPO); Ahmadian et al. 2402.14740 (RLOO).
    """
    check_kind(kind)
    check_ddof_eps(ddof, eps)
    values, present, infinite = _read(rewards)
    if values.ndim == 0 or values.shape[-1] < 2:
        raise ArgumentError("rewards", "have at least two rollouts on the last axis", values.shape)
    usable = ~infinite.any(-1, keepdims=True) & (present.sum(-1, keepdims=True) >= 2)
    present = present & usable
    first = np.take_along_axis(values, present.argmax(-1)[..., None], -1)
    offset = np.where(present, values - first, 0)  # equal rewards give offsets of exactly 0
    divisor = np.where(usable, present.sum(-1, keepdims=True), 2)
    centred = np.where(present, offset - offset.sum(-1, keepdims=True) / divisor, 0)
    silent = (offset == 0).all(-1, keepdims=True)
    if kind == "dr_grpo":
        result = centred
    elif kind == "rloo":
        result = centred * divisor / (divisor - 1)
    else:
        # in units of the largest deviation, squares neither overflow nor vanish
        scale = 1 if values.dtype == object else np.abs(centred).max(-1, keepdims=True)
        unit = np.where(silent, 1, scale)
        spread = np.where(silent, 1, sqrt(((centred / unit) ** 2).sum(-1, keepdims=True) / (divisor - ddof)))
        centred, spread = unify(centred, spread)  # the root of a fraction is irrational, mostly
        result = centred / unit / spread if eps == 0 else centred / (spread * unit + eps)
    advantages: NDArray[Any] = np.where(silent, 0, result)
    return advantages


def _read(rewards: ArrayLike) -> tuple[NDArray[Any], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the rewards with 0 where they are missing or infinite, which are present, and which are infinite.

    Beyond 1e300 counts as infinite: differences of such rewards need not be representable.
    """
    refuse_masked("rewards", rewards)
    array = np.asarray(rewards)
    if array.dtype == object:
        if all(entry is None or isinstance(entry, (bool, int, float, np.number)) for entry in array.flat):
            array = array.astype(np.float64)  # None becomes NaN
        else:
            (values,) = unify(np.where(array == None, 0, array))  # noqa: E711 - elementwise
            return values, np.asarray(array != None), np.zeros(array.shape, dtype=bool)  # noqa: E711
    array = array.astype(np.float64)
    infinite = np.abs(array) > 1e300
    present = ~infinite & ~np.isnan(array)
    return np.where(present, array, 0.0), present, infinite
