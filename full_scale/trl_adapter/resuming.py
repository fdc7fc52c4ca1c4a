"""Checkpoints that are vouched for file by file, and that a run with other settings does not go on from."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import logging
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelerate.utils import broadcast_object_list

from full_scale.runs import differences
from full_scale.trl_adapter.config import IN_OPTIMISER
from full_scale.trl_adapter.state import LAST_FILE, STATE_FILE, read_sampler
from vas_theory.foundation.errors import DataError, IntegrityError, StateMismatchError, VASError
from vas_theory.provenance.folders import MANIFEST, read_manifest
from vas_theory.provenance.tables import sha256_file, write_json

if TYPE_CHECKING:
    from full_scale.trl_adapter.mixin import VASMixin

__all__ = [
    "check_settings",
    "checkpoint_step",
    "find_checkpoint",
    "is_plain",
    "newest_intact",
    "run_settings",
    "verify_checkpoint",
    "vouch",
]

logger = logging.getLogger(__name__)

_WITHOUT_EFFECT = {
    *("output_dir", "run_name", "project", "report_to", "disable_tqdm", "debug", "resume_from_checkpoint"),
    *("local_rank",),
    *("eval_on_start", "eval_delay", "eval_steps", "eval_strategy", "eval_do_concat_batches", "eval_use_gather_object"),
    *("eval_accumulation_steps", "per_device_eval_batch_size", "num_generations_eval", "prediction_loss_only"),
    *("include_for_metrics", "batch_eval_metrics", "do_train", "do_eval", "do_predict", "bf16_full_eval"),
    *("fp16_full_eval", "save_only_model", "save_strategy", "save_steps", "save_on_each_node", "save_total_limit"),
    *("enable_jit_checkpoint", "load_best_model_at_end", "metric_for_best_model", "greater_is_better"),
    *("restore_callback_states_from_checkpoint", "ignore_data_skip", "skip_memory_metrics", "ddp_timeout"),
    *("num_completions_to_print", "include_num_input_tokens_seen", "torch_empty_cache_steps", "overwrite_output_dir"),
}
_WITHOUT_EFFECT_PREFIXES = ("logging_", "log_", "hub_", "push_to_hub", "trackio_", "dataloader_", "vllm_server_")
_LENGTHS = ("max_steps", "num_train_epochs")
_VERSIONS = ("numpy", "torch", "transformers", "trl")


def run_settings(trainer: Any) -> dict[str, Any]:
    """Return what decides how a run of a trainer goes on, as JSON-serialisable values by name.

    Where and how often it logs, saves and evaluates does not; how long it is to be does unless its learning rate is
    constant.
    """
    arguments = json.loads(json.dumps(_plain(trainer.args), default=str))
    warm = float(arguments.get("warmup_steps") or 0)
    constant = "constant" in str(arguments["lr_scheduler_type"]) and (warm >= 1 or warm == 0)
    kept = {
        name: value
        for name, value in arguments.items()
        if name not in _WITHOUT_EFFECT and not name.startswith(_WITHOUT_EFFECT_PREFIXES)
    }
    for name in _LENGTHS if constant and not arguments.get("warmup_ratio") else ():
        kept.pop(name)
    adapters = getattr(trainer.model, "peft_config", None) or {}
    return {
        "trainer": "VASGRPOTrainer",
        **kept,
        "reward_functions": list(trainer.reward_func_names),
        "vas": {name: getattr(trainer.vas, name) for name in ("seed", "success_from", "key_column")},
        "adapters": {name: json.loads(json.dumps(_plain(value), default=str)) for name, value in adapters.items()},
        "processes": trainer.accelerator.num_processes,
        "versions": {name: importlib.metadata.version(name) for name in _VERSIONS},
    }


def _plain(settings: Any) -> dict[str, Any]:
    """Return the fields of a dataclass; sets in order, other objects by their own fields or as text."""

    def value_of(value: Any) -> Any:
        if isinstance(value, (set, frozenset)):
            return sorted(map(str, value))
        if isinstance(value, Mapping):
            return {str(name): value_of(part) for name, part in value.items()}
        if isinstance(value, (list, tuple)):
            return [value_of(part) for part in value]
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return _plain(value)
        return value if isinstance(value, (bool, int, float, str, type(None))) else str(getattr(value, "value", value))

    return {field.name: value_of(getattr(settings, field.name)) for field in dataclasses.fields(settings) if field.init}


def vouch(folder: Path, settings: Mapping[str, Any], known: Mapping[str, str] | None = None) -> dict[str, str]:
    """Write a manifest over every file of a checkpoint.

    Args:
        folder: of the checkpoint.
        settings: see :func:`run_settings`.
        known: hashes of files that are not to be read again.

    Returns:
        File -> SHA-256.
    """
    known = known or {}
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST)
    names = {path.relative_to(folder).as_posix(): path for path in files}
    sums = {name: known.get(name) or sha256_file(path) for name, path in names.items()}
    write_json(folder / MANIFEST, {"about": {"settings": dict(settings)}, "sha256": sums})
    return sums


def verify_checkpoint(folder: Path) -> dict[str, Any]:
    """Check every file of a checkpoint and return the settings of the run that made it.

    ``trainer_state.json`` may be missing in the manifest: it is written last, between two of them, so that a run killed
    there goes on from this checkpoint.

    Raises:
        DataError: it was not written to its end, or by a trainer without VAS.
        IntegrityError: a file is missing, cut short or altered.
    """
    try:
        state = json.loads((folder / LAST_FILE).read_text(encoding="utf-8"))
        step = int(state["global_step"])
    except (OSError, ValueError, TypeError, KeyError):
        raise DataError(f"{folder / LAST_FILE} is missing, cut short or not a trainer's state") from None
    if checkpoint_step(folder) not in (-1, step):
        raise IntegrityError(f"{folder / LAST_FILE} says step {step}")
    if not (folder / STATE_FILE).exists() and not (folder / MANIFEST).exists():
        raise DataError(f"checkpoint {folder} has no {STATE_FILE}: it was not made by a trainer with VAS")
    manifest = read_manifest(folder)
    sums, settings = manifest["sha256"], manifest["about"].get("settings")
    if not isinstance(settings, dict) or STATE_FILE not in sums:
        raise DataError(f"{folder / MANIFEST} is not the manifest of a checkpoint")
    for name, expected in sums.items():
        path = folder / name
        if not path.is_file():
            raise IntegrityError(f"{folder}: {name} is missing")
        if sha256_file(path) != expected:
            raise IntegrityError(f"{path} was altered or cut short: its SHA-256 is not that of the manifest")
    read_sampler(folder)
    return settings


def is_plain(folder: Path) -> bool:
    """Say whether a checkpoint was made by a ``GRPOTrainer`` without VAS."""
    return (folder / LAST_FILE).exists() and not (folder / STATE_FILE).exists() and not (folder / MANIFEST).exists()


def check_settings(folder: Path, own: Mapping[str, Any], found: Mapping[str, Any], may_differ: Collection[str]) -> None:
    """Refuse a checkpoint of a run with other settings.

    Args:
        folder: of the checkpoint.
        own: the settings of this run.
        found: those of the run that made the checkpoint.
        may_differ: names that do not matter; that of a table stands for all in it.

    Raises:
        StateMismatchError: with every setting that differs.
    """
    wrong = {
        name: pair
        for name, pair in differences(own, found).items()
        if name not in may_differ and name.partition(".")[0] not in may_differ
    }
    if wrong:
        names = ", ".join(repr(name) for name in sorted(wrong) if name not in IN_OPTIMISER)
        remedy = f"to go on with {names} changed: VASConfig(may_differ=({names},))" if names else "start a new run"
        raise StateMismatchError(f"checkpoint {folder} of a run with other settings ({remedy})", wrong)


def checkpoint_step(folder: Path) -> int:
    """Return the step in the name of a checkpoint, -1 if it has none."""
    step = folder.name.rpartition("-")[2]
    return int(step) if step.isdigit() else -1


def find_checkpoint(trainer: VASMixin, wanted: str | bool | None) -> Path | None:
    """Return the checkpoint to go on from, verified, with the sampler's part restored; None for a fresh start.

    Args:
        trainer: which is to go on.
        wanted: ``True`` for the newest whole one of its folder, or a path.

    Raises:
        DataError: there is none; an ``IntegrityError`` if it is damaged.
        StateMismatchError: it was made with other settings or prompts.
    """
    if not wanted:
        return None
    may_differ = trainer.vas.may_differ

    def find() -> Path | None:
        folder = newest_intact(trainer.args.output_dir, _plain_allowed) if wanted is True else Path(str(wanted))
        if folder is None or _plain_allowed(folder):
            return folder
        if is_plain(folder):
            raise DataError(
                f"checkpoint {folder} was not made by a trainer with VAS; VASConfig(may_differ=('trainer',)) goes on "
                "from it with a sampler that knows nothing yet"
            )
        check_settings(folder, run_settings(trainer), verify_checkpoint(folder), may_differ)
        return folder

    def _plain_allowed(folder: Path) -> bool:
        return "trainer" in may_differ and is_plain(folder)

    folder = _by_first_process(trainer, find)
    if folder is None:
        return None
    if is_plain(folder):
        logger.warning("checkpoint %s is of a trainer without VAS: the sampler knows nothing yet", folder)
        return folder
    try:
        trainer.restore_sampler(folder)
    except StateMismatchError as error:
        if "prompts" not in error.differences:
            raise
        what = f"sampler in {folder} (to go on with other prompts: VASConfig(may_differ=('prompts',)))"
        raise StateMismatchError(what, error.differences) from None
    if trainer.unused_at_restore:
        logger.warning(
            "checkpoint %s fell inside a generation batch; its completions are lost, a new batch is drawn, and "
            "the run will differ from one that was never stopped",
            folder,
        )
    return folder


def _by_first_process(trainer: Any, find: Callable[[], Path | None]) -> Path | None:
    """Let one process read the checkpoints, and return or raise what it found in all of them."""
    if trainer.accelerator.num_processes == 1:
        return find()
    found: list[Any] = [None, None]
    error: VASError | None = None
    if trainer.accelerator.is_main_process:
        try:
            found[0] = find()
        except VASError as raised:
            error, found[1] = raised, str(raised)
    broadcast_object_list(found)
    if error is not None:
        raise error
    if found[1] is not None:
        raise VASError(found[1])
    return Path(found[0]) if found[0] else None


def _was_finished(folder: Path) -> bool:
    """Say whether a checkpoint had been written to its end; one that is not left by a kill is damaged."""
    try:
        return LAST_FILE in read_manifest(folder)["sha256"]
    except DataError:
        return (folder / MANIFEST).exists() or is_plain(folder)


def newest_intact(output_dir: Path | str, accept: Callable[[Path], bool] = lambda folder: False) -> Path | None:
    """Return the newest checkpoint that verifies; those before it are passed over with a warning.

    None means that the run was stopped while it wrote its first checkpoint, so that it has to begin anew.

    Args:
        output_dir: where the checkpoints are.
        accept: whether one is taken without a manifest.

    Raises:
        DataError: there is no checkpoint, or those that were written to their end are damaged.
    """
    folders = [folder for folder in Path(output_dir).glob("checkpoint-*") if checkpoint_step(folder) >= 0]
    damaged = False
    for folder in sorted(folders, key=checkpoint_step, reverse=True):
        if accept(folder):
            return folder
        try:
            verify_checkpoint(folder)
        except (OSError, VASError) as error:
            damaged = damaged or _was_finished(folder)
            logger.warning("checkpoint %s rejected, trying the one before it: %s", folder, error)
            continue
        return folder
    if damaged or not folders:
        raise DataError(f"there is no whole checkpoint in {output_dir} to resume from")
    logger.warning("no checkpoint in %s was written to its end: training begins anew", output_dir)
    return None
