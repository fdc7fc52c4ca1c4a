"""The config of experiments that rank the arms of another experiment's table."""

from __future__ import annotations

from pydantic import Field

from simulations.running.experiment import ExperimentConfig

__all__ = ["RankingConfig"]


class RankingConfig(ExperimentConfig):
    """How intervals are computed."""

    resamples: int = Field(default=1000, ge=100, description="bootstrap samples of each interval")
