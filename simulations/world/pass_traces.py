"""Pass rates that a real run left behind, visit by visit: what they are like, and what a selector would have found.

See :mod:`vas_theory.groups.pass_traces` for the file.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vas_theory.foundation.errors import ArgumentError

__all__ = ["RETENTIONS", "STATES", "TraceFit", "fit_trace", "format_fit", "replay_trace"]

Array = NDArray[np.float64]

STATES = ("all wrong", "mixed", "all right")
RETENTIONS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
"""Shares of the old evidence that survive an observation, which are tried."""

_BINS = (0.0, 0.02, 0.1, 0.3, 0.7, 0.9, 0.98, 1.0)


@dataclass(frozen=True)
class TraceFit:
    """Numbers that describe a trace.

    Attributes:
        source: where the trace is from.
        prompts, rollouts: how many, and rollouts a visit.
        visits: fewest visits of a prompt; what follows is from these.
        start, end: (a, b) of the beta-binomial distribution of the first three and of the last three visits.
        mean: mean pass rate of the first and the last three visits.
        silent_wrong, silent_right: share of groups that are all wrong (all right), in the same visits.
        stays: probability that a group of each of ``STATES`` is followed by one of the same state.
        drift: for bins of the pass rate in the first third of the visits: (prompts, mean there, mean in the last).
        falls: share of prompts whose mean of the last third is more than .15 below that of the first.
        retention: the discounted Beta's share of surviving evidence that foresees the next visit best.
        forecast: nats a rollout, for each of ``RETENTIONS``.
    """

    source: str
    prompts: int
    rollouts: int
    visits: int
    start: tuple[float, float]
    end: tuple[float, float]
    mean: tuple[float, float]
    silent_wrong: tuple[float, float]
    silent_right: tuple[float, float]
    stays: tuple[float, float, float]
    drift: tuple[tuple[int, float, float], ...]
    falls: float
    retention: float
    forecast: tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        """All numbers, JSON-serialisable."""
        return asdict(self)


def fit_trace(right: NDArray[np.int64], rollouts: int, source: str) -> TraceFit:
    """Describe a trace.

    Args:
        right, rollouts: as :func:`~vas_theory.groups.pass_traces.read_trace` returns them.
        source: where the trace is from.
    """
    early, late = right[:, :3], right[:, -3:]
    rates = right / rollouts
    third = max(1, right.shape[1] // 3)
    first, last = rates[:, :third].mean(1), rates[:, -third:].mean(1)
    bins = np.clip(np.digitize(first, _BINS[1:-1]), 0, len(_BINS) - 2)
    drift = tuple(
        (int((bins == k).sum()), float(first[bins == k].mean()), float(last[bins == k].mean()))
        for k in range(len(_BINS) - 1)
        if (bins == k).any()
    )
    state = np.where(right == 0, 0, np.where(right == rollouts, 2, 1))
    stays = [
        float((state[:, 1:] == k)[state[:, :-1] == k].mean()) if (state[:, :-1] == k).any() else float("nan")
        for k in range(3)
    ]
    forecast = tuple(_forecast_loss(right, rollouts, kept) for kept in RETENTIONS)
    return TraceFit(
        source=source,
        prompts=len(right),
        rollouts=rollouts,
        visits=right.shape[1],
        start=_fit_beta_binomial(early.ravel(), rollouts),
        end=_fit_beta_binomial(late.ravel(), rollouts),
        mean=(float(early.mean() / rollouts), float(late.mean() / rollouts)),
        silent_wrong=(float((early == 0).mean()), float((late == 0).mean())),
        silent_right=(float((early == rollouts).mean()), float((late == rollouts).mean())),
        stays=(stays[0], stays[1], stays[2]),
        drift=drift,
        falls=float((last < first - 0.15).mean()),
        retention=RETENTIONS[int(np.argmin(forecast))],
        forecast=forecast,
    )


def _fit_beta_binomial(right: NDArray[np.int64], rollouts: int) -> tuple[float, float]:
    """Most probable (a, b)."""
    from scipy.optimize import minimize
    from scipy.special import betaln

    counts = np.bincount(right, minlength=rollouts + 1)
    m = np.arange(rollouts + 1)

    def loss(logs: Array) -> float:
        a, b = np.exp(logs)
        return float(-counts @ (betaln(a + m, b + rollouts - m) - betaln(a, b)))

    found = minimize(loss, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-6})
    return float(np.exp(found.x[0])), float(np.exp(found.x[1]))


def _forecast_loss(right: NDArray[np.int64], rollouts: int, retention: float) -> float:
    """Nats a rollout of the next visit under a discounted Beta with the prior (1/2, 1/2)."""
    from scipy.special import betaln

    a, b = np.full(len(right), 0.5), np.full(len(right), 0.5)
    total = 0.0
    for m in right.T:
        total -= float((betaln(a + m, b + rollouts - m) - betaln(a, b)).sum())
        a = retention * a + (1 - retention) * 0.5 + m
        b = retention * b + (1 - retention) * 0.5 + rollouts - m
    return total / right.size / rollouts


def replay_trace(
    right: NDArray[np.int64], rollouts: int, *, share: float = 0.25, retention: float = 0.9
) -> dict[str, float]:
    """Return the share of mixed groups that a selector would have found by choosing among the prompts of each visit.

    The selector chooses by the discounted Beta's expected group signal from the visits before; it sees all prompts'
    visits, also of those it did not choose, so this is what a prompt's own history can tell at best. ``oracle``
    chooses by the groups themselves.

    Args:
        right, rollouts: see :func:`~vas_theory.groups.pass_traces.read_trace`.
        share: of the prompts chosen at each visit, in (0, 1].
        retention: of the discounted Beta.

    Raises:
        ArgumentError: the share is not in (0, 1].
    """
    from vas_theory.selection.group_moments import beta_binomial_expectation, signal_values

    if not 0 < share <= 1:
        raise ArgumentError("share", "lie in (0, 1]", share)
    chosen = max(1, round(share * len(right)))
    a, b = np.full(len(right), 0.5), np.full(len(right), 0.5)
    rng = np.random.default_rng(0)
    found = []
    for visit, m in enumerate(right.T):
        mixed = (m > 0) & (m < rollouts)
        if visit > 0:
            signal = beta_binomial_expectation(a, b, signal_values(max(2, rollouts)))
            order = np.lexsort([rng.random(len(m)), -signal])[:chosen]
            found.append((mixed.mean(), mixed[order].mean(), min(1.0, mixed.sum() / chosen)))
        a, b = retention * a + (1 - retention) * 0.5 + m, retention * b + (1 - retention) * 0.5 + rollouts - m
    uniform, by_history, oracle = np.mean(found, axis=0)
    return {"uniform": float(uniform), "history": float(by_history), "oracle": float(oracle)}


def format_fit(fit: TraceFit, replayed: dict[str, float], share: float) -> str:
    """Return the numbers of a fit as text."""
    lines = [
        f"{fit.source}: {fit.prompts:,} prompts, {fit.visits} visits each, {fit.rollouts} rollouts a visit",
        f"mean pass rate       {fit.mean[0]:.3f} at first, {fit.mean[1]:.3f} at last",
        "Beta of pass rates   ({:.2f}, {:.2f}) at first, ({:.2f}, {:.2f}) at last".format(*fit.start, *fit.end),
        f"groups all wrong     {fit.silent_wrong[0]:.2f} at first, {fit.silent_wrong[1]:.2f} at last",
        f"groups all right     {fit.silent_right[0]:.2f} at first, {fit.silent_right[1]:.2f} at last",
        "same at next visit   " + ", ".join(f"{name} {stay:.2f}" for name, stay in zip(STATES, fit.stays, strict=True)),
        "mean pass rate of the last third of the visits, by that of the first third:",
        *(f"  {before:.3f} -> {after:.3f}   {count:>6,} prompts" for count, before, after in fit.drift),
        f"prompts that fall by more than .15: {fit.falls:.1%}",
        "forecast of the next visit, nats a rollout, by retention: "
        + ", ".join(f"{kept:g} {loss:.3f}" for kept, loss in zip(RETENTIONS, fit.forecast, strict=True)),
        f"mixed groups if {share:.0%} of the prompts are chosen at each visit: uniform {replayed['uniform']:.2f}, "
        f"by their history {replayed['history']:.2f}, with hindsight {replayed['oracle']:.2f}",
    ]
    return "\n".join(lines)
