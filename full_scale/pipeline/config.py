"""What a pipeline depends on, frozen and checked before any stage runs. A preset is a TOML file in ``presets``."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, SerializeAsAny, model_validator

from full_scale.config.trainer import Frozen
from full_scale.config.training import PRESETS as STUDIES
from full_scale.config.training import ModelConfig, StudyConfig, assign, checked, checked_study
from full_scale.pipeline.settings import (
    AnswersConfig,
    ColdStartConfig,
    CurateConfig,
    EvaluateConfig,
    ProblemsConfig,
    TinyConfig,
)
from vas_theory.foundation.command_line import parse_assignments
from vas_theory.foundation.errors import DataError, UnknownNameError

__all__ = ["PipelineConfig", "load_pipeline", "pipeline_names", "pipeline_of"]

PRESETS = Path(__file__).with_name("presets")


class PipelineConfig(Frozen):
    """Everything the four stages depend on.

    ``train`` is a table of a study's settings; ``train.preset`` takes those of a preset of ``full_scale/presets``
    first. Model and task of the study are set by the pipeline: the cold start's model and the curated problems.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    problems: ProblemsConfig
    answers: AnswersConfig
    curate: CurateConfig = CurateConfig()
    tiny: TinyConfig = TinyConfig()
    cold_start: ColdStartConfig = ColdStartConfig()
    train: SerializeAsAny[StudyConfig]
    evaluate: EvaluateConfig

    @model_validator(mode="after")
    def _fits(self) -> PipelineConfig:
        if self.train.engine != "trl":
            raise ValueError("train.engine must be 'trl'")
        if self.answers.by == "solver" and self.problems.name != "visual":
            raise ValueError("answers.by = 'solver' answers problems.name = 'visual' alone")
        if self.answers.by == "solver" and self.curate.types == "model":
            raise ValueError("curate.types = 'model' needs a model in answers.by")
        if self.cold_start.cutoff < self.answers.max_new_tokens and self.answers.by != "solver":
            raise ValueError("cold_start.cutoff must be at least answers.max_new_tokens, or chains are cut")
        return self

    def as_table(self) -> dict[str, Any]:
        """Return the settings as nested tables from which :func:`load_pipeline` makes them again."""
        table = self.model_dump(mode="json")
        for arm, given in zip(table["train"]["arms"], self.train.arms, strict=True):
            arm["mixture_ratio"] = given.mixture_ratio  # and not what it comes to, which some strategies refuse
        return table

    @property
    def base_model(self) -> ModelConfig:
        """The model before the cold start."""
        start = self.cold_start
        return ModelConfig(name=start.model, device=start.device, precision=start.precision)


def pipeline_names() -> list[str]:
    """Return the names of the pipelines that come with the project."""
    return sorted(path.stem for path in PRESETS.glob("*.toml"))


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        table = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise DataError(f"{path} cannot be used: {error}") from None
    if not isinstance(table, dict):
        raise DataError(f"{path} cannot be used: it is no table of settings")
    return table


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Return nested tables with the values of the second where both have one."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def load_pipeline(preset: str | Path, assignments: Sequence[str] = ()) -> PipelineConfig:
    """Read a pipeline by name, or a TOML or JSON file by path, and apply ``table.key=value`` assignments.

    A file may name a preset as its ``base``, whose values it changes.

    Raises:
        UnknownNameError: no pipeline of this name.
        DataError: a file cannot be read or is not TOML.
        ArgumentError: a key is unknown or a value is not allowed.
    """
    path = Path(preset)
    if path.suffix not in (".toml", ".json"):
        if str(preset) not in pipeline_names():
            raise UnknownNameError("pipeline", str(preset), pipeline_names())
        path = PRESETS / f"{preset}.toml"
    table = _read(path)
    base = table.pop("base", None)
    if base is not None:
        if base not in pipeline_names():
            raise UnknownNameError("pipeline (base)", str(base), pipeline_names())
        table = _merged(_read(PRESETS / f"{base}.toml"), table)
    table.setdefault("name", path.stem)
    for key, value in parse_assignments(assignments).items():
        assign(table, key, value)
    return pipeline_of(table, path.name)


def pipeline_of(table: dict[str, Any], source: str) -> PipelineConfig:
    """Return the table of a pipeline as settings; ``source`` names it in errors.

    Raises:
        UnknownNameError: ``train.preset`` is no preset of a study.
        ArgumentError: a key is unknown or a value is not allowed.
    """
    train = table.get("train")
    if isinstance(train, dict):
        base = train.pop("preset", None)
        if base is not None:
            known = sorted(file.stem for file in STUDIES.glob("*.toml"))
            if base not in known:
                raise UnknownNameError("preset (train.preset)", str(base), known)
            train = _merged(_read(STUDIES / f"{base}.toml"), train)
        table["train"] = checked_study({"name": table["name"], "engine": "trl", **train}, f"{source}, train")
    return checked(PipelineConfig, table, source)
