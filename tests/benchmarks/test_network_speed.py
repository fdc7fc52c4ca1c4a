"""Small networks: charged rollouts a second, sampling, verifying and training included."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

pytest.importorskip("torch")

from simulations.networks.model.starts import train_start
from simulations.networks.runs.training import Plan, train_together
from simulations.networks.tournament.roster import get_arm
from simulations.networks.worlds import get_world

pytestmark = pytest.mark.bench


def test_a_core_makes_four_thousand_charged_rollouts_a_second_with_training() -> None:
    world = get_world("chains-short")
    start = train_start(world, replace(world.start, steps=80))
    shape = replace(world.run, pool=400, held_out=20, budget=128 * 20)
    plans = [Plan(get_arm("uniform"), seed, 2e-4, 1) for seed in range(12)]
    train_together(world, start, plans[:2], replace(shape, budget=256))  # compiles
    best = 0.0
    for _ in range(2):
        begun = time.thread_time()  # networks are run in this thread alone
        train_together(world, start, plans, shape)
        best = max(best, len(plans) * shape.budget / (time.thread_time() - begun))
    print(f"\n{best:.0f} charged rollouts a second of one core, 12 networks of 156 thousand parameters side by side")
    assert best >= 4000
