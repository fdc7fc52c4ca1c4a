"""What a training run is: everything its result depends on, and what to do with a folder that holds another one.

Both engines share it, so that finished work is never trained over by either.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from full_scale.config.training import ArmConfig, ModelConfig, StudyConfig
from full_scale.models.packaged import PACKAGED
from full_scale.tasks import Task
from vas_theory.foundation.errors import ArgumentError, DataError, IntegrityError, StateMismatchError
from vas_theory.provenance.folders import MANIFEST, folder_hash, verify_folder
from vas_theory.provenance.tables import sha256_file

__all__ = [
    "RESULT",
    "TrainingRun",
    "differences",
    "identity_of",
    "model_bytes",
    "only_writer",
    "protect",
    "read_result",
]

_SHARED = ("model", "task", "rollouts", "objective", "optimiser", "training")
_OF_ENGINE = {"compact": (), "trl": ("hardware", "lora", "vllm", "trl")}
_PACKAGES = {"compact": ("numpy", "torch", "transformers"), "trl": ("numpy", "torch", "transformers", "trl")}
_ABSENT = "(absent)"
_OF_MODELS = (".safetensors", ".json", ".jinja", ".model", ".txt")
RESULT = "result"
"""Folder of a finished run's rows."""


@contextlib.contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Hold an output folder against other commands that would write to it; a process that is killed lets go.

    The processes of one distributed run share their folder: the first of them holds it.

    Raises:
        ArgumentError: another process holds it.
    """
    from filelock import FileLock, Timeout

    if os.environ.get("RANK", "0") != "0":
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".writer.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise ArgumentError("--output", "be a folder to which no other command is writing", str(folder)) from None
    try:
        yield
    finally:
        lock.release()


def model_bytes(config: ModelConfig) -> dict[str, str]:
    """Return the hash of a model's folder, by a name for it, as its files may change under its name.

    Empty for a model of the hub and for the one that comes in a wheel: their names tell them.
    """
    folder = Path(config.name).expanduser()
    if config.name == PACKAGED or not folder.is_dir():
        return {}
    if (folder / MANIFEST).exists():
        return {"model_bytes": folder_hash(folder)}
    sums = {path.name: sha256_file(path) for path in sorted(folder.iterdir()) if path.suffix in _OF_MODELS}
    return {"model_bytes": hashlib.sha256(json.dumps(sums).encode()).hexdigest()}


class TrainingRun(Protocol):
    """One arm from one seed, of either engine."""

    folder: Path
    identity: dict[str, Any]

    def unfinished(self) -> dict[str, Any] | None:
        """Return the identity that the checkpoints in the folder were made with, if there are any."""
        ...


def identity_of(config: StudyConfig, arm: ArmConfig, seed: int, task: Task, **engine: Any) -> dict[str, Any]:
    """Return everything the result of a run depends on except the model's bytes; runs with equal ones are equal.

    Args:
        config: the study.
        arm: how prompts are chosen.
        seed: of the run.
        task: the questions.
        engine: what the engine adds, such as its threads or the hashes of its code.
    """
    tables = config.section(*_SHARED, *_OF_ENGINE[config.engine])
    del tables["training"]["seeds"], tables["training"]["keep_weights"]  # which other runs there are, and what stays
    return {
        "engine": config.engine,
        "arm": arm.model_dump(mode="json"),
        "seed": seed,
        "questions": task.fingerprint,  # a file may change under its name
        **tables,
        "versions": {name: importlib.metadata.version(name) for name in _PACKAGES[config.engine]},
        **engine,
    }


def _flatten(value: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(value, Mapping):
        return {prefix: value}
    flat: dict[str, Any] = {}
    for key, item in value.items():
        flat.update(_flatten(item, f"{prefix}.{key}" if prefix else str(key)))
    return flat


def differences(expected: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return dotted key -> (expected, found) for every value that differs between two nested mappings."""
    left, right = (_flatten(json.loads(json.dumps(dict(value)))) for value in (expected, found))
    keys = sorted(left.keys() | right.keys())
    pairs = {key: (left.get(key, _ABSENT), right.get(key, _ABSENT)) for key in keys}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def _finished_identity(folder: Path) -> dict[str, Any] | None:
    """Return the identity of the finished run in a folder; None if there is none.

    Raises:
        DataError: the result is damaged.
    """
    if not (folder / RESULT / MANIFEST).exists():
        return None
    identity = verify_folder(folder / RESULT).get("identity")
    if not isinstance(identity, dict):
        raise DataError(f"{folder / RESULT / MANIFEST} names no run")
    return identity


def read_result(run: TrainingRun, file: str) -> Any:
    """Return the rows of a finished run, read from a file of its result; None if it has to be trained.

    A damaged result is named on standard error and counts as none.
    """
    try:
        found = _finished_identity(run.folder)
        if found is None or differences(run.identity, found):
            return None
        return json.loads((run.folder / RESULT / file).read_text(encoding="utf-8"))
    except (DataError, OSError, ValueError) as error:
        print(f"warning: result rejected, the run is trained again: {error}", file=sys.stderr)
        return None


def protect(runs: Iterable[TrainingRun], *, restart: bool) -> None:
    """Refuse to go on where a folder holds a run of another configuration; to be called before anything is written.

    Args:
        runs: all runs of a study.
        restart: drop those runs, and every unfinished one, instead.

    Raises:
        StateMismatchError: with the differences of the first such run and the number of others.
        DataError: the checkpoints of a run do not say what they belong to.
    """
    foreign: list[tuple[str, TrainingRun, dict[str, tuple[Any, Any]]]] = []
    for run in runs:
        if restart:
            _drop(run)
            continue
        for kind, found in (("finished", _intact_identity(run.folder)), ("unfinished", run.unfinished())):
            wrong = {} if found is None else differences(run.identity, found)
            if wrong:
                foreign.append((kind, run, wrong))
                break
    if foreign:
        kind, run, wrong = foreign[0]
        more = f", and {len(foreign) - 1} more runs" if len(foreign) > 1 else ""
        remedy = "keep it with another --output, or drop it with --restart"
        raise StateMismatchError(f"{kind} run in {run.folder}{more} ({remedy})", wrong)


def _intact_identity(folder: Path) -> dict[str, Any] | None:
    try:
        return _finished_identity(folder)
    except (DataError, IntegrityError):
        return None


def _drop(run: TrainingRun) -> None:
    """Remove what is unfinished, and what is finished but of another configuration or damaged."""
    found = _intact_identity(run.folder)
    if found is None or differences(run.identity, found):
        shutil.rmtree(run.folder, ignore_errors=True)
    else:
        shutil.rmtree(run.folder / "checkpoints", ignore_errors=True)
