"""DAPO, GRESO, SPEED, LILO, LSPO, Pilot-Commit, Reinforce-Ada, Knapsack: steps by hand, properties by enumeration."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.false_alarms import USUAL
from tests.vas_theory.selection.strategies.builders import received, setting
from vas_theory.selection.contract.driver import Generated, SelectionDriver
from vas_theory.selection.contract.strategy import IntArray, Rollouts, Strategy
from vas_theory.selection.strategies.dapo import Dapo
from vas_theory.selection.strategies.greso import Greso
from vas_theory.selection.strategies.knapsack import Knapsack, allocate
from vas_theory.selection.strategies.lilo import Lilo
from vas_theory.selection.strategies.lspo import Lspo
from vas_theory.selection.strategies.pilot_commit import PilotCommit
from vas_theory.selection.strategies.reinforce_ada import ReinforceAda
from vas_theory.selection.strategies.speed import Speed

RIGHT, WRONG, MIXED = [1.0] * 4, [0.0] * 4, [1.0, 0.0, 0.0, 1.0]


def propose(arm: Strategy, seed: int = 0) -> tuple[list[int], list[int]]:
    proposal = arm.propose(np.random.default_rng(seed))
    assert proposal is not None
    return proposal[0].tolist(), proposal[1].tolist()


def test_dapo_refills_and_drops_the_surplus() -> None:
    arm = Dapo(setting(batch_size=2), oversampling=2)
    first, counts = propose(arm)
    assert counts == [4] * 4
    arm.receive(received(first, [RIGHT, MIXED, WRONG, WRONG]))
    second, _ = propose(arm)
    assert not set(first) & set(second)
    arm.receive(received(second, [WRONG, MIXED, MIXED, RIGHT], first=16))
    assert arm.propose(np.random.default_rng(0)) is None
    groups = arm.training_groups()
    assert groups.prompts_P.tolist() == [first[1], second[1]]
    assert groups.ids_R.tolist() == [4, 5, 6, 7, 20, 21, 22, 23]


def test_dapo_stops_after_its_rounds() -> None:
    arm = Dapo(setting(batch_size=1), oversampling=1, max_rounds=3)
    for _ in range(3):
        prompts, _ = propose(arm)
        arm.receive(received(prompts, [WRONG]))
    assert arm.propose(np.random.default_rng(0)) is None
    assert len(arm.training_groups().prompts_P) == 0


@pytest.mark.parametrize("rate", [0.5, 0.1])
def test_dapo_pays_the_rounds_that_a_geometric_law_predicts(rate: float) -> None:
    """With B = 1 and one prompt a round, groups a step are geometric in P(mixed); six standard errors."""
    arm = Dapo(setting(prompts=50, batch_size=1, budget=8000), oversampling=1, max_rounds=10_000)
    driver = SelectionDriver(arm)
    steps = 0
    while driver.collect(_bernoulli(rate)) is not None:
        steps += 1
    mixed = 1 - rate**4 - (1 - rate) ** 4
    groups = driver.generated / 4
    assert abs(groups / steps - 1 / mixed) < 6 * math.sqrt((1 - mixed) / steps) / mixed
    assert driver.ledger["rejected"].rollouts == driver.generated - 4 * steps


def _bernoulli(rate: float):  # type: ignore[no-untyped-def]
    def generate(prompts_P: IntArray, counts_P: IntArray, first: int) -> Generated:
        count = int(counts_P.sum())
        right = np.random.default_rng([1, first]).random(count) < rate
        return Generated(right.astype(float), np.ones(count))

    return generate


def test_greso_keep_probabilities_by_hand() -> None:
    arm = Greso(setting())
    for _ in range(3):
        arm.observe(received([0, 1, 2], [RIGHT, WRONG, MIXED]))
    assert arm.runs_P[:4].tolist() == [3, -3, 0, 0]
    arm.p_easy, arm.p_hard = 0.5, 0.8
    assert arm.keep_probability(np.arange(4)) == pytest.approx([0.125, 0.512, 1.0, 1.0])
    arm.observe(received([0, 1], [WRONG, MIXED]))  # another kind of silence begins a new run, a signal ends it
    assert arm.runs_P[:2].tolist() == [-1, 0]
    arm.runs_P[0] = 40
    assert arm.keep_probability(np.array([0])) == pytest.approx([0.01])


def test_greso_keeps_prompts_as_often_as_it_says() -> None:
    """Prompt 0 has been all right twice, so that a quarter of its turns survive; binomial test at 1e-4."""
    arm = Greso(setting(prompts=2, batch_size=1))
    arm.runs_P[0] = 2
    rng = np.random.default_rng(3)
    drawn = np.bincount([int(arm.round_prompts(rng)[0]) for _ in range(5000)], minlength=2)
    # an epoch gives prompt 1 one place and prompt 0 a place with probability 1/4
    assert stats.binomtest(int(drawn[0]), 5000, 0.2).pvalue > USUAL


def test_greso_probabilities_steer_after_the_first_epoch_only() -> None:
    arm = Greso(setting(prompts=4, batch_size=2))

    def step(groups: list[list[float]]) -> None:
        arm.observe(received([group % 4 for group in range(len(groups))], groups))
        arm.training_groups()

    step([RIGHT, WRONG, MIXED, MIXED])
    assert (arm.p_easy, arm.p_hard) == (0.5, 0.5)
    step([RIGHT, MIXED, MIXED, MIXED])  # a quarter all right is above .25/3, none all wrong is below .5/3
    assert (arm.p_easy, arm.p_hard) == pytest.approx((0.49, 0.51))
    step([WRONG, MIXED, MIXED, MIXED])
    assert (arm.p_easy, arm.p_hard) == pytest.approx((0.5, 0.5))
    step([RIGHT] + [MIXED] * 10)  # a share of 1/11 is just above .25/3
    assert arm.p_easy == pytest.approx(0.49)
    step([RIGHT] + [MIXED] * 12)  # and 1/13 just below
    assert arm.p_easy == pytest.approx(0.5)
    for _ in range(60):
        step([RIGHT, WRONG, MIXED, MIXED])
    assert (arm.p_easy, arm.p_hard) == pytest.approx((0.05, 0.05))


def test_speed_continues_mixed_screenings_and_buffers_the_rest() -> None:
    arm = Speed(setting(batch_size=1, group_size=6), screened_batches=3)
    prompts, counts = propose(arm)
    assert counts == [4, 4, 4]
    arm.receive(received(prompts, [MIXED, RIGHT, [0, 0, 1, 0]]))
    more, counts = propose(arm)
    assert (more, counts) == ([prompts[0], prompts[2]], [2, 2])
    arm.receive(received(more, [[1, 1], [0, 0]], first=12))
    assert arm.propose(np.random.default_rng(0)) is None
    groups = arm.training_groups()
    assert groups.prompts_P.tolist() == [prompts[0]]
    assert groups.ids_R.tolist() == [0, 1, 2, 3, 12, 13]
    assert arm.propose(np.random.default_rng(0)) is None  # the buffered group makes the next batch
    later = arm.training_groups()
    assert later.rewards_R.tolist() == [0, 0, 1, 0, 0, 0]
    assert later.ids_R.tolist() == [8, 9, 10, 11, 14, 15]


@pytest.mark.parametrize(("size", "screened"), [(24, 4), (5, 4), (4, 2)])
def test_speed_screens_small_groups_with_half_of_their_rollouts(size: int, screened: int) -> None:
    arm = Speed(setting(batch_size=1, group_size=size))
    assert propose(arm)[1] == [screened] * 2
    assert arm.continuation() == size - screened


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.8])
def test_speed_trains_on_groups_whose_mean_is_biased_as_enumeration_says(rate: float) -> None:
    """Mean reward of trained groups: (E[m | 0 < m < N] + (G - N) p) / G, by listing all screenings; six errors."""
    likelihood = [
        (sum(screen) / 4, rate ** sum(screen) * (1 - rate) ** (4 - sum(screen)))
        for screen in itertools.product((0, 1), repeat=4)
        if 0 < sum(screen) < 4
    ]
    total = sum(weight for _, weight in likelihood)
    screened = sum(mean * weight for mean, weight in likelihood) / total
    if rate == 0.05:
        assert screened == pytest.approx(0.26, abs=0.01)  # what the docstring says
    driver = SelectionDriver(Speed(setting(prompts=60, batch_size=4, group_size=8), max_rounds=50))
    rewards = []
    while (groups := driver.collect(_bernoulli(rate))) is not None:
        rewards.append(groups.rewards_R.reshape(-1, 8).mean(1))
    means = np.concatenate(rewards)
    expected = (4 * screened + 4 * rate) / 8
    assert abs(means.mean() - expected) < 6 * means.std() / math.sqrt(len(means))
    assert driver.ledger["screening"].rollouts > 0
    assert driver.ledger["rejected"].rollouts == 0


def test_buffered_groups_are_forgotten_when_stale() -> None:
    arm = Speed(setting(batch_size=1, group_size=6), staleness=1)
    arm.buffer.add(0, np.arange(6), np.array([1.0, 0, 0, 0, 0, 0]), step=0)
    arm.buffer.add(1, np.arange(6, 12), np.array([1.0, 0, 0, 0, 0, 0]), step=1)
    arm.step = 2
    assert arm.training_groups().prompts_P.tolist() == [1]


def test_lilo_trains_on_the_most_variable_groups() -> None:
    arm = Lilo(setting(batch_size=2), pool_batches=2)
    prompts, counts = propose(arm)
    assert counts == [4] * 4
    arm.receive(received(prompts, [[1, 0, 0, 0], WRONG, MIXED, [1, 1, 1, 0]]))
    assert arm.training_groups().prompts_P.tolist() == [prompts[2], prompts[0]]


@given(values=st.lists(st.integers(0, 8), min_size=8, max_size=8))
def test_lilo_selection_is_the_best_subset(values: list[int]) -> None:
    arm = Lilo(setting(prompts=8, batch_size=2, group_size=8), pool_batches=4)
    prompts, _ = propose(arm)
    arm.receive(received(prompts, [[1.0] * m + [0.0] * (8 - m) for m in values]))
    chosen = [values[prompts.index(prompt)] for prompt in arm.training_groups().prompts_P.tolist()]
    best = max(sum(m * (8 - m) for m in pair) for pair in itertools.combinations(values, 2))
    assert sum(m * (8 - m) for m in chosen) == best


def test_lspo_keeps_short_and_long_mixed_groups() -> None:
    arm = Lspo(setting(prompts=30, batch_size=10), oversampling=2)
    prompts, _ = propose(arm)
    lengths = [[float(10 + k)] * 4 for k in range(20)]
    arm.receive(received(prompts, [MIXED] * 20, lengths=lengths))
    kept = arm._kept[0].prompts_P.tolist()
    # of 20 lengths 10..29 the quantiles are 15 (6th), 22 (13th) and 28 (19th); ten are wanted
    by_length = [prompts[k] for k in range(20) if 10 + k <= 15 or 22 <= 10 + k <= 28]
    assert kept == by_length[:10]


@pytest.mark.parametrize("count", [1, 2, 19, 20, 41])
def test_lspo_keeps_the_shares_it_names(count: int) -> None:
    """Of n different lengths the ceil(.3 n) shortest, and the ceil(.65 n)-th to the ceil(.95 n)-th, which may meet."""
    lengths = np.random.default_rng(count).permutation(count).astype(float)
    kept = np.sort(lengths[Lspo(setting()).kept_lengths(lengths)])
    short, long, longest = (math.ceil(share * count / 100) for share in (30, 65, 95))
    ranks = sorted({*range(short), *range(long - 1, longest)})
    assert kept.tolist() == ranks


def test_pilot_commit_skips_defers_commits_and_evicts() -> None:
    arm = PilotCommit(setting(prompts=6, batch_size=2, group_size=16), screened_batches=3)
    prompts, counts = propose(arm)
    assert counts == [4] * 6
    arm.receive(received(prompts, [RIGHT, WRONG, MIXED, [1, 1, 1, 0], [0, 0, 0, 1], WRONG]))
    more, counts = propose(arm)
    assert (more, counts) == ([prompts[2], prompts[3], prompts[4]], [12] * 3)
    assert np.flatnonzero(arm.evicted_P).tolist() == [prompts[0]]
    arm.receive(received(more, [[1.0] * 12] * 3, first=24))
    assert arm.training_groups().sizes_P.tolist() == [16, 16]
    later = np.concatenate([arm.walk(np.random.default_rng(1), 6) for _ in range(5)])
    assert prompts[0] not in later


def test_pilot_commit_commits_as_often_as_the_binomial_says() -> None:
    """4 pilots at p = .3 are committed to at 1 to 3 right; six standard errors."""
    driver = SelectionDriver(PilotCommit(setting(prompts=200, batch_size=4, group_size=16)))
    while driver.collect(_bernoulli(0.3)) is not None:
        pass
    committed = stats.binom(4, 0.3).pmf([1, 2, 3]).sum()
    mean_cost = 4 + 12 * committed
    # every candidate is one visit; a step that ends early leaves no candidate half done
    candidates = driver.visits_P.sum()
    assert driver.generated / candidates == pytest.approx(mean_cost, abs=6 * 6 / math.sqrt(candidates))


def test_reinforce_ada_stops_at_two_of_each_and_balances() -> None:
    arm = ReinforceAda(setting(prompts=4, batch_size=2))
    prompts, counts = propose(arm)
    assert counts == [4, 4]
    arm.receive(received(prompts, [MIXED, [1, 0, 0, 0]]))
    again, _ = propose(arm)
    assert again == [prompts[1]]
    arm.receive(received(again, [[0, 0, 1, 1]], first=8))
    assert arm.propose(np.random.default_rng(0)) is None
    arm.kept = 4
    groups = arm.training_groups()
    assert groups.ids_R.tolist() == [0, 1, 2, 3, 4, 5, 6, 10]
    # the second prompt's baseline is 3/8 over all eight rollouts, its deviation sqrt(15)/8
    right, wrong = (5 / 8) / (math.sqrt(15) / 8), (-3 / 8) / (math.sqrt(15) / 8)
    assert groups.advantages_R[4:] == pytest.approx([right, wrong, wrong, right], rel=1e-5)


@pytest.mark.parametrize(("right", "wrong"), [(4, 4), (2, 6), (29, 3), (30, 2)])
def test_reinforce_ada_pushes_unequal_outcomes_harder_than_their_group(right: int, wrong: int) -> None:
    """On a Bernoulli logit by (p^2 + (1 - p)^2) / (2 p (1 - p)), as the settings guide says."""
    count = right + wrong
    arm = ReinforceAda(setting(prompts=4, batch_size=1), round_rollouts=count, max_rounds=1)
    prompts, _ = propose(arm)
    rewards = np.array([1.0] * right + [0.0] * wrong)
    arm.receive(received(prompts, [rewards]))
    groups = arm.training_groups()
    p = right / count
    balanced = np.mean(groups.advantages_R * (rewards[groups.ids_R] - p))
    whole = np.mean((rewards - p) / rewards.std() * (rewards - p))
    assert balanced / whole == pytest.approx((p**2 + (1 - p) ** 2) / (2 * p * (1 - p)), rel=1e-4)


def test_reinforce_ada_rounds_follow_the_negative_binomial_tail() -> None:
    """P(a prompt of p = .2 goes on after round k) = P(fewer than two right or wrong of 8k); six standard errors."""
    driver = SelectionDriver(ReinforceAda(setting(prompts=500, batch_size=10, group_size=8)))
    steps = 0
    while driver.collect(_bernoulli(0.2)) is not None:
        steps += 1
    open_after = [stats.binom(8 * k, 0.2).pmf([0, 1, 8 * k - 1, 8 * k]).sum() for k in (1, 2, 3)]
    groups = driver.visits_P.sum()
    rounds = driver.generated / 8 / groups
    assert rounds == pytest.approx(1 + sum(open_after), abs=6 * 1.0 / math.sqrt(groups))


def test_knapsack_allocation_by_hand() -> None:
    """p = 1 and p = 0 gain nothing from more; the rest of the budget goes to the hopeless one."""
    assert allocate(np.array([1.0, 0.5]), 8, 2, 128).tolist() == [2, 6]
    assert allocate(np.array([1.0, 0.0]), 8, 2, 128).tolist() == [2, 6]
    assert allocate(np.array([0.5, 0.5]), 8, 2, 128).tolist() == [4, 4]


@given(rates=st.lists(st.floats(0.02, 0.98), min_size=3, max_size=3), total=st.integers(6, 16), most=st.integers(6, 12))
def test_knapsack_greedy_is_optimal(rates: list[float], total: int, most: int) -> None:
    def value(counts: tuple[int, ...]) -> float:
        return sum((1 - p**n - (1 - p) ** n) * p * (1 - p) ** 2 for p, n in zip(rates, counts, strict=True))

    feasible = [c for c in itertools.product(range(2, most + 1), repeat=3) if sum(c) == total]
    counts = allocate(np.array(rates), total, 2, most)
    assert counts.sum() == total
    assert counts.max() <= most
    assert value(tuple(counts.tolist())) == pytest.approx(max(map(value, feasible)), abs=1e-12)


def test_knapsack_keeps_the_batch_budget_and_new_prompts_at_the_group_size() -> None:
    arm = Knapsack(setting(prompts=3, batch_size=3))
    arm.rates_P[:2] = 1.0, 0.25
    prompts, counts = propose(arm)
    assert dict(zip(prompts, counts, strict=True)) == {0: 2, 1: 6, 2: 4}
    rollouts: Rollouts = received(prompts, [[0.0] * count for count in counts])
    arm.receive(rollouts)
    assert arm.rates_P.tolist() == [0.0, 0.0, 0.0]
