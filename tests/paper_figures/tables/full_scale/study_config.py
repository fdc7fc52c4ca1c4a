"""What the tables of a study were made with."""

from __future__ import annotations

from typing import Any

CONFIG: dict[str, Any] = {
    "model": {"name": "smollm2-135m", "device": "cpu"},
    "task": {"name": "arithmetic"},
    "objective": {"epochs": 2},
    "training": {"steps": 6},
    "probe": {"coverage": 0.9},
}
"""The part of a study's config that figures and report read."""
