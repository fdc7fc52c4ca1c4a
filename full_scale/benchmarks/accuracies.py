"""Accuracies with bootstrap intervals over questions, and what the paper reports beside them."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from full_scale.benchmarks.formats import OF_THE_PAPER
from full_scale.benchmarks.paper import SETS, TABLE_2, TABLE_3
from full_scale.benchmarks.writing import Judged
from vas_theory.foundation.intervals import bootstrap_draws, percentile_interval, student
from vas_theory.foundation.streams import stream

__all__ = ["accuracy_rows", "paper_rows", "seed_rows"]

AVERAGE = "average"
SEEDS = 5
"""Paired seeds below which nothing is said of one arm against another."""
Shares = NDArray[np.float64]


def _row(names: Sequence[str], columns: Sequence[Shares], samples: int, draw: _Draw) -> dict[str, Any]:
    """Return one row: the mean over sets of the means over their questions, with an interval."""
    model, name, subset = names
    draws = np.mean([draw(names, number, values) for number, values in enumerate(columns)], axis=0)
    low, high = percentile_interval(draws, draw.coverage)
    return {
        "model": model,
        "set": name,
        "subset": subset,
        "questions": sum(len(values) for values in columns),
        "samples": samples,
        "value": float(np.mean([values.mean() for values in columns])),
        "low": low,
        "high": high,
    }


@dataclass(frozen=True)
class _Draw:
    """Resamples of means over questions; the address of each is what it is of."""

    coverage: float
    resamples: int
    seed: int

    def __call__(self, names: Sequence[str], number: int, values: Shares) -> Shares:
        place = zlib.crc32("\n".join(names).encode())
        generator = stream(self.seed, "evaluation bootstrap", place, number)
        return bootstrap_draws(
            lambda drawn: values[drawn].mean(axis=-1), (len(values),), generator, self.resamples, at_once=100
        )


def accuracy_rows(
    judged: Mapping[str, Mapping[str, Sequence[Judged]]],
    compared: Sequence[tuple[str, str]],
    *,
    coverage: float,
    resamples: int,
    seed: int,
) -> list[dict[str, Any]]:
    """Return accuracies with bootstrap intervals over questions: of each model, set and subset, and over the sets.

    Args:
        judged: model -> set -> examples.
        compared: pairs (later, earlier) of models whose difference is wanted, paired by question.
        coverage: of the intervals.
        resamples: of the bootstrap.
        seed: of the bootstrap.

    Returns:
        Rows of model, set, subset, questions, samples, value, low, high. The average weighs sets equally; its resamples
        are drawn within each set. Rows of a subset ``gain over ...`` are differences.
    """
    rows = []
    draw = _Draw(coverage, resamples, seed)
    shares = {
        model: {name: np.array([item.share for item in items]) for name, items in sets.items()}
        for model, sets in judged.items()
    }
    for model, sets in judged.items():
        counts = {name: len(items[0].right) for name, items in sets.items()}
        for name, items in sets.items():
            rows.append(_row((model, name, ""), [shares[model][name]], counts[name], draw))
            for column, value in sorted({pair for item in items for pair in item.example.groups.items()}):
                chosen = [item.share for item in items if item.example.groups.get(column) == value]
                if len(chosen) < len(items):
                    rows.append(_row((model, name, f"{column}: {value}"), [np.array(chosen)], counts[name], draw))
        if len(sets) > 1:
            rows.append(_row((model, AVERAGE, ""), list(shares[model].values()), min(counts.values()), draw))
        for earlier in (before for later, before in compared if later == model):
            gains = {name: shares[model][name] - shares[earlier][name] for name in sets}
            for name, gain in gains.items():
                rows.append(_row((model, name, f"gain over {earlier}"), [gain], counts[name], draw))
            if len(sets) > 1:
                names = (model, AVERAGE, f"gain over {earlier}")
                rows.append(_row(names, list(gains.values()), min(counts.values()), draw))
    return rows


def seed_rows(rows: Sequence[Mapping[str, Any]], coverage: float) -> list[dict[str, Any]]:
    """Return the mean gain of each arm over another one, with Student's interval over paired seeds.

    Args:
        rows: of :func:`accuracy_rows`; models are called ``<arm>-seed<number>``.
        coverage: of the intervals.

    Returns:
        Rows like those, model ``<arm>``, subset ``mean gain over <other arm>, <n> seeds``. Fewer than
        five seeds say too little, and give none.
    """
    gains: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        (arm, seed), (other, same) = (
            name.rpartition("-seed")[::2] for name in (row["model"], row["subset"].removeprefix("gain over "))
        )
        if arm and other and seed == same and row["subset"].startswith("gain over "):
            gains.setdefault((arm, row["set"], other), []).append(row)
    found = []
    for (arm, name, other), group in gains.items():
        if len(group) >= SEEDS:
            estimate = student(np.array([row["value"] for row in group]), coverage)
            subset = f"mean gain over {other}, {len(group)} seeds"
            found.append({**group[0], "model": arm, "set": name, "subset": subset, **vars(estimate)})
    return found


def paper_rows(formats: Sequence[str]) -> list[dict[str, Any]]:
    """Return what the paper reports on sets that were evaluated whole, in shares: rows of model, set and value."""
    columns = {OF_THE_PAPER[name]: name for name in formats if name in OF_THE_PAPER}
    rows: list[dict[str, Any]] = [
        {"model": f"{model} (paper)", "set": columns[column], "value": share / 100}
        for model, values in TABLE_2.items()
        for column, share in zip(SETS, values, strict=False)
        if column in columns
    ]
    if columns.keys() >= set(SETS):
        averages = {model: values[-1] for model, values in TABLE_2.items()}
        averages |= {f"3B, {stage}": share for stage, share in TABLE_3.items()}
        rows += [
            {"model": f"{model} (paper)", "set": AVERAGE, "value": share / 100} for model, share in averages.items()
        ]
    return rows
