"""All four stages of a pipeline in one output folder, each from where it was left."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from full_scale.config.training import ModelConfig
from full_scale.pipeline import STAGES
from full_scale.pipeline.config import PipelineConfig
from full_scale.pipeline.settings import TINY
from full_scale.pipeline.stage import Stage, drop, drop_spent, finished
from full_scale.runs import model_bytes, only_writer
from full_scale.trl_adapter.presets.launch import accelerate_config
from vas_theory.foundation.errors import DataError, VASError
from vas_theory.provenance.folders import MANIFEST, folder_hash, verify_folder
from vas_theory.provenance.tables import read_table, sha256_file, write_json

if TYPE_CHECKING:
    import pandas as pd

    from full_scale.config.trainer import HardwareConfig

__all__ = ["Pipeline"]

Report = Callable[[str], None]


class Pipeline:
    """The stages of one pipeline.

    Args:
        config: everything they depend on.
        output: folder of all stages.
        report: called with each line of progress.
        restart: drop the stages that are run, and what was made from them.
    """

    def __init__(self, config: PipelineConfig, output: Path, report: Report, *, restart: bool = False) -> None:
        self.config, self.output, self.report, self._restart = config, output, report, restart
        self.is_main = os.environ.get("RANK", "0") == "0"
        self._verified: set[str] = set()  # stages whose results have been read in full by now

    def run(self, only: str | None = None) -> None:
        """Run all stages, or one of them; a finished one is read back.

        Raises:
            StateMismatchError: a stage in the folder belongs to other settings.
            DataError: a stage that the one asked for reads is not finished.
        """
        chosen = STAGES if only is None else (only,)
        if self._restart and self.is_main:
            with only_writer(self.output):
                self._drop_from(chosen[0])
        for name in chosen:
            stage = self.stage(name)
            if self.is_main and finished(stage):
                drop_spent(stage)  # a kill may have come before the stage did it
                self.report(f"{name}: finished before, in {stage.result}")
                continue
            self.report(f"{name}: stage {STAGES.index(name) + 1} of {len(STAGES)}" if only is None else name)
            hardware = self._hardware(name)
            if hardware is not None and hardware.devices > 1 and "RANK" not in os.environ:
                self._launch(name, hardware)
            else:
                with only_writer(self.output):
                    self._make(name, stage)

    def _drop_from(self, name: str) -> None:
        """Drop a stage and those after it, which were made from it."""
        for later in STAGES[STAGES.index(name) :]:
            drop(Stage(later, self.output / later, {}, {}))

    def stage(self, name: str) -> Stage:
        """Return a stage with everything it depends on; the stages that it reads have to be finished.

        Raises:
            DataError: one of them is not; an ``IntegrityError`` if its result was altered.
        """
        sections = self.config.model_dump(mode="json")
        inputs: dict[str, str] = {}
        depends: dict[str, Any]
        if name == "curate":
            kept = {key: value for key, value in sections["curate"].items() if key not in ("workers", "scheduler")}
            problems = {key: value for key, value in sections["problems"].items() if key != "expected"}
            depends = {"problems": problems, "answers": _without_place(sections["answers"]), "curate": kept}
            depends["evaluation_sets"] = sections["evaluate"]["sets"]
            inputs |= _file_hashes(getattr(self.config.problems, "source", ""))
        elif name == "cold-start":
            depends = {"cold_start": {k: v for k, v in sections["cold_start"].items() if k != "expected_chains"}}
            inputs |= {"curate": self._input("curate"), "model": self._base_hash}
        elif name == "train":
            depends = {"train": sections["train"], "answer_check": self.config.problems.answer_check}
            inputs |= {"curate": self._input("curate"), "cold-start": self._input("cold-start")}
        else:
            depends = {"evaluate": sections["evaluate"]}
            for before in ("cold-start", "train"):
                inputs[before] = self._input(before)
            for chosen in self.config.evaluate.sets:
                inputs |= _file_hashes(chosen.source)
        return Stage(name, self.output / name, {"stage": name, **depends}, inputs)

    def _input(self, name: str) -> str:
        folder = self.output / name / "result"
        if not (folder / MANIFEST).exists():
            raise DataError(f"stage {name} is not finished in {self.output}: run it first")
        if name not in self._verified:
            verify_folder(folder)
            self._verified.add(name)
        return folder_hash(folder)

    @cached_property
    def base(self) -> ModelConfig:
        """The model before the cold start; the shrunk one is built if it is not there."""
        model = self.config.base_model
        if model.name != TINY:
            return model
        from full_scale.visual.tiny_model import TinySizes, build_tiny_model

        folder = self.output / "start"
        if not (folder / MANIFEST).exists():
            build_tiny_model(folder, TinySizes(**self.config.tiny.model_dump()))
        return model.model_copy(update={"name": str(folder)})

    @property
    def _base_hash(self) -> str:
        folder = Path(self.base.name)
        if (folder / MANIFEST).exists():
            return folder_hash(folder)
        return model_bytes(self.base).get("model_bytes", hashlib.sha256(self.base.name.encode()).hexdigest())

    def _hardware(self, name: str) -> HardwareConfig | None:
        if name == "cold-start":
            return self.config.cold_start.hardware
        return self.config.train.hardware if name == "train" else None

    def _launch(self, name: str, hardware: HardwareConfig) -> None:
        """Start a stage once for each device of this machine.

        Raises:
            VASError: the machine has fewer devices, or the stage failed; its own messages are above.
        """
        import torch

        settings = self.output / name / "pipeline.json"
        write_json(settings, self.config.as_table())
        launch = ["--config_file", str(accelerate_config(hardware.sharding)), "--num_processes", str(hardware.devices)]
        stage = ["-m", "full_scale", "pipeline", "--config", str(settings), "--output", str(self.output)]
        stage += ["--only", name]
        if torch.cuda.device_count() < hardware.devices:
            raise VASError(
                f"stage {name} is meant for {hardware.devices} devices and this machine has "
                f"{torch.cuda.device_count()}; start it on each machine, with --num_machines and --machine_rank: "
                f"accelerate launch {' '.join(launch + stage)}"
            )
        command = [sys.executable, "-m", "accelerate.commands.launch", *launch, *stage]
        self.report(" ".join(command[2:]))
        code = subprocess.run(command).returncode
        if code:
            raise VASError(f"stage {name} ended with code {code}; the same command goes on from its last checkpoint")

    def _make(self, name: str, stage: Stage) -> None:
        curated, started = self.output / "curate" / "result", self.output / "cold-start" / "result"
        if name == "curate":
            from full_scale.pipeline.curation.stage import curate

            curate(self.config, stage, self.report)
        elif name == "cold-start":
            from full_scale.pipeline.cold_start import cold_start

            cold_start(self.config.cold_start, self.base, stage, curated, self.report)
        elif name == "train":
            from full_scale.pipeline.train import train

            train(self.config, stage, started, curated, self.report)
        else:
            from full_scale.pipeline.evaluation import evaluate

            evaluate(self.config, stage, self._models(started), self.report)

    def _models(self, started: Path) -> dict[str, ModelConfig]:
        """Return the models that are evaluated, each after those it was trained from."""
        from full_scale.pipeline.train import trained_models

        wanted, trained = self.config.evaluate.models, self.output / "train" / "result"
        models = {"start": self.base, "cold-start": self.base.model_copy(update={"name": str(started)})}
        chosen: dict[str, ModelConfig] = {name: model for name, model in models.items() if name in wanted}
        if "trained" in wanted:
            for name in trained_models(trained):
                chosen[name] = self.base.model_copy(update={"name": str(trained / name)})
        return chosen

    def paper(self) -> list[dict[str, Any]]:
        """Return what the paper reports on the sets of a finished evaluation."""
        rows: list[dict[str, Any]] = json.loads(
            (self.output / "evaluate" / "result" / "paper.json").read_text(encoding="utf-8")
        )
        return rows

    def accuracies(self) -> pd.DataFrame:
        """Return the table of a finished evaluation."""
        return read_table(self.output / "evaluate" / "result" / "accuracies.parquet")


def _without_place(answers: dict[str, Any]) -> dict[str, Any]:
    """Return what answers depend on, without where and how fast they are asked for."""
    place = (
        "tokens_per_second",
        "url",
        "device",
        "concurrency",
        "timeout",
        "retries",
        "key_variable",
        "answers_per_request",
    )
    return {name: value for name, value in answers.items() if name not in place}


def _file_hashes(source: str) -> dict[str, str]:
    """Return the hash of a source that is a file here; a hub data set is known by its name alone."""
    path = Path(source).expanduser() if source else None
    return {source: sha256_file(path)} if path is not None and path.is_file() else {}
