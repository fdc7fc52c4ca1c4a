"""What groups show over training, the same for rehearsed and for real runs: revisits, drift, sizes of gradients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

__all__ = ["BINS", "group_bins", "mean_gradient_square", "stay_shares", "success_drift", "transitions"]

BINS = ("wrong", "mixed", "right")
"""A group's outcome: no success, both outcomes, no failure."""


def group_bins(groups: pd.DataFrame) -> pd.Series:
    """Return the bin of each group, as index into :data:`BINS`."""
    return (groups.successes > 0).astype(int) + (groups.successes == groups.group_size).astype(int)


def transitions(groups: pd.DataFrame, prompt: str) -> np.ndarray:
    """Count how groups of one prompt follow each other; rows are the earlier bin, columns the next visit's.

    Args:
        groups: columns run, step, the prompt, successes and group_size.
        prompt: name of the prompt's column.
    """
    ordered = groups.assign(bin=group_bins(groups)).sort_values(["run", prompt, "step"], kind="stable")
    again = (ordered.run == ordered.run.shift()) & (ordered[prompt] == ordered[prompt].shift())
    counts = np.zeros((3, 3), dtype=np.int64)
    np.add.at(counts, (ordered.bin.shift()[again].astype(int).to_numpy(), ordered.bin[again].to_numpy()), 1)
    return counts


def stay_shares(groups: pd.DataFrame, prompt: str) -> dict[str, float]:
    """Return for each bin the share that stays, ``_count`` of revisits from it, and ``_base``: its share at arrival."""
    counts = transitions(groups, prompt)
    out: dict[str, float] = {}
    for index, name in enumerate(BINS):
        total = counts[index].sum()
        out[name] = float(counts[index, index] / total) if total else float("nan")
        out[f"{name}_count"] = float(total)
        out[f"{name}_base"] = float(counts[:, index].sum() / max(counts.sum(), 1))
    return out


def success_drift(groups: pd.DataFrame, steps: int) -> float:
    """Return the mean success rate in the last third of the steps minus that in the first third."""
    rate = groups.successes / groups.group_size
    return float(rate[groups.step > 2 * steps / 3].mean() - rate[groups.step <= steps / 3].mean())


def mean_gradient_square(groups: pd.DataFrame, run: Sequence[str], calibration: pd.DataFrame) -> pd.Series:
    r"""Return the mean over steps of the expected squared norm of the whitened batch gradient, for each run.

    A group of G with m right has :math:`E|\hat g|^2 = \hat p \hat q\,|\mu_1-\mu_0|^2 + (\hat q \tau_1 +
    \hat p \tau_0)/G`, :math:`\hat p = m/G`; gradients of different prompts count as orthogonal.

    Args:
        groups: rows a group with step, trained, successes and group_size.
        run: columns that name a run.
        calibration: probe rows, for the mean class distance and within-class traces.
    """
    trained = groups[groups.trained]
    p, size = trained.successes / trained.group_size, trained.group_size
    mixed = (p > 0) & (p < 1)
    means = calibration[["mu_distance", "trace_right", "trace_wrong"]].pow([2, 1, 1]).mean()
    square = p * (1 - p) * means.mu_distance + ((1 - p) * means.trace_right + p * means.trace_wrong) / size
    table = trained.assign(square=square.where(mixed, 0.0)).groupby([*run, "step"])["square"]
    return (table.sum() / table.count() ** 2).groupby(list(run)).mean()
