"""The second stage: supervised training on verified chains of thought, with TRL's ``SFTTrainer``.

Source:
    2509.21268, table 5 (the settings of the presets).
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import shutil
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from full_scale.models.loading import check_device, load_pretrained, quiet
from full_scale.models.resuming import load_renamed_weights
from full_scale.models.saving import disk_errors, forget_batch, name_stock_processor
from full_scale.pipeline.stage import Stage, drop_spent, make
from full_scale.tasks.prompt import Prompt
from full_scale.tasks.templates import messages
from vas_theory.foundation.command_line import require
from vas_theory.foundation.errors import ArgumentError, DataError
from vas_theory.provenance.fingerprint import key_of
from vas_theory.provenance.tables import write_json

if TYPE_CHECKING:
    from full_scale.config.training import ModelConfig
    from full_scale.pipeline.settings import ColdStartConfig

__all__ = ["chains_dataset", "cold_start", "sft_arguments"]

Report = Callable[[str], None]


def sft_arguments(config: ColdStartConfig, folder: Path, images: bool, *, packing: bool = True) -> dict[str, Any]:
    """Return the arguments of TRL's ``SFTConfig``.

    Args:
        config: of the cold start.
        folder: of the checkpoints.
        images: whether the chains are about images, which TRL neither packs nor cuts.
        packing: whether the model can keep packed texts apart.

    Raises:
        ArgumentError: the batch does not divide.
    """
    at_once = config.hardware.devices * config.per_device_batch_size
    if config.batch_size % at_once:
        needs = f"be divisible by hardware.devices x per_device_batch_size = {at_once}"
        raise ArgumentError("cold_start.batch_size", needs, config.batch_size)
    return {
        "output_dir": str(folder),
        "seed": config.seed,
        "data_seed": config.seed,
        "use_cpu": config.device == "cpu",
        "bf16": config.precision == "bfloat16",
        "max_steps": config.steps or -1,
        "num_train_epochs": config.epochs,
        "per_device_train_batch_size": config.per_device_batch_size,
        "gradient_accumulation_steps": config.batch_size // at_once,
        "learning_rate": config.learning_rate,
        "lr_scheduler_type": config.schedule,
        "warmup_steps": config.warmup_share,  # below 1 it is a share
        "weight_decay": config.weight_decay,
        "max_grad_norm": config.max_gradient_norm,
        "optim": "adamw_torch",
        "max_length": None if images else config.cutoff,
        "packing": config.packing and packing and not images,
        "gradient_checkpointing": config.gradient_checkpointing,
        "completion_only_loss": True,
        # a row is a mean since the row before: none may reach over a checkpoint, or a run that went on had others
        "logging_steps": math.gcd(10, config.checkpoint_every),
        "save_strategy": "steps",
        "save_steps": config.checkpoint_every,
        "save_total_limit": 2,
        "report_to": "none",
        "disable_tqdm": True,
    }


def chains_dataset(path: Path, style: Any, cache: Path) -> tuple[Any, bool]:
    """Return chains as a data set of prompts, completions and images, and whether there are images.

    Raises:
        DataError: there are no chains, or some show images and some do not, which cannot share a batch.
    """
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    datasets = require("datasets", "full-scale")
    counts = pc.list_value_length(pq.read_table(path, columns=["images"])["images"]).to_numpy()
    if len(counts) == 0:
        raise DataError(f"{path} holds no chain of thought")
    images = bool(counts.any())
    if images and not counts.all():
        mixed = f"{int((counts == 0).sum())} of {len(counts)} chains show no image"
        raise DataError(f"{path}: {mixed}, and TRL trains on those with and without images apart: curate them apart")
    data = datasets.Dataset.from_parquet(str(path), cache_dir=str(cache))

    def conversation(row: dict[str, Any]) -> dict[str, Any]:
        pictures = tuple(image["bytes"] for image in row["images"])
        prompt = Prompt(row["key"], "", row["answer"], question=row["problem"], images=pictures)
        return {"prompt": messages(prompt, style), "completion": [{"role": "assistant", "content": row["chain"]}]}

    kept = {"images"} if images else set()
    data = data.map(conversation, remove_columns=[name for name in data.column_names if name not in kept])
    if images:
        data = data.cast_column("images", datasets.List(datasets.Image()))
    return data, images


def cold_start(config: ColdStartConfig, base: ModelConfig, stage: Stage, curated: Path, report: Report) -> None:
    """Train the base model on the curated chains and write the model with its processor.

    With several processes all of them call this; the first one writes the result.

    Raises:
        DataError: there are no chains or the model cannot be read.
        ArgumentError: settings do not fit together.
    """
    if os.environ.get("RANK", "0") != "0":
        _fit(config, base, stage.work, curated, report)
        return
    with make(stage, lambda: key_of(cold_start).digest) as (work, target):
        rows = _fit(config, base, work, curated, report)
        for path in sorted((work / "model").iterdir()):
            shutil.move(path, target / path.name)
        name_stock_processor(target)
        write_json(target / "training.json", rows)
    drop_spent(stage)


def _fit(config: ColdStartConfig, base: ModelConfig, work: Path, curated: Path, report: Report) -> list[dict[str, Any]]:
    """Train to the end, from the newest checkpoint if there is one, and save to ``model``; return the logged rows."""
    from transformers import PrinterCallback
    from trl import SFTConfig

    if config.hardware.sharding == "none":
        check_device(config.device)
    data, images = chains_dataset(curated / "cold_start.parquet", config.style, work / "cache")
    found = load_pretrained(base, min_pixels=config.min_image_pixels, max_pixels=config.max_image_pixels)
    # texts are kept apart by their positions, of which a model that reads images has three kinds
    packing = found.processor is found.tokenizer
    arguments = sft_arguments(config, work / "checkpoints", images, packing=packing)
    if config.packing and not arguments["packing"]:
        report("cold start: the chains are not packed, as the model reads images")
    known = {field.name for field in dataclasses.fields(SFTConfig)}
    unknown = sorted(arguments.keys() - known)
    if unknown:
        raise ArgumentError("cold_start", "need a TRL whose SFTConfig knows its settings", unknown)
    with warnings.catch_warnings(), quiet():
        warnings.simplefilter("ignore", FutureWarning)
        trainer = _trainer_class()(
            model=found.model,
            args=SFTConfig(**arguments),
            train_dataset=data,
            processing_class=found.processor,
            callbacks=[_report_callback(report)],
        )
        trainer.remove_callback(PrinterCallback)
        with disk_errors(work):
            trainer.train(resume_from_checkpoint=_newest_checkpoint(work / "checkpoints"))
            forget_batch(found.tokenizer)
            trainer.save_model(str(work / "model"))
        found.processor.save_pretrained(str(work / "model"))
    names = ("step", "loss", "learning_rate", "grad_norm", "mean_token_accuracy")
    return [{name: entry.get(name) for name in names} for entry in trainer.state.log_history if "loss" in entry]


def _trainer_class() -> Any:
    from trl import SFTTrainer

    class Trainer(SFTTrainer):
        """``SFTTrainer`` that goes on from the weights of its checkpoint also where they have other names there."""

        def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
            if not load_renamed_weights(self.model if model is None else model, Path(resume_from_checkpoint)):
                super()._load_from_checkpoint(resume_from_checkpoint, model)

    return Trainer


def _newest_checkpoint(folder: Path) -> str | None:
    """Return the newest checkpoint that was written to its end: the trainer's own state comes last."""
    found = {int(path.name.rpartition("-")[2]): path for path in folder.glob("checkpoint-*") if path.is_dir()}
    for _, path in sorted(found.items(), reverse=True):
        try:
            json.loads((path / "trainer_state.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        return str(path)
    return None


def _report_callback(report: Report) -> Any:
    from transformers import TrainerCallback

    class Report(TrainerCallback):
        """Says the loss and the time left now and then."""

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self.started, self.first = time.monotonic(), state.global_step

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            if not state.is_world_process_zero or "loss" not in (logs or {}):
                return
            done = max(1, state.global_step - self.first)
            left = (time.monotonic() - self.started) / done * (state.max_steps - state.global_step)
            step = f"step {state.global_step}/{state.max_steps}"
            report(f"cold start, {step}: loss {float(logs['loss']):.3f}, {left:,.0f} s left")

    return Report()
