r"""Training rehearsed on Bernoulli prompts before the real one: the laboratory's world in its smallest form.

A prompt is the logit of its pass rate. A training group pushes its own prompt by
:math:`h_{own} \sum_i A_i (r_i - p) / G` and the mean push of a batch moves every prompt, held-out ones too, by
:math:`h_{shared}` times it: what a language model learns on one question carries over to others. How far one step
goes is not to be seen before training, so both step sizes are drawn from wide ranges and every prediction carries
that ignorance in its interval. Arms run through the same strategies and the same accounts as real training.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from full_scale.config.training import ArmConfig, StudyConfig
from vas_theory.foundation.streams import stream
from vas_theory.selection.contract.driver import Generated, SelectionDriver
from vas_theory.selection.contract.strategy import SelectionSetting
from vas_theory.selection.strategies import make_strategy

__all__ = ["HELD_OUT", "STEP_SIZES", "rehearse", "rehearse_all"]

STEP_SIZES = {"own": (0.03, 1.0), "shared": (0.05, 1.0)}
"""Ranges of the log-uniform step sizes in logits: from hardly any learning to a pool solved within a run."""
HELD_OUT = 200
Array = NDArray[np.float64]


def rehearse(
    config: StudyConfig,
    arm: ArmConfig,
    pass_rates_P: Array,
    held_out_H: Array,
    diversity_P: Array,
    seed: int,
    step_sizes: tuple[float, float],
) -> tuple[dict[str, float], pd.DataFrame]:
    """Run one arm once on a pool of known pass rates.

    Args:
        config: the study; its batch, group size, advantages and budget are used.
        arm: how prompts are chosen.
        pass_rates_P: of the training prompts at the start.
        held_out_H: of prompts that are never trained on.
        diversity_P: trajectory diversity of the training prompts, for arms that weigh it.
        seed: of sampling and of the strategy.
        step_sizes: own and shared.

    Returns:
        Summary of the run, and one row a sampled group: step, prompt, successes, group_size, trained, expected_mixed.
    """
    rollouts, objective = config.rollouts, config.objective
    setting = SelectionSetting(
        prompts=len(pass_rates_P),
        batch_size=rollouts.prompts_per_step,
        group_size=rollouts.group_size,
        budget=config.training.steps * rollouts.prompts_per_step * rollouts.group_size,
        seed=seed,
        advantage=objective.advantage,
        ddof=objective.ddof,
        eps=objective.eps,
    )
    driver = SelectionDriver(make_strategy(arm.strategy, setting, **arm.arguments()))
    posterior = getattr(getattr(driver.strategy, "sampler", None), "posterior", None)
    logits_P, held_logits_H = logit(pass_rates_P), logit(held_out_H)
    rows: list[dict[str, Any]] = []
    group_of: list[int] = []

    def generate(prompts_P: NDArray[np.int64], counts_P: NDArray[np.int64], first: int) -> Generated:
        draw = stream(seed, "rehearsal rollouts", first)
        rewards = (draw.random(counts_P.sum()) < np.repeat(expit(logits_P[prompts_P]), counts_P)).astype(float)
        starts = np.cumsum(counts_P) - counts_P
        right = np.add.reduceat(rewards, starts)
        expected = np.full(len(prompts_P), np.nan)
        if posterior is not None:
            expected = posterior.mixed_probability(rollouts.group_size, prompts_P)
        for place, prompt in enumerate(prompts_P):
            group_of.extend([len(rows)] * int(counts_P[place]))
            rows.append(
                {
                    "step": driver.step + 1,
                    "prompt": int(prompt),
                    "successes": int(right[place]),
                    "group_size": int(counts_P[place]),
                    "trained": False,
                    "expected_mixed": float(expected[place]),
                }
            )
        return Generated(rewards, np.ones(len(rewards)), diversity_P[prompts_P])

    while (groups := driver.collect(generate)) is not None:
        if not len(groups.prompts_P):
            continue
        starts = np.cumsum(groups.sizes_P) - groups.sizes_P
        for start in starts:
            rows[group_of[int(groups.ids_R[start])]]["trained"] = True
        centred_R = groups.rewards_R - np.repeat(expit(logits_P[groups.prompts_P]), groups.sizes_P)
        push_P = np.add.reduceat(groups.advantages_R * centred_R, starts) / groups.sizes_P
        np.add.at(logits_P, groups.prompts_P, step_sizes[0] * push_P)
        logits_P += step_sizes[1] * push_P.mean()
        held_logits_H += step_sizes[1] * push_P.mean()
    frame = pd.DataFrame(rows)
    trained = frame[frame.trained]
    mixed = (trained.successes > 0) & (trained.successes < trained.group_size)
    known = trained.dropna(subset=["expected_mixed"])
    summary = {
        "accuracy": float(expit(held_logits_H).mean()),
        "start": float(held_out_H.mean()),
        "updates": float(driver.step),
        "mixed_groups": float(mixed.sum()),
        "mixed_share": float(mixed.mean()),
        "calibration": float(mixed[known.index].sum() / known.expected_mixed.sum()) if len(known) else float("nan"),
    }
    return summary, frame


def rehearse_all(
    config: StudyConfig,
    arms: Sequence[ArmConfig],
    posterior: tuple[Array, Array],
    pool: tuple[float, float],
    diversity_P: Array,
    draws: int,
    seeds: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rehearse every arm on the same pools, step sizes and seeds.

    Args:
        config: the study.
        arms: what to compare.
        posterior: Beta parameters (a_P, b_P) of the training prompts' pass rates.
        pool: Beta parameters of the pool, from which held-out prompts are drawn.
        diversity_P: of the training prompts.
        draws: pools and step sizes.
        seeds: runs on each.

    Returns:
        One row an arm, draw and seed (arm, draw, seed, own, shared and the summary), and the groups of all of them.
    """
    summaries, groups = [], []
    for index in range(draws):
        draw = stream(config.seed, "rehearsal", index)
        sizes = tuple(float(np.exp(draw.uniform(*np.log(STEP_SIZES[name])))) for name in ("own", "shared"))
        rates_P = np.clip(draw.beta(*posterior), 1e-6, 1 - 1e-6)
        held_out_H = np.clip(draw.beta(*pool, HELD_OUT), 1e-6, 1 - 1e-6)
        for seed in range(seeds):
            for arm in arms:
                about: dict[str, Any] = {"arm": arm.name, "draw": index, "seed": seed}
                run = index * seeds + seed
                summary, frame = rehearse(config, arm, rates_P, held_out_H, diversity_P, run, (sizes[0], sizes[1]))
                summaries.append({**about, "own": sizes[0], "shared": sizes[1], **summary})
                groups.append(frame.assign(**about))
    return pd.DataFrame(summaries), pd.concat(groups, ignore_index=True)
