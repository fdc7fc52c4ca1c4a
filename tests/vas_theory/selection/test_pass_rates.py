"""Pass-rate posteriors against scipy, quadrature, naive loops and simulated drift."""

from __future__ import annotations

from collections.abc import Callable

import mpmath
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, special, stats

from vas_theory.foundation.errors import ArgumentError, StateMismatchError, UnknownNameError
from vas_theory.selection.clusters import embedding_clusters
from vas_theory.selection.posteriors import build_posterior
from vas_theory.selection.posteriors.arcsine_kalman import ArcsineKalman
from vas_theory.selection.posteriors.discounted_beta import DiscountedBeta, PassRatePosterior
from vas_theory.selection.posteriors.hierarchical_beta import HierarchicalBeta
from vas_theory.selection.scores import expected_group_signal, mixed_group_probability

COUNT = 12
BUILDERS: dict[str, Callable[..., PassRatePosterior]] = {
    "discounted_beta": lambda count=COUNT, drift=3e-4: DiscountedBeta(count, drift=drift),
    "arcsine_kalman": lambda count=COUNT, drift=3e-4: ArcsineKalman(count, drift=drift),
    "hierarchical_beta": lambda count=COUNT, drift=3e-4: HierarchicalBeta(np.arange(count) % 3, drift=drift),
}
every_posterior = pytest.mark.parametrize("kind", BUILDERS)


def _taught(kind: str, *, drift: float = 3e-4, steps: int = 20, seed: int = 1) -> PassRatePosterior:
    posterior = BUILDERS[kind](drift=drift)
    rng = np.random.default_rng(seed)
    for step in range(steps):
        posterior.advance(step)
        positions = rng.choice(COUNT - 1, 4, replace=False)  # the last prompt is never observed
        posterior.update(positions, rng.integers(0, 9, 4), 8)
    return posterior


def test_beta_quantities_against_scipy() -> None:
    posterior = DiscountedBeta(3, drift=0.0, prior=(2.0, 0.7))
    posterior.update([0, 2], [3, 8], [8, 8])
    posterior.update([0], [1], [4])
    references = [stats.beta(2 + 4, 0.7 + 8), stats.beta(2, 0.7), stats.beta(2 + 8, 0.7)]
    assert posterior.mean() == pytest.approx([r.mean() for r in references], rel=1e-14)
    assert posterior.variance() == pytest.approx([r.var() for r in references], rel=1e-13)
    for q in (0.0, 0.05, 0.5, 0.95, 1.0):
        assert posterior.quantile(q) == pytest.approx([r.ppf(q) for r in references], rel=1e-12)
    for size in (2, 8, 33):
        m = np.arange(size + 1)
        for k, (a, b) in enumerate([(6, 8.7), (2, 0.7), (10, 0.7)]):
            pmf = stats.betabinom(size, a, b).pmf(m)
            assert posterior.expected_signal(size)[k] == pytest.approx(pmf @ np.sqrt(m * (size - m)) / size, rel=1e-10)
            assert posterior.mixed_probability(size, [k])[0] == pytest.approx(pmf[1:-1].sum(), rel=1e-10)


def test_retention_is_the_usual_discounted_beta() -> None:
    posterior = DiscountedBeta(1, drift=0.0, retention=0.7, prior=(1.0, 1.0))
    a = b = 1.0
    for right in (3, 0, 8, 8, 5):
        posterior.update([0], [right], 8)
        a, b = 0.7 * a + 0.3 + right, 0.7 * b + 0.3 + 8 - right
        assert [float(x[0]) for x in posterior.parameters()] == pytest.approx([a, b], rel=1e-14)


def test_drift_adds_to_the_variance_of_the_angle_and_ends_at_the_prior() -> None:
    posterior = DiscountedBeta(1, drift=1e-3)
    posterior.update([0], [6], 8)
    before = 1 / (4 * sum(float(x[0]) for x in posterior.parameters()))
    posterior.advance(30)
    assert 1 / (4 * sum(float(x[0]) for x in posterior.parameters())) == pytest.approx(before + 0.03, rel=1e-13)
    posterior.advance(10_000_000)
    assert posterior.parameters() == (pytest.approx([0.5]), pytest.approx([0.5]))


@pytest.mark.parametrize(("angle_updates"), [[], [3], [0, 8, 2], [8] * 6, [0] * 30])
def test_kalman_quantities_against_quadrature(angle_updates: list[int]) -> None:
    posterior = ArcsineKalman(1, drift=1e-3)
    for step, right in enumerate(angle_updates):
        posterior.advance(40 * step)
        posterior.update([0], [right], 8)
    posterior.advance(posterior.step + 25)
    (angle,), (variance,) = posterior.parameters()
    law = stats.norm(angle, np.sqrt(variance))
    low, high = law.ppf(1e-14), law.ppf(1 - 1e-14)

    def expectation(f: Callable[[float], float]) -> float:
        return float(integrate.quad(lambda x: law.pdf(x) * f(np.sin(x) ** 2), low, high, epsabs=1e-12, limit=400)[0])

    mean = expectation(lambda p: p)
    assert posterior.mean()[0] == pytest.approx(mean, abs=1e-10)
    assert posterior.variance()[0] == pytest.approx(expectation(lambda p: (p - mean) ** 2), abs=1e-10)
    for size in (2, 7, 8):
        signal = expectation(lambda p, size=size: float(expected_group_signal(p, size)))  # type: ignore[misc]
        mixed = expectation(lambda p, size=size: float(mixed_group_probability(p, size)))  # type: ignore[misc]
        assert posterior.expected_signal(size)[0] == pytest.approx(signal, abs=1e-10)
        assert posterior.mixed_probability(size)[0] == pytest.approx(mixed, abs=1e-10)
    sample = np.sin(law.rvs(200_000, random_state=np.random.default_rng(5))) ** 2
    for q in (0.05, 0.5, 0.95):
        # the share below the quantile has standard error sqrt(q (1-q) / n) <= 0.0012
        assert np.mean(sample <= posterior.quantile(q)[0]) == pytest.approx(q, abs=0.006)


def test_hierarchical_prior_is_the_leave_one_out_estimate() -> None:
    posterior = _taught("hierarchical_beta", drift=0.0, steps=12)
    assert isinstance(posterior, HierarchicalBeta)
    right, wrong = posterior.state_dict()["successes"], posterior.state_dict()["failures"]
    a, b = posterior.parameters()
    for i in range(COUNT):
        total = np.array([4.0, 4.0 * 0.5, 4.0 * (0.25 + 0.25 / 2)])  # four prompts of Beta(1/2, 1/2)
        for j in range(i % 3, COUNT, 3):
            if j != i and (n := right[j] + wrong[j]) >= 2:
                rate = right[j] / n
                total += [1, rate, rate**2 - rate * (1 - rate) / (n - 1)]
        mean = total[1] / total[0]
        spread = mean * (1 - mean)
        concentration = 0.5 * np.clip(spread / max(total[2] / total[0] - mean**2, 1e-12) - 1, 0.5, 100)
        assert a[i] == pytest.approx(concentration * mean + right[i], rel=1e-11)
        assert b[i] == pytest.approx(concentration * (1 - mean) + wrong[i], rel=1e-11)


def test_hierarchical_pooling_predicts_unseen_prompts() -> None:
    rng = np.random.default_rng(3)
    shapes = np.array([[1.0, 9.0], [6.0, 6.0], [12.0, 2.0]])
    labels = np.arange(600) % 3
    rates = rng.beta(*shapes[labels].T)
    pooled, single = HierarchicalBeta(labels), DiscountedBeta(600)
    observed = np.arange(300)
    for posterior in (pooled, single):
        posterior.update(observed, rng.binomial(8, rates[observed]), 8)
    unseen = np.arange(300, 600)
    errors = [np.mean((posterior.mean(unseen) - rates[unseen]) ** 2) for posterior in (pooled, single)]
    within = np.mean([stats.beta(*shape).var() for shape in shapes])
    assert errors[0] < 1.2 * within  # what even the true category means leave
    assert errors[0] < 0.25 * errors[1]


@every_posterior
def test_state_round_trip_and_lazy_updates(kind: str) -> None:
    posterior = _taught(kind)
    state = posterior.state_dict()
    copy = BUILDERS[kind]()
    copy.load_state_dict(state)
    for other in (posterior, copy):
        other.advance(31)
        other.update([3, 11], [8, 0], [8, 4])
    for quantity in ("mean", "variance"):
        assert np.array_equal(getattr(copy, quantity)(), getattr(posterior, quantity)())
    assert np.array_equal(copy.expected_signal(8), posterior.expected_signal(8))
    after = posterior.state_dict()
    touched = {name for name, value in after.items() if np.ndim(value) == 1 and value.size == COUNT}
    for name in touched:  # nothing but the observed prompts may be written
        assert np.array_equal(np.delete(after[name], [3, 11]), np.delete(state[name], [3, 11])), name


@every_posterior
@given(split=st.integers(1, 99))
def test_evidence_of_weight_zero_leaves_the_drift_as_it_is(kind: str, split: int) -> None:
    whole, parts = _taught(kind), _taught(kind)
    parts.advance(20 + split)
    parts.update(np.arange(COUNT - 1), np.zeros(COUNT - 1), 8, weight=0.0)
    for posterior in (whole, parts):
        posterior.advance(120)
    if kind != "hierarchical_beta":  # there a faded prompt also informs its category less
        assert parts.mean() == pytest.approx(whole.mean(), rel=1e-12)
        assert parts.variance() == pytest.approx(whole.variance(), rel=1e-12)
    assert (parts.last_seen[:-1] == 20 + split).all()
    assert parts.last_seen[-1] == -1


@every_posterior
def test_more_right_rollouts_raise_and_weight_scales(kind: str) -> None:
    low, half, high = (BUILDERS[kind]() for _ in range(3))
    low.update([0], [0], 8)
    high.update([0], [8], 8)
    half.update([0], [8], 8, weight=0.5)
    unseen = BUILDERS[kind]()
    assert low.mean([0])[0] < unseen.mean([0])[0] < half.mean([0])[0] < high.mean([0])[0]
    assert unseen.variance([0])[0] > half.variance([0])[0]
    assert (unseen.expected_signal(8, [0]) > high.expected_signal(8, [0])).all()


@every_posterior
def test_extreme_evidence_stays_finite(kind: str) -> None:
    posterior = BUILDERS[kind](drift=0.0)
    for _ in range(200):
        posterior.update([0, 1, 2], [0, 1024, 512], 1024)
    for values in (posterior.mean(), posterior.variance(), posterior.quantile(0.9), posterior.expected_signal(64)):
        assert np.isfinite(values).all()
        assert (values >= 0).all()
        assert (values <= 1).all()


@every_posterior
def test_bad_updates_change_nothing(kind: str) -> None:
    posterior = _taught(kind)
    before = posterior.state_dict()
    for positions, right, size, weight in (
        ([COUNT], [1], 8, 1.0),
        ([-1], [1], 8, 1.0),
        ([0], [9], 8, 1.0),
        ([0], [np.nan], 8, 1.0),
        ([0], [0], 0, 1.0),
        ([0], [1], 8, 1.5),
    ):
        with pytest.raises(ArgumentError):
            posterior.update(positions, right, size, weight=weight)
    with pytest.raises(ArgumentError, match="step"):
        posterior.advance(0)
    with pytest.raises(ArgumentError, match="q must"):
        posterior.quantile(1.5)
    for name, value in posterior.state_dict().items():
        assert np.array_equal(value, before[name]), name


def test_states_of_other_prompts_and_categories_are_refused() -> None:
    with pytest.raises(StateMismatchError, match="num_prompts"):
        DiscountedBeta(3).load_state_dict(DiscountedBeta(4).state_dict())
    with pytest.raises(StateMismatchError, match="categories"):
        HierarchicalBeta([0, 1]).load_state_dict(HierarchicalBeta([0, 0]).state_dict())


def test_a_column_of_text_is_told_how_to_be_handed_over() -> None:
    subjects = pd.Series(["algebra", "geometry"])
    for column in (subjects.astype(object), subjects.astype("category"), subjects.astype(object).to_numpy()):
        with pytest.raises(ArgumentError, match=r"categories must be a list of strings or integers: \.tolist\(\)"):
            HierarchicalBeta(column)
        assert HierarchicalBeta(column.tolist()).labels.tolist() == subjects.tolist()


@every_posterior
def test_adopting_by_source_moves_the_evidence(kind: str) -> None:
    posterior = _taught(kind)
    grown = BUILDERS[kind](COUNT + 3)
    sources = np.r_[np.arange(COUNT)[::-1], [-1, -1, -1]]
    grown.adopt(posterior.state_dict(), sources)
    assert (grown.last_seen == np.r_[posterior.last_seen[::-1], [-1, -1, -1]]).all()
    if kind != "hierarchical_beta":  # reversed prompts fall into other categories there
        assert grown.mean()[:COUNT] == pytest.approx(posterior.mean()[::-1], rel=1e-14)


def test_posteriors_by_name() -> None:
    assert build_posterior("hierarchical_beta", 3, ["a", "b", "a"]).num_prompts == 3
    with pytest.raises(UnknownNameError, match="arcsine_kalman"):
        build_posterior("arcsine", 3, None)
    for posterior, categories in (
        ("hierarchical_beta", None),
        ("discounted_beta", [0, 1, 2]),
        (DiscountedBeta(2), None),
    ):
        with pytest.raises(ArgumentError):
            build_posterior(posterior, 3, categories)
    for name, categories in (("discounted_beta", None), ("arcsine_kalman", None), ("hierarchical_beta", [0, 1, 0])):
        assert build_posterior(name, 3, categories, {"drift": 0.02}).settings()["drift"] == 0.02
    for options in ({"speed": 1}, {"num_prompts": 4}, {"drift": -1.0}):
        with pytest.raises(ArgumentError):
            build_posterior("discounted_beta", 3, None, options)
    with pytest.raises(ArgumentError, match="already built"):
        build_posterior(DiscountedBeta(3), 3, None, {"drift": 0.02})
    for settings in ({"prior": (0.0, 1.0)}, {"drift": -1.0}, {"drift": np.nan}, {"retention": 0.0}):
        with pytest.raises(ArgumentError):
            DiscountedBeta(3, **settings)  # type: ignore[arg-type]


def _coverage(posterior: PassRatePosterior, drift: float, visits: float, rates: np.ndarray, seed: int) -> float:
    """Share of true pass rates inside the 90% interval before each observation, after 100 of 400 steps.

    The world: angles walk at random with the given variance a step, reflected at 0 and pi/2, independent of each
    other and of the visits; each prompt is visited with probability ``visits`` a step, 8 rollouts a visit.
    """
    rng = np.random.default_rng(seed)
    angle = np.arcsin(np.sqrt(rates))
    inside = total = 0
    for step in range(400):
        posterior.advance(step)
        visited = np.flatnonzero(rng.random(rates.size) < visits)
        rate = np.sin(angle[visited]) ** 2
        if step >= 100:
            low, high = posterior.quantile(0.05, visited), posterior.quantile(0.95, visited)
            inside += int(((low <= rate) & (rate <= high)).sum())
            total += visited.size
        posterior.update(visited, rng.binomial(8, rate), 8)
        angle = np.abs(angle + rng.normal(0, np.sqrt(drift), rates.size))
        angle = np.pi / 2 - np.abs(np.pi / 2 - angle)
    return inside / total


@every_posterior
@pytest.mark.parametrize("drift", [3e-5, 3e-4])
@pytest.mark.parametrize("visits", [0.02, 0.1])
def test_intervals_are_calibrated_under_drift(kind: str, drift: float, visits: float) -> None:
    count = 400
    rng = np.random.default_rng(11)
    shapes = np.array([[1.0, 9.0], [6.0, 6.0], [12.0, 2.0]])[np.arange(count) % 3]
    for seed, rates in ((1, rng.random(count)), (2, rng.beta(*shapes.T))):
        # standard error of a coverage near 0.9 from over 2,000 visits: below 0.007
        assert 0.85 <= _coverage(BUILDERS[kind](count, drift), drift, visits, rates, seed) <= 0.95


def test_embedding_clusters_find_separate_directions() -> None:
    rng = np.random.default_rng(2)
    directions = special.softmax(10 * np.eye(4)[:, ::-1], axis=1)
    truth = rng.integers(0, 4, 200)
    points = rng.uniform(0.1, 9, (200, 1)) * (directions[truth] + rng.normal(0, 0.02, (200, 4)))
    labels = embedding_clusters(points, 4, np.random.default_rng(0))
    assert len({(int(t), int(found)) for t, found in zip(truth, labels, strict=True)}) == 4
    assert np.array_equal(labels, embedding_clusters(points, 4, np.random.default_rng(0)))
    assert embedding_clusters(np.zeros((3, 2)), 2, rng).shape == (3,)
    truth = np.repeat(np.arange(6), 20)
    for seed in range(20):  # each first centre is drawn far from all before it, so none of six is missed
        labels = embedding_clusters(np.eye(6)[truth], 6, np.random.default_rng(seed))
        assert len(set(labels.tolist())) == 6
    for bad, count in ((np.array([[np.nan, 1.0]]), 1), (points, 0), (points, 201), (points[0], 1)):
        with pytest.raises(ArgumentError):
            embedding_clusters(bad, count, rng)


def test_expected_signal_of_a_beta_at_50_digits() -> None:
    posterior = DiscountedBeta(2, drift=0.0, prior=(0.25, 1.5))
    posterior.update([1], [5], 7)
    with mpmath.workdps(50):
        for k, (a, b) in enumerate(((mpmath.mpf("0.25"), mpmath.mpf("1.5")), (mpmath.mpf("5.25"), mpmath.mpf("3.5")))):
            signal = sum(
                mpmath.binomial(8, m) * mpmath.beta(a + m, b + 8 - m) / mpmath.beta(a, b) * mpmath.sqrt(m * (8 - m)) / 8
                for m in range(9)
            )
            assert posterior.expected_signal(8)[k] == pytest.approx(float(signal), rel=1e-14)
