"""A study, stage by stage: pilot, calibrate, predict, count again and probe, train, evaluate, validate.

Each stage writes tables that name its config, the key of the code it runs and the hashes of what it reads. A stage
whose tables are current is skipped; training resumes inside a run. Neither the probe nor training can run before the
predictions are on disk.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pandas as pd

from full_scale.compact.checkpoints import Progress, remove_all
from full_scale.compact.informed import InformedRun
from full_scale.compact.loop import Run
from full_scale.config.training import ArmConfig, InformedStudyConfig, StudyConfig, knowledge_of, of_arm
from full_scale.measuring.held_out import held_out_counts
from full_scale.models.loading import LanguageModel, load_language_model
from full_scale.planning.feasibility import check_reward
from full_scale.predictions.document import predictions_are_current, read_predictions, write_predictions
from full_scale.predictions.validation import validate
from full_scale.runs import model_bytes, protect
from full_scale.stages import (
    NO_STRATEGY,
    calibration_table,
    evaluation_tables,
    pilot_table,
    prediction_content,
    probe_table,
    recount_table,
    strategies_used,
    training_tables,
)
from full_scale.tasks import load_task
from vas_theory.foundation.errors import ArgumentError
from vas_theory.provenance.fingerprint import Entry, key_of
from vas_theory.provenance.tables import read_table, sha256_file, table_is_current, write_table

__all__ = ["EVALUATED", "MEASURED", "TRAINED", "Study"]

_HELD_OUT = "held_out.parquet"
TRAINED = ("training_steps", "training_prompts", "accounts")
EVALUATED = ("evaluation", "evaluation_prompts")
MEASURED = ("probe", "recount", "training_steps", "training_prompts", "evaluation_prompts")
"""Tables that predictions are held against."""


class Study:
    """The stages of one study in one output folder.

    Args:
        config: everything the study depends on.
        output: where its tables go.
        report: called with each line of progress.
        restart: drop unfinished training, and finished runs of another configuration, instead of refusing to go on.
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
        self._protected = False
        wanted = config.probe.pilot_prompts
        if wanted > len(self.task.training):
            raise ArgumentError("probe.pilot_prompts", f"be at most the {len(self.task.training)} prompts", wanted)
        self.prompts = {prompt.key: prompt for prompt in self.task.training}
        check_reward(config)
        self._model_bytes = model_bytes(config.model)

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

    def making(self, table: str) -> dict[str, Any]:
        """Return config, seed and key of a table as it would be made today; what it reads has to be there."""
        config, entries = self._made_from(table)
        return {"config": config, "seed": self.config.seed, "key": key_of(*entries)}

    def _made_from(self, table: str) -> tuple[dict[str, Any], list[Entry]]:
        """Return what a table depends on, and where the code begins that computes it."""
        measuring, strategies = (
            {**self.config.section("model", "task", "rollouts", "probe"), **self._model_bytes},
            strategies_used(self.config.arms),
        )
        if table == "pilot":
            return measuring, [pilot_table, load_language_model, NO_STRATEGY]
        if table == "calibration":
            return {**measuring, "reads": self._hashes("pilot")}, [calibration_table, load_language_model, NO_STRATEGY]
        if table == "predictions":
            config = {**self._training_config(), **self.config.section("probe", "evaluation")}
            config |= {"networks": dict(self.networks)} if self.networks else {}
            # training is rehearsed with the strategies themselves
            entries: list[Entry] = [prediction_content, *strategies]
            return {**config, "reads": self._hashes("pilot", "calibration")}, entries
        if table in ("recount", "probe"):
            reads = {"predictions": read_predictions(self.predictions)["sha256"], **self._hashes("pilot")}
            measured = recount_table if table == "recount" else probe_table
            return {**measuring, "reads": reads}, [measured, load_language_model, NO_STRATEGY]
        if table in TRAINED:
            return self._run_config(), [training_tables, *strategies, *self._informed]
        if table in EVALUATED:
            config = {
                **self._run_config(),
                **self.config.section("evaluation"),
                "reads": self._hashes("training_prompts"),
            }
            return config, [evaluation_tables, held_out_counts, Run, *strategies, *self._informed]
        assert table == "validation"
        reads = {"predictions": read_predictions(self.predictions)["sha256"], **self._hashes(*MEASURED)}
        # an arm's share of weighted places is asked of its strategy
        return {"reads": reads}, [validate, *strategies]

    def _stage(
        self,
        tables: tuple[str, ...],
        compute: Callable[[], tuple[pd.DataFrame, ...]],
        seconds: Callable[[tuple[pd.DataFrame, ...]], float] | None = None,
    ) -> None:
        """Compute tables unless all of them are there and current; once in the life of this object.

        ``seconds`` reads from the tables how long the work took, where parts of it were done by earlier calls.
        """
        if tables in self._settled:
            return
        self._protect_runs()
        about, name = self.making(tables[0]), " and ".join(tables)
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

    def _protect_runs(self) -> None:
        """Refuse, before anything is written, to train over the work of another configuration; once."""
        if not self._protected:
            protect(self.runs(), restart=self.restart)
            self._protected = True

    def _hashes(self, *tables: str) -> dict[str, str]:
        return {table: sha256_file(self.path(table)) for table in tables}

    def load(self) -> LanguageModel:
        """Return the untrained model."""
        return self.start

    def pilot(self) -> None:
        """Sample pass rates of a random part of the training prompts."""

        def compute() -> tuple[pd.DataFrame, ...]:
            return (pilot_table(self.config, self.task, self.load),)

        self._stage(("pilot",), compute)

    def predict(self) -> None:
        """Measure the calibration prompts and write the predictions for the other prompts and for training."""
        self.pilot()

        def compute() -> tuple[pd.DataFrame, ...]:
            return (calibration_table(self.config, self.task, self.load, self.read("pilot"), self.report),)

        self._stage(("calibration",), compute)
        if ("predictions",) in self._settled:
            return
        self._settled.add(("predictions",))
        about = self.making("predictions")
        if predictions_are_current(self.predictions, **about):
            self.report("predictions: current, skipped")
            return
        self.report("predictions: training is rehearsed")
        pilot, calibration = self.read("pilot"), self.read("calibration")
        content = prediction_content(self._rehearsed, self.task, pilot, calibration, self.networks)
        write_predictions(self.predictions, content, **about)
        self.report(f"predictions: {len(content['predictions'])} written to {self.predictions}")

    def probe(self) -> None:
        """Measure the predicted prompts and count the pilot's again, on rollouts that no prediction has seen."""
        self.predict()
        content = read_predictions(self.predictions)

        def count_again() -> tuple[pd.DataFrame, ...]:
            return (recount_table(self.config, self.task, self.load, self.read("pilot")),)

        def compute() -> tuple[pd.DataFrame, ...]:
            pilot, predicted = self.read("pilot"), content["predictions"]
            return (probe_table(self.config, self.task, self.load, pilot, predicted, self.report),)

        self._stage(("recount",), count_again)
        self._stage(("probe",), compute)

    def runs(self) -> list[Run]:
        """Return every arm at every seed; all arms of one seed first, so that a part of them is a fair comparison."""
        return [self._run(arm, seed) for seed in self.config.training.seeds for arm in self.config.arms]

    def _run(self, arm: ArmConfig, seed: int) -> Run:
        kind = Run if knowledge_of(self.config, arm) is None else InformedRun
        code = {"code": key_of(kind, *strategies_used([arm])).digest, **self._model_bytes}
        return kind(of_arm(self.config, arm), arm, seed, self.output / "runs" / f"{arm.name}-seed{seed}", code)

    @property
    def _informed(self) -> list[Entry]:
        """Where arms are trained that know more than rewards, if there are any."""
        return [InformedRun] if isinstance(self.config, InformedStudyConfig) else []

    @cached_property
    def _rehearsed(self) -> StudyConfig:
        """The study without arms that nothing is predicted about: a rehearsal has no states that could be read."""
        if not isinstance(self.config, InformedStudyConfig):
            return self.config
        if self.config.plain is None:
            raise ArgumentError("arms", "hold one that knows nothing but rewards, such as uniform", self.config.knows)
        self.report(f"predictions: {', '.join(self.config.knows)} know more than rewards and are not rehearsed")
        return self.config.plain

    @property
    def networks(self) -> Mapping[str, str]:
        """Arm -> the arm of the network laboratory that chooses prompts in the same way."""
        return self.config.networks if isinstance(self.config, InformedStudyConfig) else {}

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
            # checkpoints of a finished run: it was killed while it ended
            cut_short = not self.finished_only and (run.folder / "checkpoints").exists()
            if progress is None or ((cut_short or needs_weights(run)) and not run.has_weights()):
                name = f"{run.arm.name}, seed {run.seed}"
                self.report(f"training {name}: {self.config.training.steps} steps")
                progress = run.train(partial(self._report_run, name))
            elif cut_short:
                remove_all(run.folder)
            done.append((run, progress))
        return done

    def _training_config(self) -> dict[str, Any]:
        more = ("knows", "learning_rates") if isinstance(self.config, InformedStudyConfig) else ()
        names = ("model", "task", "rollouts", "objective", "optimiser", "training", "arms", *more)
        return {**self.config.section(*names), **self._model_bytes}

    def _run_config(self) -> dict[str, Any]:
        """Return what tables of training depend on, with the runs that are not in them."""
        runs = self.runs() if self.finished_only else []
        left_out = [f"{run.arm.name}-seed{run.seed}" for run in runs if run.finished() is None]
        return {**self._training_config(), **({"left_out": left_out} if left_out else {})}

    def train(self) -> None:
        """Train all arms from the same start at an equal number of rollouts, after they have been predicted."""
        self.predict()

        def compute() -> tuple[pd.DataFrame, ...]:
            return training_tables(self._trained())

        self._stage(TRAINED, compute, lambda frames: float(frames[2].seconds.sum()))

    def _held_out_about(self, identity: Any) -> dict[str, Any]:
        """Return what the held-out counts of a model depend on."""
        config = {**self.config.section("model", "task", "rollouts", "evaluation"), "of": identity}
        return {
            "config": {**config, **self._model_bytes},
            "seed": self.config.seed,
            "key": key_of(held_out_counts, load_language_model, NO_STRATEGY),
        }

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

        def counted() -> Iterator[tuple[str, int, pd.DataFrame]]:
            yield "start", config.seed, self._held_out(self.output / "runs" / "start", "start", self.load)
            for run, _ in self._trained(lambda run: not self._is_evaluated(run)):
                yield run.arm.name, run.seed, self._held_out(run.folder, run.identity, run.load_weights)

        def compute() -> tuple[pd.DataFrame, ...]:
            return evaluation_tables(config, counted(), self.report)

        self._stage(EVALUATED, compute)
        if not config.training.keep_weights and not self.finished_only:
            for run in self.runs():
                run.remove_weights()

    def validate(self) -> None:
        """Compare every prediction with its measurement."""
        self.probe()
        self.evaluate()
        content = read_predictions(self.predictions)

        def compute() -> tuple[pd.DataFrame, ...]:
            tables = {name: self.read(name) for name in MEASURED}
            return (validate(content, tables, self._rehearsed, self.networks),)

        self._stage(("validation",), compute)

    def all(self) -> None:
        """Run every stage."""
        self.validate()
