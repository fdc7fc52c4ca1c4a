"""The laboratory's own strategies: single steps written down by hand, and what holds for all that need no network."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from simulations.networks.strategies import own_class, own_names
from simulations.networks.strategies.bots import Bots
from simulations.networks.strategies.informative_group import InformativeGroup
from simulations.networks.strategies.maxrl import MaxRL
from simulations.networks.strategies.prompt_gdro import PromptGdro
from simulations.networks.strategies.top_variance import TopVariance
from simulations.networks.strategies.vas_rescored import VasRescored
from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.contract.driver import Generated, SelectionDriver
from vas_theory.selection.contract.strategy import IntArray, Rollouts, SelectionSetting

SETTING = SelectionSetting(prompts=30, batch_size=4, group_size=4, budget=2000, seed=5)
BLIND = [name for name in own_names() if not own_class(name).needs_truth]


def received(prompts: list[int], rewards: list[list[float]]) -> Rollouts:
    flat = np.array(rewards, dtype=float).ravel()
    counts = np.full(len(prompts), len(rewards[0]))
    return Rollouts(np.array(prompts), counts, np.arange(len(flat)), flat, np.ones(len(flat)))


def world(prompts_P: IntArray, counts_P: IntArray, first: int) -> Generated:
    rng = np.random.default_rng([7, first])
    rates_P = np.linspace(0, 1, 30)
    right_R = rng.random(counts_P.sum()) < np.repeat(rates_P[prompts_P], counts_P)
    return Generated(right_R.astype(float), np.ones(len(right_R)))


@pytest.mark.parametrize("name", BLIND)
def test_it_pays_repeats_and_resumes(name: str) -> None:
    drivers = [SelectionDriver(own_class(name)(SETTING)) for _ in range(2)]
    for _ in range(6):
        state = copy.deepcopy(drivers[0].state_dict())
        one, other = (driver.collect(world) for driver in drivers)
        assert one is not None
        assert other is not None
        np.testing.assert_array_equal(one.ids_R, other.ids_R)
        np.testing.assert_array_equal(one.advantages_R, other.advantages_R)
        drivers[1] = SelectionDriver(own_class(name)(SETTING))
        drivers[1].load_state_dict(state)
        drivers[1].collect(world)
    assert drivers[0].ledger.rollouts == 6 * 16
    limited = SelectionSetting(prompts=30, batch_size=4, group_size=4, budget=2000, seed=5, max_visits=1)
    driver = SelectionDriver(own_class(name)(limited))
    while driver.collect(world) is not None:
        pass
    assert driver.visits_P.max() == 1
    assert driver.visits_P.sum() >= 28


def test_top_variance_keeps_the_groups_that_carry_the_share() -> None:
    # variances 3/16, 4/16, 0, 3/16: .9 of 10/16 needs all three mixed ones, .4 the largest alone, .5 two
    rollouts = received([3, 8, 1, 6], [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 1], [0, 1, 1, 1]])
    for share, kept in ((0.9, [8, 3, 6]), (0.4, [8]), (0.5, [8, 3])):
        strategy = TopVariance(SETTING, share=share)
        strategy.receive(rollouts)
        groups = strategy.training_groups()
        assert groups.prompts_P.tolist() == kept
        assert groups.ids_R[:4].tolist() == [4, 5, 6, 7]
    strategy.receive(received([1], [[1, 1, 1, 1]]))
    assert not len(strategy.training_groups().prompts_P)
    with pytest.raises(ArgumentError, match="share"):
        TopVariance(SETTING, share=0)


def test_informative_group_draws_by_the_chance_of_a_mixed_group() -> None:
    strategy = InformativeGroup(SETTING, retention=1.0)
    # Beta(1, 5): mean 1/6; Beta(3, 3): mean 1/2
    strategy.observe(received([0, 1], [[0, 0, 0, 0], [1, 1, 0, 0]]))
    strategy.a_P[2:], strategy.b_P[2:] = 1.0, 0.0  # solved for certain: never drawn
    assert set(strategy.choose(np.random.default_rng(0))) == {0, 1}
    weights = [1 - (1 / 6) ** 4 - (5 / 6) ** 4, 1 - 2 * 0.5**4]
    one_place = InformativeGroup(SelectionSetting(30, 1, 4, 2000), retention=1.0)
    one_place.a_P, one_place.b_P = strategy.a_P, strategy.b_P
    drawn = np.concatenate([one_place.choose(np.random.default_rng(seed)) for seed in range(4000)])
    assert (drawn == 1).mean() == pytest.approx(weights[1] / sum(weights), abs=0.035)


def test_bots_counts_its_own_and_implied_evidence() -> None:
    strategy = Bots(SETTING, forgetting=0.5, implicit=0.25)
    strategy.observe(received([0, 1], [[1, 0, 0, 0], [1, 1, 1, 0]]))
    # own: .5 * 1 + .5 + .75 * 1 + .25 * 4 * .25; others: the mean .5 alone
    assert (strategy.a_P[0], strategy.b_P[0]) == (2.0, 4.0)
    assert (strategy.a_P[1], strategy.b_P[1]) == (4.0, 2.0)
    assert (strategy.a_P[2], strategy.b_P[2]) == (1.5, 1.5)
    strategy.a_P[:], strategy.b_P[:] = 1.0, 1e6
    strategy.a_P[[4, 9, 11, 20]], strategy.b_P[[4, 9, 11, 20]] = 1e6, 1e6
    assert set(strategy.choose(np.random.default_rng(0))) == {4, 9, 11, 20}


def test_prompt_gdro_moves_weight_to_bins_with_losses() -> None:
    strategy = PromptGdro(SETTING, bins=2, step_size=np.log(4), memory=0.5, exploration=0.0)
    np.testing.assert_allclose(strategy.shares(), [0, 0, 1])  # all prompts are new
    strategy.observe(received([0, 1], [[0, 0, 0, 0], [1, 1, 1, 1]]))
    assert strategy.bin_P[:3].tolist() == [0, 1, 2]
    # only the bin of new prompts has a loss, 1/2; the others take the mean of all, which is the same
    np.testing.assert_allclose(strategy.shares(), [1 / 3, 1 / 3, 1 / 3])
    strategy.observe(received([0, 1], [[0, 0, 0, 0], [1, 1, 1, 1]]))
    # losses 1, 0 and 1/2: weights 4, 1 and 2
    np.testing.assert_allclose(strategy.shares(), [4 / 7, 1 / 7, 2 / 7])


def test_maxrl_divides_by_the_mean_reward() -> None:
    strategy = MaxRL(SETTING)
    strategy.receive(received([0, 1, 2], [[1, 0, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1]]))
    groups = strategy.training_groups()
    np.testing.assert_allclose(groups.advantages_R, [3, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0])


def test_a_partial_refresh_is_charged_teaches_and_is_not_trained_on() -> None:
    strategy = VasRescored(SETTING, share=0.2, interval=3)
    driver, scored, trained = SelectionDriver(strategy), [], []
    for _ in range(7):
        groups = driver.collect(world)
        assert groups is not None
        trained.append(len(groups.ids_R))
        scored.append(driver.ledger["scoring"].rollouts)
    assert trained == [16] * 7, "batches stay whole"
    assert scored == [0, 0, 0, 24, 24, 24, 48], "6 prompts in groups of 4, before steps 3 and 6"
    assert driver.ledger.rollouts == 7 * 16 + 48
    for wrong in ({"share": 0.0}, {"share": 1.5}, {"interval": 0}):
        with pytest.raises(ArgumentError, match=next(iter(wrong))):
            VasRescored(SETTING, **wrong)


def test_a_partial_refresh_changes_what_is_known_of_the_uncertain_prompts() -> None:
    strategy = VasRescored(SETTING, share=0.1, interval=2)
    strategy.choose(np.random.default_rng(0))
    before = strategy.sampler.posterior.variance().copy()
    strategy.step = 2
    proposal = strategy.propose(np.random.default_rng(0))
    assert proposal is not None
    prompts_P, counts_P = proposal
    assert counts_P.tolist() == [4] * 3
    strategy.receive(received(prompts_P.tolist(), [[1, 1, 0, 0]] * 3))
    changed = np.flatnonzero(strategy.sampler.posterior.variance() != before)
    assert changed.tolist() == prompts_P.tolist()
