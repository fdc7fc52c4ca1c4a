r"""Predictions about single prompts: gradient norms (P1), the gain of whitening (P2) and diversity (P6).

For binary rewards :math:`|\nabla J| = p(1-p)\,|\mu_1 - \mu_0|` exactly, so the open question is how far the distance
between the classes varies from prompt to prompt. It is measured on calibration prompts; the pass rate and diversity
of a predicted prompt come from its pilot rollouts alone. Neither has seen the rollouts of the measurement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from full_scale.predictions.document import fit_pool, interval, prediction
from full_scale.streams import stream
from vas_theory.foundation.errors import DataError
from vas_theory.selection.scores import expected_group_signal

__all__ = ["WHITENED", "PromptDraws", "draw_prompts", "predict_prompts", "row_correlations"]

DRAWS = 20_000
FEW = 2000
"""Draws where each costs a fit or a ranking."""
WHITENED = (4, 8, 16)
"""Group sizes at which the gain of whitening is predicted."""
Array = NDArray[np.float64]


@dataclass(frozen=True)
class PromptDraws:
    """What may be true of the measured prompts, D draws of each.

    Args:
        keys: the prompts.
        rates_DP, distance_DP: pass rates, and distances between the classes.
        diversity_P: trajectory diversity in the pilot.
        informative_P: whether the pilot has shown both outcomes.
        score_norm: largest root mean squared norm of the score function over the calibration prompts.
    """

    keys: list[str]
    rates_DP: Array
    distance_DP: Array
    diversity_P: Array
    informative_P: NDArray[np.bool_]
    score_norm: float

    @property
    def variance_DP(self) -> Array:
        """Variance of the reward."""
        return self.rates_DP * (1 - self.rates_DP)

    @property
    def norms_DP(self) -> Array:
        """Norms of the policy gradient."""
        return self.variance_DP * self.distance_DP


def draw_prompts(pilot: pd.DataFrame, calibration: pd.DataFrame, keys: list[str], seed: int) -> PromptDraws:
    """Draw pass rates from their posteriors and class distances from what other prompts show.

    Args:
        pilot: columns prompt_key, rollouts, successes, diversity; a sample of the training pool.
        calibration: rows of the probe table for the calibration prompts.
        keys: prompts to predict; none of them is in ``calibration``.
        seed: of the study.

    Raises:
        DataError: fewer than three calibration prompts show both classes twice.
    """
    usable = calibration[calibration.mu_distance > 0]
    if len(usable) < 3:
        raise DataError(
            f"only {len(usable)} calibration prompts have two right and two wrong rollouts; "
            "raise probe.rollouts or probe.calibration_prompts"
        )
    draw = stream(seed, "predictions")
    a, b = fit_pool(pilot.successes.to_numpy(float), pilot.rollouts.to_numpy(float))
    counts = pilot.set_index("prompt_key").loc[keys]
    right, wrong = counts.successes.to_numpy(float), (counts.rollouts - counts.successes).to_numpy(float)
    shape = (DRAWS, len(keys))
    rates = draw.beta(a + right, b + wrong, shape)
    logs = np.log(usable.mu_distance.to_numpy(float))
    n = len(logs)
    # one draw of a new prompt's distance: Student's t, because mean and spread are estimated from n prompts
    distance = np.exp(logs.mean() + logs.std(ddof=1) * np.sqrt(1 + 1 / n) * draw.standard_t(n - 1, shape))
    mixed = (right > 0) & (wrong > 0)
    diversity = counts.diversity.to_numpy(float)
    return PromptDraws(keys, rates, distance, diversity, mixed, float(calibration.score_norm.max()))


def row_correlations(rows_DP: Array, fixed_P: Array) -> Array:
    """Return Spearman's rank correlation of each row with fixed values; ties take their mean rank."""
    left, right = stats.rankdata(rows_DP, axis=1), stats.rankdata(fixed_P)
    left, right = left - left.mean(axis=1, keepdims=True), right - right.mean()
    spread = np.sqrt((left**2).sum(axis=1) * (right**2).sum())
    return np.divide(left @ right, spread, out=np.zeros(len(left)), where=spread > 0)


def predict_prompts(draws: PromptDraws, calibration: pd.DataFrame, rollouts: int, coverage: float) -> dict[str, Any]:
    """Return the predictions about prompts, and what their measurements need from before.

    Args:
        draws: from :func:`draw_prompts`.
        calibration: as there.
        rollouts: that each measured prompt will get.
        coverage: of the intervals.
    """
    items = [*_gradient_norms(draws, coverage), *_bounds()]
    if int(draws.informative_P.sum()) >= 4:
        items += [*_laws(draws, coverage), *_diversity(draws, coverage)]
    items += _whitening(draws, rollouts, coverage)
    # Cauchy-Schwarz and Razin et al.: with each prompt's largest plausible reward deviation in the pilot
    std = np.sqrt(np.quantile(draws.variance_DP, (1 + coverage) / 2, axis=0))
    bounds = {"cauchy_schwarz": std * draws.score_norm, "razin": 6 / np.sqrt(2) * draws.score_norm * std ** (2 / 3)}
    logs = np.log(calibration.mu_distance[calibration.mu_distance > 0])
    return {
        "predictions": items,
        "class_distance": {"mean_log": float(logs.mean()), "sd_log": float(logs.std(ddof=1)), "prompts": len(logs)},
        "pilot_variance": dict(zip(draws.keys, draws.variance_DP.mean(axis=0).tolist(), strict=True)),
        "pilot_diversity": dict(zip(draws.keys, draws.diversity_P.tolist(), strict=True)),
        "informative": [key for key, mixed in zip(draws.keys, draws.informative_P, strict=True) if mixed],
        "norm_at_most": {name: dict(zip(draws.keys, row.tolist(), strict=True)) for name, row in bounds.items()},
    }


def _gradient_norms(draws: PromptDraws, coverage: float) -> list[dict[str, Any]]:
    text = "|grad J| = p(1-p) |mu_1 - mu_0|, p from the pilot, |mu_1 - mu_0| from other prompts"
    norms = draws.norms_DP
    return [
        prediction(
            f"P1/gradient-norm/{key}", "gradient_norm", text, 0.0, prompt_key=key, **interval(norms[:, place], coverage)
        )
        for place, key in enumerate(draws.keys)
    ]


def _bounds() -> list[dict[str, Any]]:
    texts = {
        "cauchy_schwarz": "largest |grad J| / (STD(R) sqrt(E|score|^2)) over the prompts is at most 1; STD from the "
        "pilot, the score's norm the largest over the calibration prompts",
        "razin": "largest |grad J| / (6 L gamma STD(R)^(2/3)) is at most 1 even for the smallest Jacobian norm gamma "
        "that the score's norm allows (Razin et al. 2310.20703, theorem 1)",
    }
    limits = {"predicted": 1.0, "low": 0.0, "high": 1.0}
    return [prediction(f"P1/bound/{name}", f"bound_{name}", text, None, **limits) for name, text in texts.items()]


def _laws(draws: PromptDraws, coverage: float) -> list[dict[str, Any]]:
    x = np.log(draws.variance_DP.mean(axis=0))
    kept = np.flatnonzero(draws.informative_P)
    spread = np.log(draws.distance_DP[:FEW, kept])

    def slopes(exponent: float) -> dict[str, float]:
        logs = exponent * np.log(draws.variance_DP[:FEW, kept]) + spread
        centred = x[kept] - x[kept].mean()
        return interval(logs @ centred / (centred @ centred), coverage)

    return [
        prediction(
            "P1/exponent",
            "exponent",
            "log |grad J| grows by 1 with log Var if the class distance does not depend on Var",
            0.0,
            **slopes(1.0),
        ),
        prediction(
            "P1/linear-law",
            "exponent",
            "the law that a gain of order |grad J|^2 grows linearly in Var (2509.21268, theorem 1): log |grad J| grows "
            "by 1/2 with log Var, with the same spread between prompts",
            0.0,
            **slopes(0.5),
        ),
        prediction(
            "P1/rank-correlation",
            "variance_norm_correlation",
            "rank correlation of measured |grad J| with the pilot's p(1-p)",
            0.0,
            **interval(row_correlations(draws.norms_DP[:FEW], draws.variance_DP.mean(axis=0)), coverage),
        ),
    ]


def _whitening(draws: PromptDraws, rollouts: int, coverage: float) -> list[dict[str, Any]]:
    """Return w_G = E[sigma_hat_G] / q of the pooled prompts: root of sum |E ghat|^2 over sum |grad|^2."""
    squares = draws.norms_DP[:FEW] ** 2
    gains: dict[int, Array] = {}
    items = []
    for size in WHITENED:
        if 2 * size > rollouts // 2:  # two disjoint groups in one half of a prompt's rollouts
            continue
        w = expected_group_signal(draws.rates_DP[:FEW], size) / draws.variance_DP[:FEW]
        gains[size] = np.sqrt((w**2 * squares).sum(axis=1) / squares.sum(axis=1))
        items.append(
            prediction(
                f"P2/whitening-gain/{size}",
                f"whitening_gain_{size}",
                f"norm of the expected whitened gradient of groups of {size} over that of the policy gradient, all "
                "measured prompts together: w_G with p from the pilot",
                1.0,
                **interval(gains[size], coverage),
            )
        )
    if len(gains) > 1:
        least, most = min(gains), max(gains)
        items.append(
            prediction(
                f"P2/whitening-gain/{most}-over-{least}",
                f"whitening_gain_{most}_over_{least}",
                f"the gain grows with the group: w_{most} / w_{least}",
                1.0,
                **interval(gains[most] / gains[least], coverage),
            )
        )
    return items


def _diversity(draws: PromptDraws, coverage: float) -> list[dict[str, Any]]:
    # a law of sign alone: every correlation that so many prompts can tell from 0 agrees with it
    weakest = -float(stats.norm.ppf(coverage) / np.sqrt(draws.informative_P.sum() - 1))
    return [
        prediction(
            "P6/diversity-gradient",
            "diversity_norm_correlation",
            "rank correlation of |grad J| with the pilot's diversity (1 - self-BLEU) if diversity says nothing about "
            "the class distance and matters through the variance alone",
            0.0,
            **interval(row_correlations(draws.norms_DP[:FEW], draws.diversity_P), coverage),
        ),
        prediction(
            "P6/diversity-distance",
            "diversity_distance_correlation",
            "tabular softmax: at a given p more diversity means a smaller gradient, so |mu_1 - mu_0| falls with "
            "diversity over the prompts that show both outcomes",
            0.0,
            predicted=(weakest - 1) / 2,
            low=-1.0,
            high=weakest,
        ),
    ]
