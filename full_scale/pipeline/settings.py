"""The tables of a pipeline's settings, one class each: problems, answers, curation, cold start, evaluation."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from full_scale.config.trainer import Count, Fraction, Frozen, HardwareConfig, Positive

__all__ = [
    "TINY",
    "AnswersConfig",
    "ColdStartConfig",
    "CurateConfig",
    "EvaluateConfig",
    "FileProblems",
    "ProblemsConfig",
    "SetConfig",
    "TinyConfig",
    "VisualProblems",
]

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


def _name_of_problems(value: Any) -> Any:
    return value.get("name", "file") if isinstance(value, dict) else getattr(value, "name", value)


ProblemsConfig = Annotated[
    Annotated[VisualProblems, Tag("visual")] | Annotated[FileProblems, Tag("file")],
    Discriminator(_name_of_problems),
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
    ``types`` says who names the type of a problem whose source does not: rules on its words, or who answers.
    Problems whose words overlap by ``near_duplicates`` (Jaccard index of word triples; 0 turns the search off) and
    which show the same pictures count once, and not at all when they are near a question of the evaluation sets.
    """

    easy: Fraction = 0.8
    hard: Fraction = 0.2
    cold_start_bands: tuple[Band, ...] = ("medium", "hard")
    rl_bands: tuple[Band, ...] = ("hard",)
    chains_per_problem: Count = 1
    rl_problems: int = Field(default=0, ge=0)
    uniform: bool = True
    types: Literal["rules", "model"] = "rules"
    near_duplicates: Fraction = 0.8
    permutations: Count = 64
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

    ``steps`` 0 trains for ``epochs``; a plan counts with ``expected_chains``. ``cutoff`` tokens bound a text; packing
    joins short texts up to it. TRL cuts and packs problems without images alone.
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
    style: Literal["reasoning", "evaluation"] = "reasoning"
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
