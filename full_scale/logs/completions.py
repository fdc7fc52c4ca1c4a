"""Rollouts as TRL logs them: one file a logged step, with the rollouts of the latest generation batch.

TRL keeps the latest rollouts and writes all of them whenever it logs. Where a generation batch serves several steps
(``steps_per_generation``, ``num_iterations``) the same rollouts stand in several files, and an evaluation puts its own
among them without a mark. Both are put right here: by the rows themselves, and by what ``trainer_state.json`` says.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from full_scale.logs.files import last_step, read_state, state_entries, step_of
from vas_theory.foundation.errors import DataError

__all__ = ["read_completions"]

logger = logging.getLogger(__name__)

_NOT_REWARDS = {"step", "advantage"}
_TEXTS = {"step", "prompt", "completion"}


@dataclass(frozen=True)
class _Run:
    """What a run's ``trainer_state.json`` tells of its rollouts; ``last_step`` is the last it knows of."""

    evaluated: frozenset[int]
    last_step: int
    rewards: tuple[str, ...]


def read_completions(
    files: Sequence[Path], weights: Mapping[str, float] | None, evaluated: Collection[int] | None
) -> pd.DataFrame:
    """Read TRL's tables of completions, each rollout once and none of an evaluation.

    Args:
        files: of one run.
        weights: of the reward functions, by column; see :func:`~full_scale.logs.reading.read_rollouts`.
        evaluated: steps with an evaluation; where it is None, those of the ``trainer_state.json`` beside the files.

    Returns:
        Columns ``step``, ``prompt``, ``reward`` and ``group`` (empty).

    Raises:
        DataError: a file cannot be read or lacks a column.
    """
    run = _run_of(files[0]) if evaluated is None else None
    whole = [(path, _table(path)) for path in files]
    tables = [
        (int(part["step"].iloc[0]), path, part)
        for path, table in whole
        for _, part in table.groupby("step", sort=False)
    ]
    tables.sort(key=lambda found: found[0])
    if not tables:
        raise DataError(f"{files[0].parent} holds no rollouts: its tables of completions are empty")
    if evaluated is None:
        _say_what_is_unknown(run, tables[-1][0])
    with_evaluation = {0, *(run.evaluated if run else evaluated or ())}  # nothing is trained on before step 1
    parts, left_out, repeated = [], [], 0
    before: list[str] = []
    for step, path, table in tables:
        rows = [json.dumps(_plain(row), default=str) for row in table.drop(columns="step").to_dict("records")]
        # a new generation batch replaces every row; without the completions equal rows would prove nothing
        again, before = rows == before and "completion" in table, rows
        if step in with_evaluation:
            left_out.append(path.name)
            continue
        if again:
            repeated += 1
            continue
        parts.append(_rollouts(path, table, weights, run.rewards if run else ()))
    if left_out:
        logger.warning(
            "%d of %d files left out, written at an evaluation, whose rollouts TRL puts among those of training: %s",
            len(left_out), len(tables), ", ".join(left_out[:3]) + (", ..." if len(left_out) > 3 else ""),
        )  # fmt: skip
    if repeated:
        logger.info("%d of %d files hold the rollouts of the file before and count once", repeated, len(tables))
    if not parts:
        raise DataError(f"{files[0].parent} holds no rollouts of training: every file was written at an evaluation")
    return pd.concat(parts, ignore_index=True)


def _run_of(file: Path) -> _Run | None:
    """Read the state of the run that a completions file belongs to: of the checkpoint with the most steps."""
    folder = file.parent.parent if file.parent.name == "completions" else file.parent
    paths = [*folder.glob("trainer_state.json"), *folder.glob("checkpoint-*/trainer_state.json")]
    states = [(path, read_state(path)) for path in sorted(paths)]
    if not states:
        return None
    path, state = max(states, key=lambda found: last_step(*found))
    placed = list(state_entries(path, state))
    entries = [entry for _, entry in placed]
    evaluated = {step_of(place, entry) for place, entry in placed if any(name.startswith("eval_") for name in entry)}
    names = dict.fromkeys(
        name.removeprefix("rewards/").removesuffix("/mean")
        for entry in entries
        for name in entry
        if name.startswith("rewards/") and name.endswith("/mean")
    )
    return _Run(frozenset(evaluated), last_step(path, state), tuple(names))


def _say_what_is_unknown(run: _Run | None, last: int) -> None:
    if run is None:
        logger.warning(
            "no trainer_state.json beside these completions: whether rollouts of an evaluation are among them cannot "
            "be known; give evaluated_steps, () where there was none"
        )
    elif run.last_step < last:
        logger.warning(
            "trainer_state.json ends at step %d and the completions at step %d: rollouts of a later evaluation would "
            "not be known; give evaluated_steps", run.last_step, last,
        )  # fmt: skip


def _table(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:  # pyarrow's errors are ValueErrors
        raise DataError(f"{path} cannot be read: {error}") from None
    for name in ("step", "prompt"):
        if name not in table:
            raise DataError(f"{path} has no column {name!r}; it has {', '.join(map(str, table.columns))}")
    steps = pd.to_numeric(table["step"], errors="coerce")  # earlier releases of TRL wrote them as text
    if (wrong := ~(steps >= 0) | (steps % 1 != 0)).any():
        raise DataError(f"{path}: 'step' has to be an integer >= 0; received {table['step'][wrong].iloc[0]!r}")
    # a reward function that gave nothing in this batch
    empty = [name for name in table if name not in _TEXTS and table[name].isna().all()]
    return table.assign(step=steps.astype(int)).astype(dict.fromkeys(empty, float))


def _rollouts(
    path: Path, table: pd.DataFrame, weights: Mapping[str, float] | None, functions: Sequence[str]
) -> pd.DataFrame:
    numeric = [str(name) for name in table.select_dtypes("number").columns if name not in _NOT_REWARDS]
    for name in weights or {}:
        if name not in numeric:
            raise DataError(f"{path} has no reward column {name!r}; it has {', '.join(numeric) or 'none'}")
    if not numeric:
        raise DataError(f"{path} has no column of rewards")
    # a reward function may log numbers of its own beside the rewards
    rewards = [name for name in numeric if name in functions] or numeric
    chosen = dict(weights) if weights else dict.fromkeys(rewards, 1.0)
    reward = (table[list(chosen)] * pd.Series(chosen)).sum(axis=1, min_count=1)
    # a conversation is a list of messages; as text it can name a group
    prompts = [value if isinstance(value, str) else json.dumps(_plain(value)) for value in table["prompt"]]
    columns = {"step": table["step"].astype(int), "prompt": prompts, "reward": reward.astype(float), "group": ""}
    return pd.DataFrame(columns)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value
