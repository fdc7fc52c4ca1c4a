"""The settings that decide how a run goes on, and the refusal of checkpoints that were made with others."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from full_scale.runs import differences
from full_scale.trl_adapter.config import IN_OPTIMISER
from vas_theory.foundation.errors import StateMismatchError

__all__ = ["check_settings", "run_settings"]

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
_OF_KNOWLEDGE = (
    *("features_every", "features_layer", "features_pooling", "pass_rate_column", "pass_rate_trials"),
    *("rescored_share",),
)
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
        "vas": _told(trainer.vas, trainer.known.digest),
        "adapters": {name: json.loads(json.dumps(_plain(value), default=str)) for name, value in adapters.items()},
        "processes": trainer.accelerator.num_processes,
        "versions": {name: importlib.metadata.version(name) for name in _VERSIONS},
    }


def _told(vas: Any, known: str) -> dict[str, Any]:
    """Return what was said of prompts and rewards; what older files lack only where it is no default."""
    usual = {field.name: field.default for field in dataclasses.fields(vas)}
    later = {name: value for name in _OF_KNOWLEDGE if (value := getattr(vas, name)) != usual[name]}
    if vas.features is not None:
        later["features"] = vas.features if isinstance(vas.features, str) else type(vas.features).__name__
    if known:
        later["known_beforehand"] = known
    return {**{name: getattr(vas, name) for name in ("seed", "success_from", "key_column")}, **later}


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
