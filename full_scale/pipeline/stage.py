"""What every stage shares: its folder, what its result depends on, and how a finished one is recognised.

``<output>/<stage>/result`` appears whole or not at all, with a manifest of inputs, outputs, versions and hashes;
``<output>/<stage>/work`` holds what a stage that was killed goes on from.
"""

from __future__ import annotations

import importlib.metadata
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from full_scale.runs import differences
from vas_theory.foundation.errors import DataError, StateMismatchError
from vas_theory.provenance.folders import MANIFEST, folder_hash, new_folder, verify_folder
from vas_theory.provenance.tables import now, write_json

__all__ = ["IDENTITY", "RESULT", "Stage", "drop_spent", "finished", "make", "versions"]

RESULT = "result"
"""Folder of what a stage made, within the stage's own."""
IDENTITY = "identity.json"
"""File that names what a stage is made of, in the folder of its work."""
_WORK = "work"
_SPENT: Mapping[str, tuple[str, ...]] = {"cold-start": ("checkpoints", "model", "cache"), "train": ("runs",)}
"""What a finished stage's work holds that is in its result, or of no use any more."""
_PACKAGES = (
    *("numpy", "torch", "transformers", "trl", "accelerate", "datasets", "peft", "pyarrow", "datasketch", "pillow"),
    *("math-verify", "dask", "vllm", "deepspeed"),
)


@dataclass(frozen=True)
class Stage:
    """A stage of one pipeline.

    Args:
        name: ``curate``, ``cold-start``, ``train`` or ``evaluate``.
        folder: of the stage.
        depends: everything its result depends on, JSON-serialisable.
        inputs: name -> hash of what it reads.
    """

    name: str
    folder: Path
    depends: Mapping[str, Any]
    inputs: Mapping[str, str]

    @property
    def identity(self) -> dict[str, Any]:
        """What makes two results of the stage the same."""
        identity: dict[str, Any] = json.loads(json.dumps({**self.depends, "inputs": dict(self.inputs)}))
        return identity

    @property
    def result(self) -> Path:
        """Folder of the finished stage."""
        return self.folder / RESULT

    @property
    def work(self) -> Path:
        """Folder of what is under way."""
        return self.folder / _WORK


def versions() -> dict[str, str]:
    """Return the installed versions of the packages that results may depend on."""
    found = {}
    for name in _PACKAGES:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def finished(stage: Stage) -> bool:
    """Say whether the stage's result is there, whole and of this identity.

    Raises:
        IntegrityError: a file of it was altered.
        StateMismatchError: it, or what is under way, belongs to other settings.
    """
    remedy = "keep it with another --output, or drop it with --restart"
    if (stage.result / MANIFEST).exists():
        found = verify_folder(stage.result).get("identity", {})
        wrong = differences(stage.identity, found)
        if wrong:
            raise StateMismatchError(f"finished stage {stage.name} in {stage.folder} ({remedy})", wrong)
        return True
    path = stage.work / IDENTITY
    if path.exists():
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise DataError(f"{path} cannot be read ({error}); drop the stage with --restart") from None
        if not isinstance(found, dict):
            raise DataError(f"{path} is not the identity of a stage; drop the stage with --restart")
        wrong = differences(stage.identity, found)
        if wrong:
            raise StateMismatchError(f"unfinished stage {stage.name} in {stage.folder} ({remedy})", wrong)
    return False


def drop(stage: Stage) -> None:
    """Remove the stage's result, and what is under way."""
    shutil.rmtree(stage.folder, ignore_errors=True)


def drop_spent(stage: Stage) -> None:
    """Remove from a finished stage's work what is of no use any more."""
    for name in _SPENT.get(stage.name, ()):
        shutil.rmtree(stage.work / name, ignore_errors=True)


@contextmanager
def make(stage: Stage, key: Callable[[], str]) -> Iterator[tuple[Path, Path]]:
    """Yield the folder of work and the folder that becomes the result when the block ends well.

    Args:
        stage: which; its work is marked with its identity first.
        key: returns the hash of the code, for the manifest.
    """
    stage.work.mkdir(parents=True, exist_ok=True)
    write_json(stage.work / IDENTITY, stage.identity)
    started = time.monotonic()
    about: dict[str, Any] = {"stage": stage.name, "identity": stage.identity, "inputs": dict(stage.inputs)}
    about |= {"versions": versions(), "code": key()}
    with new_folder(stage.result, about) as target:
        yield stage.work, target
        # how long and when is no part of what the result is: equal runs have equal manifests
        write_json(stage.folder / "run.json", {"seconds": round(time.monotonic() - started, 1), "finished": now()})


def result_hash(stage: Stage) -> str:
    """Return one hash for the bytes of a finished stage."""
    return folder_hash(stage.result)
