"""Results as the users of lmms-eval and of VLMEvalKit know them.

lmms-eval: ``{stamp}_samples_{task}.jsonl``, one line a question, and ``{stamp}_results.json``.
VLMEvalKit: ``{model}_{set}.tsv`` with the column ``prediction``, and ``{model}_{set}_score.csv``.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from full_scale.benchmarks.examples import Example
from vas_theory.provenance.tables import atomic_path, write_json

__all__ = ["Judged", "write_lmms_eval", "write_vlmevalkit"]

STAMP = "evaluation"
"""Stands where lmms-eval writes the date: equal runs give equal files."""
METRIC = "accuracy"


@dataclass(frozen=True)
class Judged:
    """An example with its answers.

    Args:
        example: the question.
        texts: completions.
        answers: what was read as the answer of each.
        right: whether each is right.
        by: ``rules`` or ``judge``, for each.
    """

    example: Example
    texts: tuple[str, ...]
    answers: tuple[str | None, ...]
    right: tuple[bool, ...]
    by: tuple[str, ...]

    @property
    def share(self) -> float:
        """Share of right answers."""
        return sum(self.right) / len(self.right) if self.right else 0.0


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def write_lmms_eval(
    folder: Path, sets: Mapping[str, Sequence[Judged]], settings: Mapping[str, Any], model: str
) -> list[Path]:
    """Write the samples of each set and one file of results.

    Args:
        folder: of one model.
        sets: task -> its judged examples.
        settings: of generation.
        model: what to call it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths, results = [], {}
    for task, judged in sets.items():
        path = folder / f"{STAMP}_samples_{task}.jsonl"
        with atomic_path(path) as temporary, open(temporary, "w", encoding="utf-8") as stream:
            for number, item in enumerate(judged):
                doc = dict(item.example.row)
                line = {
                    "doc_id": number,
                    "doc": doc,
                    "target": item.example.answer,
                    "input": item.example.question,
                    "resps": [list(item.texts)],
                    "filtered_resps": [answer or "" for answer in item.answers],
                    "doc_hash": _hash(doc),
                    METRIC: item.share,
                }
                stream.write(json.dumps(line, ensure_ascii=False, sort_keys=True, default=str) + "\n")
        paths.append(path)
        shares = np.array([item.share for item in judged])
        error = float(shares.std(ddof=1) / math.sqrt(len(shares))) if len(shares) > 1 else "N/A"
        results[task] = {
            "alias": task,
            f"{METRIC},none": float(shares.mean()),
            f"{METRIC}_stderr,none": error,
        }
    content = {
        "results": results,
        "configs": {task: {"task": task, "generation_kwargs": dict(settings)} for task in sets},
        "n-shot": dict.fromkeys(sets, 0),
        "n-samples": {task: {"original": len(judged), "effective": len(judged)} for task, judged in sets.items()},
        "config": {"model": model},
    }
    write_json(folder / f"{STAMP}_results.json", content)
    return [*paths, folder / f"{STAMP}_results.json"]


def write_vlmevalkit(folder: Path, name: str, judged: Sequence[Judged], model: str) -> list[Path]:
    """Write predictions and scores of one set.

    Args:
        folder: of one model.
        name: of the set.
        judged: its examples.
        model: what to call it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    columns = list(dict.fromkeys(column for item in judged for column in item.example.row))
    columns = ["index", *(column for column in columns if column not in ("index", "prediction"))]
    table = folder / f"{model}_{name}.tsv"
    with atomic_path(table) as temporary, open(temporary, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
        writer.writerow([*columns, "prediction", "extracted", "hit"])
        for item in judged:
            row = {**item.example.row, "index": item.example.index}
            cells = [row.get(column, "") for column in columns]
            writer.writerow([*cells, item.texts[0] if item.texts else "", item.answers[0] or "", int(item.right[0])])
    scores: dict[str, list[float]] = defaultdict(list)
    for item in judged:
        scores["Overall"].append(item.share)
        for column, value in item.example.groups.items():
            scores[f"{column}: {value}"].append(item.share)
    path = folder / f"{model}_{name}_score.csv"
    with atomic_path(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["split", "tot", "hit", "acc"])
        for split, values in scores.items():
            writer.writerow([split, len(values), f"{sum(values):g}", f"{100 * sum(values) / len(values):.2f}"])
    return [table, path]
