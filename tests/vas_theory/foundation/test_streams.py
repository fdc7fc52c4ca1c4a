"""Random numbers are functions of their address: these are the first ones of each kind, which must never change."""

from __future__ import annotations

import pytest

from simulations.world.reference import uniform
from vas_theory.foundation.streams import stream, stream_generator, uniforms

FIRST = {
    "strategy": [2451623882, 3314518500],
    "weighted": [1928095904, 4611562],
    "uniform": [3152419097, 3441514912],
    "pass": [2631921555, 1737541541],
    "fill": [1618005689, 795340060],
    "growth": [1217276453, 1506911750],
}


@pytest.mark.parametrize("purpose", FIRST)
def test_a_step_has_the_numbers_it_always_had(purpose: str) -> None:
    assert stream_generator(7, purpose, 3).integers(0, 2**32, 2).tolist() == FIRST[purpose]


def test_a_purpose_in_words_has_the_numbers_it_always_had() -> None:
    assert stream(7, "training rollouts", 3, 1).integers(0, 2**32, 2).tolist() == [3912791393, 4221148837]
    assert stream(7, "training rollouts", 3).random() != stream(7, "training rollouts", 4).random()


def test_single_numbers_are_those_of_the_reference_learner() -> None:
    assert uniforms(7, [0, 5], [2, 9]).tolist() == [uniform(7, 0, 2), uniform(7, 5, 9)]
    assert float(uniforms(7, [0], [2])[0]).hex() == "0x1.9ba9b3632cc21p-1"
