r"""Exact moments of a group's update for any rewards, by enumeration of the counts of the reward levels.

Advantages depend on a group only through how many rollouts have each distinct reward, so the sum runs over
the compositions of G into the levels, never over the K^G groups. Given the counts, the arms inside a level
are independent draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import chain, combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.arguments import as_bandit, as_group_size, as_scored_bandit, check_ddof_eps, unify
from vas_theory.foundation.errors import ArgumentError
from vas_theory.foundation.precision import sqrt
from vas_theory.groups.advantages import AdvantageKind, check_kind
from vas_theory.policy.softmax import tabular_score

__all__ = ["MAX_COMPOSITIONS", "enumerate_second_moment", "enumerate_update"]

MAX_COMPOSITIONS = 1_000_000
"""Largest number of compositions one call enumerates."""


def enumerate_update(
    probs: ArrayLike,
    rewards: ArrayLike,
    group_size: int,
    *,
    kind: AdvantageKind = "grpo",
    ddof: int = 0,
    eps: float = 0.0,
) -> NDArray[Any]:
    r"""Return :math:`E[\frac1G \sum_i A_i (e_{y_i} - \pi)]` by enumeration.

    The advantages of a group sum to zero, so component i is :math:`\pi_i E[A_1 \mid y_1 = i]`, a sum over the
    compositions of the G - 1 other rollouts.

    Args:
        probs: (..., K) probabilities.
        rewards: (..., K) rewards.
        group_size: G >= 2.
        kind: which advantage.
        ddof: 0 or 1 (grpo only).
        eps: constant added to the standard deviation (grpo only).

    Returns:
        (..., K) expected logit updates.

    Raises:
        ArgumentError: more than ``MAX_COMPOSITIONS`` compositions, or an argument out of range.
    """
    check_kind(kind)
    check_ddof_eps(ddof, eps)
    size = as_group_size(group_size)
    pi, r = as_bandit(probs, rewards)

    def update(pi: NDArray[Any], r: NDArray[Any]) -> NDArray[Any]:
        values, membership = _levels(r)
        mass = pi @ membership
        conditional = 0 * mass
        for others in _blocks(_compositions(size - 1, len(values)), mass.size):
            counts = others[:, None, :] + np.eye(len(values), dtype=np.int64)
            own = np.diagonal(_level_advantages(counts, values, kind, ddof, eps), axis1=-2, axis2=-1)
            conditional = conditional + _multinomial(others, mass) @ own
        return pi * (conditional @ membership.T)

    return _by_reward_row(update, pi, r)


def enumerate_second_moment(
    probs: ArrayLike,
    rewards: ArrayLike,
    group_size: int,
    *,
    scores: ArrayLike | None = None,
    kind: AdvantageKind = "grpo",
    ddof: int = 0,
    eps: float = 0.0,
) -> NDArray[Any]:
    r"""Return :math:`E|\frac1G \sum_i A_i g_{y_i}|^2` by enumeration.

    With the counts :math:`n_\ell`, the level means :math:`\mu_\ell` of the score and the traces
    :math:`\tau_\ell` of its covariance inside a level, it is the mean over the compositions of

    .. math:: \frac{1}{G^2} \Big( \Big|\sum_\ell n_\ell A_\ell \mu_\ell\Big|^2
              + \sum_\ell n_\ell A_\ell^2 \tau_\ell \Big)

    Args:
        probs: (..., K) probabilities.
        rewards: (..., K) rewards.
        group_size: G >= 2.
        scores: (..., K, d) score function; the tabular one if None.
        kind: which advantage.
        ddof: 0 or 1 (grpo only).
        eps: constant added to the standard deviation (grpo only).

    Returns:
        (...) second moments.

    Raises:
        ArgumentError: more than ``MAX_COMPOSITIONS`` compositions, or an argument out of range.
    """
    check_kind(kind)
    check_ddof_eps(ddof, eps)
    size = as_group_size(group_size)
    pi, g, r = as_scored_bandit(probs, tabular_score(probs) if scores is None else scores, rewards)

    def moment(pi: NDArray[Any], r: NDArray[Any], g: NDArray[Any]) -> NDArray[Any]:
        values, membership = _levels(r)
        mass = (pi @ membership)[..., None]
        weighted = membership.T @ (pi[..., None] * g)
        means = weighted / np.where(mass == 0, 1, mass)
        centred = g - membership @ means
        inside = ((pi * (centred**2).sum(-1)) @ membership) / np.where(mass == 0, 1, mass)[..., 0]
        gram = means @ np.swapaxes(means, -1, -2)
        total = 0 * mass[..., 0, 0]
        for counts in _blocks(_compositions(size, len(values)), mass.size):
            own = _level_advantages(counts, values, kind, ddof, eps)
            pull = counts * own
            square = ((pull @ gram) * pull).sum(-1) + ((pull * own) @ inside[..., None])[..., 0]
            total = total + (_multinomial(counts, mass[..., 0]) * square).sum(-1)
        return total / size**2

    return _by_reward_row(moment, pi, r, g)


def _by_reward_row(
    function: Callable[..., NDArray[Any]], pi: NDArray[Any], r: NDArray[Any], g: NDArray[Any] | None = None
) -> NDArray[Any]:
    """Apply ``function`` at once where all instances share one reward vector, else instance by instance."""
    rest: tuple[NDArray[Any], ...] = () if g is None else (g,)
    if r.ndim == 1:
        return function(pi, r, *rest)
    lead = np.broadcast_shapes(pi.shape[:-1], r.shape[:-1], *(scores.shape[:-2] for scores in rest))
    pi, r = (np.broadcast_to(array, (*lead, array.shape[-1])) for array in (pi, r))
    rest = tuple(np.broadcast_to(scores, (*lead, *scores.shape[-2:])) for scores in rest)
    rows = [function(pi[index], r[index], *(scores[index] for scores in rest)) for index in np.ndindex(lead)]
    tail = pi.shape[-1:] if g is None else ()
    stacked = np.empty((len(rows), *tail), dtype=pi.dtype)
    for number, row in enumerate(rows):
        stacked[number] = row
    return stacked.reshape(*lead, *tail)


def _levels(r: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the distinct rewards (m,) and the membership of the arms in them, (K, m) of 0 and 1."""
    distinct = list(dict.fromkeys(r.tolist()))
    values = np.empty(len(distinct), dtype=r.dtype)
    values[:] = distinct
    membership: NDArray[Any] = (r[:, None] == values).astype(int)
    return values, membership.astype(object) if r.dtype == object else membership


def _blocks(compositions: NDArray[np.int64], width: int) -> Iterator[NDArray[np.int64]]:
    """Cut the compositions into blocks whose work arrays hold a few million entries."""
    step = max(1, 4_000_000 // (compositions.shape[1] * max(compositions.shape[1], width)))
    for start in range(0, len(compositions), step):
        yield compositions[start : start + step]


@lru_cache(maxsize=8)
def _compositions(total: int, parts: int) -> NDArray[np.int64]:
    """Return every way to write ``total`` as an ordered sum of ``parts`` counts, one a row."""
    number = math.comb(total + parts - 1, parts - 1)
    if number > MAX_COMPOSITIONS:
        requirement = f"have few enough distinct values for {MAX_COMPOSITIONS} compositions of the group"
        raise ArgumentError("rewards", requirement, f"{parts} levels in a group of {total}: {number} compositions")
    slots = total + parts - 1
    flat = chain.from_iterable(combinations(range(slots), parts - 1))
    bars = np.fromiter(flat, dtype=np.int64, count=number * (parts - 1)).reshape(number, parts - 1)
    edges = np.concatenate([np.full((number, 1), -1), bars, np.full((number, 1), slots)], axis=1)
    counts: NDArray[np.int64] = np.diff(edges, axis=1) - 1
    counts.setflags(write=False)
    return counts


def _multinomial(counts: NDArray[np.int64], mass: NDArray[Any]) -> NDArray[Any]:
    """Return the probability of each row of ``counts`` under level masses (..., m): shape (..., rows)."""
    if mass.dtype != object:
        from scipy.special import gammaln, xlogy

        log_coefficients = gammaln(counts.sum(-1) + 1) - gammaln(counts + 1).sum(-1)
        return np.exp(log_coefficients + xlogy(counts, mass[..., None, :]).sum(-1))
    rows = counts.tolist()
    coefficients = np.empty(len(rows), dtype=object)
    coefficients[:] = [math.factorial(sum(row)) // math.prod(map(math.factorial, row)) for row in rows]
    powers: NDArray[Any] = mass[..., None, :] ** counts.astype(object)
    return coefficients * powers.prod(-1)


def _level_advantages(
    counts: NDArray[np.int64], values: NDArray[Any], kind: AdvantageKind, ddof: int, eps: float
) -> NDArray[Any]:
    """Return the advantage of each level in groups with these counts, (..., m); zero in silent groups."""
    size = int(counts[(0,) * (counts.ndim - 1)].sum())
    weights = counts.astype(object) if values.dtype == object else counts
    unit = 1 if values.dtype == object else max(float(np.ptp(values)), np.finfo(np.float64).tiny)
    offsets = (values - values[0]) / unit  # in units of the range, squares neither overflow nor vanish
    centred = offsets - (weights * offsets).sum(-1, keepdims=True) / size
    if kind == "dr_grpo":
        return centred * unit
    if kind == "rloo":
        return centred * unit * size / (size - 1)
    silent = (counts == size).any(-1, keepdims=True)
    spread = sqrt((weights * centred**2).sum(-1, keepdims=True) / (size - ddof))
    added, centred, spread = unify(eps / unit, centred, spread)
    result: NDArray[Any] = np.where(silent, 0, centred / np.where(silent, 1, spread + added))
    return result
