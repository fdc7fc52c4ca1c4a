"""What a run depends on, frozen and checked before any model loads.

A preset is a TOML file in ``full_scale/presets``; every table of it is one class here. Unknown keys are errors.
"""

from __future__ import annotations

import contextlib
import math
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field, ValidationError, field_serializer, model_validator

from full_scale.config.knowledge import KnowledgeConfig
from full_scale.config.parts import ModelConfig, ObjectiveConfig, OptimiserConfig, RolloutConfig, TrainingConfig
from full_scale.config.refusals import refuse_none, refuse_seeds, refuse_truths, refuse_unnamed
from full_scale.config.task import ArithmeticConfig, RewardConfig, TaskConfig, reward_bounds
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
    "InformedStudyConfig",
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
    "checked_study",
    "knowledge_of",
    "load_config",
    "of_arm",
    "preset_names",
]

PRESETS = Path(__file__).parents[1] / "presets"
Settings = TypeVar("Settings", bound=Frozen)

RECORDED_MIXTURE_RATIO = 0.5
"""What tables say of arms whose strategy draws no share by weight."""


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
        refuse_none("ks", self.ks)
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


class InformedStudyConfig(StudyConfig):
    """A study some of whose arms are told more than the rewards of their own rollouts.

    ``knows`` holds a table for each of these arms by its name; their strategy is ``vas``. ``learning_rates`` holds, by
    name, that of every arm (of these and of the others) which is not trained at the optimiser's. ``networks`` holds, by
    name, which arm of the network laboratory chooses prompts in the same way: what that learned is predicted of it.
    """

    knows: dict[str, KnowledgeConfig] = Field(min_length=1)
    learning_rates: dict[str, Positive] = Field(default={})
    networks: dict[str, str] = Field(default={})

    @model_validator(mode="before")
    @classmethod
    def _told(cls, table: Any) -> Any:
        """Give the arms the settings of the sampler that their knowledge stands for."""
        knows, arms = (table.get(name) for name in ("knows", "arms")) if isinstance(table, dict) else (None, None)
        if not isinstance(knows, dict) or not isinstance(arms, (list, tuple)):
            return table
        told: list[Any] = []
        for arm in arms:
            knowledge = knows.get(arm.get("name")) if isinstance(arm, dict) else None
            with contextlib.suppress(ValidationError):  # the field itself says what is wrong, and where
                arm = arm if knowledge is None else KnowledgeConfig.model_validate(knowledge).told(arm)
            told.append(arm)
        return {**table, "arms": told}

    @model_validator(mode="after")
    def _named(self) -> InformedStudyConfig:
        arms = {arm.name: arm for arm in self.arms}
        for name in self.knows:
            if name not in arms:
                raise ValueError(f"knows.{name}: there is no such arm, only {', '.join(arms)}")
            if arms[name].strategy != "vas":
                raise ValueError(f"knows.{name}: strategy {arms[name].strategy} is told nothing but rewards")
        for table in ("learning_rates", "networks"):
            for name in getattr(self, table).keys() - arms.keys():
                raise ValueError(f"{table}.{name}: there is no such arm, only {', '.join(arms)}")
        return self

    @property
    def plain(self) -> StudyConfig | None:
        """The study without these arms; None if there are no others."""
        arms = tuple(arm for arm in self.arms if arm.name not in self.knows)
        fields = {name: getattr(self, name) for name in StudyConfig.model_fields}
        return StudyConfig(**{**fields, "arms": arms}) if arms else None


def knowledge_of(config: StudyConfig, arm: ArmConfig) -> KnowledgeConfig | None:
    """Return what an arm is told beside rewards, None for nothing."""
    return config.knows.get(arm.name) if isinstance(config, InformedStudyConfig) else None


def of_arm(config: StudyConfig, arm: ArmConfig) -> StudyConfig:
    """Return the study with the learning rate at which an arm is trained."""
    rate = config.learning_rates.get(arm.name) if isinstance(config, InformedStudyConfig) else None
    if rate is None:
        return config
    return config.model_copy(update={"optimiser": config.optimiser.model_copy(update={"learning_rate": rate})})


def _with_reward_range(table: dict[str, Any]) -> dict[str, Any]:
    """Tell arms that score by the variance of the reward what it can be, where its parts are weighed otherwise."""
    reward, arms = (table.get("task") or {}), table.get("arms")
    reward = reward.get("reward") if isinstance(reward, dict) else None
    if not isinstance(reward, dict) or not isinstance(arms, list):
        return table
    low, high = reward_bounds(checked(RewardConfig, reward, "task.reward"))
    knows = table.get("knows") or {}

    def takes_rewards(arm: Any) -> bool:
        if not isinstance(arm, dict) or not isinstance(arm.get("sampler", {}), dict):
            return False
        return arm.get("sampler", {}).get("score") == "vps" or bool(knows.get(arm.get("name"), {}).get("truth"))

    told = [
        {**arm, "sampler": {"reward_range": [low, high], **arm.get("sampler", {})}} if takes_rewards(arm) else arm
        for arm in arms
    ]
    return {**table, "arms": told if (low, high) != (0.0, 1.0) else arms}


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
    refuse_truths(settings, table, source)
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
    return checked_study(table, path.name)


def checked_study(table: dict[str, Any], source: str) -> StudyConfig:
    """Return the table of a study as settings.

    Raises:
        ArgumentError: a key is unknown or a value is not allowed.
    """
    refuse_unnamed(table, source)
    refuse_seeds(table, source)
    return checked(InformedStudyConfig if "knows" in table else StudyConfig, _with_reward_range(table), source)
