"""Logistic regression of pass rates on prompt features, fitted robustly to the most recent groups."""

from __future__ import annotations

import numpy as np

from vas_theory.selection.contract.strategy import FloatArray, IntArray

__all__ = ["LogisticPredictor"]


class LogisticPredictor:
    """Recent groups, and the fit to them.

    Features are projected on their leading principal components, found at the first call and kept, so that rows of
    different times are comparable. The fit starts from zero and takes damped Newton steps of the penalised likelihood,
    each only as long as the likelihood rises: a warm start diverges where pass rates move to the ends.

    Args:
        memory: groups that are kept.
        components: principal components.
        ridge: penalty of the squared coefficients, in groups.
        fade: weight of a group for each group after it.
    """

    def __init__(self, memory: int, components: int = 64, ridge: float = 8.0, fade: float = 0.999) -> None:
        self.memory, self.components, self.ridge, self.fade = memory, components, ridge, fade
        self.rows_NF: FloatArray = np.zeros((0, components + 1))
        self.rates_N: FloatArray = np.zeros(0)
        self.coefficients_F: FloatArray = np.zeros(components + 1)
        self._frame: tuple[FloatArray, FloatArray] | None = None

    def standardised(self, features_PF: FloatArray) -> FloatArray:
        """Return (prompts, components + 1) projected features and a constant."""
        if self._frame is None:
            centre_F = features_PF.mean(axis=0)
            scale_F = features_PF.std(axis=0) + 1e-9
            scaled = (features_PF - centre_F) / scale_F
            values, vectors = np.linalg.eigh(scaled.T @ scaled / len(scaled))
            kept = slice(-min(self.components, len(values)), None)
            spread = np.sqrt(np.maximum(values[kept], 1e-9))
            # leading components keep more weight, but not in full: the penalty should not hide the smaller ones
            self._frame = (centre_F, vectors[:, kept] / scale_F[:, None] / np.sqrt(spread))
        centre_F, projection = self._frame
        return np.column_stack([(features_PF - centre_F) @ projection, np.ones(len(features_PF))])

    def add(self, rows_PF: FloatArray, rates_P: FloatArray, graded_P: IntArray) -> None:
        """Remember groups; what could not be graded is left out."""
        seen = graded_P > 0
        self.rows_NF = np.concatenate([self.rows_NF[:, : rows_PF.shape[1]], rows_PF[seen]])[-self.memory :]
        self.rates_N = np.concatenate([self.rates_N, rates_P[seen]])[-self.memory :]

    def fit(self, rounds: int = 8) -> None:
        """Fit to the groups that are remembered."""
        rows, rates = self.rows_NF, self.rates_N
        weights = self.fade ** np.arange(len(rates) - 1, -1, -1)
        mean = np.clip((weights @ rates) / weights.sum(), 0.01, 0.99)
        beta = np.zeros(rows.shape[1])
        start = np.log(mean / (1 - mean))
        beta[-1] = start
        penalty = np.full(len(beta), self.ridge)
        penalty[-1] = 1e-3

        def value(candidate: FloatArray) -> float:
            logits = rows @ candidate
            likelihood = weights @ (rates * logits - np.logaddexp(0, logits))
            off = candidate[-1] - start
            return float(likelihood - penalty[:-1] @ candidate[:-1] ** 2 / 2 - penalty[-1] * off**2 / 2)

        best = value(beta)
        for _ in range(rounds):
            chance = 1 / (1 + np.exp(-(rows @ beta)))
            slope = rows.T @ (weights * (rates - chance)) - penalty * beta
            slope[-1] += penalty[-1] * start
            curve = (rows.T * (weights * chance * (1 - chance))) @ rows + np.diag(penalty)
            move = np.linalg.solve(curve, slope)
            length = 1.0
            while (reached := value(beta + length * move)) < best and length > 1e-3:
                length /= 2
            if reached <= best + 1e-4 * len(rates):
                break
            beta, best = beta + length * move, reached
        self.coefficients_F = beta

    def predict(self, rows_PF: FloatArray) -> FloatArray:
        """Return (prompts,) predicted pass rates."""
        return 1 / (1 + np.exp(-np.clip(rows_PF @ self.coefficients_F, -30, 30)))
