"""The pipeline of MMR1 in four stages: curate problems, cold start, reinforcement learning with VAS, evaluation."""

from __future__ import annotations

__all__ = ["STAGES"]

STAGES = ("curate", "cold-start", "train", "evaluate")
"""Stages in their order."""
