"""A study, stage by stage: pilot, calibrate, predict, count again and probe, train, evaluate, validate.

Each stage writes tables whose provenance is its config, the hashes of the code it runs and the hashes of what it
reads. A stage whose tables are current is skipped; training resumes inside a run. Neither the probe nor training can
run before the predictions are on disk.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pandas as pd

from full_scale.compact.checkpoints import Progress
from full_scale.compact.loop import Run
from full_scale.config.training import ArmConfig, StudyConfig
from full_scale.measuring.held_out import evaluate, held_out_counts
from full_scale.measuring.prompts import count_successes, measure_prompts
from full_scale.models.loading import LanguageModel, load_language_model
from full_scale.predictions.document import choose_prompts, read_predictions, write_predictions
from full_scale.predictions.forecast import forecast
from full_scale.predictions.verdict import validate
from full_scale.provenance import EVALUATING, MEASURING, PREDICTING, VALIDATING, modules, training_sources
from full_scale.streams import stream
from full_scale.tasks import load_task
from vas_theory.foundation.errors import ArgumentError, DataError
from vas_theory.provenance.tables import hash_sources, read_table, sha256_file, table_is_current, write_table

__all__ = ["Study"]

_HELD_OUT = "held_out.parquet"


class Study:
    """The stages of one study in one output folder.

    Args:
        config: everything the study depends on.
        output: where its tables go.
        report: called with each line of progress.
        restart: drop unfinished training that belongs to another configuration instead of refusing it.
        finished_only: go on with the runs that are finished and name the others in the tables' config, instead of
            training them; predictions about an arm that was not run are then uninformative.
    """

    def __init__(
        self,
        config: StudyConfig,
        output: Path,
        report: Callable[[str], None],
        *,
        restart: bool = False,
        finished_only: bool = False,
    ) -> None:
        self.config, self.output, self.report, self.restart = config, output, report, restart
        self.finished_only = finished_only
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

    def _stage(
        self,
        tables: tuple[str, ...],
        config: dict[str, Any],
        sources: tuple[str, ...],
        compute: Callable[[], tuple[pd.DataFrame, ...]],
        seconds: Callable[[tuple[pd.DataFrame, ...]], float] | None = None,
    ) -> None:
        """Compute tables unless all of them are there and current; once in the life of this object.

        ``seconds`` reads from the tables how long the work took, where parts of it were done by earlier calls.
        """
        if tables in self._settled:
            return
        about: dict[str, Any] = {"config": config, "seed": self.config.seed, "sources": modules(sources)}
        name = " and ".join(tables)
        if all(table_is_current(self.path(table), **about) for table in tables):
            self.report(f"{name}: current, skipped")
            self._settled.add(tables)
            return
        started = time.perf_counter()
        frames = compute()
        spent = time.perf_counter() - started if seconds is None else seconds(frames)
        for table, frame in zip(tables, frames, strict=True):
            write_table(frame, self.path(table), **about, seconds=spent)
        self._settled.add(tables)
        self.report(f"{name}: {time.perf_counter() - started:.0f} s")

    def _hashes(self, *tables: str) -> dict[str, str]:
        return {table: sha256_file(self.path(table)) for table in tables}

    def _measure(self, purpose: str, keys: list[str]) -> pd.DataFrame:
        return measure_prompts(self.start, [self.prompts[key] for key in keys], purpose, self.config, self.report)

    def _count(self, purpose: str, keys: list[str]) -> pd.DataFrame:
        return count_successes(self.start, [self.prompts[key] for key in keys], purpose, self.config)

    def _measuring_config(self) -> dict[str, Any]:
        return self.config.section("model", "task", "rollouts", "probe")

    def pilot(self) -> None:
        """Sample pass rates of a random part of the training prompts."""

        def compute() -> tuple[pd.DataFrame, ...]:
            order = stream(self.config.seed, "pilot prompts").permutation(len(self.task.training))
            chosen = [self.task.training[index].key for index in order[: self.config.probe.pilot_prompts]]
            return (self._count("pilot", chosen),)

        self._stage(("pilot",), self._measuring_config(), MEASURING, compute)

    def _chosen(self) -> tuple[list[str], list[str]]:
        probe = self.config.probe
        return choose_prompts(self.read("pilot"), probe.calibration_prompts, probe.prompts, self.config.seed)

    def predict(self) -> None:
        """Measure the calibration prompts and write the predictions for the other prompts and for training."""
        self.pilot()
        reads = {**self._measuring_config(), "reads": self._hashes("pilot")}
        sources = (*MEASURING, "full_scale.predictions.document")
        self._stage(("calibration",), reads, sources, lambda: (self._measure("calibration", self._chosen()[0]),))
        if ("predictions",) in self._settled:
            return
        self._settled.add(("predictions",))
        about = {
            "config": {**self._training_config(), **self.config.section("probe", "evaluation")},
            "reads": self._hashes("pilot", "calibration"),
            # training is rehearsed with the strategies themselves
            "sources": hash_sources(modules((*PREDICTING, *self._training_sources()))),
        }
        try:
            if read_predictions(self.predictions)["about"] == about:
                self.report("predictions: current, skipped")
                return
        except DataError:
            pass
        self.report("predictions: training is rehearsed")
        pilot, calibration = self.read("pilot"), self.read("calibration")
        content = forecast(self.config, pilot, calibration, self._chosen()[1], list(self.prompts))
        write_predictions(self.predictions, content, about)
        self.report(f"predictions: {len(content['predictions'])} written to {self.predictions}")

    def probe(self) -> None:
        """Measure the predicted prompts and count the pilot's again, on rollouts that no prediction has seen."""
        self.predict()
        content = read_predictions(self.predictions)
        reads = {"predictions": content["sha256"], **self._hashes("pilot")}

        def count_again() -> tuple[pd.DataFrame, ...]:
            return (self._count("recount", self.read("pilot").prompt_key.tolist()),)

        def compute() -> tuple[pd.DataFrame, ...]:
            frame = self._measure("probe", self._chosen()[1])
            items = {i["prompt_key"]: i for i in content["predictions"] if i["quantity"] == "gradient_norm"}
            for column, field in (("", "predicted"), ("_low", "low"), ("_high", "high")):
                frame[f"predicted_gradient_norm{column}"] = [items[key][field] for key in frame.prompt_key]
            pilot = self.read("pilot").set_index("prompt_key").loc[frame.prompt_key]
            frame["pilot_rollouts"] = pilot.rollouts.to_numpy()
            frame["pilot_successes"] = pilot.successes.to_numpy()
            return (frame,)

        config = {**self._measuring_config(), "reads": reads}
        self._stage(("recount",), config, MEASURING, count_again)
        self._stage(("probe",), config, MEASURING, compute)

    def runs(self) -> list[Run]:
        """Return every arm at every seed; all arms of one seed first, so that a part of them is a fair comparison."""
        return [self._run(arm, seed) for seed in self.config.training.seeds for arm in self.config.arms]

    def _run(self, arm: ArmConfig, seed: int) -> Run:
        sources = hash_sources(modules(training_sources(arm.strategy)))
        return Run(self.config, arm, seed, self.output / "runs" / f"{arm.name}-seed{seed}", sources)

    def _training_sources(self) -> tuple[str, ...]:
        return training_sources(*(arm.strategy for arm in self.config.arms))

    def _report_run(self, name: str, line: str) -> None:
        self.report(f"{name}, {line}")

    def _trained(self, needs_weights: Callable[[Run], bool] = lambda run: False) -> list[tuple[Run, Progress]]:
        """Train what is not trained yet, or needs weights that are gone; return every run with its rows."""
        done = []
        for run in self.runs():
            progress = run.finished()
            if progress is None and self.finished_only:
                self.report(f"{run.arm.name}, seed {run.seed}: not finished, left out")
                continue
            if progress is None or (needs_weights(run) and not run.has_weights()):
                name = f"{run.arm.name}, seed {run.seed}"
                if self.restart:
                    shutil.rmtree(run.folder / "checkpoints", ignore_errors=True)
                self.report(f"training {name}: {self.config.training.steps} steps")
                progress = run.train(partial(self._report_run, name))
            done.append((run, progress))
        return done

    def _training_config(self) -> dict[str, Any]:
        return self.config.section("model", "task", "rollouts", "objective", "optimiser", "training", "arms")

    def _run_config(self) -> dict[str, Any]:
        """Return what tables of training depend on, with the runs that are not in them."""
        runs = self.runs() if self.finished_only else []
        left_out = [f"{run.arm.name}-seed{run.seed}" for run in runs if run.finished() is None]
        return {**self._training_config(), **({"left_out": left_out} if left_out else {})}

    def train(self) -> None:
        """Train all arms from the same start at an equal number of rollouts, after they have been predicted."""
        self.predict()

        def compute() -> tuple[pd.DataFrame, ...]:
            trained = self._trained()
            steps = pd.DataFrame([row for _, progress in trained for row in progress.steps])
            numbers = steps.columns.drop("arm")
            steps[numbers] = steps[numbers].apply(pd.to_numeric)
            groups = pd.DataFrame([row for _, progress in trained for row in progress.prompts])
            return steps, groups, pd.DataFrame([_account(run, progress) for run, progress in trained])

        tables = ("training_steps", "training_prompts", "accounts")
        self._stage(
            tables, self._run_config(), self._training_sources(), compute, lambda frames: float(frames[2].seconds.sum())
        )

    def _held_out_about(self, identity: Any) -> dict[str, Any]:
        """Return what the held-out counts of a model depend on."""
        config = {**self.config.section("model", "task", "rollouts", "evaluation"), "of": identity}
        return {"config": config, "seed": self.config.seed, "sources": modules(EVALUATING)}

    def _is_evaluated(self, run: Run) -> bool:
        return table_is_current(run.folder / _HELD_OUT, **self._held_out_about(run.identity))

    def _held_out(self, folder: Path, identity: Any, load: Callable[[], LanguageModel]) -> pd.DataFrame:
        """Count a model's right answers, or read them where it has been asked: a new arm costs no other arm's again."""
        about = self._held_out_about(identity)
        if not table_is_current(folder / _HELD_OUT, **about):
            config = self.config
            found = held_out_counts(load(), self.task.held_out, config.evaluation, config.rollouts, config.seed)
            write_table(found, folder / _HELD_OUT, **about)
        return read_table(folder / _HELD_OUT)

    def evaluate(self) -> None:
        """Evaluate the start and every trained model on the held-out prompts, all with the same random numbers."""
        self.train()
        config = self.config

        def compute() -> tuple[pd.DataFrame, ...]:
            summary: list[dict[str, Any]] = []
            counts: list[pd.DataFrame] = []

            def add(arm: str, seed: int, found: pd.DataFrame) -> None:
                counts.append(found.assign(arm=arm, seed=seed))
                rows = evaluate(found, config.evaluation, config.seed)
                summary.extend({"arm": arm, "seed": seed, **row} for row in rows)
                self.report(f"evaluation of {arm}, seed {seed}: {rows[0]['metric']} {rows[0]['value']:.3f}")

            add("start", config.seed, self._held_out(self.output / "runs" / "start", "start", lambda: self.start))
            for run, _ in self._trained(lambda run: not self._is_evaluated(run)):
                add(run.arm.name, run.seed, self._held_out(run.folder, run.identity, run.load_weights))
            return pd.DataFrame(summary), pd.concat(counts, ignore_index=True)

        section = {**self._run_config(), **config.section("evaluation"), "reads": self._hashes("training_prompts")}
        self._stage(("evaluation", "evaluation_prompts"), section, (*self._training_sources(), *EVALUATING), compute)
        if not config.training.keep_weights and not self.finished_only:
            for run in self.runs():
                run.remove_weights()

    def validate(self) -> None:
        """Hold every prediction against its measurement."""
        self.probe()
        self.evaluate()
        content = read_predictions(self.predictions)
        names = ("probe", "recount", "training_steps", "training_prompts", "evaluation_prompts")

        def compute() -> tuple[pd.DataFrame, ...]:
            return (validate(content, {name: self.read(name) for name in names}, self.config.seed),)

        reads = {"predictions": content["sha256"], **self._hashes(*names)}
        self._stage(("validation",), {"reads": reads}, VALIDATING, compute)

    def all(self) -> None:
        """Run every stage."""
        self.validate()


def _account(run: Run, progress: Progress) -> dict[str, Any]:
    """Return what one run spent: rollouts by purpose, and the share of its steps' time that the sampler took."""
    seconds, sampler = (sum(row[name] for row in progress.steps) for name in ("seconds", "sampler_seconds"))
    rollouts = {f"{purpose}_rollouts": charge["rollouts"] for purpose, charge in progress.ledger.items()}
    about = {"arm": run.arm.name, "seed": run.seed, **rollouts}
    return {**about, "seconds": seconds, "sampler_seconds": sampler, "sampler_share": sampler / seconds}
