"""A pool in numbers: silence at both ends, shape, persistence, drift, and what features foresee."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from full_scale.advising.pool import PoolShape
from full_scale.advising.reading import Source
from vas_theory.foundation.errors import ArgumentError
from vas_theory.groups.beta_pools import fit_pool_to_counts
from vas_theory.selection.group_moments import check_group_size

__all__ = ["Description", "FeatureWorth", "describe", "feature_worth"]

ASSUMED_VISITS = 2.0
ASSUMED_GROUP_SIZE = 8
_FEW = 30
_PRIORS, _DRIFTS = (0.5, 0.2, 0.1), (0.0, 1e-3, 1e-2)
"""Settings of a prompt's own posterior that are tried on a log."""


@dataclass(frozen=True)
class Description:
    """What a log or a column says of its pool.

    Attributes:
        kind: see :class:`~full_scale.advising.reading.Source`.
        shape: fitted to the first third of the steps, at the visits of the run that is planned.
        prompts: how many were seen; None where the log does not tell.
        groups: how many the fit rests on.
        late: mean pass rate and share of mixed groups of the last third; None for a column.
        stays: chance that a prompt's next group is all wrong (mixed, all right) where its last one was; None where no
            prompt came twice.
        prior, drift: of a prompt's own posterior, which would have foreseen the log best; None as for ``stays``.
        notes: what was assumed or left out.
    """

    kind: str
    shape: PoolShape
    prompts: int | None
    groups: int | None
    late: tuple[float, float] | None
    stays: tuple[float, float, float] | None
    prior: float | None
    drift: float | None
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """All numbers, JSON-serialisable."""
        return {**asdict(self), "shape": self.shape.as_dict()}


@dataclass(frozen=True)
class FeatureWorth:
    """What features of prompts foresee of prompts that were not fitted (five parts, each foreseen from the others).

    Attributes:
        mixed: share of mixed groups in the quarter of prompts with the largest foreseen p(1 - p).
        uniform: share in all prompts.
        correlation: of foreseen and measured pass rates.
        error: standard error of ``mixed``.
    """

    mixed: float
    uniform: float
    correlation: float
    error: float


def describe(source: Source, *, group_size: int | None = None, visits: float | None = None) -> Description:
    """Describe a pool.

    Args:
        source: what was read.
        group_size: of the run that is planned; by default the log's, or 8 for a column.
        visits: groups that each prompt will get in it on average; by default the log's, or 2.

    Raises:
        ArgumentError: the group size of a log of metrics is not given, or no pool fits.
    """
    if visits is not None and not 0 < visits < np.inf:
        raise ArgumentError("--visits", "be positive", visits)
    if group_size is not None:
        check_group_size(group_size, argument="--group-size")
    notes = list(source.notes)
    if source.metrics is not None:
        if group_size is None:
            raise ArgumentError("--group-size", "be given: a log of metrics does not tell it", None)
        first, last = _thirds(source.metrics)
        rate, silent = float(first["reward"].mean()), float(first["silent_share"].mean())
        shape = PoolShape.from_shares(rate, silent, group_size, _visits(visits, notes))
        late = float(last["reward"].mean()), 1.0 - float(last["silent_share"].mean())
        return Description("metrics", shape, None, None, late, None, None, None, tuple(notes))
    assert source.groups is not None
    groups = source.groups
    prompts = int(groups["prompt"].nunique())
    if prompts < _FEW:
        notes.append(f"only {prompts} prompts: the pool is hardly known")
    if source.kind == "column":
        size = group_size or ASSUMED_GROUP_SIZE
        if group_size is None:
            notes.append(f"groups of {size} rollouts are assumed (--group-size)")
        a, b = fit_pool_to_counts(*(groups[name].to_numpy(np.float64) for name in ("right", "rollouts")))
        shape = PoolShape(a, b, size, _visits(visits, notes))
        return Description("column", shape, prompts, len(groups), None, None, None, None, tuple(notes))
    size = int(groups["rollouts"].iloc[0])
    if group_size not in (None, size):
        notes.append(f"the log has groups of {size}; the plan's groups of {group_size} follow from the fitted pool")
    first, last = _thirds(groups)
    rate, silent = float(first["right"].mean() / size), 1.0 - _mixed(first)
    shape = PoolShape.from_shares(rate, silent, size, visits or len(groups) / prompts)
    shape = PoolShape(shape.a, shape.b, group_size or size, shape.visits)
    late = float(last["right"].mean() / size), _mixed(last)
    return Description(
        source.kind, shape, prompts, len(groups), late, _stays(groups), *_own_history(groups), tuple(notes)
    )


def _visits(given: float | None, notes: list[str]) -> float:
    if given is None:
        notes.append(f"{ASSUMED_VISITS:g} groups a prompt are assumed for the run (--visits)")
    return given or ASSUMED_VISITS


def _thirds(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of the first and of the last third of the steps."""
    steps = np.unique(table["step"])
    third = max(1, len(steps) // 3)
    return table[table["step"] <= steps[third - 1]], table[table["step"] >= steps[-third]]


def _mixed(groups: pd.DataFrame) -> float:
    return float(groups["right"].between(0, groups["rollouts"], inclusive="neither").mean())


def _stays(groups: pd.DataFrame) -> tuple[float, float, float] | None:
    ordered = groups.sort_values(["prompt", "step"], kind="stable")
    state = np.select([ordered["right"] == 0, ordered["right"] == ordered["rollouts"]], [0, 2], 1)
    again = ordered["prompt"].to_numpy()[1:] == ordered["prompt"].to_numpy()[:-1]
    if not again.any():
        return None
    before, after = state[:-1][again], state[1:][again]
    shares = [float((after[before == k] == k).mean()) if (before == k).any() else float("nan") for k in range(3)]
    return shares[0], shares[1], shares[2]


def _own_history(groups: pd.DataFrame) -> tuple[float | None, float | None]:
    """Return prior and drift of the discounted Beta that would have foreseen the groups best."""
    from vas_theory.selection.posteriors.fit import fit_discounted_beta

    if not groups.drop_duplicates(["prompt", "step"])["prompt"].duplicated().any():
        return None, None
    logged = groups.assign(reward=groups["right"] / groups["rollouts"])
    best = fit_discounted_beta(logged, _PRIORS, _DRIFTS).iloc[0]
    return float(best["prior"]), float(best["drift"])


def feature_worth(source: Source, features: NDArray[np.float64], seed: int = 0) -> FeatureWorth:
    """Return what features foresee, each prompt's groups taken together.

    Args:
        source: with groups.
        features: (P, d), row k of the prompt with number k: the row of a column, else in the order of first appearance.
        seed: of the five parts.

    Raises:
        ArgumentError: the source has metrics alone, the shape does not fit, or there are fewer than 30 prompts.
    """
    from vas_theory.selection.prediction.logistic import GaussianPrior, fit_logistic, inverse_logit

    if source.groups is None:
        raise ArgumentError("--features", "be left out: a log of metrics does not name prompts", source.kind)
    sums = source.groups.groupby("prompt")[["right", "rollouts"]].sum()
    numbers = sums.index.to_numpy()
    if features.ndim != 2 or not len(features) > numbers.max() or not np.isfinite(features).all():
        needs = f"be an array of finite numbers with a row for each of the {numbers.max() + 1} prompts"
        raise ArgumentError("--features", needs, features.shape)
    if len(sums) < _FEW:
        raise ArgumentError("--features", f"be of at least {_FEW} prompts", len(sums))
    rows = _principal(features[numbers].astype(np.float64))
    right, size = (sums[name].to_numpy(np.float64) for name in ("right", "rollouts"))
    part = np.random.default_rng(seed).permutation(len(sums)) % 5
    prior = GaussianPrior(np.zeros(rows.shape[1]), np.concatenate([[0.01], np.ones(rows.shape[1] - 1)]))
    foreseen = np.empty(len(sums))
    for fold in range(5):
        fitted = part != fold
        fit = fit_logistic(rows[fitted], right[fitted], size[fitted], np.ones(fitted.sum()), prior)
        foreseen[~fitted] = inverse_logit(rows[~fitted] @ fit.mean)
    mixed = source.groups.assign(
        mixed=source.groups["right"].between(0, source.groups["rollouts"], inclusive="neither")
    )
    share = mixed.groupby("prompt")["mixed"].mean().to_numpy()
    chosen = np.argsort(-foreseen * (1 - foreseen), kind="stable")[: max(1, len(sums) // 4)]
    varied = foreseen.std() > 0 and (right / size).std() > 0
    return FeatureWorth(
        mixed=float(share[chosen].mean()),
        uniform=float(share.mean()),
        correlation=float(np.corrcoef(foreseen, right / size)[0, 1]) if varied else 0.0,
        error=float(share[chosen].std(ddof=1) / np.sqrt(len(chosen))),
    )


def _principal(features: NDArray[np.float64], most: int = 40) -> NDArray[np.float64]:
    """Return a constant and at most 40 principal components of standardised columns, scaled to variance 1 over all."""
    spread = features.std(0)
    scaled = (features - features.mean(0))[:, spread > 0] / spread[spread > 0]
    if not scaled.shape[1]:
        return np.ones((len(features), 1))
    left, sizes, _ = np.linalg.svd(scaled, full_matrices=False)
    kept = min(most, int((sizes > 1e-9 * sizes[0]).sum()), max(1, len(features) // 5))
    components = left[:, :kept] * np.sqrt(len(features))
    # small directions count for less, as in a regression on the columns themselves
    return np.column_stack([np.ones(len(features)), components * (sizes[:kept] / sizes[0])])
