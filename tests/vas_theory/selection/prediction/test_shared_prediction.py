"""What all prompts learn from each group: features that tell, columns that are right, shuffled or reversed, drift."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection import PassRatePrior
from vas_theory.selection.group_moments import beta_binomial_expectation, signal_values
from vas_theory.selection.posteriors.predicted_beta import PredictedBeta
from vas_theory.selection.prediction.logistic import inverse_logit
from vas_theory.selection.prediction.shared import JUDGED_BY, MEMORY, SharedPrediction

PROMPTS, GROUP = 1500, 8
EVERY = np.arange(PROMPTS)


class _World:
    """Prompts whose logit pass rates have a part that features show and a part of their own."""

    def __init__(self, seed: int = 0, shared: float = 0.7, width: int = 90) -> None:
        self.rng = np.random.default_rng([5, seed])
        hidden = self.rng.standard_normal((PROMPTS, 6))
        told = hidden @ self.rng.standard_normal(6)
        own = self.rng.standard_normal(PROMPTS)
        self.logits = -1.5 + 2.5 * (np.sqrt(shared) * told / told.std() + np.sqrt(1 - shared) * own)
        self.features = hidden @ self.rng.standard_normal((6, width)) + self.rng.standard_normal((PROMPTS, width))
        self.column = self.rng.binomial(8, inverse_logit(self.logits)).astype(float)

    def show(self, prediction: SharedPrediction, groups: int, places: np.ndarray | None = None) -> None:
        """Let it see groups of 16 prompts at a time."""
        among = EVERY if places is None else places
        for _ in range(groups // 16):
            batch = self.rng.choice(among, 16, replace=False)
            right = self.rng.binomial(GROUP, inverse_logit(self.logits[batch])).astype(float)
            prediction.observe(batch, right, np.full(16, float(GROUP)), np.ones(16))


def test_features_tell_the_pass_rates_of_prompts_that_were_never_seen() -> None:
    world = _World()
    prediction = SharedPrediction(PROMPTS, features=world.features)
    assert np.ptp(prediction.rates(EVERY)) == 0
    world.show(prediction, 480, EVERY[:750])
    found = np.corrcoef(prediction.rates(EVERY[750:]), inverse_logit(world.logits[750:]))[0, 1]
    assert found > 0.65  # with all that features tell it would be about 0.8
    metrics = prediction.metrics()
    assert metrics["predictor/used"] == 1
    assert metrics["predictor/gain"] > 0.1
    assert metrics["predictor/groups"] == 480


def test_features_that_tell_nothing_cost_next_to_nothing() -> None:
    world = _World()
    prediction = SharedPrediction(PROMPTS, features=world.rng.standard_normal((PROMPTS, 90)))
    world.show(prediction, 960)
    assert prediction.metrics()["predictor/gain"] > -0.02
    # what is predicted hardly differs between prompts, or is not used
    assert prediction.rates(EVERY).std() < 0.08


@pytest.mark.parametrize(
    ("kind", "low", "high"), [("right", 0.6, 1.1), ("shuffled", -0.2, 0.2), ("reversed", -1.1, -0.5)]
)
def test_the_slope_of_a_column_is_found(kind: str, low: float, high: float) -> None:
    world = _World()
    column = {
        "right": world.column,
        "shuffled": world.rng.permutation(world.column),
        "reversed": 8 - world.column,
    }[kind]
    prediction = SharedPrediction(PROMPTS, column=PassRatePrior(column, 8))
    first = np.corrcoef(prediction.rates(EVERY), column)[0, 1]
    assert first > 0.9  # it is believed at first
    world.show(prediction, 96)
    early = prediction.metrics()["predictor/slope"]
    world.show(prediction, 640)
    assert low < prediction.metrics()["predictor/slope"] < high
    if kind == "shuffled":
        assert abs(early) < 0.5
        assert prediction.rates(EVERY).std() < 0.06
    else:  # a reversed column tells as much as a right one, once it is known to be reversed
        assert np.corrcoef(prediction.rates(EVERY), inverse_logit(world.logits))[0, 1] > 0.8
        assert prediction.used


def test_a_shift_of_all_moves_prompts_that_are_never_visited() -> None:
    world = _World()
    prediction = SharedPrediction(PROMPTS, column=PassRatePrior(world.column, 8))
    visited, others = EVERY[:500], EVERY[500:]
    world.show(prediction, 480, visited)
    before = prediction.rates(others).mean()
    world.logits += 1.5
    world.show(prediction, 1600, visited)
    after = prediction.rates(others).mean()
    truth = inverse_logit(world.logits[others]).mean()
    assert after - before > 0.1
    assert after == pytest.approx(truth, abs=0.06)


def test_a_prediction_that_loses_is_replaced_aloud_until_it_wins(caplog: pytest.LogCaptureFixture) -> None:
    world = _World()
    prediction = SharedPrediction(PROMPTS, column=PassRatePrior(world.column, 8))
    world.show(prediction, 320)
    rates = prediction.rates(EVERY)
    world.logits = -world.logits  # all that was learned is wrong from here on
    with caplog.at_level(logging.WARNING, logger="vas_theory.selection"):
        world.show(prediction, 64)
        assert not prediction.used
        assert prediction.metrics()["predictor/used"] == 0
        assert np.ptp(prediction.rates(EVERY)) == 0
        said = [record.getMessage() for record in caplog.records]
        assert len(said) == 1
        assert "lost" in said[0]
        assert "the constant is used" in said[0]
        world.show(prediction, 4000)
    assert prediction.used
    assert len(caplog.records) >= 2
    assert np.corrcoef(prediction.rates(EVERY), rates)[0, 1] < -0.5


def test_the_prior_variance_moves_as_far_as_its_formula_says() -> None:
    world = _World(width=12)
    prediction = SharedPrediction(PROMPTS, features=world.features, column=PassRatePrior(world.column, 8))
    world.show(prediction, 64)
    covariance = np.linalg.inv(prediction.fit.factor @ prediction.fit.factor.T)
    before, width = prediction._ridge, prediction.table.width
    determined = width - before * np.diag(covariance)[-width:].sum()
    prediction._move_ridge()
    wanted = determined / np.square(prediction.fit.mean[-width:]).sum()
    assert abs(np.log2(wanted / before)) < 1  # not cut off
    assert prediction._ridge == pytest.approx(wanted, rel=1e-9)


def test_the_constant_prediction_is_the_mean_of_what_was_seen_with_a_prior_of_two_rollouts() -> None:
    prediction = SharedPrediction(8, features=np.eye(8))
    seen = np.array([2.0 * 0.5, 2.0])
    for right in ([8.0, 8.0], [8.0, 0.0], [4.0, 1.0]):
        prediction.observe(np.array([0, 1]), np.array(right), np.full(2, 8.0), np.array([1.0, 0.5]))
        seen = seen * 0.5 ** (2 / JUDGED_BY) + [right[0] + right[1] / 2, 12.0]
        prediction.used = False
        assert prediction.rates(np.arange(3)) == pytest.approx(seen[0] / seen[1], rel=1e-12)


def test_prompts_without_features_or_column_are_predicted_by_the_shift() -> None:
    world = _World()
    features = world.features.copy()
    features[1000:] = np.nan
    column = world.column.copy()
    column[900:] = np.nan
    prediction = SharedPrediction(PROMPTS, features=features, column=PassRatePrior(column, 8))
    world.show(prediction, 480)
    rates = prediction.rates(EVERY)
    assert np.ptp(rates[1000:]) == 0
    assert rates[:1000].std() > 0.1
    assert rates[1000] == pytest.approx(inverse_logit(prediction.metrics()["predictor/shift"]), rel=1e-9)


def test_the_score_allows_for_what_is_uncertain() -> None:
    """Against the average over many draws of the coefficients from their posterior."""
    world = _World()
    posterior = PredictedBeta(PROMPTS, features=world.features)
    world.show(posterior.prediction, 160)
    places = EVERY[:40]
    fit, strength = posterior.prediction.fit, posterior.prediction.strength
    covariance = np.linalg.inv(fit.factor @ fit.factor.T)
    drawn = np.random.default_rng(0).multivariate_normal(fit.mean, covariance, 4000)
    rates = inverse_logit(np.column_stack([np.ones(40), posterior.prediction.table.at(places)]) @ drawn.T)
    values = signal_values(GROUP)
    flat = np.clip(rates.ravel(), 1e-6, 1 - 1e-6)
    averaged = beta_binomial_expectation(strength * flat, strength * (1 - flat), values).reshape(40, 4000).mean(1)
    found = posterior.informed_signal(GROUP, places)
    assert found == pytest.approx(averaged, abs=0.006)  # 4,000 draws leave a standard error of .002
    assert np.abs(posterior.expected_signal(GROUP, places) - averaged).max() > 0.02  # which one point does not


def test_features_that_come_late_keep_what_was_learned_about_the_column() -> None:
    world = _World()
    prediction = SharedPrediction(PROMPTS, column=PassRatePrior(world.rng.permutation(world.column), 8))
    world.show(prediction, 320)
    slope = prediction.metrics()["predictor/slope"]
    prediction.set_features(world.features)
    assert prediction.metrics()["predictor/slope"] == pytest.approx(slope, abs=0.05)
    world.show(prediction, 480)
    assert np.corrcoef(prediction.rates(EVERY), inverse_logit(world.logits))[0, 1] > 0.6


def test_memory_and_state_are_bounded_and_whole() -> None:
    world = _World(width=5)
    prediction = SharedPrediction(PROMPTS, features=world.features, column=PassRatePrior(world.column, 8))
    world.show(prediction, MEMORY + 400)
    state = prediction.state_dict()
    assert len(state["memory"]) == MEMORY
    other = SharedPrediction(PROMPTS, features=world.features[::-1], column=PassRatePrior(world.column[::-1], 8))
    other.adopt(state, EVERY)
    for one, two in zip(other.state_dict().items(), state.items(), strict=True):
        assert one[0] == two[0]
        assert np.array_equal(one[1], two[1])
    again = np.random.default_rng(1)
    world.rng = again
    world.show(prediction, 160)
    world.rng = np.random.default_rng(1)
    world.show(other, 160)
    assert np.array_equal(prediction.rates(EVERY), other.rates(EVERY))


def test_a_column_of_another_length_is_refused() -> None:
    with pytest.raises(ArgumentError, match="1500 prompts"):
        SharedPrediction(PROMPTS, column=PassRatePrior([1.0], 8))
