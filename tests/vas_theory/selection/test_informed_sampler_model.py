"""A random user of a sampler that knows features and a column, against a slow and plain reference.

Draws, feedback in any order, new features of any prompts, saves, loads and changes of the data set come in any order.
A twin is never saved: after each load both have to draw alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.vas_theory.selection.prediction.plain import PlainPrediction, Seen, count_chances
from vas_theory.selection import VarianceAwareSampler
from vas_theory.selection.posteriors.predicted_beta import PredictedBeta
from vas_theory.selection.prediction.pass_rate_prior import PassRatePrior
from vas_theory.selection.sampler.tally import ARMS

GROUP, FLOOR, OPTIMISM, EXPONENT, GAMMA = 4, 0.01, 0.25, 2.0, 1.0
SIGNAL = np.sqrt([0, 3, 4, 3, 0]) / GROUP
LARGEST = float(np.array([1, 4, 6, 4, 1]) / 16 @ SIGNAL)

number = st.one_of(st.just(np.nan), st.floats(-3, 3))


class InformedMachine(RuleBasedStateMachine):
    """The informed sampler, what it should know, and a twin that is never saved."""

    @initialize(
        prompts=st.integers(2, 9), batch=st.integers(1, 3), ratio=st.floats(0, 1), rest=st.integers(0, 2),
        column=st.booleans(), seed=st.integers(0, 2**64 - 1), data=st.data(),
    )  # fmt: skip
    def build(
        self, prompts: int, batch: int, ratio: float, rest: int, column: bool, seed: int, data: st.DataObject
    ) -> None:
        batch = min(batch, prompts)
        self.settings: dict[str, Any] = {
            "batch_size": batch, "mixture_ratio": ratio, "rest_steps": min(rest, prompts // batch - 1),
            "group_size": GROUP, "floor": FLOOR, "optimism": OPTIMISM, "exponent": EXPONENT,
            "revisit_discount": GAMMA, "candidates": 16,
        }  # fmt: skip
        self.has_column, self.seed = column, seed
        self.keys = [f"k{i}" for i in range(prompts)]
        self.fresh_keys = prompts
        self.frame: tuple[np.ndarray, np.ndarray] | None = None
        self.right, self.wrong, self.draws = (dict.fromkeys(self.keys, 0) for _ in range(3))
        self.last_drawn = dict.fromkeys(self.keys, -100)
        self.features: dict[str, list[float]] = {key: [] for key in self.keys}
        self.told = dict.fromkeys(self.keys, False)
        self.seen: set[str] = set()
        rates = self.some_rates(data)
        self.given_rates = dict(zip(self.keys, rates, strict=True))
        centre = self.take_column(self.keys, rates)
        self.plain = PlainPrediction(centre)
        self.sampler, self.twin = self.new_sampler(seed), self.new_sampler(seed)
        self.step, self.spent = 0, 0

    def some_rates(self, data: st.DataObject) -> list[float]:
        """Return a column that knows the first prompt at least."""
        rates = data.draw(st.lists(st.one_of(st.just(np.nan), st.floats(0, 1)), min_size=len(self.keys),
                                   max_size=len(self.keys)))  # fmt: skip
        return [0.5 if np.isnan(rates[0]) else rates[0], *rates[1:]]

    def take_column(self, new: list[str], rates: list[float]) -> float | None:
        """Take the column of new prompts on the scale of the first, and return the centre of this one."""
        if not hasattr(self, "column"):
            self.column = dict.fromkeys(self.keys, 0.0)
        if not self.has_column:
            return None
        logits, centre = PassRatePrior.from_rates(rates).logits()
        for key, logit, rate in zip(self.keys, logits, rates, strict=True):
            if key in new and not np.isnan(rate):
                shift = centre - self.plain.centre if hasattr(self, "plain") else 0.0
                self.column[key] = float(np.float32(logit) + np.float32(shift))
        return centre

    def new_sampler(self, seed: int) -> VarianceAwareSampler:
        rates = [self.given_rates[key] for key in self.keys]
        prior = PassRatePrior.from_rates(rates) if self.has_column else None
        posterior = PredictedBeta(len(self.keys), column=prior, drift=0.0)
        return VarianceAwareSampler(self.keys, seed=seed, posterior=posterior, **self.settings)

    def both(self) -> tuple[VarianceAwareSampler, VarianceAwareSampler]:
        return self.sampler, self.twin

    @rule(data=st.data())
    def set_features(self, data: st.DataObject) -> None:
        some = data.draw(st.lists(st.sampled_from(self.keys), min_size=1, unique=True)) if self.frame else self.keys
        rows = np.array(data.draw(st.lists(st.tuples(number, number), min_size=len(some), max_size=len(some))))
        known = ~np.isnan(rows).any(axis=1)
        if self.frame is None:
            if not known.any():
                return
            centre, spread = rows[known].mean(axis=0), rows[known].std(axis=0)
            scale = np.array(
                [1 / s if s > 1e-7 * max(abs(c), 1e-30) else 0.0 for c, s in zip(centre, spread, strict=True)]
            )
            size = np.sqrt((((rows[known] - centre) * scale) ** 2).mean())
            self.frame = centre, scale / (size if size > 0 else 1.0)
        centre, scale = self.frame
        for key, row, tells in zip(some, rows, known, strict=True):
            standard = np.clip((row - centre) * scale, -1e4, 1e4) if tells else np.zeros(2)
            self.features[key] = [float(np.float16(value)) for value in standard]
            self.told[key] = bool(tells)
        if self.plain.width == 0:
            self.plain.widen(2)
        for sampler in self.both():
            sampler.set_features(rows, sampler.positions_of(some))

    def weight(self, key: str) -> float:
        score = 0.0
        for rate, share in self.plain.likely_rates(self.column[key], self.features[key]):
            s = self.plain.strength
            score += share * float(
                count_chances(s * rate + self.right[key], s * (1 - rate) + self.wrong[key], GROUP) @ SIGNAL
            )
        if key not in self.seen:
            score += OPTIMISM * (LARGEST - score)
        return max(LARGEST * (score / LARGEST) ** EXPONENT, FLOOR * LARGEST)

    @rule()
    def draw(self) -> None:
        expected = [self.weight(key) for key in self.keys]
        found = self.sampler.pool.rule.fresh_weights(np.arange(len(self.keys)))
        assert found == pytest.approx(expected, rel=1e-4)
        positions = self.sampler.draw()
        assert np.array_equal(positions, self.twin.draw())
        assert np.array_equal(self.sampler.last_arms, self.twin.last_arms)
        drawn = [self.keys[p] for p in positions]
        assert len(set(drawn)) == len(drawn) == self.settings["batch_size"]
        exact = self.settings["mixture_ratio"] * len(drawn)
        by_weight = sum(ARMS[arm] == "weighted" for arm in self.sampler.last_arms)
        assert abs(by_weight - exact) < 1 + 1e-6
        rests = self.settings["rest_steps"]
        assert not [key for key in drawn if self.step - self.last_drawn[key] <= rests]
        for key in drawn:
            self.draws[key] += 1
            self.last_drawn[key] = self.step
        self.step += 1

    @rule(seed=st.integers(0, 2**32 - 1), size=st.integers(1, 5), calls=st.integers(1, 16), repeats=st.booleans())
    def observe(self, seed: int, size: int, calls: int, repeats: bool) -> None:
        rng = np.random.default_rng(seed)
        likely = dict(zip(self.keys, rng.beta(0.4, 0.4, len(self.keys)), strict=True))
        for _ in range(calls):
            names = [
                str(name) for name in rng.choice(self.keys, int(rng.integers(len(self.keys) + 1)), replace=repeats)
            ]
            rewards = [rng.random(size) < likely[name] for name in names]
            self.learn(names, np.array(rewards, dtype=bool).reshape(len(names), size))

    def learn(self, names: list[str], rewards: np.ndarray) -> None:
        for sampler in self.both():
            sampler.observe_by_key(names, rewards)
        self.spent += rewards.size
        groups, told = [], []
        # groups of one prompt are pooled, and all are then taken in the order of the pool
        distinct = names if len(set(names)) == len(names) else sorted(set(names), key=self.keys.index)
        for key in distinct:
            own = rewards[[name == key for name in names]]
            groups.append(Seen(self.column[key], list(self.features[key]), int(own.sum()), own.size))
            told.append(self.told[key] or (self.has_column and not np.isnan(self.given_rates[key])))
            self.right[key] += int(own.sum())
            self.wrong[key] += own.size - int(own.sum())
        if groups:
            self.plain.observe(groups, told)
        self.seen |= set(names)

    @rule(seed=st.integers(0, 2**64 - 1))
    def save_and_load(self, seed: int) -> None:
        other = self.new_sampler(seed)
        other.load_state_dict(self.sampler.state_dict())
        assert other.state_dict()["checksum"] == self.sampler.state_dict()["checksum"]
        self.sampler = other

    @rule(data=st.data())
    def change_the_data_set(self, data: st.DataObject) -> None:
        kept = data.draw(st.permutations(self.keys))
        gone = data.draw(st.integers(0, len(kept) - 1))
        new = [f"k{self.fresh_keys + i}" for i in range(data.draw(st.integers(0, 3)))]
        keys = [*new, *kept[gone:]]
        if len(keys) < self.settings["batch_size"] * (self.settings["rest_steps"] + 1):
            return
        if not new and np.isnan([self.given_rates[key] for key in keys]).all():
            return  # a column has to know some prompt
        self.fresh_keys += len(new)
        self.keys = keys
        rates = self.some_rates(data)
        self.given_rates = {key: self.given_rates.get(key, rate) for key, rate in zip(keys, rates, strict=True)}
        rates = [self.given_rates[key] for key in keys]
        if np.isnan(rates).all():
            self.given_rates[keys[0]] = rates[0] = 0.5
        for key in new:
            self.right[key] = self.wrong[key] = self.draws[key] = 0
            self.last_drawn[key], self.told[key], self.column[key] = -100, False, 0.0
            self.features[key] = [0.0] * self.plain.width
        self.take_column(new, rates)
        state = self.sampler.state_dict()
        self.sampler, self.twin = self.new_sampler(1), self.new_sampler(2)
        for sampler in self.both():
            sampler.load_state_dict(state, match_keys=True)

    @invariant()
    def agrees_with_the_model(self) -> None:
        for sampler in self.both():
            assert (sampler.seed, sampler.step, len(sampler)) == (self.seed, self.step, len(self.keys))
            assert sampler.draw_counts.tolist() == [self.draws[key] for key in self.keys]
            assert sampler.ledger["training"].rollouts == self.spent
            prediction = sampler.posterior.prediction
            assert (prediction.used, prediction.strength) == (self.plain.used, self.plain.strength)
            assert prediction.metrics()["predictor/groups"] == len(self.plain.memory)
            # a fit stops where a step gains 1e-10 nats: within 1e-5 standard deviations, which are 2 at most
            assert prediction.fit.mean == pytest.approx(self.plain.beta, rel=0, abs=5e-5)


TestInformedSampler = InformedMachine.TestCase
# each example fits the reference a dozen times
TestInformedSampler.settings = settings(stateful_step_count=25, max_examples=settings().max_examples // 10)
