"""MoPPS, InSight, MaPP, DPS and ARCUS: their beliefs and scores against integration, enumeration and simulation."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from tests.false_alarms import USUAL
from tests.vas_theory.selection.strategies.builders import received, setting
from vas_theory.selection.strategies.arcus import Arcus
from vas_theory.selection.strategies.dps import ALL, MIXED, NONE, Dps
from vas_theory.selection.strategies.insight import Insight, beta_entropy, information_gain
from vas_theory.selection.strategies.mapp import Mapp, mixed_probability
from vas_theory.selection.strategies.mopps import Mopps

counts = st.floats(1.0, 30.0)


def test_discounted_counts_of_two_visits_by_hand() -> None:
    arm = Mopps(setting(), retention=0.5)
    arm.observe(received([3, 7], [[1, 0, 0, 1], [0, 0, 0, 0]]))
    assert (arm.a_P[3], arm.b_P[3], arm.a_P[7], arm.b_P[7]) == (3.0, 3.0, 1.0, 5.0)
    arm.observe(received([3], [[1, 1, 1, float("nan")]]))  # the ungraded rollout counts for neither
    assert (arm.a_P[3], arm.b_P[3]) == (0.5 * 3 + 0.5 + 3, 0.5 * 3 + 0.5)
    assert (arm.a_P[0], arm.b_P[0]) == (1.0, 1.0)


def test_mopps_takes_the_draws_nearest_its_target() -> None:
    """With counts so high that a draw is its mean, the choice is known."""
    arm = Mopps(setting(prompts=6, batch_size=2), target=0.5)
    means = np.array([0.1, 0.45, 0.9, 0.52, 0.3, 0.75])
    arm.a_P, arm.b_P = 1e7 * means, 1e7 * (1 - means)
    assert set(arm.choose(np.random.default_rng(0)).tolist()) == {1, 3}
    arm.target = 0.8
    assert set(arm.choose(np.random.default_rng(0)).tolist()) == {2, 5}


def test_mopps_is_thompson_sampling() -> None:
    """Of two prompts the chosen one is as often the first as two independent Betas say.

    4,000 draws: a two-sided binomial test at 1e-4 has that false-alarm rate.
    """
    arm = Mopps(setting(prompts=2, batch_size=1))
    arm.a_P, arm.b_P = np.array([2.0, 6.0]), np.array([3.0, 2.0])
    rng = np.random.default_rng(4)
    first = sum(int(arm.choose(rng)[0] == 0) for _ in range(4000))

    def below(distance: float, prompt: int) -> float:
        law = stats.beta(arm.a_P[prompt], arm.b_P[prompt])
        return float(law.cdf(0.5 + distance) - law.cdf(0.5 - distance))

    density = stats.beta(2, 3).pdf
    wins = integrate.quad(lambda p: density(p) * (1 - below(abs(p - 0.5), 1)), 0, 1, points=[0.5])[0]
    assert stats.binomtest(first, 4000, wins).pvalue > USUAL


@functools.cache
def _angles() -> tuple[np.ndarray, np.ndarray]:
    """Return rates and weights of a quadrature over [0, 1], in the angle, where densities of a, b >= 1 are smooth."""
    points, weights = np.polynomial.legendre.leggauss(400)
    theta = (points + 1) * math.pi / 4
    return np.sin(theta) ** 2, np.sin(2 * theta) * math.pi / 4 * weights


@given(a=counts, b=counts)
def test_beta_entropy_by_integration(a: float, b: float) -> None:
    rates, weights = _angles()
    log_density = stats.beta.logpdf(rates, a, b)
    found = -(weights * np.exp(log_density) * log_density).sum()
    assert float(beta_entropy(np.array(a), np.array(b))) == pytest.approx(found, abs=1e-6)


@given(a=counts, b=counts, size=st.integers(1, 8))
def test_information_gain_is_the_mutual_information_of_rate_and_group(a: float, b: float, size: int) -> None:
    """By integration over the rate: I = E_p KL(Binomial(p) || BetaBinomial), a different formula than the code's."""
    m = np.arange(size + 1)
    marginal = stats.betabinom(size, a, b).logpmf(m)
    rates, weights = _angles()
    density = stats.beta.pdf(rates, a, b) * weights
    conditional = stats.binom.logpmf(m[:, None], size, rates)
    gain = (density * (np.exp(conditional) * (conditional - marginal[:, None])).sum(0)).sum()
    assert float(information_gain(np.array([a]), np.array([b]), size)[0]) == pytest.approx(gain, abs=1e-6)


def test_insight_score_by_hand_and_its_choice() -> None:
    """Beta(1, 1), one rollout: H = 0, and H(Beta(2, 1)) = 1/2 - ln 2, so the gain is ln 2 - 1/2."""
    one = np.array([1.0])
    assert information_gain(one, one, 1)[0] == pytest.approx(math.log(2) - 0.5, abs=1e-12)
    arm = Insight(setting(prompts=3, batch_size=1))
    # equal evidence, means .3, .5, .97: f(1-f)exp(-3(f-.3)^2) is .21, .2217, .0075
    arm.a_P, arm.b_P = np.array([30.0, 50.0, 97.0]), np.array([70.0, 50.0, 3.0])
    gain = information_gain(arm.a_P, arm.b_P, 4)
    mean = arm.a_P / 100
    by_hand = mean * (1 - mean) * np.exp(-3 * (mean - 0.3) ** 2) * gain
    assert arm.choose(np.random.default_rng(0)).tolist() == [int(by_hand.argmax())]


def test_insight_prefers_what_it_knows_less_at_equal_means() -> None:
    arm = Insight(setting(prompts=4, batch_size=1))
    arm.a_P, arm.b_P = np.array([40.0, 4.0, 400.0, 80.0]), np.array([60.0, 6.0, 600.0, 120.0])
    assert arm.choose(np.random.default_rng(0)).tolist() == [1]


@given(a=counts, b=counts, size=st.integers(2, 16))
def test_mapp_closed_form_against_enumeration(a: float, b: float, size: int) -> None:
    inner = stats.betabinom(size, a, b).pmf(np.arange(1, size)).sum()
    assert float(mixed_probability(np.array(a), np.array(b), size)) == pytest.approx(inner, abs=1e-10)


def test_mapp_draws_in_proportion_to_its_values() -> None:
    """Uniform prior, G = 4: V = 1 - 2/5. Frequencies of single draws by chi-square; false alarms 1e-4."""
    arm = Mapp(setting(prompts=3, batch_size=1))
    assert mixed_probability(arm.a_P, arm.b_P, 4) == pytest.approx(0.6, abs=1e-12)
    arm.a_P, arm.b_P = np.array([1.0, 1.0, 20.0]), np.array([1.0, 9.0, 1.0])
    values = mixed_probability(arm.a_P, arm.b_P, 4)
    rng = np.random.default_rng(2)
    seen = np.bincount([int(arm.choose(rng)[0]) for _ in range(6000)], minlength=3)
    assert stats.chisquare(seen, 6000 * values / values.sum()).pvalue > USUAL


def test_dps_step_by_hand() -> None:
    """From the uniform belief and flat counts a seen mixed group adds a third to each move into mixed."""
    arm = Dps(setting(prompts=3, batch_size=1), retention=0.6)
    chosen = arm.choose(np.random.default_rng(1))
    assert arm.belief_P == pytest.approx(1 / 3)
    arm.observe(received(chosen.tolist(), [[1, 0, 0, 1]]))
    counts = arm.counts_P[chosen[0]]
    assert counts[MIXED] == pytest.approx(0.6 + 0.4 + 1 / 3)
    assert counts[NONE] == pytest.approx(1.0)
    assert arm.belief_P[chosen[0]].tolist() == [0.0, 1.0, 0.0]
    arm.choose(np.random.default_rng(1))
    # the next prediction is the mixed column of Phi: (1, 4/3, 1) / (10/3)
    assert arm.belief_P[chosen[0]] == pytest.approx([0.3, 0.4, 0.3])


@given(seed=st.integers(0, 2**32 - 1), seen=st.sampled_from([NONE, MIXED, ALL]))
def test_dps_bayes_step_against_the_joint_distribution(seed: int, seen: int) -> None:
    rng = np.random.default_rng(seed)
    arm = Dps(setting(prompts=2, batch_size=2), retention=0.5, prior=2.0)
    arm.counts_P, arm.belief_P = rng.uniform(0.2, 5, (2, 3, 3)), rng.dirichlet(np.ones(3), 2)
    before_counts, before = arm.counts_P.copy(), arm.belief_P.copy()
    chosen = arm.choose(rng)
    arm.observe(received(chosen.tolist(), [{NONE: [0, 0], MIXED: [0, 1], ALL: [1, 1]}[seen]] * 2))
    for prompt in range(2):
        joint = np.array(
            [
                [
                    before_counts[prompt, to, came] / before_counts[prompt, :, came].sum() * before[prompt, came]
                    for came in range(3)
                ]
                for to in range(3)
            ]
        )
        expected = 0.5 * before_counts[prompt] + 0.5 * 2.0
        expected[seen] += joint[seen] / joint[seen].sum()
        assert arm.counts_P[prompt] == pytest.approx(expected)


def test_dps_takes_the_prompts_most_likely_mixed() -> None:
    arm = Dps(setting(prompts=4, batch_size=2))
    arm.belief_P = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8], [0.0, 1.0, 0.0]])
    arm.counts_P = arm.counts_P + 9 * np.eye(3)
    assert set(arm.choose(np.random.default_rng(0)).tolist()) == {1, 3}


def test_arcus_update_by_hand() -> None:
    arm = Arcus(setting(group_size=4), drift=0.0, process_noise=0.0)
    arm.observe(received([0, 1], [[1, 0, 0, 0], [1, 1, 1, 1]]))
    prior, mixed, silent = math.pi**2 / 48, 1 / 18, 1 / 8
    angle = math.asin(math.sqrt(1.375 / 4.75))
    assert arm.mean_P[0] == pytest.approx((math.pi / 4 * mixed + angle * prior) / (prior + mixed))
    assert arm.variance_P[0] == pytest.approx(prior * mixed / (prior + mixed))
    assert arm.mean_P[1] == pytest.approx((math.pi / 4 * silent + math.pi / 2 * prior) / (prior + silent))
    assert arm.mean_P[2] == pytest.approx(math.pi / 4)


@pytest.mark.parametrize(("mean", "variance"), [(0.5, 0.02), (0.8, 0.05), (1.2, 0.01), (0.9, 0.15)])
def test_arcus_yield_against_simulation(mean: float, variance: float) -> None:
    """y is E[1 - e^(-G psi^2) - e^(-G (pi/2 - psi)^2)] for a Gaussian psi; 200,000 draws, six standard errors."""
    arm = Arcus(setting(group_size=8))
    psi = np.random.default_rng(0).normal(mean, math.sqrt(variance), 200_000)
    values = 1 - np.exp(-8 * psi**2) - np.exp(-8 * (math.pi / 2 - psi) ** 2)
    found = float(arm.expected_yield(np.array([mean]), np.array([variance]))[0])
    assert abs(found - values.mean()) < 6 * values.std() / math.sqrt(len(values))


def test_arcus_yield_is_near_the_true_probability_of_a_mixed_group() -> None:
    """e^(-G psi^2) stands for (1 - p)^G = cos(psi)^(2G): at known p the error is below .03 for G = 8."""
    arm = Arcus(setting(group_size=8))
    psi = np.linspace(0.05, math.pi / 2 - 0.05, 100)
    true = 1 - np.cos(psi) ** 16 - np.sin(psi) ** 16
    assert np.abs(arm.expected_yield(psi, np.zeros(100)) - true).max() < 0.03


def test_arcus_score_by_integration() -> None:
    """The closeness is the Gaussian kernel of the target's width averaged over the belief."""
    arm = Arcus(setting(group_size=8))
    arm.mean_P[:], arm.variance_P[:] = 0.6, 0.03
    target = 0.9
    width = min(math.sin(target), math.cos(target)) / math.sqrt(2)
    law = stats.norm(0.6, math.sqrt(0.03))
    kernel = integrate.quad(lambda psi: math.exp(-((psi - target) ** 2) / (2 * width**2)) * law.pdf(psi), -3, 4)[0]
    share = float(arm.expected_yield(np.array(0.6), np.array(0.03)))
    assert arm.score(target, np.array([0]))[0] == pytest.approx(kernel * share, rel=1e-7)


def test_arcus_target_moves_slowly_towards_harder_prompts() -> None:
    arm = Arcus(setting(prompts=50, batch_size=5))
    arm.mean_P[:], arm.variance_P[:] = np.linspace(0.1, 1.4, 50), 0.005
    before = arm.target
    arm.choose(np.random.default_rng(0))
    assert before - arm.target == pytest.approx(arm.target_speed)


def test_arcus_drift_moves_the_logit_by_four_times_its_rate() -> None:
    arm = Arcus(setting(prompts=9, batch_size=1), drift=1e-4)
    arm.mean_P = np.linspace(0.2, 1.3, 9)
    before = 2 * np.log(np.tan(arm.mean_P))
    arm.choose(np.random.default_rng(0))
    assert 2 * np.log(np.tan(arm.mean_P)) - before == pytest.approx(4e-4, rel=1e-3)


def test_arcus_with_a_surplus_trains_on_mixed_groups_first() -> None:
    arm = Arcus(setting(prompts=8, batch_size=2), surplus=1.0)
    arm.propose(np.random.default_rng(0))
    arm.receive(received([0, 1, 2, 3], [[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 1, 1], [1, 1, 0, 0]]))
    assert arm.training_groups().prompts_P.tolist() == [1, 3]
