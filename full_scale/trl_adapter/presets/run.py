"""Training the arms of a study with TRL: every arm and seed is one run, resumable, with its rows as the result."""

from __future__ import annotations

import gc
import importlib.metadata
import json
import os
import shutil
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from full_scale.config.training import ArmConfig, StudyConfig, knowledge_of, of_arm
from full_scale.models.loading import Pretrained, check_device, load_pretrained, quiet, stop_ids
from full_scale.models.saving import disk_errors, forget_batch
from full_scale.runs import RESULT, differences, identity_of, model_bytes, protect, read_result
from full_scale.tasks import Task, load_task
from full_scale.tasks.dataset import to_dataset
from full_scale.tasks.pass_rates import read_pass_rates
from full_scale.tasks.templates import Style
from full_scale.trl_adapter.config import VASConfig
from full_scale.trl_adapter.presets.arguments import (
    PASS_RATES,
    TRIALS,
    grpo_arguments,
    grpo_config,
    reward_parts,
    style_of,
    vas_config,
)
from full_scale.trl_adapter.presets.launch import check_launch, check_trainer
from vas_theory.foundation.errors import DataError, StateMismatchError, VASError
from vas_theory.provenance.fingerprint import key_of
from vas_theory.provenance.folders import new_folder
from vas_theory.provenance.tables import sha256_file, write_json, write_table
from vas_theory.selection.strategies import strategy_entry

__all__ = ["TrlRun", "train_arms"]

_IDENTITY, _WEIGHTS = "identity.json", "weights"


class TrlRun:
    """One arm from one seed.

    Args:
        config: the study, with engine ``trl``.
        arm: how prompts are chosen.
        seed: of sampling and of the sampler.
        folder: where checkpoints, the result and the weights go.
        task: the questions.
    """

    def __init__(self, config: StudyConfig, arm: ArmConfig, seed: int, folder: Path, task: Task) -> None:
        self.config, self.arm, self.seed, self.folder, self.task = config, arm, seed, folder, task
        code = key_of(TrlRun, strategy_entry(arm.strategy)).digest
        self.knows = knowledge_of(config, arm)
        told: dict[str, Any] = {} if self.knows is None else {"knows": self.knows.model_dump(mode="json")}
        self._column: tuple[Any, Any] | None = None
        if self.knows is not None and self.knows.column not in ("", "start"):
            path, keys = Path(self.knows.column), [prompt.key for prompt in task.training]
            self._column = read_pass_rates(path, keys, self.knows.trials)
            told["column"] = sha256_file(path)
        self.identity = identity_of(config, arm, seed, task, code=code, **told, **model_bytes(config.model))

    def finished(self) -> list[dict[str, Any]] | None:
        """Return the rows of the finished run if it has this identity and its bytes are intact."""
        rows: list[dict[str, Any]] | None = read_result(self, "steps.json")
        return rows

    def unfinished(self) -> dict[str, Any] | None:
        """Return the identity that the checkpoints in the folder were made with, if there are any.

        Raises:
            DataError: there are some, and nothing readable says what they belong to.
        """
        if not any((self.folder / "checkpoints").glob("checkpoint-*")):
            return None
        try:
            found = json.loads((self.folder / _IDENTITY).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise DataError(f"{self.folder} holds checkpoints of an unknown run: {error}; use --restart") from None
        if not isinstance(found, dict):
            raise DataError(f"{self.folder / _IDENTITY} is not the identity of a run; use --restart")
        return found

    def train(self, report: Callable[[str], None]) -> list[dict[str, Any]]:
        """Train to the end, from the newest whole checkpoint if there is one, and write the result.

        Args:
            report: called with one line after each step.

        Raises:
            StateMismatchError: the checkpoints in the folder belong to other settings.
            VASError: training diverged.
        """
        trainer = self.build(report)
        trainer.accelerator.wait_for_everyone()  # the first process may have dropped an unfinished run
        found = self.unfinished()
        wrong = {} if found is None else differences(self.identity, found)
        if wrong:
            raise StateMismatchError(f"unfinished run in {self.folder} (drop it with --restart)", wrong)
        if found is None and trainer.is_world_process_zero():
            write_json(self.folder / _IDENTITY, self.identity)
        with warnings.catch_warnings(), quiet():
            warnings.simplefilter("ignore", FutureWarning)
            try:
                trainer.train(resume_from_checkpoint=found is not None)
            except RuntimeError as error:
                if "probability tensor" not in str(error):
                    raise
                raise VASError(
                    f"training diverged before step {trainer.state.global_step + 1}: the model gives no probabilities; "
                    "lower optimiser.learning_rate, which needs a new --output or --restart"
                ) from error
            return self._write_result(trainer)

    def check(self) -> VASConfig:
        """Return how the arm chooses prompts, after refusing settings that cannot work: before any model loads."""
        vas = vas_config(self.config, self.arm, self.seed)
        grpo_arguments(self.config, self.folder / "checkpoints", self.seed)
        return vas

    def build(self, report: Callable[[str], None]) -> Any:
        """Return the trainer, ready to start."""
        from transformers import PrinterCallback

        from full_scale.trl_adapter.presets.progress import ProgressReport
        from full_scale.trl_adapter.trainer import VASGRPOTrainer

        config, task = self.config, self.task
        vas = self.check()
        found = self._load()
        style = style_of(config, task.training, found.tokenizer)
        stops = self._stop_at_newline(found) if style == "completion" else ()
        rewards, weights, _ = reward_parts(config.task.reward)
        arguments = grpo_arguments(config, self.folder / "checkpoints", self.seed, stops)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            trainer = VASGRPOTrainer(
                model=found.model,
                reward_funcs=list(rewards),
                args=grpo_config({**arguments, "reward_weights": weights}),
                train_dataset=self._training_data(style),
                eval_dataset=to_dataset(task.held_out, style),
                processing_class=found.processor,
                callbacks=[ProgressReport(report, config.objective.epochs)],
                peft_config=self._adapters(),
                vas=vas,
            )
        check_trainer(trainer, config)
        trainer.remove_callback(PrinterCallback)  # ours says in one line what it prints as a dictionary
        if stops and not hasattr(trainer, "eos_token_ids"):
            raise VASError(
                f"trl {importlib.metadata.version('trl')} ends completions at one token alone, but the questions of "
                f"task {task.name} end at a newline: install trl 1.16, or choose a task and model that converse"
            )
        return trainer

    def _training_data(self, style: Style) -> Any:
        """Return the questions, with the pass rates that the arm is told beside them."""
        dataset = to_dataset(self.task.training, style)
        if self._column is None:
            return dataset
        rates, trials = self._column
        return dataset.add_column(PASS_RATES, rates).add_column(TRIALS, trials)

    def _load(self) -> Pretrained:
        trl = self.config.trl
        return load_pretrained(
            self.config.model,
            weights=trl.weights,
            min_pixels=trl.min_image_pixels,
            max_pixels=trl.max_image_pixels,
        )

    def _stop_at_newline(self, found: Pretrained) -> tuple[int, ...]:
        """End completions at a newline, as text without turns goes on to the next question."""
        stops = stop_ids(found.tokenizer, found.model.config.get_text_config().vocab_size)
        found.model.generation_config.eos_token_id = list(stops)
        return stops

    def _adapters(self) -> Any:
        lora = self.config.lora
        if lora.rank == 0:
            return None
        from peft import LoraConfig

        modules = lora.target_modules if isinstance(lora.target_modules, str) else list(lora.target_modules)
        return LoraConfig(
            r=lora.rank,
            lora_alpha=lora.alpha,
            lora_dropout=lora.dropout,
            target_modules=modules,
            task_type="CAUSAL_LM",
        )

    def _write_result(self, trainer: Any) -> list[dict[str, Any]]:
        config = self.config
        if config.training.keep_weights:
            with disk_errors(self.folder):
                self._save_weights(trainer)
        rows = self._rows(trainer)
        if trainer.is_world_process_zero():
            about = {"identity": self.identity, "label": f"{config.model.name}, {self.arm.name}, seed {self.seed}"}
            with new_folder(self.folder / RESULT, about) as folder:
                write_json(folder / "steps.json", rows)
            shutil.rmtree(self.folder / "checkpoints", ignore_errors=True)
        return rows

    def _rows(self, trainer: Any) -> list[dict[str, Any]]:
        from full_scale.trl_adapter.presets.progress import step_rows

        rollouts = self.config.rollouts
        return step_rows(
            trainer.state.log_history,
            passes=self.config.objective.epochs,
            prompts=rollouts.prompts_per_step,
            group_size=rollouts.group_size,
            arm=self.arm.name,
            seed=self.seed,
        )

    def _save_weights(self, trainer: Any) -> None:
        """Save the trained model; adapters are merged into it where one process holds it all."""
        target = str(self.folder / _WEIGHTS)
        forget_batch(trainer.processing_class)
        if self.config.lora.rank and self.config.hardware.sharding == "none":
            if trainer.is_world_process_zero():
                trainer.accelerator.unwrap_model(trainer.model).merge_and_unload().save_pretrained(target)
                trainer.processing_class.save_pretrained(target)
        elif trainer.is_fsdp_enabled:  # save_model writes nothing where checkpoints are sharded
            trainer._save(target, state_dict=trainer.accelerator.get_state_dict(trainer.model))
        elif trainer.model_wrapped is trainer.model:  # one process, or a run restored after its last step
            trainer._save(target)
        else:
            trainer.save_model(target)


def train_arms(
    config: StudyConfig, output: Path, report: Callable[[str], None], *, restart: bool = False
) -> list[dict[str, Any]]:
    """Train every arm at every seed and write the table ``training_steps``.

    Args:
        config: the study, with engine ``trl``.
        output: folder of its tables and runs.
        report: called with each line of progress.
        restart: drop unfinished runs, and finished ones of other settings, instead of refusing to go on.

    Raises:
        StateMismatchError: a folder holds a run of other settings; nothing was written.
        VASError: this process was started for other devices than the study's, or there is no such device.
    """
    check_launch(config)
    if config.hardware.sharding == "none":  # what shards is asked, when it was started, which devices it found
        check_device(config.model.device)
    task = load_task(config.task)
    runs = [
        TrlRun(of_arm(config, arm), arm, seed, output / "runs" / f"{arm.name}-seed{seed}", task)
        for seed in config.training.seeds
        for arm in config.arms
    ]
    for run in runs:  # before the first of them is trained
        run.check()
    if _is_main():
        protect(runs, restart=restart)
    rows: list[dict[str, Any]] = []
    for run in runs:
        done = run.finished()
        if done is None or (config.training.keep_weights and not (run.folder / _WEIGHTS).is_dir()):
            name = f"{run.arm.name}, seed {run.seed}"
            if _is_main():
                report(f"training {name}: {config.training.steps} steps")
            done = run.train(partial(_say, report, name))
            gc.collect()  # a trainer holds itself in cycles, and its device memory with them
        rows += done
    if _is_main():
        import pandas as pd

        sections = {name: value for name, value in config.model_dump(mode="json").items() if name != "name"}
        table = pd.DataFrame(rows)
        first = ["arm", "seed", "step"]  # rows of a run that was read back have their columns by the alphabet
        write_table(
            table[[*first, *sorted(table.columns.difference(first))]],
            output / "training_steps.parquet",
            config=sections,
            seed=config.seed,
            key=key_of(train_arms, *(strategy_entry(arm.strategy) for arm in config.arms)),
        )
    return rows


def _say(report: Callable[[str], None], name: str, line: str) -> None:
    report(f"{name}, {line}")


def _is_main() -> bool:
    return os.environ.get("RANK", "0") == "0"
