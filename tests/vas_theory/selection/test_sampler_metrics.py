"""What a sampler says of itself: its repr, and metrics whose names, order and span are documented."""

from __future__ import annotations

import re

import numpy as np

from vas_theory.selection import VarianceAwareSampler
from vas_theory.selection.sampler.metrics import collect_metrics

MIXED = np.array([[0.0, 1.0], [0.0, 1.0], [1.0, 1.0]])


def test_the_repr_tells_settings_steps_and_knowledge() -> None:
    sampler = VarianceAwareSampler(1200, batch_size=3, mixture_ratio=0.25, posterior="arcsine_kalman")
    sampler.observe(sampler.draw(), MIXED)
    assert repr(sampler) == (
        "<VarianceAwareSampler: 1,200 prompts, batch_size=3, mixture_ratio=0.25, score='expected_signal', "
        "posterior=ArcsineKalman, step 1, 3 of 1,200 prompts observed>"
    )
    informed = VarianceAwareSampler(50, batch_size=3, features=np.random.default_rng(0).normal(size=(50, 2)))
    assert repr(informed).endswith("step 0, 0 of 50 prompts observed, pass rates predicted>")


def test_metrics_come_in_the_documented_order_and_none_is_undocumented() -> None:
    sampler = VarianceAwareSampler(30, batch_size=3)
    sampler.observe(sampler.draw(), MIXED)
    documented = re.findall(r"``([\w/<>*]+)``", collect_metrics.__doc__ or "")
    places = {name: place for place, name in reversed(list(enumerate(documented)))}
    found = []
    for name in sampler.metrics():
        arm, _, kind = name.rpartition("/")
        known = f"<arm>/{kind}" if arm else name
        if known.endswith("_rollouts") and known not in places:
            known = "scoring_rollouts"  # the other purposes of the ledger
        assert known in places, name
        found.append((name, places[known]))
    plain = [place for name, place in found if "/" not in name]
    assert plain == sorted(plain)


def test_cumulative_metrics_add_up_and_the_last_batch_stands_alone() -> None:
    sampler = VarianceAwareSampler(30, batch_size=3)
    for _ in range(3):
        sampler.observe(sampler.draw(), MIXED)
    metrics = sampler.metrics()
    assert metrics["training_rollouts"] == 3 * MIXED.size
    assert sum(value for name, value in metrics.items() if name.endswith("/groups")) == 3 * len(MIXED)
    assert metrics["varying_share"] == 2 / 3
    assert metrics["uniform_scores"] in (0.0, 1.0)
