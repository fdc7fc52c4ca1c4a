"""One prediction: a statement, its value before training and its measurement afterwards, side by side."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from full_scale.config.training import ArmConfig, StudyConfig
from vas_theory.foundation.intervals import Estimate

if TYPE_CHECKING:
    from full_scale.predictions.lib.evidence import Evidence
    from full_scale.predictions.lib.measurements import Measurements

__all__ = ["Forecast", "Plan", "Prediction", "forecast_of"]


@dataclass(frozen=True)
class Forecast:
    """A predicted value with its interval.

    Args:
        predicted: the value.
        low: lower end of the interval.
        high: upper end.
        no_effect: the value that would mean that there is nothing to see, if there is one.
        seeds_needed: paired seeds that would tell the predicted effect from none, where that can be said.
    """

    predicted: float
    low: float
    high: float
    no_effect: float | None = None
    seeds_needed: int | None = None


def forecast_of(draws: NDArray[np.float64], coverage: float, no_effect: float | None, **more: Any) -> Forecast:
    """Return the median of predictive draws and the interval between their tails."""
    tail = (1 - coverage) / 2
    low, middle, high = np.quantile(draws, [tail, 0.5, 1 - tail])
    return Forecast(float(middle), float(low), float(high), no_effect, **more)


@dataclass(frozen=True)
class Plan:
    """What decides which predictions a study makes.

    Args:
        config: the study.
        prompts: keys of the prompts whose gradients are measured.
        networks: arm -> the arm of the network laboratory that chooses prompts in the same way.
    """

    config: StudyConfig
    prompts: tuple[str, ...]
    networks: Mapping[str, str] = field(default_factory=dict)

    @property
    def uniform(self) -> str:
        """Name of the arm that samples uniformly, or an empty string."""
        names = (arm.name for arm in self.config.arms if arm.strategy == "uniform" or arm.weighted_share == 0)
        return next(names, "")

    @property
    def weighted_arms(self) -> tuple[ArmConfig, ...]:
        """The arms that draw a share of their prompts by variance-aware weights."""
        return tuple(arm for arm in self.config.arms if arm.weighted_share)


@dataclass(frozen=True, kw_only=True)
class Prediction(ABC):
    """A statement that is predicted before training and measured afterwards.

    The fields of a subclass say what its statement is about.

    Args:
        prompt_key: the prompt, where it is about one.
        arm: the arm, where it is about one.
    """

    prompt_key: str = ""
    arm: str = ""

    @property
    @abstractmethod
    def id(self) -> str:
        """Name in tables: the number of the prediction (P1, P2, ...), a slash, and what it is about."""

    @property
    @abstractmethod
    def quantity(self) -> str:
        """Which measurement the prediction is compared with, as tables name it."""

    @property
    @abstractmethod
    def statement(self) -> str:
        """What is predicted and from what."""

    @abstractmethod
    def predict(self, evidence: Evidence) -> Forecast | None:
        """Return the value before training, or ``None`` where the pilot is too small to say anything."""

    @abstractmethod
    def measure(self, found: Measurements) -> Estimate:
        """Return the measurement; unknown where the tables do not hold it."""

    def context(self, evidence: Evidence) -> Mapping[str, Mapping[str, Any]]:
        """Return what the measurement needs from before training, beside the forecast: tables by name."""
        return {}

    def as_item(self, forecast: Forecast) -> dict[str, Any]:
        """Return the prediction as it is stored in the document."""
        about = {"id": self.id, "quantity": self.quantity, "statement": self.statement}
        return {**about, "prompt_key": self.prompt_key, "arm": self.arm, **asdict(forecast)}
