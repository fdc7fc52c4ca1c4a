"""Which assumptions about pass rates would have predicted the groups of a logged run best.

A posterior is asked about every group before it learns from it, so that a fit is judged by forecasts alone. What is
scored is whether the group is mixed: that is what the sampler's weights and its ``predicted_mixed_share`` rest on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from itertools import product

import numpy as np
import pandas as pd

from vas_theory.foundation.errors import ArgumentError, DataError
from vas_theory.groups.beta_pools import FEW_GROUPS
from vas_theory.selection.posteriors.discounted_beta import DEFAULT_DRIFT, DiscountedBeta, PassRatePosterior

__all__ = ["DRIFTS", "PRIORS", "fit_discounted_beta", "replay", "score_forecasts"]

logger = logging.getLogger(__name__)

PRIORS = (0.5, 0.2, 0.1, 0.05)
"""The a0 = b0 that are tried; the smaller, the more prompts are nearly always wrong or nearly always right."""

DRIFTS = (0.0, DEFAULT_DRIFT, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
"""The drifts that are tried, per step."""

_LEAST_PROBABILITY = 1e-6
"""A wrong forecast of 0 or 1 would cost infinitely much, however good the other forecasts are."""


def replay(groups: pd.DataFrame, build: Callable[[int], PassRatePosterior]) -> pd.DataFrame:
    """Replay each run with a new posterior and forecast every group of a prompt that it has seen before.

    Args:
        groups: one row a group, with the columns of :func:`~full_scale.logs.reading.form_groups` that are ``step``,
            ``prompt``, ``rollouts`` and ``reward`` (mean of 0/1 rewards), and ``run`` if there are several.
        build: makes a posterior for a number of prompts.

    Returns:
        One row a forecast: ``run``, ``step``, ``prompt``, ``expected`` (probability that the group is mixed) and
        ``mixed``. A prompt that came twice in a step counts once, as its first group.

    Raises:
        DataError: a column is missing, or rewards are not means of 0/1 rewards.
    """
    missing = [name for name in ("step", "prompt", "rollouts", "reward") if name not in groups]
    if missing:
        raise DataError(f"groups need the columns {', '.join(missing)}; there are {', '.join(map(str, groups))}")
    table = groups if "run" in groups else groups.assign(run=0)
    right = table["reward"] * table["rollouts"]
    if not (np.isclose(right, right.round(), atol=1e-6) & table["reward"].between(0, 1)).all():
        raise DataError("groups must have means of 0/1 rewards; graded ones need a rule of what counts as right")
    codes, prompts = pd.factorize(table["prompt"])
    table = table.assign(code=codes, right=right.round())
    parts = []
    for run, rows in table.groupby("run", sort=False):
        posterior = build(len(prompts))
        for _, now in rows.drop_duplicates(["step", "code"]).groupby("step"):
            posterior.advance(int(now["step"].iloc[0]))
            seen = now[posterior.last_seen[now["code"].to_numpy()] >= 0]
            for _, alike in seen.groupby("rollouts"):
                size = int(alike["rollouts"].iloc[0])
                expected = posterior.mixed_probability(size, alike["code"].to_numpy())
                mixed = alike["right"].between(0, size, inclusive="neither")
                forecasts = {
                    "run": run,
                    "step": alike["step"],
                    "prompt": alike["prompt"],
                    "expected": expected,
                    "mixed": mixed,
                }
                parts.append(pd.DataFrame(forecasts))
            posterior.update(now["code"].to_numpy(), now["right"].to_numpy(), now["rollouts"].to_numpy(), weight=1.0)
    if not parts:
        raise DataError("no prompt comes in two steps of a run: there is nothing to forecast")
    return pd.concat(parts, ignore_index=True)


def score_forecasts(forecasts: pd.DataFrame) -> dict[str, float]:
    """Return what forecasts are worth: ``groups``, mean ``expected`` and ``mixed`` share, and ``log_loss`` in nats."""
    chance = np.clip(forecasts["expected"], _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
    loss = -np.log(np.where(forecasts["mixed"], chance, 1 - chance)).mean()
    return {
        "groups": len(forecasts),
        "expected": float(forecasts["expected"].mean()),
        "mixed": float(forecasts["mixed"].mean()),
        "log_loss": float(loss),
    }


def fit_discounted_beta(
    groups: pd.DataFrame, priors: Sequence[float] = PRIORS, drifts: Sequence[float] = DRIFTS
) -> pd.DataFrame:
    """Return how well every prior and drift would have predicted the groups of a run, the best first.

    Args:
        groups: see :func:`replay`.
        priors: the a0 = b0 to try.
        drifts: variances of the angle's move per step to try.

    Returns:
        One row a pair: ``prior``, ``drift`` and the columns of :func:`score_forecasts`. The first row's values are
        settings for the next run, ``DiscountedBeta(P, prior=(a0, a0), drift=drift)``; its log loss is that of the
        best of many on the same groups, so judge it on groups that were not fitted. Fewer than
        :data:`~vas_theory.groups.beta_pools.FEW_GROUPS` forecasts are too few to choose by: a warning says how many.

    Raises:
        ArgumentError: there is nothing to try.
        DataError: see :func:`replay`.
    """
    pairs: Iterable[tuple[float, float]] = list(product(priors, drifts))
    if not pairs:
        raise ArgumentError("priors and drifts", "hold at least one value each", (priors, drifts))
    rows = []
    for prior, drift in pairs:

        def build(count: int, prior: float = prior, drift: float = drift) -> DiscountedBeta:
            return DiscountedBeta(count, prior=(prior, prior), drift=drift)

        rows.append({"prior": prior, "drift": drift, **score_forecasts(replay(groups, build))})
    if rows[0]["groups"] < FEW_GROUPS:
        logger.warning(
            "%d priors and drifts are compared on %d groups only, those of prompts seen before: the best of them may "
            "be chance",
            len(rows), rows[0]["groups"],
        )  # fmt: skip
    return pd.DataFrame(rows).sort_values("log_loss", kind="stable", ignore_index=True)
