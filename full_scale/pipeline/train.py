"""The third stage: GRPO with variance-aware sampling from the cold start's model, on the curated problems."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from full_scale.config.training import ArmConfig, StudyConfig, checked_study
from full_scale.models.saving import name_stock_processor
from full_scale.pipeline.curation.selecting import TASK
from full_scale.pipeline.stage import Stage, drop_spent, make
from full_scale.trl_adapter.presets.run import train_arms
from vas_theory.provenance.fingerprint import key_of
from vas_theory.provenance.tables import write_json

if TYPE_CHECKING:
    from full_scale.pipeline.config import PipelineConfig

__all__ = ["study_of", "train", "trained_models"]

_MODELS = "models.json"
_TABLE = ("training_steps.parquet", "training_steps.parquet.meta.json")


def _learns(arm: ArmConfig) -> bool:
    """Say whether an arm's sampler takes pass rates that were measured before: scores of the paper do not."""
    return arm.strategy == "vas" and arm.sampler.get("score", "expected_signal") == "expected_signal"


def study_of(config: PipelineConfig, model: Path | str, problems: Path | str) -> StudyConfig:
    """Return the study that the stage trains: its settings, the cold start's model, and the curated problems.

    Arms of this project's sampler begin with the pass rates of the curation, so that nothing is scored a second time;
    those that score as the paper does take none.
    """
    table = config.as_table()["train"]
    table["model"]["name"] = str(model)
    table["task"] = {
        "name": TASK,
        "source": str(problems),
        "key_column": "key",
        "answer_check": config.problems.answer_check,
        "held_out_fraction": table["task"]["held_out_fraction"],
        "reward": table["task"]["reward"],
    }
    known = {"column": str(Path(problems).parent / "pass_rates.parquet")}
    told = {
        arm.name: {**known, **table.get("knows", {}).get(arm.name, {})} for arm in config.train.arms if _learns(arm)
    }
    return checked_study({**table, "knows": told} if told else table, config.name)


def train(config: PipelineConfig, stage: Stage, model: Path, curated: Path, report: Callable[[str], None]) -> None:
    """Train every arm at every seed and keep the models with the table of their steps.

    With several processes all of them call this; the first one writes the result.
    """
    study = study_of(config, model, curated / "rl.parquet")
    if left := [arm.name for arm in study.arms if arm.strategy == "vas" and not _learns(arm)]:
        report(f"train: {', '.join(left)} scores prompts as the paper does and is not told the curation's pass rates")
    if os.environ.get("RANK", "0") != "0":
        train_arms(study, stage.work, report)
        return
    with make(stage, lambda: key_of(train).digest) as (work, target):
        train_arms(study, work, report)
        models: dict[str, Any] = {}
        for seed in study.training.seeds:
            for arm in study.arms:
                name = f"{arm.name}-seed{seed}"
                models[name] = {"arm": arm.name, "seed": seed}
                shutil.copytree(work / "runs" / name / "weights", target / name)
                name_stock_processor(target / name)
        for name in _TABLE:
            shutil.copy(work / name, target / name)
        write_json(target / _MODELS, models)
    drop_spent(stage)


def trained_models(result: Path) -> list[str]:
    """Return the names of the models in a finished stage's result."""
    import json

    return sorted(json.loads((result / _MODELS).read_text(encoding="utf-8")))
