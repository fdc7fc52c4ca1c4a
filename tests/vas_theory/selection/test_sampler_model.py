"""A random user against a naive model: lists, loops and scipy instead of arrays, indices and lazy updates."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from scipy import stats

from vas_theory.foundation.errors import VASError
from vas_theory.selection import DiscountedBeta, VarianceAwareSampler
from vas_theory.selection.sampler.tally import ARMS

GROUP = 4
FLOOR, OPTIMISM = 0.1, 0.25


@functools.cache
def _signal(a: float, b: float) -> float:
    m = np.arange(GROUP + 1)
    return float(stats.betabinom(GROUP, a, b).pmf(m) @ np.sqrt(m * (GROUP - m)) / GROUP)


LARGEST = float(stats.binom(GROUP, 0.5).pmf(np.arange(5)) @ np.sqrt([0, 3, 4, 3, 0]) / GROUP)


class SamplerMachine(RuleBasedStateMachine):
    """The sampler under draws, feedback in any order, saves, loads and changes of the data set."""

    @initialize(
        prompts=st.integers(1, 9),
        share=st.floats(0, 1),
        ratio=st.floats(0, 1),
        periodic=st.booleans(),
        replace=st.booleans(),
        seed=st.integers(0, 2**64 - 1),
    )
    def build(self, prompts: int, share: float, ratio: float, periodic: bool, replace: bool, seed: int) -> None:
        self.settings: dict[str, Any] = {
            "batch_size": max(1, round(share * prompts)),
            "mixture_ratio": ratio,
            "replace": replace,
            "group_size": GROUP,
            "floor": FLOOR,
            "optimism": OPTIMISM,
            "refresh": "periodic" if periodic else "online",
            "update_interval": 3,
        }
        self.keys = [f"k{i}" for i in range(prompts)]
        self.fresh_keys = prompts
        self.sampler = self.new_sampler(seed)
        self.seed = seed
        self.step = 0
        self.carried = 0.0
        self.right = dict.fromkeys(self.keys, 0)
        self.wrong = dict.fromkeys(self.keys, 0)
        self.draws = dict.fromkeys(self.keys, 0)
        self.walked: list[str] = []
        self.weights = {key: self.weight(key) for key in self.keys}
        self.pending = set(self.keys) if periodic else set()
        self.staged: dict[str, float] = {}
        self.spent = {"training": 0, "rejected": 0, "scoring": 0}

    def new_sampler(self, seed: int) -> VarianceAwareSampler:
        posterior = DiscountedBeta(len(self.keys), prior=(1.0, 1.0), drift=0.0)
        return VarianceAwareSampler(self.keys, seed=seed, posterior=posterior, **self.settings)

    def score(self, key: str) -> float:
        score = _signal(1 + self.right[key], 1 + self.wrong[key])
        if self.right[key] + self.wrong[key] == 0:
            score += OPTIMISM * (LARGEST - score)
        return score

    def weight(self, key: str) -> float:
        return max(self.score(key), FLOOR * LARGEST)

    @property
    def periodic(self) -> bool:
        return bool(self.settings["refresh"] == "periodic")

    @rule()
    def draw(self) -> None:
        if self.pending:
            with pytest.raises(VASError, match="due"):
                self.sampler.draw()
            return
        positions = self.sampler.draw()
        drawn = [self.keys[p] for p in positions]
        assert len(drawn) == self.settings["batch_size"]
        self.carried += self.settings["mixture_ratio"] * len(drawn)
        weighted = int(self.carried + 1e-9)
        self.carried -= weighted
        assert [ARMS[arm] for arm in self.sampler.last_arms] == ["weighted"] * weighted + ["uniform"] * (
            len(drawn) - weighted
        )
        if not self.settings["replace"]:
            assert len(set(drawn)) == len(drawn)
        for key in drawn:
            self.draws[key] += 1
        self.walked += drawn[weighted:]
        counts = [self.walked.count(key) for key in self.keys]
        assert max(counts) - min(counts) <= 1
        self.step += 1
        if self.periodic and self.step % 3 == 0:
            self.pending = set(self.keys)

    @rule(data=st.data(), size=st.integers(1, 5))
    def observe(self, data: st.DataObject, size: int) -> None:
        names = data.draw(st.lists(st.sampled_from(self.keys), max_size=6))
        right = data.draw(st.lists(st.integers(0, size), min_size=len(names), max_size=len(names)))
        trained = data.draw(st.lists(st.booleans(), min_size=len(names), max_size=len(names)))
        rewards = (np.arange(size)[None] < np.array(right, dtype=int)[:, None]).reshape(len(names), size)
        self.sampler.observe_by_key(names, rewards, trained=trained)
        self.spent["training"] += size * sum(trained)
        self.spent["rejected"] += size * (len(names) - sum(trained))
        if not self.periodic:
            self.learn(names, right, size)
            self.weights.update({key: self.weight(key) for key in names})

    def learn(self, names: list[str], right: list[int], size: int) -> None:
        for key, m in zip(names, right, strict=True):
            self.right[key] += m
            self.wrong[key] += size - m

    @precondition(lambda self: self.pending)
    @rule(data=st.data(), size=st.integers(1, 5))
    def refresh(self, data: st.DataObject, size: int) -> None:
        assert [self.keys[p] for p in self.sampler.refresh_due()] == [k for k in self.keys if k in self.pending]
        names = data.draw(st.lists(st.sampled_from(sorted(self.pending)), min_size=1, unique=True))
        right = data.draw(st.lists(st.integers(0, size), min_size=len(names), max_size=len(names)))
        rewards = (np.arange(size)[None] < np.array(right)[:, None]) * 1.0
        self.sampler.refresh(self.sampler.positions_of(names), rewards)
        self.spent["scoring"] += size * len(names)
        self.learn(names, right, size)
        self.staged.update({key: self.weight(key) for key in names})
        self.pending -= set(names)
        if not self.pending:
            self.weights, self.staged = dict(self.staged), {}

    @rule(seed=st.integers(0, 2**64 - 1))
    def save_and_load(self, seed: int) -> None:
        other = self.new_sampler(seed)
        other.load_state_dict(self.sampler.state_dict())
        if not self.pending:
            ahead = self.new_sampler(seed)
            ahead.load_state_dict(self.sampler.state_dict())
            copy = self.new_sampler(seed)
            copy.load_state_dict(other.state_dict())
            assert np.array_equal(ahead.draw(), copy.draw())
        self.sampler = other

    @precondition(lambda self: not self.pending and not self.periodic)
    @rule(data=st.data())
    def change_the_data_set(self, data: st.DataObject) -> None:
        kept = data.draw(st.permutations(self.keys))
        gone = data.draw(st.integers(0, len(kept) - 1))
        new = [f"k{self.fresh_keys + i}" for i in range(data.draw(st.integers(0, 3)))]
        keys = [*new, *kept[gone:]]
        if not self.settings["replace"] and len(keys) < self.settings["batch_size"]:
            return
        self.fresh_keys += len(new)
        # a new prompt joins the pass that is under way; one that is gone leaves it
        passes = min(self.walked.count(key) for key in self.keys)
        self.keys = keys
        state = self.sampler.state_dict()
        self.sampler = self.new_sampler(1)
        self.sampler.load_state_dict(state, match_keys=True)
        for key in new:
            self.right[key] = self.wrong[key] = self.draws[key] = 0
            self.weights[key] = self.weight(key)
            self.walked += [key] * passes

    @invariant()
    def agrees_with_the_model(self) -> None:
        sampler = self.sampler
        assert (sampler.seed, sampler.step, len(sampler)) == (self.seed, self.step, len(self.keys))
        assert sampler.draw_counts.tolist() == [self.draws[key] for key in self.keys]
        # sums of five products of a few factors each, on both sides
        assert sampler.weights == pytest.approx([self.weights[key] for key in self.keys], rel=1e-10)
        for purpose, rollouts in self.spent.items():
            assert sampler.ledger[purpose].rollouts == rollouts
        assert sampler.refresh_due().size == len(self.pending)
        metrics = sampler.metrics()
        assert metrics["coverage"] == pytest.approx(np.mean([self.draws[key] > 0 for key in self.keys]))


TestSampler = SamplerMachine.TestCase
TestSampler.settings = settings(stateful_step_count=25)
