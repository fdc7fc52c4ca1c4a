r"""Pass rates and exact policy gradients of single prompts, estimated without bias from sampled completions.

With :math:`K_{ij}` the inner products of score functions and r the rewards of R rollouts, everything is a sum over K:

* :math:`|\nabla J|^2 = |\mathrm{Cov}(r, s)|^2`: the mean of :math:`\langle g_1, g_2\rangle` over all ways to split the
  rollouts in two halves, which is the unbiased HSIC statistic of K and :math:`r r^T`;
* :math:`|\mu_1 - \mu_0|^2`, the distance between the mean scores of right and wrong completions: the unbiased
  two-sample statistic of K. For binary rewards :math:`\nabla J = p(1-p)(\mu_1 - \mu_0)` exactly.

Intervals come from the delete-one jackknife over rollouts. They are NaN below three rollouts of either class: a prompt
that was never right in 32 rollouts may still be right once in 30, and its spread of zero says nothing about that.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from full_scale.compact.rollouts import Rollouts, sample
from full_scale.compact.shared_prefix import encode
from full_scale.measuring.score_gram import score_gram
from full_scale.measuring.tables import WHITENED_SIZES
from full_scale.models.loading import LanguageModel
from full_scale.rewards import score_groups
from full_scale.tasks import Prompt
from vas_theory.foundation.intervals import Estimate
from vas_theory.groups.advantages import group_advantages

__all__ = [
    "class_distance_squared",
    "gradient_squared",
    "gram_of_rollouts",
    "jackknife",
    "pilot_counts",
    "probe_prompt",
    "split_half",
    "whitened_squared",
    "within_trace",
]

Array = NDArray[np.float64]
PARTITIONS = 64
"""Random partitions over which the whitened gradient is averaged: so many that their choice adds little noise."""


def gradient_squared(gram_RR: Array, rewards_R: Array) -> float:
    r"""Return the unbiased estimate of :math:`|\mathrm{Cov}(r, s)|^2`; NaN below 4 rollouts.

    Args:
        gram_RR: inner products of the score functions of R independent rollouts.
        rewards_R: their rewards, any real numbers.

    Source:
        Song et al., JMLR 13 (2012) 1393, theorem 2 (unbiased HSIC).
    """
    n = len(rewards_R)
    if n < 4:
        return float("nan")
    k = gram_RR - np.diag(np.diag(gram_RR))
    centred = rewards_R - rewards_R.mean()  # the statistic does not depend on this shift; rounding does
    outer = np.outer(centred, centred)
    outer -= np.diag(np.diag(outer))
    k_sums, outer_sums = k.sum(axis=1), outer.sum(axis=1)
    total = (k * outer).sum() + k_sums.sum() * outer_sums.sum() / ((n - 1) * (n - 2))
    return float((total - 2 * (k_sums @ outer_sums) / (n - 2)) / (n * (n - 3)))


def split_half(gram_RR: Array, rewards_R: Array, first: NDArray[np.bool_]) -> float:
    """Return <g1, g2>, the gradients of two disjoint halves with leave-one-out baselines; unbiased for |grad|^2."""

    def weights(half: NDArray[np.bool_]) -> Array:
        inside = rewards_R[half]
        out = np.zeros(len(rewards_R))
        out[half] = (inside - inside.mean()) / (len(inside) - 1)
        return out

    return float(weights(first) @ gram_RR @ weights(~first))


def class_distance_squared(gram_RR: Array, right_R: NDArray[np.bool_]) -> float:
    """Return the unbiased estimate of |mu_1 - mu_0|^2; NaN unless both classes hold two rollouts."""
    n1, n0 = int(right_R.sum()), int((~right_R).sum())
    if min(n1, n0) < 2:
        return float("nan")
    k = gram_RR - np.diag(np.diag(gram_RR))
    within1 = k[np.ix_(right_R, right_R)].sum() / (n1 * (n1 - 1))
    within0 = k[np.ix_(~right_R, ~right_R)].sum() / (n0 * (n0 - 1))
    between = gram_RR[np.ix_(right_R, ~right_R)].mean()
    return float(within1 + within0 - 2 * between)


def within_trace(gram_RR: Array, chosen_R: NDArray[np.bool_]) -> float:
    """Return the unbiased trace of the covariance of the chosen rollouts' scores; NaN below two of them."""
    n = int(chosen_R.sum())
    if n < 2:
        return float("nan")
    k = gram_RR[np.ix_(chosen_R, chosen_R)]
    return float((n * np.trace(k) - k.sum()) / (n * (n - 1)))


def whitened_squared(gram_RR: Array, rewards_R: Array, group_size: int, draw: np.random.Generator) -> float:
    r"""Return an unbiased estimate of :math:`|E \hat g|^2`, the whitened gradient of groups without clipping.

    The mean of :math:`\langle \hat g_i, \hat g_j \rangle` over pairs of disjoint groups, over random partitions; NaN
    where the rollouts do not make two groups.

    Args:
        gram_RR: inner products of the score functions.
        rewards_R: rewards.
        group_size: G.
        draw: chooses the partitions.
    """
    groups = len(rewards_R) // group_size
    if groups < 2:
        return float("nan")
    total = 0.0
    for _ in range(PARTITIONS):
        members_NG = draw.permutation(len(rewards_R))[: groups * group_size].reshape(groups, group_size)
        weights_NR = np.zeros((groups, len(rewards_R)))
        advantages_NG = group_advantages(rewards_R[members_NG]) / group_size
        np.put_along_axis(weights_NR, members_NG, advantages_NG, axis=1)
        inner_NN = weights_NR @ gram_RR @ weights_NR.T
        total += (inner_NN.sum() - np.trace(inner_NN)) / (groups * (groups - 1))
    return float(total / PARTITIONS)


def jackknife(statistic: Callable[[NDArray[np.int64]], float], count: int, coverage: float) -> Estimate:
    """Return a statistic of ``count`` independent rollouts with its delete-one jackknife interval (Student's t).

    Args:
        statistic: its value on the rollouts at the given positions.
        count: R.
        coverage: of the interval, in (0, 1).
    """
    from scipy.stats import t

    everyone = np.arange(count)
    value = statistic(everyone)
    left_out = np.array([statistic(np.delete(everyone, index)) for index in everyone])
    if not np.isfinite(left_out).all():
        return Estimate(value, float("nan"), float("nan"))
    error = np.sqrt((count - 1) * left_out.var())
    reach = float(t.ppf((1 + coverage) / 2, count - 1) * error)
    return Estimate(value, value - reach, value + reach)


def _unique(rollouts: Rollouts) -> tuple[torch.Tensor, torch.Tensor, NDArray[np.int64]]:
    """Return the distinct completions and, for each rollout, which of them it is."""
    rows = [tuple(row) for row in torch.where(rollouts.mask_NT, rollouts.tokens_NT, -1).tolist()]
    first = {row: index for index, row in reversed(list(enumerate(rows)))}
    kept = sorted(first.values())
    place = {rows[index]: position for position, index in enumerate(kept)}
    return rollouts.tokens_NT[kept], rollouts.mask_NT[kept], np.array([place[row] for row in rows])


def gram_of_rollouts(
    language: LanguageModel, prompt: Prompt, rollouts: Rollouts, temperature: float
) -> tuple[Array, int]:
    """Return K over all rollouts of one prompt and the number of distinct completions among them.

    Equal completions have equal scores, so only distinct ones are run through the model.
    """
    tokens, mask, which = _unique(rollouts)
    gram_UU, _ = score_gram(language, encode(language, [prompt.text]), tokens, mask, temperature)
    return gram_UU.cpu().numpy()[np.ix_(which, which)], len(tokens)


def probe_prompt(
    language: LanguageModel,
    prompt: Prompt,
    rollouts: int,
    *,
    max_new_tokens: int,
    temperature: float,
    generator: np.random.Generator,
    coverage: float,
) -> dict[str, Any]:
    """Measure one prompt; the keys are columns of the ``probe`` table (:mod:`full_scale.measuring.tables`).

    The whitened gradient is measured on the first half of the rollouts and the plain one it is compared with on the
    second: on the same rollouts their ratio would be algebra.
    """
    started = time.perf_counter()
    drawn = sample(language, [prompt.text], rollouts, max_new_tokens, temperature=temperature, generator=generator)
    rewards = score_groups([prompt], drawn.texts, rollouts).rewards_PG[0]
    gram, distinct = gram_of_rollouts(language, prompt, drawn, temperature)
    right = rewards > 0.5
    squared = jackknife(lambda kept: gradient_squared(gram[np.ix_(kept, kept)], rewards[kept]), rollouts, coverage)
    distance = jackknife(lambda kept: class_distance_squared(gram[np.ix_(kept, kept)], right[kept]), rollouts, coverage)
    if not np.isfinite(distance.low):  # too few of one class: the rollouts agree with each other, not with the truth
        squared = Estimate(squared.value, float("nan"), float("nan"))
    norm, mu = squared.root(), distance.root()
    first, second = np.arange(rollouts) < rollouts // 2, np.arange(rollouts) >= rollouts // 2
    halves = [(gram[np.ix_(half, half)], rewards[half]) for half in (first, second)]
    whitened = {f"whitened_squared_{size}": whitened_squared(*halves[0], size, generator) for size in WHITENED_SIZES}
    return {
        "prompt_key": prompt.key,
        "rollouts": rollouts,
        "distinct_completions": distinct,
        "successes": int(right.sum()),
        "pass_rate": float(rewards.mean()),
        "reward_std": float(rewards.std()),
        "gradient_norm": norm.value,
        "gradient_norm_low": norm.low,
        "gradient_norm_high": norm.high,
        "gradient_squared": squared.value,
        "split_half": split_half(gram, rewards, np.arange(rollouts) % 2 == 0),
        "mu_distance": mu.value,
        "mu_distance_low": mu.low,
        "mu_distance_high": mu.high,
        "score_norm": float(np.sqrt(np.diag(gram).mean())),
        "trace_right": within_trace(gram, right),
        "trace_wrong": within_trace(gram, ~right),
        "plain_squared": gradient_squared(*halves[1]),
        **whitened,
        "diversity": float(drawn.diversity(rollouts)[0]),
        "seconds": time.perf_counter() - started,
    }


def pilot_counts(
    language: LanguageModel,
    prompts: Sequence[Prompt],
    rollouts: int,
    *,
    max_new_tokens: int,
    temperature: float,
    generator: np.random.Generator,
) -> list[dict[str, Any]]:
    """Sample each prompt and count what is right; the keys are columns of the ``pilot`` table."""
    texts = [prompt.text for prompt in prompts]
    drawn = sample(language, texts, rollouts, max_new_tokens, temperature=temperature, generator=generator)
    scored = score_groups(prompts, drawn.texts, rollouts)
    diversity_P = drawn.diversity(rollouts)
    return [
        {"prompt_key": prompt.key, "rollouts": rollouts, "successes": int(right), "diversity": float(diversity)}
        for prompt, right, diversity in zip(prompts, scored.successes_P, diversity_P, strict=True)
    ]
