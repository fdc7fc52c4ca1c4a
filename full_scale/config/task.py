"""What a task depends on: the table ``[task]`` of a preset, or a short name such as ``reasoning_gym:gcd,lcm``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from full_scale.config.trainer import Count, Fraction, Frozen

__all__ = [
    "ArithmeticConfig",
    "FileConfig",
    "MMR1Config",
    "ReasoningGymConfig",
    "RewardConfig",
    "TaskConfig",
    "expand",
    "reward_bounds",
]


class RewardConfig(Frozen):
    """How much each part of the reward counts; see :func:`full_scale.rewards.build_reward`.

    ``length`` weighs a penalty that grows from 0 at ``soft_length`` characters to -1 at ``hard_length``.
    """

    accuracy: float = Field(default=1.0, gt=0.0, allow_inf_nan=False)
    format: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)
    length: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)
    soft_length: Count = 4000
    hard_length: Count = 8000

    @model_validator(mode="after")
    def _ordered(self) -> RewardConfig:
        if self.hard_length <= self.soft_length:
            raise ValueError("hard_length must be greater than soft_length")
        return self


def reward_bounds(reward: RewardConfig) -> tuple[float, float]:
    """Return the least and the largest possible reward."""
    return 0.0 - reward.length, reward.accuracy + reward.format  # 0.0, not -0.0, without a penalty


class _TaskConfig(Frozen):
    held_out_fraction: Fraction = 0.2
    reward: RewardConfig = RewardConfig()


class ArithmeticConfig(_TaskConfig):
    """Every ``a op b`` over small operands, after four solved lines."""

    name: Literal["arithmetic"] = "arithmetic"
    operations: tuple[Literal["+", "-", "*"], ...] = ("+", "-", "*")
    largest_operand: int = Field(default=9, ge=1, le=99)


class ReasoningGymConfig(_TaskConfig):
    """Generated questions; see :mod:`full_scale.tasks.reasoning_gym` for the generators and their levels.

    Questions are numbered from ``seed``; a smaller ``per_level`` takes the first of the same questions. Without
    ``partial_credit`` a completion is right when the generator's own scorer gives it full marks, else wrong.
    """

    name: Literal["reasoning_gym"] = "reasoning_gym"
    generators: tuple[str, ...] = Field(default=("chain_sum",), min_length=1)
    levels: tuple[Annotated[int, Field(ge=0)], ...] = Field(default=(0, 1, 2, 3), min_length=1)
    per_level: Count = 50
    seed: int = Field(default=0, ge=0)
    shots: int = Field(default=3, ge=0, le=16)
    partial_credit: bool = False


class FileConfig(_TaskConfig):
    """Questions from a ``.jsonl`` or ``.parquet`` file, or a data set's hub id.

    ``answer_check`` says how a completion is compared with the reference answer. Rows that show images are refused,
    dropped or kept; a text model can only use the first two. A question marks the place of each image by ``<image>``,
    or no question of the source marks any.
    """

    name: Literal["file"] = "file"
    source: str = Field(min_length=1)
    split: str = "train"
    problem_column: str = "problem"
    answer_column: str = "answer"
    images_column: str | None = None
    key_column: str | None = None
    level_column: str | None = None
    answer_check: Literal["math", "exact_match", "choice"] = "math"
    images: Literal["refuse", "drop", "keep"] = "refuse"
    repeats: Literal["refuse", "drop"] = "refuse"


class MMR1Config(FileConfig):
    """The columns of MMR1-RL: problem, answer, images.

    Source:
        2509.21268, section 5.
    """

    name: Literal["mmr1"] = "mmr1"  # type: ignore[assignment]
    source: str = "MMR1/MMR1-RL"
    images_column: str | None = "images"
    images: Literal["refuse", "drop", "keep"] = "keep"
    repeats: Literal["refuse", "drop"] = "drop"


def expand(value: Any) -> Any:
    """Turn ``name`` or ``name:argument`` into a table: the argument is a list of generators or a source."""
    if not isinstance(value, str):
        return value
    name, _, argument = value.partition(":")
    table: dict[str, Any] = {"name": name}
    if argument and name == "reasoning_gym":
        table["generators"] = argument.split(",")
    elif argument:
        table["source"] = argument
    return table


def _name(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("name", "arithmetic"))
    return str(getattr(value, "name", value))


TaskConfig = Annotated[
    Annotated[ArithmeticConfig, Tag("arithmetic")]
    | Annotated[ReasoningGymConfig, Tag("reasoning_gym")]
    | Annotated[FileConfig, Tag("file")]
    | Annotated[MMR1Config, Tag("mmr1")],
    Discriminator(_name),
    BeforeValidator(expand),
]
"""Any of the tasks; a table without a name is arithmetic."""
