"""What clipping leaves of the gradient of a policy."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch

from vas_theory.foundation.errors import ArgumentError
from vas_theory.foundation.precision import exact
from vas_theory.groups import (
    clipped_surrogate,
    clipping_bias,
)
from vas_theory.policy.softmax import softmax


def test_clipped_surrogate_agrees_with_autograd_through_torch() -> None:
    rng = np.random.default_rng(4)
    for _ in range(20):
        logits, old = rng.normal(size=5), rng.dirichlet(np.ones(5))
        gain = rng.normal(size=5)
        old_probs, advantage = torch.tensor(old), torch.tensor(gain)

        def surrogate(
            z: torch.Tensor, old_probs: torch.Tensor = old_probs, a: torch.Tensor = advantage
        ) -> torch.Tensor:
            ratio = torch.softmax(z, -1) / old_probs
            return (old_probs * torch.minimum(ratio * a, torch.clamp(ratio, 0.9, 1.3) * a)).sum()

        z = torch.tensor(logits, requires_grad=True)
        value = surrogate(z)
        value.backward()
        ours, gradient = clipped_surrogate(softmax(logits), old, gain, clip_low=0.1, clip_high=0.3)
        np.testing.assert_allclose(ours, value.item(), rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(gradient, z.grad.numpy(), atol=1e-14)
        whole = clipped_surrogate(softmax(logits), old, gain, clip_low=1.0, clip_high=1e300)[1]
        np.testing.assert_allclose(
            gradient + clipping_bias(softmax(logits), old, gain, clip_low=0.1, clip_high=0.3), whole, atol=1e-14
        )


def test_the_clip_range_is_a_fifth_unless_another_is_named() -> None:
    old, gain = np.array([0.5, 0.3, 0.2]), np.array([1.0, -1.0, 0.5])
    for new in (np.array([0.59, 0.25, 0.16]), np.array([0.61, 0.23, 0.16])):  # ratios on both sides of 1.2 and 0.8
        for function in (clipped_surrogate, clipping_bias):
            named = function(new, old, gain, clip_low=0.2, clip_high=0.2)
            for ours, wanted in zip(np.atleast_1d(function(new, old, gain)[-1]), np.atleast_1d(named[-1]), strict=True):
                assert ours == wanted


def test_clipping_can_remove_the_whole_gradient() -> None:
    new, old = exact([Fraction(7, 10), Fraction(3, 10)]), exact([Fraction(1, 2), Fraction(1, 2)])
    gain = exact([Fraction(1, 2), Fraction(-1, 2)])
    for clip in (Fraction(1, 5), Fraction(39, 100)):
        assert clipped_surrogate(new, old, gain, clip_low=clip, clip_high=clip)[1].tolist() == [0, 0]
        assert clipping_bias(new, old, gain, clip_low=clip, clip_high=clip).tolist() == [
            Fraction(21, 100),
            Fraction(-21, 100),
        ]
    assert clipping_bias(new, old, gain, clip_low=Fraction(2, 5), clip_high=Fraction(2, 5)).tolist() == [0, 0]


@pytest.mark.parametrize("gain", [5.0, -5.0])
def test_arms_the_old_policy_never_draws_have_no_part(gain: float) -> None:
    new, old, advantage = [0.5, 0.25, 0.25], [0.5, 0.5, 0.0], [0.0, 0.0, gain]
    value, gradient = clipped_surrogate(new, old, advantage)
    assert value == 0
    assert (gradient == 0).all()
    assert (clipping_bias(new, old, advantage) == 0).all()


@pytest.mark.parametrize(("name", "value"), [("clip_low", 1.5), ("clip_low", -0.1), ("clip_high", -0.1)])
def test_clip_range_is_checked(name: str, value: float) -> None:
    with pytest.raises(ArgumentError, match=name):
        clipped_surrogate([0.5, 0.5], [0.5, 0.5], [1.0, -1.0], **{name: value})
