"""The look-ahead index: its recursion by enumeration, its belief by quadrature, its moves by a simulated world."""

from __future__ import annotations

import copy
import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from tests.vas_theory.selection.strategies.builders import received, setting
from vas_theory.foundation.errors import ArgumentError, StateMismatchError
from vas_theory.selection.group_moments import signal_values
from vas_theory.selection.strategies._diffusion import Diffusion
from vas_theory.selection.strategies._logit_belief import TABLE, LogitBelief
from vas_theory.selection.strategies._look_ahead import LookAhead
from vas_theory.selection.strategies.index import Index


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def reached(z: float, step: float, visits: list[tuple[float, ...]]) -> float:
    """The expected pass rate after some visits, over every outcome of every group; each pushes by the number right."""
    if not visits:
        return sigmoid(z)
    p, (pushes, *later) = sigmoid(z), visits
    size = len(pushes) - 1
    return sum(
        p ** sum(group) * (1 - p) ** (size - sum(group)) * reached(z + step * pushes[sum(group)], step, later)
        for group in itertools.product((0, 1), repeat=size)
    )


@given(place=st.integers(100, 700), step=st.floats(0.05, 4), horizon=st.integers(1, 3))
def test_look_ahead_by_enumeration_of_all_groups(place: int, step: float, horizon: int) -> None:
    """On a grid of .02 interpolation errs by less than .02 ** 2 / 8 * max |sigma''| < 5e-6 a visit."""
    grid = 0.02 * np.arange(-400, 901)
    z = float(grid[place])
    usual, other = tuple(signal_values(3)), (0.0, 1.5, 0.7, 0.0)
    look = LookAhead(grid, signal_values(3), step, horizon)
    for first, gains in ((usual, look.gains()), (other, look.gains(np.array(other)))):
        runs = [[first, *[usual] * (visits - 1)] for visits in range(1, horizon + 1)]
        expected = max((reached(z, step, run) - sigmoid(z)) / len(run) for run in runs)
        assert gains[place] == pytest.approx(expected, abs=2e-5)


def test_a_rare_success_that_moves_far_is_worth_more_than_its_expected_move() -> None:
    z, step = -6.0, 12.0
    expected = step * sum(sigmoid(z) * np.std(group) for group in np.eye(4))  # to first order in the pass rate
    gain = LookAhead(np.linspace(-12, 12, 2401), signal_values(4), step, 1).gains()[600]
    assert gain > 20 * (sigmoid(z + expected) - sigmoid(z))


def test_first_posterior_by_quadrature() -> None:
    """3 of 8 right under the Jeffreys prior on z in [-9, 9]; the grid is fine enough for three digits."""
    belief = LogitBelief(4, None, step_size=0.1, retention=1.0, wander=0.2)
    belief.observe(np.array([1]), np.array([3.0]), np.array([8]), np.array([math.sqrt(15) / 8]))
    belief.prior_L = belief._base_L
    belief.offset_P[:] = 0.0  # what training on the group moves is another test's

    def weight(z: float) -> float:
        p = sigmoid(z)
        return math.sqrt(p * (1 - p)) * p**3 * (1 - p) ** 5

    total = integrate.quad(weight, -9, 9)[0]
    mean = integrate.quad(lambda z: sigmoid(z) * weight(z), -9, 9)[0] / total
    assert belief.mean_and_slope()[0][1] == pytest.approx(mean, abs=1e-3)


def test_the_prior_of_unseen_prompts_is_the_pool_as_first_groups_showed_it() -> None:
    """A pool of which 70 % are right at .02 and the rest at .98; what is seen again later does not change it."""
    rng = np.random.default_rng(3)
    belief = LogitBelief(600, None, step_size=0.1, retention=1.0, wander=0.01)
    rates = np.where(rng.random(600) < 0.7, 0.02, 0.98)
    seen, eight = np.arange(500), np.full(500, 8)
    belief.observe(seen, rng.binomial(8, rates[:500]).astype(float), eight, np.zeros(500))
    for _ in range(30):
        belief.learn_prior()
    unseen = belief.posterior()[550] @ belief.rates(np.array([550]))[0]
    assert unseen == pytest.approx(rates[:500].mean(), abs=0.02)
    middle = np.abs(belief.rates(np.array([550]))[0] - 0.5) < 0.3
    assert belief.posterior()[550][middle].sum() < 0.05
    twin = copy.deepcopy(belief)
    belief.observe(seen[:100], np.full(100, 4.0), eight[:100], np.full(100, 0.5))
    belief.learn_prior()
    twin.learn_prior()
    assert np.array_equal(belief.prior_L, twin.prior_L)


def test_training_moves_the_belief_by_step_times_deviation() -> None:
    belief = LogitBelief(3, None, step_size=0.4, retention=1.0, wander=0.2)
    belief.observe(np.array([0, 2]), np.array([2.0, 4.0]), np.array([4, 4]), np.array([0.5, 0.0]))
    assert belief.offset_P == pytest.approx([0.2, 0.0, 0.0])


def test_the_step_size_is_learned_from_revisits() -> None:
    """A world of Bernoulli logits that move by .6 of the deviation; the belief starts at .1."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1, 300)
    belief = LogitBelief(300, None, step_size=0.1, retention=1.0, wander=0.01)
    for _ in range(60):
        prompts = rng.choice(300, 40, replace=False)
        right = rng.binomial(8, 1 / (1 + np.exp(-logits[prompts]))).astype(float)
        spread = np.sqrt(right * (8 - right)) / 8
        belief.observe(prompts, right, np.full(40, 8), spread)
        logits[prompts] += 0.6 * spread
    assert belief.step_size == pytest.approx(0.6, abs=0.15)
    assert np.abs(belief.mean_and_slope()[0] - 1 / (1 + np.exp(-logits))).mean() < 0.08


def test_a_pool_that_moves_as_one_is_followed_where_nobody_looked() -> None:
    """Half of the prompts are never seen again while all logits rise by 2."""
    rng = np.random.default_rng(1)
    logits = rng.normal(-1, 1, 200)
    belief = LogitBelief(200, None, step_size=0.1, retention=1.0, wander=0.2)

    def see(prompts: np.ndarray) -> None:
        right = rng.binomial(8, 1 / (1 + np.exp(-logits[prompts]))).astype(float)
        spread = np.sqrt(right * (8 - right)) / 8
        belief.observe(prompts, right, np.full(len(prompts), 8), spread)
        logits[prompts] += 0.1 * spread

    see(np.arange(200))
    before = belief.mean_and_slope()[0][100:].mean()
    for _ in range(40):
        logits += 0.05
        see(rng.choice(100, 20, replace=False))
    after = belief.mean_and_slope()[0][100:].mean()
    true = (1 / (1 + np.exp(-logits[100:]))).mean()
    assert after > before + 0.5 * (true - before)
    assert belief.diffusion.share_and_rate == (0.0, 0.0)  # what all do together is no wandering of each


def test_the_relative_variance_of_graded_rewards_is_found_and_binary_ones_have_one() -> None:
    """Rewards uniform on {.4, .5, .6} about .5: variance (.01 * 2/3), against .25; and Bernoulli ones."""
    rng = np.random.default_rng(2)
    belief = LogitBelief(2, None, step_size=0.1, retention=1.0, wander=0.2)
    for _ in range(400):
        rewards = np.array([rng.choice([0.4, 0.5, 0.6], 4), rng.binomial(1, 0.5, 4)])
        belief.observe(np.arange(2), rewards.sum(1), np.full(2, 4), rewards.std(1))
    graded, binary = belief.relative_variance(4)
    assert graded == pytest.approx(0.01 * 2 / 3 / 0.25, rel=0.1)
    assert binary == pytest.approx(1, abs=0.01)


def test_graded_rewards_of_little_variance_say_more() -> None:
    """Four rewards near 1/2 narrow the belief more than two right and two wrong answers."""
    belief = LogitBelief(2, None, step_size=0.1, retention=1.0, wander=0.2)
    belief.observe(np.arange(2), np.array([2.0, 2.0]), np.full(2, 4), np.array([0.05, 0.5]))
    grid, weights = np.linspace(-9, 9, 49), belief.posterior()
    mean = weights @ grid
    spread = np.sqrt((weights * (grid - mean[:, None]) ** 2).sum(1))
    assert spread[0] < 0.8 * spread[1]


def test_the_index_by_summation_over_the_belief() -> None:
    """Mean and deviation of the look-ahead over the posterior, for binary and for graded rewards of one mean."""
    arm = Index(setting(prompts=2, batch_size=1), optimism=1.5, transfer=0.0)
    arm.observe(received([0, 1], [[0, 0, 1, 0], [0.25, 0.25, 0.2, 0.3]]))
    weights, z = arm.belief.posterior(), np.linspace(-9, 9, 49)[None] + arm.belief.offset_P[:, None]
    left = arm.setting.budget // (arm.setting.batch_size * arm.setting.group_size) - 1
    look = LookAhead(TABLE, signal_values(arm.setting.group_size), arm.belief.step_size, min(24, left))
    gains = np.interp(z, TABLE, look.gains())
    mean = (weights * gains).sum(1)
    deviation = np.sqrt((weights * (gains - mean[:, None]) ** 2).sum(1))
    ratio = arm.belief.relative_variance(arm.setting.group_size)
    np.testing.assert_allclose(arm.scores(arm.belief.posterior()), ratio**1.5 * (mean + 1.5 * deviation), rtol=2e-3)
    assert ratio[1] < ratio[0] < 1


def test_a_belief_widens_as_a_gaussian_does_and_stays_one() -> None:
    grid = np.linspace(-9, 9, 49)
    diffusion = Diffusion(grid)
    narrow = np.exp(-np.square(grid - 0.6) / (2 * 0.8**2))
    narrow = np.stack([narrow, narrow]) / narrow.sum()
    assert np.array_equal(diffusion.share_and_rate, (0.0, 0.0))
    assert diffusion.widen(narrow, np.ones(2), np.ones(2)) == pytest.approx(narrow, abs=1e-12)
    diffusion.log_likelihood_C[diffusion._candidates.index((0.5, 0.3))] = 1.0
    wide = diffusion.widen(narrow, np.array([2.0, 0.0]), np.array([4.0, 9.0]))
    for row, variance in zip(wide, (0.5**2 * 2.0**2 + 0.3**2 * 4, 0.3**2 * 9), strict=True):
        expected = np.exp(-np.square(grid - 0.6) / (2 * (0.8**2 + variance)))
        assert row == pytest.approx(expected / expected.sum(), abs=1e-9)


@pytest.mark.parametrize(("share", "rate"), [(0.0, 0.0), (0.0, 0.3), (1.0, 0.0)])
def test_how_fast_beliefs_widen_is_learned_from_revisits(share: float, rate: float) -> None:
    """Logits that move by what was expected times 1 + share * noise, and wander by the rate."""
    rng, grid = np.random.default_rng(0), np.linspace(-9, 9, 49)
    diffusion = Diffusion(grid)
    belief = np.exp(-np.square(grid) / (2 * 0.5**2))
    belief = np.tile(belief / belief.sum(), (200, 1))
    for _ in range(20):
        moves, steps = rng.uniform(0, 2, 200), rng.integers(1, 20, 200).astype(float)
        residual = rng.normal(0, np.sqrt(0.5**2 + (share * moves) ** 2 + rate**2 * steps))
        right = rng.binomial(8, 1 / (1 + np.exp(-residual)))[:, None]
        rates = 1 / (1 + np.exp(-grid))
        diffusion.learn(belief, moves, steps, rates**right * (1 - rates) ** (8 - right))
    found_share, found_rate = diffusion.share_and_rate
    assert found_share == share
    assert found_rate == pytest.approx(rate, abs=0.03)  # .03 in at most 20 steps is not told from none


def test_a_prompt_that_nobody_revisits_is_doubted_again() -> None:
    """Two prompts look solved; once beliefs were found to be wrong, the one seen long ago is less certain."""
    belief = LogitBelief(40, None, step_size=0.1, retention=1.0, wander=0.01)
    everyone, eight = np.arange(40), np.full(40, 8)
    belief.observe(everyone, np.full(40, 8.0), eight, np.zeros(40))
    rng = np.random.default_rng(0)
    for _ in range(30):
        some = np.arange(1, 40)
        right = rng.choice([0.0, 8.0], 39)
        belief.observe(some, right, eight[some], np.zeros(39))
    assert belief.diffusion.share_and_rate[1] > 0
    before = belief.mean_and_slope()[0][0]
    belief.observe(everyone[:1], np.array([8.0]), eight[:1], np.zeros(1))
    assert belief.mean_and_slope()[0][0] > before + 0.1


def test_prompts_of_equal_index_take_turns() -> None:
    rng = np.random.default_rng(0)
    arm = Index(setting(prompts=6, batch_size=2), floor=0.0)
    assert set(np.concatenate([arm.choose(rng) for _ in range(60)])) == set(range(6))


def test_silent_prompts_are_left_for_promising_ones() -> None:
    arm = Index(setting(prompts=4, batch_size=1), floor=0.0, optimism=0.0)
    arm.observe(received([0, 1, 2, 3], [[0, 0, 0, 0], [1, 1, 1, 1], [0, 0, 1, 0], [0, 0, 0, 0]]))
    assert arm.choose(np.random.default_rng(0)).tolist() == [2]


def test_tokens_as_cost_prefer_short_prompts() -> None:
    for cost, best in (("rollouts", None), ("tokens", 1)):
        arm = Index(setting(prompts=2, batch_size=1), floor=0.0, cost=cost)
        arm.observe(received([0, 1], [[0, 0, 1, 0]] * 2, lengths=[[30.0] * 4, [10.0] * 4]))
        scores = arm.scores(arm.belief.posterior())
        assert (scores[0] == scores[1]) if best is None else scores[1] == pytest.approx(3 * scores[0])


def test_the_floor_is_uniform() -> None:
    arm = Index(setting(prompts=40, batch_size=4), floor=1.0)
    rng = np.random.default_rng(0)
    seen = np.bincount(np.concatenate([arm.choose(rng) for _ in range(1000)]), minlength=40)
    assert abs(seen - 100).max() < 6 * 10


def test_wrong_states_and_options_are_refused() -> None:
    with pytest.raises(StateMismatchError):
        Index(setting()).load_state_dict({"step": 1})
    other = Index(setting(prompts=9)).state_dict()
    with pytest.raises(StateMismatchError):
        Index(setting()).load_state_dict(other)
    for options in (
        {"floor": 1.5},
        {"horizon": 0},
        {"retention": 0.0},
        {"cost": "money"},
        {"wander": 0.0},
        {"optimism": -1},
    ):
        with pytest.raises(ArgumentError):
            Index(setting(), **options)  # type: ignore[arg-type]
