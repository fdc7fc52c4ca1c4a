"""What a pipeline depends on, frozen and checked before any stage runs. A preset is a TOML file in ``presets``."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from full_scale.config.trainer import Count, Fraction, Frozen, HardwareConfig, Positive
from full_scale.config.training import PRESETS as STUDIES
from full_scale.config.training import ModelConfig, StudyConfig, assign, checked
from vas_theory.foundation.command_line import parse_assignments
from vas_theory.foundation.errors import DataError, UnknownNameError

__all__ = [
    "AnswersConfig",
    "ColdStartConfig",
    "CurateConfig",
    "EvaluateConfig",
    "PipelineConfig",
    "ProblemsConfig",
    "SetConfig",
    "load_pipeline",
    "pipeline_names",
]

PRESETS = Path(__file__).with_name("presets")
TINY = "tiny-vision"
"""Name of the shrunk model that is built on the spot instead of loaded."""
Band = Literal["easy", "medium", "hard"]
Style = Literal["completion", "reasoning", "evaluation"]


class VisualProblems(Frozen):
    """Questions about procedural pictures, see :mod:`full_scale.visual.puzzles`."""

    name: Literal["visual"] = "visual"
    kinds: tuple[str, ...] = Field(default=("bars",), min_length=1)
    count: Count = 1000
    seed: int = Field(default=0, ge=0)
    answer_check: Literal["exact_match"] = "exact_match"

    @field_validator("kinds")
    @classmethod
    def _known(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        from full_scale.visual.puzzles import LEVELS

        for kind in kinds:
            if kind not in LEVELS:
                raise ValueError(f"unknown kind of picture {kind!r}; known: {', '.join(LEVELS)}")
        return kinds


class FileProblems(Frozen):
    """A table of problems: ``.jsonl``, ``.parquet``, a folder of parquet files or a data set's hub id.

    Columns of licence, source and type are carried along where they are there; those of images may be missing.
    ``expected`` is how many rows a plan counts with.
    """

    name: Literal["file"] = "file"
    source: str = Field(min_length=1)
    split: str = "train"
    problem_column: str = "problem"
    answer_column: str = "answer"
    images_column: str = "images"
    type_column: str = "type"
    source_column: str = "source"
    licence_column: str = "licence"
    expected: int = Field(default=0, ge=0)
    answer_check: Literal["math", "exact_match", "choice"] = "math"


ProblemsConfig = Annotated[
    Annotated[VisualProblems, Tag("visual")] | Annotated[FileProblems, Tag("file")],
    Discriminator(lambda value: value.get("name", "file") if isinstance(value, dict) else value.name),
]


class AnswersConfig(Frozen):
    """Who answers each problem, how often, and how.

    ``by`` is ``endpoint`` (any server of the OpenAI protocol), ``model`` (on this machine) or ``solver`` (the program
    that reads procedural pictures and slips with probability ``slip``). ``model`` names the model for the first two.
    ``tokens_per_second`` is what a plan assumes of the servers behind an endpoint.
    """

    by: Literal["endpoint", "model", "solver"] = "endpoint"
    per_problem: int = Field(default=8, ge=1)
    model: str = ""
    url: str = "http://localhost:8000/v1"
    device: str = "cpu"
    style: Style = "reasoning"
    temperature: Positive = 1.0
    max_new_tokens: Count = 2048
    concurrency: Count = 32
    timeout: Positive = 600.0
    retries: int = Field(default=5, ge=0)
    answers_per_request: Count | None = None
    key_variable: str = "OPENAI_API_KEY"
    tokens_per_second: Positive = 20_000.0
    slip: Fraction = 0.1
    seed: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _named(self) -> AnswersConfig:
        if self.by != "solver" and not self.model:
            raise ValueError(f"answers.model must name the model where answers.by is {self.by!r}")
        return self


class CurateConfig(Frozen):
    """Which problems and chains of thought are kept.

    A problem is easy from a pass rate of ``easy`` on, hard up to ``hard``, medium between them. The cold start gets at
    most ``chains_per_problem`` verified chains of each problem in ``cold_start_bands``; reinforcement learning gets
    the problems of ``rl_bands``, at most ``rl_problems`` (0: all), ``uniform`` over the types as far as they reach.
    Problems whose words overlap by ``near_duplicates`` (Jaccard index of word triples; 0 turns the search off) and
    which show the same pictures count once, and not at all when they are near one of ``evaluation_sets``.
    """

    easy: Fraction = 0.8
    hard: Fraction = 0.2
    cold_start_bands: tuple[Band, ...] = ("medium", "hard")
    rl_bands: tuple[Band, ...] = ("hard",)
    chains_per_problem: Count = 1
    rl_problems: int = Field(default=0, ge=0)
    uniform: bool = True
    near_duplicates: Fraction = 0.8
    permutations: Count = 64
    evaluation_sets: tuple[str, ...] = ()
    part_rows: Count = 500
    workers: int = Field(default=0, ge=0)
    scheduler: str = ""

    @model_validator(mode="after")
    def _ordered(self) -> CurateConfig:
        if not self.hard < self.easy:
            raise ValueError("hard must be less than easy")
        return self


class TinyConfig(Frozen):
    """Sizes of the shrunk model, see :class:`full_scale.visual.tiny_model.TinySizes`."""

    hidden: Count = 128
    layers: Count = 3
    heads: Count = 8
    key_value_heads: Count = 4
    vision_hidden: Count = 96
    vision_depth: Count = 2
    vision_heads: Count = 6
    spread: Positive = 0.08
    seed: int = Field(default=0, ge=0)


class ColdStartConfig(Frozen):
    """Supervised training on verified chains with TRL's ``SFTTrainer``; defaults are the paper's table 5.

    ``steps`` 0 trains for ``epochs``; ``expected_chains`` is how many chains a plan counts with. ``cutoff`` tokens bound a text; packing joins short texts up to it, which TRL
    does for problems without images alone.
    """

    model: str = "Qwen/Qwen2.5-VL-7B-Instruct"
    device: str = "cpu"
    precision: Literal["bfloat16", "float32"] = "bfloat16"
    expected_chains: int = Field(default=0, ge=0)
    epochs: Positive = 3.0
    steps: int = Field(default=0, ge=0)
    batch_size: Count = 32
    per_device_batch_size: Count = 1
    cutoff: Count = 16_384
    learning_rate: Positive = 1e-5
    schedule: Literal["cosine", "constant_with_warmup", "linear"] = "cosine"
    warmup_share: Fraction = 0.1
    weight_decay: float = Field(default=0.0, ge=0.0)
    max_gradient_norm: Positive = 1.0
    packing: bool = True
    gradient_checkpointing: bool = True
    style: Style = "reasoning"
    checkpoint_every: Count = 500
    min_image_pixels: Count = 7_056
    max_image_pixels: Count = 1_048_576
    seed: int = Field(default=0, ge=0)
    hardware: HardwareConfig = HardwareConfig()


class SetConfig(Frozen):
    """One evaluation set: its format, and where its rows are (a file, a folder, a hub id, or ``visual``)."""

    format: str
    source: str
    split: str = "test"
    limit: int = Field(default=0, ge=0)

    @field_validator("format")
    @classmethod
    def _known(cls, name: str) -> str:
        from full_scale.benchmarks.formats import FORMATS

        if name not in FORMATS:
            raise ValueError(f"unknown format {name!r}; known: {', '.join(sorted(FORMATS))}")
        return name


class EvaluateConfig(Frozen):
    """Which models answer which sets, how, and with which intervals.

    ``by`` is ``model`` (on this machine) or ``endpoint``. ``models`` are ``start``, ``cold-start`` and ``trained``.
    ``judge`` names a model at ``judge_url`` that compares what the rules cannot read; without it such an answer is
    wrong.
    """

    sets: tuple[SetConfig, ...] = Field(min_length=1)
    by: Literal["model", "endpoint"] = "model"
    url: str = "http://localhost:8000/v1"
    models: tuple[Literal["start", "cold-start", "trained"], ...] = ("cold-start", "trained")
    style: Style = "evaluation"
    samples: Count = 1
    temperature: Positive = 0.5
    max_new_tokens: Count = 4096
    rows_at_once: Count = 64
    coverage: float = Field(default=0.95, gt=0.0, lt=1.0)
    resamples: Count = 2000
    visual_problems: Count = 500
    judge: str = ""
    judge_url: str = "http://localhost:8001/v1"
    seed: int = Field(default=0, ge=0)


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
    train: StudyConfig
    evaluate: EvaluateConfig

    @model_validator(mode="after")
    def _fits(self) -> PipelineConfig:
        if self.train.engine != "trl":
            raise ValueError("train.engine must be 'trl'")
        if self.answers.by == "solver" and self.problems.name != "visual":
            raise ValueError("answers.by = 'solver' answers problems.name = 'visual' alone")
        return self

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
    table.setdefault("name", path.stem)
    for key, value in parse_assignments(assignments).items():
        assign(table, key, value)
    train = table.get("train")
    if isinstance(train, dict):
        base = train.pop("preset", None)
        if base is not None:
            known = sorted(file.stem for file in STUDIES.glob("*.toml"))
            if base not in known:
                raise UnknownNameError("preset (train.preset)", str(base), known)
            train = _merged(_read(STUDIES / f"{base}.toml"), train)
        table["train"] = {"name": table["name"], "engine": "trl", **train}
    return checked(PipelineConfig, table, path.name)
