"""What exact quantities refuse, by name, before numpy or fractions stumble over it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from vas_theory.foundation.errors import ArgumentError
from vas_theory.foundation.refusals import refuse_all_but_numbers, refuse_all_but_rates, refuse_masked
from vas_theory.groups.advantages import group_advantages
from vas_theory.groups.pass_rate_laws import silent_group_probability
from vas_theory.policy.gradients import policy_gradient
from vas_theory.policy.softmax import softmax
from vas_theory.selection.scores import expected_group_signal, outcome_variance_score, reward_variance_score

WRONG: list[Any] = [["a", "b"], [None, 0.5], [[0.5], [0.5, 0.5]], {"a": 0.5}, [0.5 + 1j, 0.5]]
MASKED = np.ma.array([0.5, 0.5], mask=[True, False])


@pytest.mark.parametrize("values", [*WRONG, MASKED], ids=str)
@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda values: silent_group_probability(values, 8), "p"),
        (lambda values: policy_gradient(values, [0.0, 1.0]), "probs"),
        (lambda values: policy_gradient([0.5, 0.5], values), "rewards"),
        (softmax, "logits"),
        (lambda values: expected_group_signal(values, 8), "pass_rate"),
        (lambda values: outcome_variance_score(values, 4), "successes"),
        (reward_variance_score, "rewards"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused_by_name(call: Any, name: str, values: Any) -> None:
    with pytest.raises(ArgumentError, match=f"^{name} must "):
        call(values)


def test_rates_among_objects_are_compared_where_they_can_be() -> None:
    refuse_all_but_rates("p", np.array([Fraction(1, 3), 0.5, 1], dtype=object))
    with pytest.raises(ArgumentError, match=r"p must lie in \[0, 1\]; received Fraction\(4, 3\)"):
        refuse_all_but_rates("p", np.array([Fraction(4, 3)], dtype=object))


def test_what_is_read_as_before() -> None:
    refuse_all_but_numbers(a=[1, 2], b=np.float16(0.5), c=["0.5"], d=np.array([Fraction(1, 2)], dtype=object), e=[True])
    refuse_masked("rewards", np.ma.array([1.0, 2.0]))
    assert group_advantages([[None, 1.0, 0.0]]).tolist() == [[0.0, 1.0, -1.0]]
    with pytest.raises(ArgumentError, match="rewards must have no masked entries"):
        group_advantages(MASKED[None])
