"""Predictions about pools and training: batch variance (P3), curves (P4), arms (P5), diversity and dynamics (P6, P7).

What follows from the pool alone comes from the Beta distribution that the pilot fits. What depends on how arms draw
and how the model moves comes from rehearsals (:mod:`full_scale.predictions.rehearsal`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from full_scale.config.training import ArmConfig, StudyConfig
from full_scale.predictions.document import fit_pool, interval, prediction
from full_scale.predictions.dynamics import mean_gradient_square, stay_shares, success_drift
from full_scale.predictions.prompt_laws import row_correlations
from full_scale.predictions.rehearsal import rehearse_all
from full_scale.streams import stream

__all__ = ["UNIFORM_GROUPS", "predict_pool", "predict_training", "uniform_arm"]

DRAWS = 4000
REHEARSALS = 40
REFITS = 200
"""Bootstrap samples of the pilot to which the pool is fitted again."""
UNIFORM_GROUPS = 24
"""Groups of the uniform arm on which the mixed share is measured: few enough that the policy has hardly moved."""
POWER, CONFIDENCE = 0.8, 0.95
FEWEST_REVISITS = 20
Array = NDArray[np.float64]


def uniform_arm(config: StudyConfig) -> str:
    """Return the name of the arm that samples uniformly, or an empty string."""
    names = (arm.name for arm in config.arms if arm.strategy == "uniform" or _weighted_share(arm) == 0)
    return next(names, "")


def _weighted_share(arm: ArmConfig) -> float | None:
    return arm.mixture_ratio if arm.strategy == "vas" else None


def predict_pool(pilot: pd.DataFrame, config: StudyConfig) -> list[dict[str, Any]]:
    """Return the predictions that follow from pass rates and diversity alone.

    Args:
        pilot: columns prompt_key, rollouts, successes, diversity.
        config: the study.
    """
    coverage, size = config.probe.coverage, config.rollouts.group_size
    draw = stream(config.seed, "pool predictions")
    right, count = pilot.successes.to_numpy(float), pilot.rollouts.to_numpy(float)
    a, b = fit_pool(right, count)
    rates = draw.beta(a, b, (DRAWS, UNIFORM_GROUPS))
    mixed = draw.random(rates.shape) < 1 - rates**size - (1 - rates) ** size
    items = [
        prediction(
            "P3/mixed-share",
            "mixed_share",
            "share of groups with both outcomes under uniform sampling, first steps of training",
            None,
            **interval(mixed.mean(axis=1), coverage),
        )
    ]
    # the gain is a ratio over the pool: which prompts are in it, and the fit, are both uncertain
    gains = []
    for _ in range(REFITS):
        rows = draw.integers(len(right), size=len(right))
        a_row, b_row = fit_pool(right[rows], count[rows])
        s = a_row + b_row
        moments = (a_row + 1) * (b_row + 1) * s * (s + 1) / (a_row * b_row * (s + 2) * (s + 3))
        gains.append(moments - 1)
    for ratio in sorted({arm.mixture_ratio for arm in config.arms if _weighted_share(arm)}):
        items.append(
            prediction(
                f"P3/batch-variance/{ratio:g}",
                f"batch_variance_{ratio:g}",
                "mean reward variance of prompts drawn by the pilot's outcome variance over that of uniform ones: "
                f"1 + {ratio:g} CV^2 of the fitted Beta pool",
                1.0,
                **interval(1 + ratio * np.array(gains), coverage),
            )
        )
    variance = draw.beta(a + right, b + count - right, (2000, len(right)))
    variance *= 1 - variance
    items.append(
        prediction(
            "P6/diversity-variance",
            "diversity_variance_correlation",
            "rank correlation of reward variance on fresh rollouts with the pilot's diversity, if the pilot's "
            "posterior of each pass rate is right",
            0.0,
            **interval(row_correlations(variance, pilot.diversity.to_numpy(float)), coverage),
        )
    )
    return items


def predict_training(
    pilot: pd.DataFrame, calibration: pd.DataFrame, keys: list[str], config: StudyConfig
) -> list[dict[str, Any]]:
    """Return the predictions about training from rehearsals on pools that fit the pilot.

    Args:
        pilot: as in :func:`predict_pool`.
        calibration: probe rows of the calibration prompts: sizes of gradients.
        keys: of all training prompts; those outside the pilot have the pool's distribution.
        config: the study.
    """
    a, b = fit_pool(pilot.successes.to_numpy(float), pilot.rollouts.to_numpy(float))
    known = pilot.set_index("prompt_key").reindex(keys)
    right = known.successes.fillna(0).to_numpy(float)
    wrong = (known.rollouts - known.successes).fillna(0).to_numpy(float)
    diversity = known.diversity.fillna(pilot.diversity.mean()).to_numpy(float)
    seeds = max(2, min(3, len(config.training.seeds)))
    beliefs = (a + right, b + wrong)
    runs, groups = rehearse_all(config, config.arms, beliefs, (a, b), diversity, REHEARSALS, seeds)
    uniform, items = uniform_arm(config), []
    squares = mean_gradient_square(groups, ["arm", "draw", "seed"], calibration)
    runs = runs.merge(np.sqrt(squares).rename("norm").reset_index(), on=["arm", "draw", "seed"])
    for arm in config.arms:
        if _weighted_share(arm):
            items.append(_calibration(runs[runs.arm == arm.name], arm.name, config.probe.coverage))
    if uniform:
        others = [arm.name for arm in config.arms if arm.name != uniform]
        if len(config.training.seeds) > 1:
            vas = {arm.name for arm in config.arms if arm.strategy == "vas"}
            for name in others:
                items += _comparison(runs, uniform, name, config, is_vas=name in vas)
        items += _dynamics(groups[groups.arm == uniform], config)
    return items


def _calibration(runs: pd.DataFrame, arm: str, coverage: float) -> dict[str, Any]:
    return prediction(
        f"P3/posterior-calibration/{arm}",
        "posterior_calibration",
        "mixed groups that were trained on, over the number that the sampler's posterior expected of them before they "
        "were sampled; the posterior starts from a prior that is not this pool's",
        None,
        arm=arm,
        **interval(runs.calibration.to_numpy(), coverage),
    )


def _paired(runs: pd.DataFrame, column: str, uniform: str, arm: str, *, ratio: bool) -> pd.DataFrame:
    """Return differences (or ratios) of an arm to uniform sampling; rows are draws, columns seeds."""
    tables = [runs[runs.arm == name].pivot(index="draw", columns="seed", values=column) for name in (arm, uniform)]
    return tables[0] / tables[1] if ratio else tables[0] - tables[1]


def _comparison(
    runs: pd.DataFrame, uniform: str, arm: str, config: StudyConfig, *, is_vas: bool
) -> list[dict[str, Any]]:
    coverage, group = config.probe.coverage, "P4" if is_vas else "P5"
    accuracy = _paired(runs, "accuracy", uniform, arm, ratio=False)
    items = [
        prediction(
            f"{group}/accuracy/{arm}",
            "accuracy_gain",
            f"sampled held-out accuracy after training minus that of {uniform} at equal rollouts, paired by seed",
            0.0,
            arm=arm,
            seeds_needed=seeds_needed(accuracy, runs, config),
            **interval(accuracy.mean(axis=1).to_numpy(), coverage),
        ),
        prediction(
            f"{group}/mixed-groups/{arm}",
            "mixed_groups_ratio",
            f"groups with a gradient that the whole run trains on, over those of {uniform} at equal rollouts",
            1.0,
            arm=arm,
            **interval(_paired(runs, "mixed_groups", uniform, arm, ratio=True).mean(axis=1).to_numpy(), coverage),
        ),
        prediction(
            f"{group}/gradient-norm/{arm}",
            "gradient_norm_ratio",
            f"mean gradient norm of a step over that of {uniform}: second moments of whitened groups with the "
            "calibration prompts' traces, gradients of different prompts orthogonal",
            1.0,
            arm=arm,
            **interval(_paired(runs, "norm", uniform, arm, ratio=True).mean(axis=1).to_numpy(), coverage),
        ),
    ]
    if config.objective.epochs > 1:
        shares = _paired(runs, "mixed_share", uniform, arm, ratio=True).mean(axis=1).to_numpy()
        items.append(
            prediction(
                f"{group}/clip-fraction/{arm}",
                "clip_fraction_ratio",
                f"mean clip fraction of the second pass over that of {uniform}: only groups with a gradient are "
                "clipped, so it follows their share",
                1.0,
                arm=arm,
                **interval(shares, coverage),
            )
        )
    return items


def seeds_needed(gains: pd.DataFrame, runs: pd.DataFrame, config: StudyConfig) -> int:
    """Return how many paired seeds tell the predicted gain from 0 with 80 % power at 95 % confidence.

    The spread is that of rehearsals which differ in their seed alone, plus the sampling of the held-out answers.

    Args:
        gains: of accuracy; rows are draws, columns seeds.
        runs: summaries of the rehearsals, for the accuracy at the end.
        config: the study: held-out prompts and rollouts.
    """
    from full_scale.tasks import load_task

    rate = float(runs.accuracy.mean())
    sampling = 2 * rate * (1 - rate) / (len(load_task(config.task).held_out) * config.evaluation.rollouts)
    spread = float(gains.var(axis=1, ddof=1).mean()) + sampling
    effect = float(gains.mean(axis=1).median())
    reach = stats.norm.ppf((1 + CONFIDENCE) / 2) + stats.norm.ppf(POWER)
    return int(min(np.ceil(reach**2 * spread / max(effect**2, 1e-12)), 1_000_000))


def _dynamics(groups: pd.DataFrame, config: StudyConfig) -> list[dict[str, Any]]:
    """Return what consecutive visits of uniformly drawn prompts show, where prompts are visited again."""
    coverage, items = config.probe.coverage, []
    by_draw = groups.groupby("draw")
    stays = pd.DataFrame([stay_shares(frame.assign(run=frame.seed), "prompt") for _, frame in by_draw])
    for bin_name in ("wrong", "mixed", "right"):
        shares, base = stays[bin_name].dropna(), float(stays[f"{bin_name}_base"].median())
        if stays[f"{bin_name}_count"].median() >= FEWEST_REVISITS and len(shares):
            items.append(
                prediction(
                    f"P7/stay/{bin_name}",
                    f"stay_{bin_name}",
                    f"share of groups that are {bin_name} again at their prompt's next visit; no effect: the share of "
                    "such groups at any visit",
                    base,
                    **interval(shares.to_numpy(), coverage),
                )
            )
    drift = np.array([success_drift(frame, config.training.steps) for _, frame in by_draw])
    items.append(
        prediction(
            "P7/success-drift",
            "success_drift",
            "mean success rate of uniformly drawn groups, last third of training minus first third",
            0.0,
            **interval(drift, coverage),
        )
    )
    return items
