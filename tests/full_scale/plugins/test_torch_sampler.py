"""The selector inside torchdata's stateful loader, where that is installed, and its own state in any case."""

from __future__ import annotations

import logging
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from full_scale.plugins import PromptSelector, SelectorSampler

KEYS = list(range(100, 120))


def sampler(seed: int = 1) -> SelectorSampler:
    return SelectorSampler(PromptSelector(KEYS, batch_size=4, group_size=4, seed=seed))


def learn(prompts: SelectorSampler, step: int) -> list[int]:
    keys = [int(key) for key in prompts.take_keys()]
    rng = np.random.default_rng([step, 2])
    prompts.selector.observe(keys, (rng.random((4, 4)) < 0.5).astype(float))
    return keys


def test_a_loader_without_workers_asks_for_one_batch_at_a_time() -> None:
    prompts = sampler()
    loader: DataLoader[Any] = DataLoader(list(range(20)), batch_size=4, sampler=prompts, drop_last=True)
    batches = iter(loader)
    for step in range(12):  # more than one pass over the data
        rows = next(batches)
        assert learn(prompts, step) == [KEYS[row] for row in rows.tolist()]
    assert prompts.selector.metrics()["unanswered_groups"] == 0
    assert len(prompts) == 20


@pytest.mark.parametrize("workers", [0, 2])
def test_a_loader_that_reads_ahead_is_said_once(workers: int, caplog: pytest.LogCaptureFixture) -> None:
    prompts = sampler()
    loader: DataLoader[Any] = DataLoader(list(range(20)), batch_size=4, sampler=prompts, num_workers=workers)
    batches = iter(loader)
    for step in range(4):
        rows = next(batches).tolist()
        rng = np.random.default_rng([step, 2])
        prompts.selector.observe([KEYS[row] for row in rows], (rng.random((4, 4)) < 0.5).astype(float))
    said = [row for row in caplog.records if row.levelno == logging.WARNING and "reads ahead" in row.getMessage()]
    assert len(said) == (workers > 0)
    waiting = prompts.selector.metrics()["unanswered_groups"]
    assert waiting == (16 if workers else 0)  # two workers hold two batches each


def test_the_policy_version_is_told() -> None:
    prompts = sampler()
    prompts.policy_version = 7
    list(islice(prompts, 4))
    assert prompts.selector.sampler.policy_version == 7


@pytest.mark.filterwarnings("ignore:.*set_vital.*:UserWarning")  # torchdata 0.11 calls what torch has deprecated
def test_a_stateful_loader_resumes_where_it_was() -> None:
    stateful = pytest.importorskip("torchdata.stateful_dataloader", reason="needs torchdata, as verl's tests have it")

    def loader(prompts: SelectorSampler) -> Any:
        return stateful.StatefulDataLoader(list(range(20)), batch_size=4, sampler=prompts, num_workers=0)

    straight = sampler()
    through = iter(first := loader(straight))
    for step in range(3):
        next(through)
        learn(straight, step)
    state = first.state_dict()
    resumed = sampler(seed=9)
    second = loader(resumed)
    second.load_state_dict(state)
    again = iter(second)
    assert resumed.restored
    for step in range(3, 8):
        assert torch.equal(next(through), next(again))
        assert learn(straight, step) == learn(resumed, step)
