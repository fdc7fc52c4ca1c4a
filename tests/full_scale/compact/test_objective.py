"""The loss against its definition, written out token by token."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from full_scale.compact.objective import advantages_of, policy_loss, token_weights
from full_scale.config.training import ObjectiveConfig
from full_scale.rewards import score_groups
from full_scale.tasks import Prompt

PROMPT = Prompt("p", "1 + 1 =", "2")


def batch(
    seed: int = 0, rows: int = 5, width: int = 4
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    draw = np.random.default_rng(seed)
    lengths = draw.integers(1, width + 1, rows)
    mask = torch.from_numpy(np.arange(width) < lengths[:, None])
    logprobs = torch.from_numpy(-draw.exponential(size=(rows, width))) * mask
    old = (logprobs + torch.from_numpy(draw.normal(scale=0.3, size=(rows, width)))) * mask
    return logprobs.requires_grad_(), old, torch.from_numpy(draw.normal(size=rows)), mask


def test_advantages_are_exactly_zero_for_silent_and_excluded() -> None:
    texts = ["2", "3", "2", "2"] + ["0.1"] * 4 + ["2", "x", "2", "y"]
    reward = {"2": 1.0, "3": 0.0, "0.1": 0.1, "x": None, "y": float("nan")}
    scored = score_groups([PROMPT] * 3, texts, 4, lambda _, text: reward[text])
    advantages = advantages_of(scored, ObjectiveConfig(eps=0.0))
    s = math.sqrt(3) / 4
    torch.testing.assert_close(advantages[0], torch.tensor([0.25, -0.75, 0.25, 0.25]) / s)
    assert (advantages[1] == 0).all()
    assert (advantages[2] == 0).all()
    assert scored.excluded == 2


@pytest.mark.parametrize("aggregation", ["sequence_mean", "token_mean", "fixed_length", "sequence_sum"])
def test_loss_is_the_written_out_sum(aggregation: str) -> None:
    logprobs, old, advantages, mask = batch()
    reference = (old - 0.1) * mask
    config = ObjectiveConfig(clip_low=0.1, clip_high=0.25, kl_weight=0.3)
    weights = token_weights(mask, aggregation, max_new_tokens=7).double()
    terms = policy_loss(logprobs, old, advantages, weights, config, reference)
    logprobs = logprobs.detach()
    expected, rows, tokens = 0.0, len(mask), int(mask.sum())
    for i in range(rows):
        length = int(mask[i].sum())
        share = {
            "sequence_mean": 1 / (rows * length),
            "token_mean": 1 / tokens,
            "fixed_length": 1 / (rows * 7),
            "sequence_sum": 1 / rows,
        }[aggregation]
        for t in range(length):
            ratio = math.exp(float(logprobs[i, t] - old[i, t]))
            a = float(advantages[i])
            gain = min(ratio * a, min(max(ratio, 0.9), 1.25) * a)
            d = float(reference[i, t] - logprobs[i, t])
            expected -= share * (gain - 0.3 * (math.exp(d) - d - 1))
    assert float(terms.loss.detach()) == pytest.approx(expected, rel=1e-6)  # the weights are made in float32


def test_clipping_removes_the_gradient_of_the_papers_counterexample() -> None:
    """pi_old = 1/2, pi = 7/10: unclipped the gradient is alive, clipped at .2 it is 0."""
    logprobs = torch.tensor([[math.log(0.7)], [math.log(0.3)]], dtype=torch.float64, requires_grad=True)
    old, advantages = torch.full((2, 1), math.log(0.5), dtype=torch.float64), torch.tensor([1.0, -1.0])
    weights = token_weights(torch.ones(2, 1, dtype=torch.bool), "sequence_sum", 1).double()
    tight = policy_loss(logprobs, old, advantages, weights, ObjectiveConfig())
    (gradient,) = torch.autograd.grad(tight.loss, logprobs)
    assert not gradient.any()
    assert tight.clipped == 2
    loose = policy_loss(logprobs, old, advantages, weights, ObjectiveConfig(clip_low=0.5, clip_high=0.5))
    (gradient,) = torch.autograd.grad(loose.loss, logprobs)
    assert gradient.all()
    assert loose.clipped == 0


def test_parts_of_a_batch_add_up() -> None:
    logprobs, old, advantages, mask = batch(seed=3)
    weights = token_weights(mask, "token_mean", 4).double()
    whole = policy_loss(logprobs, old, advantages, weights, ObjectiveConfig())
    parts = [
        policy_loss(logprobs[rows], old[rows], advantages[rows], weights[rows], ObjectiveConfig()).loss
        for rows in (slice(0, 2), slice(2, 5))
    ]
    torch.testing.assert_close(whole.loss, parts[0] + parts[1])
