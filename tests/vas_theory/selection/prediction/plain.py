"""The shared prediction once more, slow and plain: lists, loops and a general optimiser."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize, special

STRENGTHS = (0.5, 1, 2, 4, 8, 16, 32, 64)
MEMORY, HALF_LIFE, JUDGED_BY = 2048, 800, 400


def count_chances(a: float, b: float, size: int) -> np.ndarray:
    """Return the beta-binomial probability of each number right."""
    m = np.arange(size + 1)
    return special.comb(size, m) * np.exp(special.betaln(a + m, b + size - m) - special.betaln(a, b))


@dataclass
class Seen:
    """A group as it was when it came: column and features of its prompt, and how many of its rollouts were right."""

    column: float
    features: list[float]
    right: int
    size: int


class PlainForecasts:
    """What the groups so far were worth at each strength of the prediction."""

    def __init__(self, expected: float) -> None:
        self.expected, self.scores = expected, [0.0] * len(STRENGTHS)

    @property
    def strength(self) -> float:
        total = [score - math.log2(s / self.expected) ** 2 / 2 for s, score in zip(STRENGTHS, self.scores, strict=True)]
        return STRENGTHS[total.index(max(total))]

    def add(self, rates: list[float], groups: list[Seen]) -> float:
        """Take in groups and return what they were worth at the strength that was believed before."""
        believed = STRENGTHS.index(self.strength)
        gains = []
        for s in STRENGTHS:
            ordered = [
                special.betaln(p * s + g.right, (1 - p) * s + g.size - g.right) - special.betaln(p * s, (1 - p) * s)
                for p, g in zip(rates, groups, strict=True)
            ]
            gains.append(float(sum(ordered)))
        fade = 0.5 ** (len(groups) / JUDGED_BY)
        self.scores = [score * fade + gain for score, gain in zip(self.scores, gains, strict=True)]
        return gains[believed]


class PlainPrediction:
    """A logistic regression on a column and features, refitted as the sampler's, judged against a constant."""

    def __init__(self, centre: float | None) -> None:
        self.has_column = centre is not None
        self.centre = centre or 0.0
        self.width = 0
        self.memory: list[Seen] = []
        self.new = 0
        self.balance, self.used = 0.0, True
        base = 1 / (1 + math.exp(-self.centre))
        self.constant = [2 * base, 2.0]
        expected = 8.0 if self.has_column else 4.0
        self.forecasts = {"model": PlainForecasts(expected), "constant": PlainForecasts(expected)}
        self.ridge = 1.0
        self.fit_to_prior()

    def prior(self) -> tuple[np.ndarray, np.ndarray]:
        mean, precision = [self.centre], [1 / 4]
        if self.has_column:
            mean, precision = [*mean, 0.8], [*precision, 1 / 0.16]
        return np.array(mean + [0.0] * self.width), np.array(precision + [self.ridge] * self.width)

    def fit_to_prior(self) -> None:
        self.beta, precision = self.prior()
        self.precision = np.diag(precision)

    def row(self, column: float, features: list[float]) -> np.ndarray:
        padded = features + [0.0] * (self.width - len(features))
        return np.array([1.0, *([column] if self.has_column else []), *padded])

    def widen(self, width: int) -> None:
        """Take in the first features."""
        self.width, self.ridge = width, float(width)
        self.refit()

    @property
    def constant_rate(self) -> float:
        return self.constant[0] / self.constant[1]

    @property
    def strength(self) -> float:
        return self.forecasts["model" if self.used else "constant"].strength

    def rate(self, column: float, features: list[float]) -> float:
        return float(np.clip(special.expit(self.row(column, features) @ self.beta), 1e-6, 1 - 1e-6))

    def likely_rates(self, column: float, features: list[float]) -> list[tuple[float, float]]:
        """Return five rates about the prediction and their weights, or the constant alone."""
        if not self.used:
            return [(self.constant_rate, 1.0)]
        row = self.row(column, features)
        deviation = math.sqrt(row @ np.linalg.inv(self.precision) @ row)
        nodes, weights = np.polynomial.hermite_e.hermegauss(5)
        rates = np.clip(special.expit(row @ self.beta + deviation * nodes), 1e-6, 1 - 1e-6)
        return list(zip(rates, weights / weights.sum(), strict=True))

    def observe(self, groups: list[Seen], told: list[bool]) -> None:
        known = [group for group, tells in zip(groups, told, strict=True) if tells]
        if known:
            rates = [self.rate(group.column, group.features) for group in known]
            gain = self.forecasts["model"].add(rates, known)
            gain -= self.forecasts["constant"].add([self.constant_rate] * len(known), known)
            self.balance = min(max(self.balance + gain, -12.0), 12.0)
            self.used = self.balance >= -6 if self.used else self.balance > 0
        fade = 0.5 ** (len(groups) / JUDGED_BY)
        self.constant = [self.constant[0] * fade + sum(group.right for group in groups),
                         self.constant[1] * fade + sum(group.size for group in groups)]  # fmt: skip
        self.memory = (self.memory + groups)[-MEMORY:]
        self.new += len(groups)
        if self.new >= min(64, max(8, len(self.memory) // 16)):
            self.refit()

    def refit(self) -> None:
        self.new = 0
        if not self.memory:
            self.fit_to_prior()
            return
        mean, precision = self.prior()
        rows = np.array([self.row(group.column, group.features) for group in self.memory])
        right, size = (np.array([getattr(group, name) for group in self.memory]) for name in ("right", "size"))
        age = len(rows) - 1 - np.arange(len(rows))
        counts = 0.5 ** (age / HALF_LIFE) / (1 + (size - 1) / (self.forecasts["model"].strength + 1))

        def loss(beta: np.ndarray) -> tuple[float, np.ndarray]:
            logits, away = rows @ beta, beta - mean
            value = counts @ (size * np.logaddexp(0, logits) - right * logits) + precision @ away**2 / 2
            return value, rows.T @ (counts * (size * special.expit(logits) - right)) + precision * away

        def curvature(beta: np.ndarray) -> np.ndarray:
            chance = special.expit(rows @ beta)
            return rows.T @ ((counts * size * chance * (1 - chance))[:, None] * rows) + np.diag(precision)

        found: Any = optimize.minimize(
            loss, mean, jac=True, hess=curvature, method="trust-exact", options={"gtol": 1e-10}
        )
        self.beta, self.precision = found.x, curvature(found.x)
        if self.width and len(self.memory) >= 64:
            uncertain = self.ridge * np.diag(np.linalg.inv(self.precision))[-self.width :].sum()
            wanted = min(max(self.width - uncertain, 0.1), self.width) / max((found.x[-self.width :] ** 2).sum(), 1e-12)
            moved = self.ridge * min(max(wanted / self.ridge, 1 / 1.5), 1.5)
            self.ridge = min(max(moved, self.width / 32), self.width * 32)
