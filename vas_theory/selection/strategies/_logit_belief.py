"""A belief about the logits of all pass rates that knows how training moves them, its own steps and shared ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from vas_theory.foundation.compilation import LazyKernel
from vas_theory.foundation.errors import StateMismatchError
from vas_theory.selection.contract.strategy import FloatArray, IntArray
from vas_theory.selection.strategies._diffusion import Diffusion
from vas_theory.selection.strategies._look_ahead import logistic

__all__ = ["TABLE", "LogitBelief"]

_FINER = 4
_TABLE_STEP = 0.09375
TABLE: FloatArray = _TABLE_STEP * np.arange(-128, 129)  # type: ignore[assignment]  # numpy's stubs say "floating"
"""Logits from -12 to 12 at which functions are tabulated whose expectation is wanted."""

_PLACES = np.arange(32, 225, _FINER)
_GRID = TABLE[_PLACES]
_PSEUDO_PROMPTS = 4.0
_LEAST_STEP = 0.01
_PSEUDO_SQUARES = 1.0
_LEAST_VARIANCE = 0.02
_STATE = (
    "evidence_PL",
    "first_PL",
    "own_move_P",
    "seen_at_P",
    "step",
    "squares_P",
    "binary_squares_P",
    "offset_P",
    "seen_P",
    "prior_L",
    "precision",
    "moment",
    "shared_F",
    "shared_at_PF",
    "pushed_P",
    "covariance_FF",
)


@LazyKernel
def _expectations(weights, moved, places, values, means):  # type: ignore[no-untyped-def]
    """Add up each prompt's weights times the values at its places, which it has ``moved`` along the table."""
    last = len(values) - 1
    for prompt in range(len(weights)):
        whole = int(np.floor(moved[prompt]))
        share = moved[prompt] - whole
        for index in range(len(places)):
            below = min(max(places[index] + whole, 0), last)
            above = min(max(places[index] + whole + 1, 0), last)
            for column in range(values.shape[1]):
                value = (1.0 - share) * values[below, column] + share * values[above, column]
                means[prompt, column] += weights[prompt, index] * value


def _normalised(logs: FloatArray) -> FloatArray:
    weights = np.exp(logs - logs.max(1, keepdims=True))
    normalised: FloatArray = weights / weights.sum(1, keepdims=True)
    return normalised


class LogitBelief:
    r"""Posteriors of every prompt's logit on a grid, under moves that are estimated online and not trusted blindly.

    The logit of prompt i is :math:`z_i = r_i + o_i`. What is left beside the offset, :math:`r_i`, has a posterior on a
    grid, from binomial likelihoods at the offsets of the observations; its prior is the mean posterior that the prompts
    seen so far had after their first group. Between observations a
    :class:`~vas_theory.selection.strategies._diffusion.Diffusion` widens it. A group of i whose rewards had the
    deviation s moves the offsets by

    .. math:: o_i \leftarrow o_i + h s, \qquad o_j \leftarrow o_j + \sum_f c_f \varphi_{jf} \varphi_{if} s / P

    with features that begin with a constant, so that a pool without features can still move as one. h and
    :math:`c \ge 0` are fitted to what revisits show by recursive least squares. What moves the pool beyond that is
    followed by a Kalman filter of one shared state a feature, a random walk of deviation ``wander`` a step.

    A graded reward counts as a fraction of a success, and the more rewards there are the smaller the variance of a
    prompt's rewards is against p (1 - p).

    Args:
        prompts: P.
        features: (P, d) what prompts share, or ``None``; columns are standardised.
        step_size: h at first.
        retention: share of a prompt's evidence that survives a new observation, as a power of its likelihood.
        wander: deviation of the shared states' moves in a step, in logits a standardised feature.
    """

    def __init__(
        self, prompts: int, features: FloatArray | None, *, step_size: float, retention: float, wander: float
    ) -> None:
        columns = [np.ones((prompts, 1))]
        if features is not None:
            spread = features.std(0)
            varied = spread > 1e-9 * np.abs(features).max(initial=1.0)
            columns.append((features[:, varied] - features[:, varied].mean(0)) / spread[varied])
        self.features_PF = np.hstack(columns)
        count = self.features_PF.shape[1]
        self.retention, self.wander = retention, wander
        self.diffusion = Diffusion(_GRID)
        self.evidence_PL, self.first_PL = np.zeros((prompts, len(_GRID))), np.zeros((prompts, len(_GRID)))
        self.own_move_P, self.seen_at_P, self.step = np.zeros(prompts), np.zeros(prompts), np.zeros(())
        self.squares_P, self.binary_squares_P = np.zeros(prompts), np.zeros(prompts)
        self.offset_P, self.seen_P = np.zeros(prompts), np.zeros(prompts, dtype=np.int64)
        jeffreys = np.sqrt(logistic(_GRID) * logistic(-_GRID))
        self._base_L: FloatArray = jeffreys / jeffreys.sum()
        self.prior_L = self._base_L.copy()
        self.precision, self.moment = np.eye(count + 1), np.zeros(count + 1)
        self.moment[0] = step_size
        self.shared_F, self.shared_at_PF = np.zeros(count), np.zeros((prompts, count))
        self.pushed_P, self.covariance_FF = np.zeros(prompts), np.zeros((count, count))

    @property
    def step_size(self) -> float:
        """The move h of a prompt's own logit a unit of its group's reward deviation."""
        return float(self._moves()[0])

    @property
    def transfer_F(self) -> FloatArray:
        """The moves c that prompts share, a feature."""
        return self._moves()[1:]

    def relative_variance(self, group_size: float, prompts: IntArray | slice = slice(None)) -> FloatArray:
        r"""Return each prompt's reward variance over p (1 - p): 1 where rewards are binary, less where they are graded.

        Groups give the ratio x of their squared deviations to those of binary rewards with the same means, which is
        :math:`(G-1) v / (G - v)` in expectation for the ratio v that is wanted. Few groups are drawn to the pool's x.
        """
        pooled = (self.squares_P.sum() + 1e-3) / (self.binary_squares_P.sum() + 1e-3)
        own = self.squares_P[prompts] + _PSEUDO_SQUARES * pooled
        ratio = own / (self.binary_squares_P[prompts] + _PSEUDO_SQUARES)
        variance: FloatArray = np.clip(ratio * group_size / (group_size - 1 + ratio), _LEAST_VARIANCE, 1.0)
        return variance

    def posterior(self, prompts: IntArray | slice = slice(None)) -> FloatArray:
        """Return the posterior of the logits now without their offsets, (n, grid)."""
        return self.diffusion.widen(self._posterior_then(prompts), *self._since(prompts))

    def expectations(
        self, weights: FloatArray, values_LV: FloatArray, prompts: IntArray | slice = slice(None)
    ) -> FloatArray:
        """Return posterior means of functions of the logits now.

        Args:
            weights: (P, grid) posteriors of these prompts.
            values_LV: (table, n) the functions at :data:`TABLE`; linear between its logits, constant beyond.
            prompts: which prompts.

        Returns:
            (P, n) means.
        """
        means_PV = np.zeros((len(weights), values_LV.shape[1]))
        _expectations(weights, self.offset_P[prompts] / _TABLE_STEP, _PLACES, values_LV, means_PV)
        return means_PV

    def gained_by_others(self, weights: FloatArray) -> FloatArray:
        """Return what all pass rates together gain, over P, when a push moves the shared states, a feature."""
        slopes = logistic(TABLE) * logistic(-TABLE)
        slope_P = self.expectations(weights, slopes[:, None])[:, 0]
        gained_F: FloatArray = self.transfer_F * (self.features_PF * slope_P[:, None]).mean(0)
        return gained_F

    def after(self, weights: FloatArray, prompts: IntArray, right_P: FloatArray, graded_P: IntArray) -> FloatArray:
        """Return posteriors (n, grid) after further rollouts of these prompts, right or wrong, and remember nothing."""
        rates = np.clip(self.rates(prompts), 1e-9, 1 - 1e-9)
        logs = right_P[:, None] * np.log(rates) + (graded_P - right_P)[:, None] * np.log1p(-rates)
        return _normalised(np.log(weights) + logs)

    def learn_prior(self) -> None:
        """Make the mean posterior after the first group, of the prompts seen so far, the prior of all."""
        seen_P = self.seen_P > 0
        if seen_P.any():
            # only the first group: what was learned later is about a logit that has moved on
            total = _normalised(self.first_PL[seen_P] + np.log(self.prior_L)).sum(0) + _PSEUDO_PROMPTS * self._base_L
            self.prior_L = total / total.sum()

    def rates(self, prompts: IntArray | slice = slice(None)) -> FloatArray:
        """Return the pass rates now at the grid's places, (n, grid)."""
        return logistic(_GRID + self.offset_P[prompts, None])

    def mean_and_slope(self) -> tuple[FloatArray, FloatArray]:
        """Return E[p] and E[p (1 - p)] of every prompt."""
        weights, rates = self.posterior(), self.rates()
        return (weights * rates).sum(1), (weights * rates * (1 - rates)).sum(1)

    def observe(
        self,
        prompts_P: IntArray,
        right_P: FloatArray,
        graded_P: IntArray,
        deviation_P: FloatArray,
        push_P: FloatArray | None = None,
    ) -> None:
        """Learn from groups of distinct prompts, then move the offsets as training on them will.

        Args:
            prompts_P: prompt of each group.
            right_P: sum of its rewards.
            graded_P: number of its rewards, 1 or more.
            deviation_P: their standard deviation.
            push_P: the push of each group on its prompt's logit, the deviation by default.
        """
        means_P = right_P / graded_P
        for sums_P, squares_P in (
            (self.squares_P, graded_P * np.square(deviation_P)),
            (self.binary_squares_P, graded_P * means_P * (1 - means_P)),
        ):
            sums_P[prompts_P] = self.retention * sums_P[prompts_P] + squares_P
        variance_P = self.relative_variance(float(graded_P.mean()), prompts_P)
        weights, rates = self.posterior(prompts_P), self.rates(prompts_P)
        mean_P = (weights * rates).sum(1)
        slope_P = (weights * rates * (1 - rates)).sum(1)
        spread_P = (weights * np.square(rates - mean_P[:, None])).sum(1)
        known = self.seen_P[prompts_P] > 0
        if known.any():
            error_P = means_P - mean_P
            noise_P = variance_P * mean_P * (1 - mean_P) / graded_P + spread_P + 1e-3
            self._fit(prompts_P[known], error_P[known], slope_P[known], noise_P[known])
        rates = np.clip(self.rates(prompts_P), 1e-9, 1 - 1e-9)
        logs_PL = right_P[:, None] * np.log(rates) + (graded_P - right_P)[:, None] * np.log1p(-rates)
        logs_PL /= variance_P[:, None]
        again_P = prompts_P[known]
        likelihood = np.exp(logs_PL[known] - logs_PL[known].max(1, keepdims=True))
        self.diffusion.learn(self._posterior_then(again_P), *self._since(again_P), likelihood)
        self.first_PL[prompts_P[~known]] = logs_PL[~known]
        known_PL = np.where(known[:, None], np.log(weights) - np.log(self.prior_L), 0.0)
        self.evidence_PL[prompts_P] = self.retention * known_PL + logs_PL
        self.seen_P[prompts_P] += 1
        self.seen_at_P[prompts_P] = self.step
        self.step = self.step + 1
        self._push(prompts_P, deviation_P if push_P is None else push_P)

    def state_dict(self) -> dict[str, Any]:
        """Return everything that changes."""
        return {name: getattr(self, name).copy() for name in _STATE} | self.diffusion.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a saved state of the same pool and features."""
        for name in _STATE:
            own, value = getattr(self, name), np.asarray(state[name])
            if own.shape != value.shape:
                raise StateMismatchError("state of LogitBelief", {f"shape of {name}": (own.shape, value.shape)})
            setattr(self, name, value.astype(own.dtype))
        self.diffusion.load_state_dict(dict(state))

    def _posterior_then(self, prompts: IntArray | slice) -> FloatArray:
        """Return the posterior after each prompt's last observation."""
        return _normalised(self.evidence_PL[prompts] + np.log(self.prior_L))

    def _since(self, prompts: IntArray | slice) -> tuple[FloatArray, FloatArray]:
        """Return each prompt's own move at its last observation, and the steps since; none before the first."""
        seen_P = self.seen_P[prompts] > 0
        return self.own_move_P[prompts], np.where(seen_P, self.step - self.seen_at_P[prompts], 0.0)

    def _moves(self) -> FloatArray:
        moves: FloatArray = np.asarray(np.linalg.solve(self.precision, self.moment), dtype=np.float64)
        moves[0] = max(moves[0], _LEAST_STEP)
        moves[1:] = np.maximum(moves[1:], 0.0)  # prompts with like features do not harm each other
        return moves

    def _fit(self, prompts_P: IntArray, error_P: FloatArray, slope_P: FloatArray, noise_P: FloatArray) -> None:
        """Fit the moves, and the shared states, to what prompts did since they were seen last."""
        features_PF = self.features_PF[prompts_P]
        since_PF = features_PF * (self.shared_F - self.shared_at_PF[prompts_P])
        inputs = np.column_stack([self.pushed_P[prompts_P], since_PF]) * slope_P[:, None]
        target_P = error_P + inputs @ self._moves()
        self.precision = self.precision + (inputs / noise_P[:, None]).T @ inputs
        self.moment = self.moment + inputs.T @ (target_P / noise_P)
        seen_through = features_PF * slope_P[:, None]
        before = self.covariance_FF + self.wander**2 * np.eye(len(self.covariance_FF))
        information = np.linalg.inv(before) + (seen_through / noise_P[:, None]).T @ seen_through
        self.covariance_FF = np.asarray(np.linalg.inv(information), dtype=np.float64)
        self.offset_P = self.offset_P + self.features_PF @ (self.covariance_FF @ (seen_through.T @ (error_P / noise_P)))

    def _push(self, prompts_P: IntArray, push_P: FloatArray) -> None:
        moves = self._moves()
        shared_F = (self.features_PF[prompts_P] * push_P[:, None]).sum(0) / len(self.offset_P)
        self.shared_at_PF[prompts_P] = self.shared_F
        self.shared_F = self.shared_F + shared_F
        self.pushed_P[prompts_P] = push_P
        self.offset_P = self.offset_P + self.features_PF @ (moves[1:] * shared_F)
        self.own_move_P[prompts_P] = moves[0] * push_P
        self.offset_P[prompts_P] += self.own_move_P[prompts_P]
