"""The fit against a general optimiser, from starts where full Newton steps diverge, and at the ends."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from vas_theory.selection.prediction.logistic import GaussianPrior, fit_logistic, inverse_logit


def _problem(seed: int, groups: int = 200, width: int = 6) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    rows = np.column_stack([np.ones(groups), rng.standard_normal((groups, width - 1))])
    size = rng.integers(1, 9, groups).astype(float)
    right = rng.binomial(size.astype(int), inverse_logit(rows @ rng.standard_normal(width))).astype(float)
    return rows, right, size, rng.random(groups)


def _prior(width: int, precision: float = 0.5) -> GaussianPrior:
    return GaussianPrior(np.linspace(-0.3, 0.3, width), np.full(width, precision))


def _loss(beta: np.ndarray, problem: tuple[np.ndarray, ...], prior: GaussianPrior) -> float:
    rows, right, size, weight = problem
    logits = rows @ beta
    likelihood = weight @ (right * logits - size * np.logaddexp(0, logits))
    return float(prior.precision @ (beta - prior.mean) ** 2 / 2 - likelihood)


@pytest.mark.parametrize("seed", range(3))
def test_the_fit_is_where_a_general_optimiser_ends(seed: int) -> None:
    problem, prior = _problem(seed), _prior(6)
    fit = fit_logistic(*problem, prior)
    best = optimize.minimize(_loss, np.zeros(6), args=(problem, prior), method="BFGS", options={"gtol": 1e-8})
    assert fit.arrived
    assert fit.mean == pytest.approx(best.x, abs=1e-5)
    step = 1e-4
    hessian = np.empty((6, 6))
    for i in range(6):
        for j in range(6):
            ends = [
                a * b * _loss(fit.mean + step * (a * np.eye(6)[i] + b * np.eye(6)[j]), problem, prior)
                for a in (1, -1)
                for b in (1, -1)
            ]
            hessian[i, j] = sum(ends) / (4 * step * step)
    assert fit.factor @ fit.factor.T == pytest.approx(hessian, rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("start", [np.full(6, 40.0), np.full(6, -40.0), np.array([30.0, -30, 30, -30, 30, -30])])
def test_a_start_where_full_steps_diverge_ends_at_the_same_place(start: np.ndarray) -> None:
    problem, prior = _problem(0), _prior(6, 1e-3)
    rows, right, size, weight = problem
    chance = inverse_logit(rows @ start)
    slope = rows.T @ (weight * (right - size * chance)) - prior.precision * (start - prior.mean)
    curvature = (rows * (weight * size * chance * (1 - chance))[:, None]).T @ rows + np.diag(prior.precision)
    full = start + np.linalg.solve(curvature, slope)
    assert _loss(full, problem, prior) > _loss(prior.mean, problem, prior)  # the full step leads away
    fit = fit_logistic(*problem, prior, start=start)
    assert fit.arrived
    assert fit.mean == pytest.approx(fit_logistic(*problem, prior).mean, abs=1e-5)


def test_a_prior_mean_where_full_steps_diverge_does_no_harm() -> None:
    """At a logit of -9 the curvature is next to nothing: a full step lands thousands of logits beyond the data."""
    problem = _problem(2)
    far = GaussianPrior(np.array([-9.0, 0, 0, 0, 0, 0]), np.full(6, 1e-4))
    near = GaussianPrior(np.zeros(6), np.full(6, 1e-4))
    fit = fit_logistic(*problem, far)
    assert fit.arrived
    assert fit.mean == pytest.approx(fit_logistic(*problem, near).mean, abs=0.01)


@pytest.mark.parametrize("right", [0.0, 1.0])
def test_groups_that_are_all_alike_have_a_finite_fit(right: float) -> None:
    rows = np.column_stack([np.ones(500), np.linspace(-3, 3, 500)])
    size = np.full(500, 8.0)
    fit = fit_logistic(rows, right * size, size, np.ones(500), GaussianPrior(np.zeros(2), np.full(2, 0.1)))
    assert fit.arrived
    assert 3 < abs(fit.mean[0]) < 30


def test_the_variance_of_a_prediction_is_that_of_the_coefficients() -> None:
    fit = fit_logistic(*_problem(1), _prior(6))
    rows = np.random.default_rng(0).standard_normal((9, 6))
    covariance = np.linalg.inv(fit.factor @ fit.factor.T)
    assert fit.variance(rows) == pytest.approx(np.diag(rows @ covariance @ rows.T), rel=1e-9)
