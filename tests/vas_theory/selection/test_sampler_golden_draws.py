"""Draws of every kind of setting against digests that were recorded before the sampler could know more.

Committed results rest on these draws: a setting that is not given changes none of them.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.vas_theory.selection.test_sampler_state import KEYS, SETTINGS
from vas_theory.selection import VarianceAwareSampler

RECORDED: dict[str, str] = json.loads(
    (Path(__file__).parents[1] / "data" / "sampler_draws.json").read_text(encoding="utf-8")
)
CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    **{name: (KEYS, settings) for name, settings in SETTINGS.items() if name in RECORDED},
    "large": (5000, {"batch_size": 64}),
    "custom": (40, {"batch_size": 10, "score": "custom", "floor": 0.0, "mixture_ratio": 0.8}),
}


def digest(prompts: Any, settings: dict[str, Any], steps: int = 40) -> str:
    """Hash 40 batches and where their places came from; easy and hard prompts make the weights differ."""
    sampler = VarianceAwareSampler(prompts, seed=5, **settings)
    drawn = hashlib.sha256()

    def groups(places: np.ndarray) -> dict[str, np.ndarray]:
        rng = np.random.default_rng([9, sampler.step])
        rewards = rng.random((places.size, 4)) < places[:, None] % 5 / 4
        return {"rewards": rewards, "diversity": rng.random(places.size)}

    if sampler.config.score == "custom":
        sampler.set_scores(np.arange(len(sampler)), np.arange(len(sampler)) % 7 / 7)
    for _ in range(steps):
        while (due := sampler.refresh_due()).size:
            sampler.refresh(due[:12], **groups(due[:12]))
        places = sampler.draw(policy_version=sampler.step)
        drawn.update(places.astype("<i8").tobytes())
        drawn.update(sampler.last_arms.tobytes())
        lag = places % 4
        sampler.observe(places, **groups(places), policy_version=np.maximum(0, sampler.step - 1 - lag))
    return drawn.hexdigest()


@pytest.mark.parametrize("name", CASES)
def test_draws_are_those_that_were_recorded(name: str) -> None:
    assert digest(*CASES[name]) == RECORDED[name]


def test_the_digests_tell_settings_apart() -> None:
    assert len(set(RECORDED.values())) == len(RECORDED) == len(CASES)


def test_the_parts_of_the_sampler_do_not_know_the_sampler() -> None:
    folder = Path(__file__).parents[3] / "vas_theory" / "selection"
    within = [path for name in ("sampler", "posteriors", "drawing") for path in (folder / name).glob("*.py")]
    assert len(within) > 15
    assert not [path.name for path in within if "sampler.variance_aware import" in path.read_text(encoding="utf-8")]
