"""Tensors as a training loop has them: half precision, with a gradient, of integers."""

from __future__ import annotations

import numpy as np
import pytest

from vas_theory.selection import PassRatePrior, VarianceAwareSampler
from vas_theory.selection.prediction.feature_table import FeatureTable

torch = pytest.importorskip("torch")

VALUES = [0.5, 0.25, 0.125, 1.0]
KINDS = [
    torch.tensor(VALUES, dtype=torch.bfloat16),
    torch.tensor(VALUES, dtype=torch.float16),
    torch.tensor(VALUES, requires_grad=True),
    torch.tensor(VALUES, dtype=torch.float64),
]


@pytest.mark.parametrize("values", KINDS, ids=lambda tensor: f"{tensor.dtype}-{tensor.requires_grad}")
def test_a_tensor_says_what_an_array_says(values) -> None:
    plain, tensor = FeatureTable(4), FeatureTable(4)
    plain.renew(np.array(VALUES)[:, None])
    tensor.renew(values[:, None])
    np.testing.assert_allclose(tensor.rows, plain.rows, atol=1e-3)
    assert PassRatePrior.from_rates(values, values * 8).successes.tolist() == [8 * v * v for v in VALUES]
    sampler = VarianceAwareSampler(list("abcd"), batch_size=2, features=values[:, None])
    sampler.set_features(values.flip(0)[:, None])
    assert sampler.draw().size == 2


def test_integer_tensors_are_counts() -> None:
    assert PassRatePrior(torch.tensor([1, 2, 0]), torch.tensor(4)).successes.tolist() == [1.0, 2.0, 0.0]
