"""Loads of the sampler: a pool of 20 million prompts, keys of a megabyte, a thousand resumes."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.load.rows import Row, peak_mib, resident_mib
from vas_theory.selection import VarianceAwareSampler

__all__ = ["large_pool", "long_keys", "resumes"]

_GROUP = 8


def _step(sampler: VarianceAwareSampler, batch: int) -> Callable[[], None]:
    """Draw and observe; the rewards come from a table, so that making them costs next to nothing."""
    rewards = (np.random.default_rng(2).random((64, batch, _GROUP)) < 0.3).astype(float)

    def step() -> None:
        sampler.observe(sampler.draw(), rewards[sampler.step % 64])

    return step


def _seconds(step: Callable[[], None], steps: int) -> float:
    """Return the processor time of some steps: what other programs take from the clock is not counted."""
    start = time.process_time()
    for _ in range(steps):
        step()
    return time.process_time() - start


def large_pool(prompts: int = 20_000_000, against: int = 1_000_000, steps: int = 10_000, batch: int = 512) -> list[Row]:
    """Steps on a large pool and on a small one in turns: time a step as a ratio, memory a prompt, growth with steps."""
    block = max(1, steps // 100)
    small = _step(VarianceAwareSampler(against, batch_size=batch, seed=1, group_size=_GROUP), batch)
    _seconds(small, block)  # compiles
    before = max(peak_mib(), resident_mib())
    sampler = VarianceAwareSampler(prompts, batch_size=batch, seed=1, group_size=_GROUP)
    large = _step(sampler, batch)
    _seconds(large, block)
    first, ratios = resident_mib(), []
    for _ in range(steps // block - 1):
        ratios.append(_seconds(large, block) / _seconds(small, block))
    assert sampler.step == steps, sampler.step
    load = f"{steps:,} steps of {batch} of {prompts:,} prompts"
    return [
        Row(load, f"processor time of a step over that with {against:,} prompts, median", statistics.median(ratios), 8),
        Row(load, "bytes of memory a prompt, at most", (peak_mib() - before) * 2**20 / prompts, 80),
        Row(load, "memory at the end over that after a hundredth of the steps", resident_mib() / first, 1.1),
    ]


def long_keys(keys: int = 64, characters: int = 1_000_000, steps: int = 500) -> list[Row]:
    """Keys of a megabyte: memory and file as multiples of the keys themselves, time a step against short keys."""
    batch, mib = keys // 4, keys * characters / 2**20
    names = [f"{row:02d}" + chr(97 + row % 26) * (characters - 2) for row in range(keys)]

    def by_key(sampler: VarianceAwareSampler) -> Callable[[], None]:
        rewards = (np.random.default_rng(2).random((batch, _GROUP)) < 0.3).astype(float)

        def step() -> None:
            sampler.observe_by_key(sampler.keys.at(sampler.draw()), rewards)

        return step

    before = peak_mib()
    samplers = [
        VarianceAwareSampler(chosen, batch_size=batch, seed=1, group_size=_GROUP)
        for chosen in ([name[:2] for name in names], names)
    ]
    short, long = map(by_key, samplers)
    ratios = [_seconds(long, 20) / _seconds(short, 20) for _ in range(max(2, steps // 20))][1:]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sampler.npz"
        samplers[1].save(path)
        size = path.stat().st_size / 2**20
        again = VarianceAwareSampler(names, batch_size=batch, seed=2, group_size=_GROUP)
        again.load(path)
    differ = float(again.state_dict()["checksum"] != samplers[1].state_dict()["checksum"])
    load = f"{keys} keys of {characters:,} characters"
    return [
        Row(load, "memory at most, as a multiple of the keys", (peak_mib() - before) / mib, 12),
        Row(load, "saved file, as a multiple of the keys", size / mib, 1.05),
        Row(
            load,
            "processor time of a step by key over that with keys of 2 characters, median",
            statistics.median(ratios),
            3,
        ),
        Row(load, "saved and loaded states that differ", differ, 0),
    ]


def resumes(count: int = 1000, prompts: int = 5000, batch: int = 64) -> list[Row]:
    """A sampler that is saved and loaded into a new one after every step, beside one that is left alone."""

    def fresh(seed: int) -> VarianceAwareSampler:
        return VarianceAwareSampler(prompts, batch_size=batch, seed=seed, group_size=_GROUP)

    alone, resumed = fresh(1), fresh(1)
    rng = np.random.default_rng(3)
    sizes: list[int] = []
    seconds: list[float] = []
    differ = 0
    first: float | None = None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sampler.npz"
        for turn in range(count):
            rewards: Any = (rng.random((batch, _GROUP)) < 0.3).astype(float)
            wanted, found = alone.draw(), resumed.draw()
            differ += not np.array_equal(wanted, found)
            alone.observe(wanted, rewards)
            resumed.observe(found, rewards)
            start = time.process_time()
            resumed.save(path)
            resumed = fresh(1000 + turn)
            resumed.load(path)
            seconds.append(time.process_time() - start)
            sizes.append(path.stat().st_size)
            if turn == count // 10:
                first = resident_mib()
        assert len(list(Path(folder).iterdir())) == 1
    assert first is not None
    tenth = max(1, count // 10)
    differ += alone.state_dict()["checksum"] != resumed.state_dict()["checksum"]
    early, late = (statistics.median(part) for part in (seconds[:tenth], seconds[-tenth:]))
    load = f"{count:,} resumes"
    return [
        Row(load, "steps that draw something else than without a resume, and last states that differ", differ, 0),
        # the file holds what is left of the pass over the prompts, so that it swings below the first one's size
        Row(load, "largest saved file over the first", max(sizes) / sizes[0], 1.01),
        Row(load, "processor time of a resume, last tenth over first tenth, medians", late / early, 1.5),
        Row(load, "memory at the end over that after a tenth", resident_mib() / first, 1.1),
    ]
