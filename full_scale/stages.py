"""What each table of a study is computed from: one function a stage, where the key of its tables begins."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from full_scale.compact.checkpoints import Progress
from full_scale.compact.loop import Run
from full_scale.config.training import ArmConfig, StudyConfig
from full_scale.measuring.held_out import evaluate
from full_scale.measuring.prompts import count_successes, measure_prompts
from full_scale.models.loading import LanguageModel
from full_scale.predictions.document import choose_prompts
from full_scale.predictions.forecast import forecast
from full_scale.predictions.lib.base import Plan
from full_scale.predictions.lib.evidence import Evidence
from full_scale.tasks import Task
from vas_theory.foundation.streams import stream
from vas_theory.selection.strategies import strategy_entry

__all__ = [
    "NO_STRATEGY",
    "Loader",
    "calibration_table",
    "evaluation_tables",
    "pilot_table",
    "prediction_content",
    "probe_table",
    "recount_table",
    "strategies_used",
    "training_tables",
]

Loader = Callable[[], LanguageModel]
"""Loads the untrained model when it is needed."""


NO_STRATEGY = "vas_theory.selection.strategies:"
"""Says in a key that a table depends on no strategy, though the study's config names some."""


def strategies_used(arms: Iterable[ArmConfig]) -> list[str]:
    """Return the strategies of arms as keys name them: a new strategy leaves the runs of others current."""
    return sorted({strategy_entry(arm.strategy) for arm in arms})


def pilot_table(config: StudyConfig, task: Task, load: Loader) -> pd.DataFrame:
    """Count right completions of a random part of the training prompts."""
    order = stream(config.seed, "pilot prompts").permutation(len(task.training))
    chosen = [task.training[index] for index in order[: config.probe.pilot_prompts]]
    return count_successes(load(), chosen, "pilot", config)


def _chosen(config: StudyConfig, task: Task, pilot: pd.DataFrame) -> tuple[list[Any], list[Any]]:
    """Return the prompts to calibrate on and those to measure."""
    by_key = {prompt.key: prompt for prompt in task.training}
    probe = config.probe
    keys = choose_prompts(pilot, probe.calibration_prompts, probe.prompts, config.seed)
    calibration, measured = ([by_key[key] for key in side] for side in keys)
    return calibration, measured


def prediction_content(
    config: StudyConfig,
    task: Task,
    pilot: pd.DataFrame,
    calibration: pd.DataFrame,
    networks: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the predictions about the prompts that will be measured and about training.

    ``networks`` says which arms of the network laboratory arms of the study are.
    """
    plan = Plan(config, tuple(prompt.key for prompt in _chosen(config, task, pilot)[1]), networks or {})
    return forecast(Evidence(plan, pilot, calibration, tuple(prompt.key for prompt in task.training)))


def calibration_table(
    config: StudyConfig,
    task: Task,
    load: Loader,
    pilot: pd.DataFrame,
    report: Callable[[str], None],
    places: Collection[int] | None = None,
) -> pd.DataFrame:
    """Measure the gradients of the calibration prompts; of those at some places alone if ``places`` are given."""
    return measure_prompts(load(), _chosen(config, task, pilot)[0], "calibration", config, report, places)


def recount_table(config: StudyConfig, task: Task, load: Loader, pilot: pd.DataFrame) -> pd.DataFrame:
    """Count the pilot's prompts again, on rollouts that no prediction has seen."""
    by_key = {prompt.key: prompt for prompt in task.training}
    return count_successes(load(), [by_key[key] for key in pilot.prompt_key], "recount", config)


def probe_table(
    config: StudyConfig,
    task: Task,
    load: Loader,
    pilot: pd.DataFrame,
    predictions: Iterable[Mapping[str, Any]],
    report: Callable[[str], None],
    places: Collection[int] | None = None,
) -> pd.DataFrame:
    """Measure the gradients of the predicted prompts, beside what was predicted and what the pilot saw."""
    frame = measure_prompts(load(), _chosen(config, task, pilot)[1], "probe", config, report, places)
    items = {item["prompt_key"]: item for item in predictions if item["quantity"] == "gradient_norm"}
    for column, field in (("", "predicted"), ("_low", "low"), ("_high", "high")):
        frame[f"predicted_gradient_norm{column}"] = [items[key][field] for key in frame.prompt_key]
    seen = pilot.set_index("prompt_key").loc[frame.prompt_key]
    frame["pilot_rollouts"] = seen.rollouts.to_numpy()
    frame["pilot_successes"] = seen.successes.to_numpy()
    return frame


def training_tables(trained: Sequence[tuple[Run, Progress]]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the steps, the groups and the accounts of finished runs."""
    steps = pd.DataFrame([row for _, progress in trained for row in progress.steps])
    numbers = steps.columns.drop("arm")
    steps[numbers] = steps[numbers].apply(pd.to_numeric)
    groups = pd.DataFrame([row for _, progress in trained for row in progress.prompts])
    return steps, groups, pd.DataFrame([_account(run, progress) for run, progress in trained])


def _account(run: Run, progress: Progress) -> dict[str, Any]:
    """Return what one run spent: rollouts by purpose, and the share of its steps' time that the sampler took."""
    seconds, sampler = (sum(row[name] for row in progress.steps) for name in ("seconds", "sampler_seconds"))
    rollouts = {f"{purpose}_rollouts": charge["rollouts"] for purpose, charge in progress.ledger.items()}
    about = {"arm": run.arm.name, "seed": run.seed, **rollouts}
    return {**about, "seconds": seconds, "sampler_seconds": sampler, "sampler_share": sampler / seconds}


def evaluation_tables(
    config: StudyConfig, counted: Iterable[tuple[str, int, pd.DataFrame]], report: Callable[[str], None]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return pass@k of every model and its held-out counts, from (arm, seed, counts) of each."""
    summary: list[dict[str, Any]] = []
    counts: list[pd.DataFrame] = []
    for arm, seed, found in counted:
        counts.append(found.assign(arm=arm, seed=seed))
        rows = evaluate(found, config.evaluation, config.seed)
        summary.extend({"arm": arm, "seed": seed, **row} for row in rows)
        report(f"evaluation of {arm}, seed {seed}: {rows[0]['metric']} {rows[0]['value']:.3f}")
    return pd.DataFrame(summary), pd.concat(counts, ignore_index=True)
