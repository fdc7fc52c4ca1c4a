"""Find what a trainer left at a path and read it: ``read_run`` for one run, ``read_runs`` for all of a folder."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path

import pandas as pd

from full_scale.logs.files import last_state, read_state, step_of
from full_scale.logs.formats.prime_rl import episode_files
from full_scale.logs.formats.study import StudyRun, progress_file, read_progress, read_tables
from full_scale.logs.formats.tensorboard import PATTERN, event_folder, scalar_entries
from full_scale.logs.metric_names import COLUMNS, steps_table
from full_scale.logs.reading import ROLLOUT_FILES, form_groups, read_rollouts, read_steps
from full_scale.logs.run import Run, label_of
from vas_theory.foundation.errors import DataError

__all__ = ["read_run", "read_runs", "run_paths"]

_TABLE = "training_steps.parquet"
_OF_A_RUN = (
    *("trainer_state.json", "checkpoint-*/trainer_state.json", "checkpoints/*/trainer_state.json"),
    *("completions/*.parquet", "*.jsonl", "*.pt", PATTERN),
)
_KNOWN = (
    "TRL's trainer_state.json or completions, verl's or EasyR1's file log, prime-rl's metrics.jsonl, TensorBoard's "
    "files, rollouts of verl or slime, or a run of this project"
)


def read_run(
    path: Path | str,
    rollouts: Path | str | None = None,
    weights: Mapping[str, float] | None = None,
    evaluated_steps: Collection[int] | None = None,
    above: float | None = None,
) -> Run:
    """Read one run, whoever logged it.

    Args:
        path: the run's folder, or one file of its log. What it is is seen from the files:

            - TRL: ``trainer_state.json``, in checkpoints too, and ``completions/*.parquet``;
            - verl: the file logger's JSON lines, TensorBoard's files, and rollouts (``trainer.rollout_data_dir``);
            - EasyR1: ``experiment_log.jsonl`` (it logs no rollouts of training);
            - prime-rl: ``metrics.jsonl`` and ``rollouts/step_*/train/*/traces.jsonl``;
            - slime: TensorBoard's files, and rollouts (``--save-debug-rollout-data``);
            - this project: the folder of one run of a study.
        rollouts: where the rollouts lie, if not below ``path``.
        weights, evaluated_steps: see :func:`~full_scale.logs.reading.read_rollouts`.
        above: groups are formed of 1 where a rollout's reward is above this number and of 0 elsewhere; the mean reward
            that the trainer logged of a step stays as it is.

    Raises:
        DataError: nothing known is there, several runs are, or a file is unreadable.
        MissingExtraError: the format needs a package that is not installed.
    """
    source = Path(path)
    if not source.exists():
        raise DataError(f"{source} does not exist")
    places = run_paths(source)
    study = _study_runs(source) if len(places) == 1 else []
    names = [place.name for place in places] if len(places) > 1 else [run.name for run in study]
    if len(names) > 1:
        raise DataError(f"{source} holds {len(names)} runs, such as {names[0]}: read_runs reads them all")
    if study:
        return study[0]
    (source,) = places
    kind, steps, total = _steps(source)
    where = Path(rollouts) if rollouts is not None else _rollouts_below(source)
    groups = None
    if where is not None:
        read = read_rollouts(where, weights, evaluated_steps)
        if above is not None:
            right = (read["reward"] > above).astype(float)
            read = read.assign(reward=right.where(read["reward"].notna()))
        groups = form_groups(read)
        steps = _completed(steps, read, groups)
        kind = kind or _writer(where)
    if steps is None:
        raise DataError(f"{source} holds no log that is known: {_KNOWN}")
    return Run(_name(source), kind, source, steps, groups, total)


def read_runs(path: Path | str) -> list[Run]:
    """Read every run below a folder, or one by its file: a study's table of many, or a folder of runs' folders.

    Raises:
        DataError: there is none, or one cannot be read.
    """
    return [run for place in run_paths(path) for run in _study_runs(place) or [read_run(place)]]


def run_paths(path: Path | str) -> list[Path]:
    """Return where the runs below a path lie, without reading them: one place each, or one table of many."""
    source = Path(path)
    return (_folders_of_runs(source) if source.is_dir() else []) or [source]


def _folders_of_runs(source: Path) -> list[Path]:
    """Return the folders of runs below one that is no run itself; the reserved place of a study is ``runs``."""
    base = source / "runs" if (source / "runs").is_dir() else source
    if _is_run(base):
        return []
    return [folder for folder in sorted(base.iterdir()) if folder.is_dir() and _is_run(folder)]


def _is_run(folder: Path) -> bool:
    return progress_file(folder) is not None or any(next(folder.glob(pattern), None) for pattern in _OF_A_RUN)


def _study_runs(source: Path) -> list[Run]:
    if source.name == _TABLE:
        source = source.parent
    if not source.is_dir():
        return []
    if (progress := progress_file(source)) is not None:
        return [_of_study(read_progress(progress), source)]
    return [_of_study(run, source) for run in read_tables(source)] if (source / _TABLE).is_file() else []


def _of_study(run: StudyRun, path: Path) -> Run:
    return Run(f"{run.arm}-seed{run.seed}", "compact", path, run.steps, run.groups, total_rollouts=run.budget)


def _steps(source: Path) -> tuple[str, pd.DataFrame | None, int | None]:
    """Return who wrote the log of metrics, its steps and how many there are to be; no steps where there is no log."""
    if source.name == "trainer_state.json" or (source.is_dir() and next(source.rglob("trainer_state.json"), None)):
        state = source if source.is_file() else last_state(source)
        total = read_state(state).get("max_steps")
        known = isinstance(total, int) and total > 0
        return "trl", read_steps(state), step_of(str(state), {"max_steps": total}, "max_steps") if known else None
    logs = _metric_logs(source)
    if len(logs) > 1:
        raise DataError(f"{source} holds several logs of metrics: {', '.join(map(str, logs))}; name one")
    if logs:
        return _dialect(logs[0]), read_steps(logs[0]), None
    if "tfevents" in source.name or (source.is_dir() and next(source.rglob(PATTERN), None)):
        folder = event_folder(source)
        entries = list(scalar_entries(folder))
        return _writer_of_scalars({name for _, entry in entries for name in entry}), steps_table(folder, entries), None
    return "", None, None


def _writer_of_scalars(names: Collection[str]) -> str:
    for name, writer in (("rollout/raw_reward", "slime"), ("train/reward", "trl"), ("reward/overall", "easyr1")):
        if name in names:
            return writer
    return "verl" if "critic/score/mean" in names else ""


def _metric_logs(source: Path) -> list[Path]:
    if source.is_file():
        return [source] if source.suffix == ".jsonl" and _dialect(source) else []
    found = [file for pattern in ("*.jsonl", "*/*.jsonl") for file in sorted(source.glob(pattern))]
    return [file for file in found if _dialect(file)]


def _dialect(path: Path) -> str:
    """Return who writes JSON lines like the first of this file; empty for rollouts and what is unknown."""
    try:
        with path.open(encoding="utf-8-sig") as stream:
            entry = json.loads(next(filter(str.strip, stream), "null"))
    except (OSError, ValueError, RecursionError):
        return ""
    if not isinstance(entry, dict) or "step" not in entry or "input" in entry or "traces" in entry:
        return ""
    if isinstance(entry.get("data"), dict):
        return "verl"
    if any(isinstance(value, dict) for value in entry.values()):
        return "easyr1"
    return "prime-rl" if path.name == "metrics.jsonl" and "time" in entry else "trl"


def _rollouts_below(source: Path) -> Path | None:
    if source.is_file():
        whole = source.suffix in (".parquet", ".pt") or (source.suffix == ".jsonl" and not _dialect(source))
        return source if whole else None
    if episode_files(source):
        return source
    for folder in (source / "completions", source, *sorted(path for path in source.iterdir() if path.is_dir())):
        if any(
            path.suffix != ".jsonl" or not _dialect(path) for kind in ROLLOUT_FILES for path in folder.glob(f"*{kind}")
        ):
            return folder
    return None


def _writer(rollouts: Path) -> str:
    """Return who wrote rollouts that no log of metrics comes with."""
    files = [rollouts] if rollouts.is_file() else [*rollouts.glob("*"), *episode_files(rollouts)]
    names = {"traces.jsonl": "prime-rl"}
    kinds = {".parquet": "trl", ".jsonl": "verl", ".pt": "slime"}
    found = {names.get(path.name) or kinds.get(path.suffix, "") for path in files} - {""}
    return found.pop() if len(found) == 1 else ""


def _completed(steps: pd.DataFrame | None, rollouts: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Return the steps with what the rollouts tell of them where the log of metrics does not."""
    told = pd.DataFrame(
        {
            "reward": rollouts.groupby("step")["reward"].mean(),
            "silent_share": groups.groupby("step")["silent"].mean(),
            "rollouts": rollouts.groupby("step").size().cumsum(),
        }
    ).astype(float)
    if steps is None:
        return told.reset_index().reindex(columns=["step", *COLUMNS])
    whole = steps.set_index("step")
    for column in ("silent_share", "rollouts"):
        whole[column] = whole[column].fillna(told[column].reindex(whole.index))
    return whole.reset_index()


def _name(source: Path) -> str:
    """Return the run's name: its folder's, but not that of a part of it."""
    named = source if source.is_dir() else source.parent
    while named.name.startswith("checkpoint") or named.name in ("completions", "rollouts", "result"):
        named = named.parent
    own = source.stem if source.is_file() and source.suffix == ".jsonl" else ""
    return own if own and label_of(own)[1] is not None else named.resolve().name
