"""The interface that every plug-in stands on: choices, learning, state, and what is refused."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from full_scale.plugins import PromptSelector, SelectionConfig
from vas_theory.foundation.errors import (
    ArgumentError,
    DataError,
    IntegrityError,
    StateMismatchError,
    UnknownNameError,
    VASError,
)
from vas_theory.selection import PassRatePrior, VarianceAwareSampler

KEYS = [f"prompt-{row}" for row in range(40)]
RATES = {key: row / 39 for row, key in enumerate(KEYS)}


def selector(config: SelectionConfig | None = None, **arguments: Any) -> PromptSelector:
    return PromptSelector(KEYS, config, **{"batch_size": 8, "group_size": 4, "seed": 3, **arguments})


def rolled(keys: Sequence[str | int], step: int) -> NDArray[np.float64]:
    rng = np.random.default_rng([step, 5])
    return (rng.random((len(keys), 4)) < [[RATES[str(key)]] for key in keys]).astype(float)


def train(chosen: PromptSelector, steps: range) -> list[list[str | int]]:
    batches = []
    for step in steps:
        batches.append(chosen.select(8, policy_version=step))
        chosen.observe(batches[-1], rolled(batches[-1], step))
    return batches


def test_whole_batches_are_those_of_the_sampler_behind_it() -> None:
    sampler = VarianceAwareSampler(KEYS, batch_size=8, group_size=4, seed=3)
    expected = []
    for step in range(6):
        positions = sampler.draw(policy_version=step)
        keys = [KEYS[place] for place in positions]
        expected.append(keys)
        sampler.observe(positions, rolled(keys, step))
    assert train(selector(), range(6)) == expected


def test_any_number_may_be_asked_for_and_no_place_is_lost() -> None:
    whole, parts = selector(), selector()
    together = whole.select(8) + whole.select(8) + whole.select(8)
    assert [key for n in (1, 3, 7, 2, 11) for key in parts.select(n)] == together
    assert parts.metrics()["waiting_prompts"] == 0
    assert parts.metrics()["unanswered_groups"] == 24


def test_one_group_at_a_time_teaches_as_much_as_a_batch() -> None:
    whole, single = selector(), selector()
    keys = whole.select(8)
    assert single.select(8) == keys
    rewards = rolled(keys, 0)
    whole.observe(keys, rewards)
    for key, row in zip(keys, rewards, strict=True):
        single.observe(key, row)
    assert np.array_equal(whole.sampler.weights, single.sampler.weights)
    assert whole.select(8) == single.select(8)


@pytest.mark.parametrize("cut", [0, 1, 5])
def test_a_restored_selection_goes_on_as_one_that_was_never_stopped(cut: int) -> None:
    straight, stopped = selector(), selector()
    train(straight, range(4))
    train(stopped, range(4))
    assert straight.select(cut or 8) == stopped.select(cut or 8)  # in the middle of a batch
    resumed = selector(seed=99)
    resumed.load_state_dict(stopped.state_dict())
    assert [straight.select(3) for _ in range(7)] == [resumed.select(3) for _ in range(7)]
    assert straight.metrics() == resumed.metrics()


def test_silent_prompts_are_visited_less() -> None:
    chosen = selector(SelectionConfig(mixture_ratio=1.0, sampler={"floor": 0.01}))
    batches = train(chosen, range(60))
    late = [key for batch in batches[30:] for key in batch]
    middle = sum(0.3 < RATES[str(key)] < 0.7 for key in late) / len(late)
    assert middle > 0.5  # 0.4 of the prompts are there


def test_a_reward_above_the_named_number_is_right() -> None:
    told, plain = selector(SelectionConfig(success_above=0.0)), selector()
    keys = told.select(8)
    assert plain.select(8) == keys
    rewards = rolled(keys, 1)
    told.observe(keys, 2 * rewards - 1)
    plain.observe(keys, rewards)
    assert told.select(8) == plain.select(8)
    assert told.sampler.posterior.kind == "discounted_beta"


def test_graded_rewards_change_what_is_learnt_and_are_said_aloud(caplog: pytest.LogCaptureFixture) -> None:
    chosen = selector()
    keys = chosen.select(8)
    with caplog.at_level(logging.WARNING):
        chosen.observe(keys, rolled(keys, 2) * 3.5 + 0.25)
    assert "graded" in caplog.text
    assert chosen.sampler.posterior.kind == "normal_gamma"
    assert chosen.sampler.step == 1
    resumed = selector()
    resumed.load_state_dict(chosen.state_dict())
    assert resumed.select(16) == chosen.select(16)


def test_graded_rewards_are_refused_where_something_else_was_told() -> None:
    strict, named = selector(SelectionConfig(strict=True)), selector(SelectionConfig(posterior="arcsine_kalman"))
    rates = selector(SelectionConfig(pass_rates="rate"), prior=PassRatePrior.from_rates(np.full(40, 0.5)))
    kinds: list[tuple[PromptSelector, type[VASError]]] = [
        (strict, DataError),
        (named, ArgumentError),
        (rates, ArgumentError),
    ]
    for chosen, error in kinds:
        before = chosen.state_dict()["checksum"]
        with pytest.raises(error, match="success_above"):
            chosen.observe(KEYS[0], [0.3, 0.4])
        assert chosen.state_dict()["checksum"] == before


def test_pass_rates_from_elsewhere_move_the_first_batch() -> None:
    prior = PassRatePrior.from_rates(np.where(np.arange(40) < 8, 0.5, 0.999), 64)
    batches = [selector(prior=prior, seed=seed).select(8) for seed in range(10)]
    assert sum(key in KEYS[:8] for batch in batches for key in batch) > 40  # uniform draws: 16 of 80


def test_groups_that_are_filtered_out_teach_and_are_charged() -> None:
    chosen = selector()
    keys = chosen.select(8)
    kept = [True] * 5 + [False] * 3
    chosen.observe(keys, rolled(keys, 0), trained=kept)
    metrics = chosen.metrics()
    assert (metrics["training_rollouts"], metrics["rejected_rollouts"]) == (20, 12)
    assert chosen.sampler.posterior.last_seen[chosen.positions_of(keys)].min() >= 0


def test_failed_rollouts_are_left_out_and_counted() -> None:
    chosen = selector(SelectionConfig(success_above=0.5))
    chosen.observe(KEYS[0], [1.0, np.nan, 0.0, np.nan])
    metrics = chosen.metrics()
    assert metrics["excluded_rewards"] == 2
    assert metrics["training_rollouts"] == 4
    assert metrics["varying_share"] == 1


def test_a_group_without_a_usable_reward_teaches_nothing() -> None:
    chosen = selector()
    chosen.observe(KEYS[0], [np.nan] * 4)
    assert chosen.metrics()["excluded_rewards"] == 4
    assert chosen.sampler.posterior.kind == "discounted_beta"
    assert chosen.sampler.posterior.last_seen.max() < 0
    chosen.observe(KEYS[1], [np.nan, 0.3, np.nan, np.nan])  # one reward is enough to see that rewards are graded
    assert chosen.sampler.posterior.kind == "normal_gamma"


def test_bad_observations_change_nothing() -> None:
    chosen = selector()
    before = chosen.state_dict()["checksum"]
    calls: list[tuple[type[VASError], Any, Any, dict[str, Any]]] = [
        (UnknownNameError, "no such prompt", [0.3, 0.5], {}),
        (ArgumentError, KEYS[0], [[1.0, 0.0]], {}),
        (ArgumentError, KEYS[:2], [1.0, 0.0], {}),
        (ArgumentError, KEYS[:2], [[1.0, 0.0], [1.0]], {}),
        (ArgumentError, KEYS[0], [1.0, 0.0], {"successes": [1, 0]}),
        (ArgumentError, KEYS[0], [1.0, 0.0], {"successes": [True]}),
        (ArgumentError, KEYS[0], [], {}),
    ]
    for error, key, rewards, more in calls:
        with pytest.raises(error):
            chosen.observe(key, rewards, **more)
    for n in (0, -1, 1.5, True):
        with pytest.raises(ArgumentError, match="n must"):
            chosen.select(n)
    assert chosen.state_dict()["checksum"] == before


def test_foreign_and_altered_states_are_refused_and_change_nothing() -> None:
    chosen = selector()
    train(chosen, range(2))
    before = chosen.state_dict()
    with pytest.raises(DataError, match="prompt selector"):
        chosen.load_state_dict({"yielded": 3})
    with pytest.raises(IntegrityError):
        chosen.load_state_dict({**before, "selected_groups": 7})
    other = selector(group_size=8).state_dict()
    with pytest.raises(StateMismatchError, match="group_size"):
        chosen.load_state_dict(other)
    with pytest.raises(StateMismatchError, match="posterior"):
        selector(SelectionConfig(posterior="arcsine_kalman")).load_state_dict(before)
    assert chosen.state_dict()["checksum"] == before["checksum"]


def test_prompts_may_come_and_go_between_two_runs() -> None:
    chosen = selector()
    chosen.select(8)
    first = chosen.select(3)
    waiting = [KEYS[place] for place in chosen._waiting]
    gone = waiting[0]
    keys = [key for key in reversed(KEYS) if key != gone] + ["new"]
    later = PromptSelector(keys, batch_size=8, group_size=4, seed=3)
    with pytest.raises(StateMismatchError):
        later.load_state_dict(chosen.state_dict())
    later.load_state_dict(chosen.state_dict(), match_keys=True)
    assert later.select(4) == waiting[1:]
    assert gone not in first


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"mixture_ratio": 2}, "mixture_ratio"),
    ({"mixture_ratio": "half"}, "mixture_ratio"),
    ({"no_such": 1}, "no_such"),
    ({"posterior": "beta"}, "posterior"),
    ({"posterior_options": {"no_such": 1}}, "posterior options"),
    ({"sampler": {"batch_size": 4}}, "batch_size"),
    ({"sampler": {"refresh": "periodic"}}, "refresh"),
    ({"sampler": {"score": "custom"}}, "score"),
    ({"sampler": {"no_such": 1}}, "no_such"),
    ({"sampler": [1]}, "sampler"),
    ({"strict": "yes"}, "strict"),
    ({"key": ""}, "key"),
    ({"success_above": float("nan")}, "success_above"),
    ({"seed": -1}, "seed"),
]


@pytest.mark.parametrize(("table", "needle"), REFUSED, ids=[str(table) for table, _ in REFUSED])
def test_bad_settings_are_refused_by_name(table: dict[str, Any], needle: str) -> None:
    with pytest.raises(VASError, match=needle):
        SelectionConfig.from_table(table)


def test_no_settings_are_the_defaults() -> None:
    assert SelectionConfig.from_table(None) == SelectionConfig() == SelectionConfig.from_table({})
    with pytest.raises(ArgumentError, match="table"):
        SelectionConfig.from_table([1])


def test_graded_rewards_beside_an_infinite_one_are_learnt() -> None:
    chosen = selector()
    keys = chosen.select(2)
    chosen.observe(keys, [[np.inf, 3.5, 0.0, 1.0], [0.0, 1.0, 1.0, 0.0]])
    assert chosen.sampler.posterior.kind == "normal_gamma"
    assert chosen.metrics()["excluded_rewards"] == 1


def test_a_state_goes_on_with_other_prompts_where_that_is_asked_for() -> None:
    """Settings that follow from the number of prompts by default stay those of the state."""
    many = [f"prompt {place}" for place in range(600)]
    rates = np.full(600, 0.5)
    config = SelectionConfig(pass_rates="rate")

    def of(keys: list[str]) -> PromptSelector:
        prior = PassRatePrior.from_rates(rates[: len(keys)])
        return PromptSelector(keys, config, batch_size=4, group_size=4, prior=prior)

    before, after = of(many[:20]), of(many)
    assert before.sampler.config.rest_steps != after.sampler.config.rest_steps
    state = before.state_dict()
    with pytest.raises(StateMismatchError):
        after.load_state_dict(state)
    after.load_state_dict(state, match_keys=True)
    assert after.sampler.config.rest_steps == before.sampler.config.rest_steps
    assert len(after.select(4)) == 4


def test_rewards_too_large_to_learn_from_change_nothing() -> None:
    chosen = selector()
    chosen.observe(KEYS[0], [0.5, 0.2, 0.1, 0.3])
    before = chosen.state_dict()["checksum"]
    for bad in (1e160, -1e308):
        with pytest.raises(ArgumentError, match=r"rewards must lie in \[-1e\+99, 1e\+99\]"):
            chosen.observe(KEYS[1], [1.0, bad, 0.3, 0.1])
    assert chosen.state_dict()["checksum"] == before
    chosen.observe(KEYS[1], [1.0, -1e90, 0.3, 0.1])
    chosen.select(8)
    chosen.observe(KEYS[2], [0.5, 0.2, 0.1, 0.3])
