"""A study, stage by stage: pilot, calibrate, predict, probe, train, evaluate, validate.

Each stage writes tables whose provenance is its config, the hashes of the code it runs and the hashes of what it
reads. A stage whose tables are current is skipped; training resumes inside a run. The probe cannot run before the
predictions are on disk.
"""

from __future__ import annotations

import importlib
import shutil
import time
from collections.abc import Callable, Iterable
from functools import cached_property, partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from full_scale.config import ArmConfig, StudyConfig
from full_scale.engine import Run
from full_scale.evaluate import evaluate, held_out_counts
from full_scale.models import LanguageModel, load_language_model
from full_scale.predictions import choose_prompts, predict, read_predictions, write_predictions
from full_scale.probe import pilot_counts, probe_prompt
from full_scale.streams import stream
from full_scale.tasks import Prompt, load_task
from full_scale.validation import validate
from vas_theory.errors import ArgumentError, DataError
from vas_theory.storage import hash_sources, read_table, sha256_file, table_is_current, write_table

__all__ = ["Study"]

_SAMPLING = tuple(
    f"full_scale.{name}" for name in ("models", "rewards", "rollouts", "shared_prefix", "streams", "tasks.arithmetic")
)
_SELECTION = tuple(
    f"vas_theory.selection.{name}"
    for name in ("feedback", "pass_rates", "sampler", "streams", "uniform_walk", "weighted_index", "weights")
)
MEASURING = (*_SAMPLING, "full_scale.probe", "full_scale.score_gram")
TRAINING = (*_SAMPLING, *_SELECTION, "full_scale.engine", "full_scale.objective", "vas_theory.group_advantages")
PREDICTING = ("full_scale.predictions", "full_scale.streams")
UNIFORM_GROUPS = 24
"""Groups of the uniform arm on which the mixed share is measured: few enough that the policy has hardly moved."""


class Study:
    """The stages of one study in one output folder.

    Args:
        config: everything the study depends on.
        output: where its tables go.
        report: called with each line of progress.
        restart: drop unfinished training that belongs to another configuration instead of refusing it.
    """

    def __init__(
        self, config: StudyConfig, output: Path, report: Callable[[str], None], *, restart: bool = False
    ) -> None:
        self.config, self.output, self.report, self.restart = config, output, report, restart
        self.task = load_task(config.task)
        self._settled: set[tuple[str, ...]] = set()
        wanted = config.probe.pilot_prompts
        if wanted > len(self.task.training):
            raise ArgumentError("probe.pilot_prompts", f"be at most the {len(self.task.training)} prompts", wanted)
        self.prompts = {prompt.key: prompt for prompt in self.task.training}

    @cached_property
    def start(self) -> LanguageModel:
        """The untrained model, loaded when a stage needs it."""
        self.report("loading the model (the first time it is converted, about half a minute)")
        return load_language_model(self.config.model)

    @property
    def predictions(self) -> Path:
        """The file of the predictions."""
        return self.output / "predictions.json"

    def path(self, table: str) -> Path:
        """Return where a table lies."""
        return self.output / f"{table}.parquet"

    def read(self, table: str) -> pd.DataFrame:
        """Read and verify a table of this study."""
        return read_table(self.path(table))

    def _sources(self, names: Iterable[str]) -> list[ModuleType]:
        return [importlib.import_module(name) for name in names]

    def _stage(
        self,
        tables: tuple[str, ...],
        config: dict[str, Any],
        sources: tuple[str, ...],
        compute: Callable[[], tuple[pd.DataFrame, ...]],
    ) -> None:
        """Compute tables unless all of them are there and current; once in the life of this object."""
        if tables in self._settled:
            return
        about: dict[str, Any] = {"config": config, "seed": self.config.seed, "sources": self._sources(sources)}
        name = " and ".join(tables)
        if all(table_is_current(self.path(table), **about) for table in tables):
            self.report(f"{name}: current, skipped")
            self._settled.add(tables)
            return
        started = time.perf_counter()
        for table, frame in zip(tables, compute(), strict=True):
            write_table(frame, self.path(table), **about, seconds=time.perf_counter() - started)
        self._settled.add(tables)
        self.report(f"{name}: {time.perf_counter() - started:.0f} s")

    def _hashes(self, *tables: str) -> dict[str, str]:
        return {table: sha256_file(self.path(table)) for table in tables}

    def _measure(self, purpose: str, keys: list[str]) -> pd.DataFrame:
        config, rows = self.config, []
        for index, key in enumerate(keys):
            row = probe_prompt(
                self.start,
                self.prompts[key],
                config.probe.rollouts,
                max_new_tokens=config.rollouts.max_new_tokens,
                temperature=config.rollouts.temperature,
                generator=stream(config.seed, purpose, index),
                coverage=config.probe.coverage,
            )
            seconds = row.pop("seconds")
            self.report(
                f"{purpose} {index + 1}/{len(keys)} {key}: pass rate {row['pass_rate']:.2f}, "
                f"|grad| {row['gradient_norm']:.3g}, {seconds:.1f} s"
            )
            rows.append(row)
        return pd.DataFrame(rows)

    def pilot(self) -> None:
        """Sample pass rates of a random part of the training prompts."""
        config = self.config

        def compute() -> tuple[pd.DataFrame, ...]:
            order = stream(config.seed, "pilot prompts").permutation(len(self.task.training))
            chosen: list[Prompt] = [self.task.training[index] for index in order[: config.probe.pilot_prompts]]
            counts = pilot_counts(
                self.start,
                chosen,
                config.probe.pilot_rollouts,
                max_new_tokens=config.rollouts.max_new_tokens,
                temperature=config.rollouts.temperature,
                generator=stream(config.seed, "pilot rollouts"),
            )
            return (pd.DataFrame(counts),)

        self._stage(("pilot",), config.section("model", "task", "rollouts", "probe"), MEASURING, compute)

    def _chosen(self) -> tuple[list[str], list[str]]:
        probe = self.config.probe
        return choose_prompts(self.read("pilot"), probe.calibration_prompts, probe.prompts, self.config.seed)

    def predict(self) -> None:
        """Measure the calibration prompts and write the predictions for the others."""
        self.pilot()
        config = {**self.config.section("model", "task", "rollouts", "probe"), "reads": self._hashes("pilot")}
        sources = (*MEASURING, "full_scale.predictions")
        self._stage(("calibration",), config, sources, lambda: (self._measure("calibration", self._chosen()[0]),))
        if ("predictions",) in self._settled:
            return
        self._settled.add(("predictions",))
        about = {
            "config": config,
            "reads": self._hashes("pilot", "calibration"),
            "sources": hash_sources(self._sources(PREDICTING)),
        }
        try:
            if read_predictions(self.predictions)["about"] == about:
                self.report("predictions: current, skipped")
                return
        except DataError:
            pass
        content = predict(
            self.read("pilot"),
            self.read("calibration"),
            self._chosen()[1],
            group_size=self.config.rollouts.group_size,
            groups=UNIFORM_GROUPS,
            coverage=self.config.probe.coverage,
            seed=self.config.seed,
        )
        write_predictions(self.predictions, content, about)
        self.report(f"predictions: {len(content['predictions'])} written to {self.predictions}")

    def probe(self) -> None:
        """Measure what was predicted, on rollouts that no prediction has seen."""
        self.predict()
        content = read_predictions(self.predictions)

        def compute() -> tuple[pd.DataFrame, ...]:
            frame = self._measure("probe", self._chosen()[1])
            items = {i["prompt_key"]: i for i in content["predictions"] if i["quantity"] == "gradient_norm"}
            for column, field in (("", "predicted"), ("_low", "low"), ("_high", "high")):
                frame[f"predicted_gradient_norm{column}"] = [items[key][field] for key in frame.prompt_key]
            pilot = self.read("pilot").set_index("prompt_key").loc[frame.prompt_key]
            frame["pilot_rollouts"] = pilot.rollouts.to_numpy()
            frame["pilot_successes"] = pilot.successes.to_numpy()
            return (frame,)

        reads = {"predictions": content["sha256"], **self._hashes("pilot")}
        config = {**self.config.section("model", "task", "rollouts", "probe"), "reads": reads}
        self._stage(("probe",), config, MEASURING, compute)

    def runs(self) -> list[Run]:
        """Return every arm at every seed."""
        sources = hash_sources(self._sources(TRAINING))
        pairs: list[tuple[ArmConfig, int]] = [
            (arm, seed) for seed in self.config.training.seeds for arm in self.config.arms
        ]
        folder = self.output / "runs"
        return [Run(self.config, arm, seed, folder / f"{arm.name}-seed{seed}", sources) for arm, seed in pairs]

    def _report_run(self, name: str, line: str) -> None:
        self.report(f"{name}, {line}")

    def _trained(self, *, with_weights: bool) -> list[tuple[Run, Any]]:
        """Train what is not trained yet; return every run with its rows."""
        done = []
        for run in self.runs():
            progress = run.finished()
            if progress is None or (with_weights and not run.has_weights()):
                name = f"{run.arm.name}, seed {run.seed}"
                if self.restart:
                    shutil.rmtree(run.folder / "checkpoints", ignore_errors=True)
                self.report(f"training {name}: {self.config.training.steps} steps")
                progress = run.train(partial(self._report_run, name))
            done.append((run, progress))
        return done

    def _training_config(self) -> dict[str, Any]:
        return self.config.section("model", "task", "rollouts", "objective", "optimiser", "training", "arms")

    def train(self) -> None:
        """Train all arms from the same start at an equal number of rollouts."""

        def compute() -> tuple[pd.DataFrame, ...]:
            trained = self._trained(with_weights=False)
            steps = pd.DataFrame([row for _, progress in trained for row in progress.steps])
            numbers = steps.columns.drop("arm")
            steps[numbers] = steps[numbers].apply(pd.to_numeric)
            return steps, pd.DataFrame([row for _, progress in trained for row in progress.prompts])

        self._stage(("training_steps", "training_prompts"), self._training_config(), TRAINING, compute)

    def evaluate(self) -> None:
        """Evaluate the start and every trained model on the held-out prompts, all with the same random numbers."""
        self.train()
        config = self.config

        def compute() -> tuple[pd.DataFrame, ...]:
            summary: list[dict[str, Any]] = []
            counts: list[pd.DataFrame] = []

            def add(arm: str, seed: int, language: LanguageModel) -> None:
                found = held_out_counts(language, self.task.held_out, config.evaluation, config.rollouts, config.seed)
                counts.append(found.assign(arm=arm, seed=seed))
                rows = evaluate(found, config.evaluation, config.seed)
                summary.extend({"arm": arm, "seed": seed, **row} for row in rows)
                self.report(f"evaluation of {arm}, seed {seed}: {rows[0]['metric']} {rows[0]['value']:.3f}")

            add("start", config.seed, self.start)
            for run, _ in self._trained(with_weights=True):
                add(run.arm.name, run.seed, run.load_weights())
            return pd.DataFrame(summary), pd.concat(counts, ignore_index=True)

        section = {**self._training_config(), **config.section("evaluation"), "reads": self._hashes("training_prompts")}
        self._stage(("evaluation", "evaluation_prompts"), section, (*TRAINING, "full_scale.evaluate"), compute)
        if not config.training.keep_weights:
            for run in self.runs():
                run.remove_weights()

    def validate(self) -> None:
        """Hold every prediction against its measurement."""
        self.probe()
        self.train()
        content = read_predictions(self.predictions)
        uniform = next((arm.name for arm in self.config.arms if arm.mixture_ratio == 0), "")

        def compute() -> tuple[pd.DataFrame, ...]:
            probe, prompts = self.read("probe"), self.read("training_prompts")
            return (validate(content, probe, prompts, uniform, self.config.seed),)

        reads = {"predictions": content["sha256"], **self._hashes("probe", "training_prompts")}
        self._stage(("validation",), {"reads": reads}, (*PREDICTING, "full_scale.validation"), compute)

    def all(self) -> None:
        """Run every stage."""
        self.probe()
        self.evaluate()
        self.validate()
