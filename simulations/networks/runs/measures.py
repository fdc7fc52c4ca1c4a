"""The learning curve of a run: what it can do, and how it came there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from simulations.networks.model import kernels
from simulations.networks.model.sampling import Job
from simulations.networks.model.updating import Batch
from simulations.networks.world import FloatArray, Prompts

if TYPE_CHECKING:
    from simulations.networks.runs.training import Run

__all__ = ["MANY", "Measures"]

MANY, _FEW = 32, 8
"""Samples of a held-out prompt at the start and the end, and on the way."""

_HELD_OUT, _POOL = 4, 5  # purposes of random numbers
_POOL_SAMPLE = 300


class Measures:
    """Collects one row each time another share of the budget is spent.

    Args:
        run: the run.

    The columns: ``rollouts`` and ``tokens`` spent in all, ``updates``, and rollouts by purpose; ``held_out_pass_rate``
    (sampled, mean of the samples), ``held_out_greedy``, ``pass_at_8`` and ``pass_at_32`` (start and end alone),
    ``level_<k>`` (pass rate of the held-out prompts of this level); ``pool_pass_rate`` (of a sample of the training
    prompts, end alone); ``forgotten`` (share of the held-out prompts that greedy decoding solved at the start and does
    not now). Since the row before: ``steps``, ``mixed_groups`` (trained groups with a gradient a step),
    ``training_reward`` (mean reward of all rollouts), ``entropy`` (of a response, in nats, from its sampled
    log-probabilities), ``gradient_norm``. At one step: ``halves_cosine`` (of the gradients of two halves of the batch)
    and ``noise_share`` (share of the squared norm of the batch gradient that differs between the halves). In all:
    ``distinct_prompts``, ``most_visits``.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        budget, count = run.shape.budget, run.plan.measurements
        self._marks = [round(budget * (index + 1) / count) for index in range(count)]
        self._norms: list[float] = []
        self._mixed: list[int] = []
        self._halves: dict[str, float] = {}
        self._entropies_before = 0
        self._rows: list[dict[str, Any]] = []
        self._start_greedy: np.ndarray | None = None
        self._measure(last=True)

    def due(self) -> bool:
        """Say whether a measurement follows this step."""
        return bool(self._marks) and self.run.driver.generated >= self._marks[0]

    def updated(self, batch: Batch, norm: float, halves: list[float] | None) -> None:
        """Take note of an update."""
        self._norms.append(norm)
        if halves is not None and len(batch.sizes_P) > 1:
            inner, one, other = halves
            self._halves = {
                "halves_cosine": inner / max(np.sqrt(one * other), 1e-30),
                "noise_share": (one + other - 2 * inner) / max(one + other + 2 * inner, 1e-30),
            }

    def after_step(self, mixed_groups: int) -> None:
        """Take note of a step, and measure if another share of the budget is spent."""
        self._mixed.append(mixed_groups)
        if self.due() and len(self._marks) > 1:  # the end is measured when it has come
            self._measure(last=False)

    def finish(self) -> pd.DataFrame:
        """Measure the end and return the curve."""
        self._measure(last=True)
        return pd.DataFrame(self._rows)

    def _measure(self, *, last: bool) -> None:
        run, driver = self.run, self.run.driver
        while self._marks and driver.generated >= self._marks[0]:
            self._marks.pop(0)
        ledger = driver.ledger.as_dict()
        row: dict[str, Any] = {"rollouts": driver.generated, "updates": driver.step}
        row |= {f"{purpose}_rollouts": charge["rollouts"] for purpose, charge in ledger.items()}
        row["tokens"] = sum(charge["tokens"] for charge in ledger.values())
        number = MANY if last else _FEW
        right_PN = self._samples(run.held_out, number, _HELD_OUT)
        rates_P = right_PN.mean(axis=1)
        row["held_out_pass_rate"] = rates_P.mean()
        levels_P = run.held_out.columns["level"]
        row |= {f"level_{level}": rates_P[levels_P == level].mean() for level in np.unique(levels_P)}
        if last:
            row |= self._in_depth(right_PN)
        row |= {"steps": len(self._mixed), "mixed_groups": _mean(self._mixed), "gradient_norm": _mean(self._norms)}
        row["entropy"] = _mean(run.entropy[self._entropies_before :])
        row["training_reward"] = self._training_reward()
        row |= self._halves
        row["distinct_prompts"] = int((driver.visits_P > 0).sum())
        row["most_visits"] = int(driver.visits_P.max())
        self._rows.append(row)
        self._norms, self._mixed, self._halves = [], [], {}
        self._entropies_before = len(run.entropy)

    def _training_reward(self) -> float:
        before = self._rows[-1]["rollouts"] if self._rows else 0
        driver = self.run.driver
        return float(np.nanmean(self.run.rewards_R[before : driver.generated])) if driver.generated > before else np.nan

    def _in_depth(self, right_PN: FloatArray) -> dict[str, float]:
        run = self.run
        greedy_P = self._samples(run.held_out, 1, _HELD_OUT, greedy=True)[:, 0] > 0
        if self._start_greedy is None:
            self._start_greedy = greedy_P
        found = {
            "held_out_greedy": greedy_P.mean(),
            "pass_at_8": right_PN.reshape(len(right_PN), -1, 8).max(axis=2).mean(),
            "pass_at_32": right_PN.max(axis=1).mean(),
            "forgotten": (self._start_greedy & ~greedy_P).mean(),
        }
        if self._rows:
            chosen = np.random.default_rng([run.plan.seed, 2]).permutation(len(run.pool))[:_POOL_SAMPLE]
            found["pool_pass_rate"] = self._samples(run.pool.take(np.sort(chosen)), _FEW, _POOL).mean()
        return found

    def _samples(self, prompts: Prompts, number: int, purpose: int, *, greedy: bool = False) -> FloatArray:
        """Return (prompts, number) rewards of fresh responses, graded exactly; the same random numbers every time."""
        run, count = self.run, len(prompts)
        places_R = np.repeat(np.arange(count), number)
        keys_R = kernels.rollout_keys(run.plan.seed, purpose, places_R, np.tile(np.arange(number), count))
        found = run.ask("sample", Job(prompts.tokens_PL, np.full(count, number), keys_R, greedy))
        right_R = run.world.correct(prompts.take(places_R), found.tokens_RT)
        return right_R.reshape(count, number).astype(np.float64)


def _mean(values: list[Any]) -> float:
    return float(np.mean(values)) if values else np.nan
