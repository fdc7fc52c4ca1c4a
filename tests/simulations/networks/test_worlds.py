"""What holds for every world, and what is particular to each."""

from __future__ import annotations

import numpy as np
import pytest

from simulations.networks.worlds import get_world, world_module, world_names
from vas_theory.foundation.errors import ArgumentError, UnknownNameError

every_world = pytest.mark.parametrize("name", world_names())


@pytest.fixture(autouse=True)
def _needs_its_generator(request: pytest.FixtureRequest) -> None:
    if "name" in request.fixturenames and str(request.getfixturevalue("name")).startswith("chain-sums"):
        pytest.importorskip("reasoning_gym")


@every_world
def test_prompts_are_tokens_of_the_vocabulary_and_repeat_from_a_seed(name: str) -> None:
    world = get_world(name)
    prompts, again = (world.prompts(np.random.default_rng(4), 60) for _ in range(2))
    assert prompts.tokens_PL.shape == (60, world.prompt_length)
    assert prompts.tokens_PL.min() >= 0
    assert prompts.tokens_PL.max() < world.vocabulary
    assert len(np.unique(prompts.columns["level"])) > 1
    np.testing.assert_array_equal(prompts.tokens_PL, again.tokens_PL)
    assert len(set(world.text(prompts))) > 20


@every_world
def test_demonstrations_are_what_the_network_can_write(name: str) -> None:
    world = get_world(name)
    prompts_NL, responses_NT = world.demonstrations(np.random.default_rng(5), 80)
    assert prompts_NL.shape == (80, world.prompt_length)
    assert responses_NT.shape == (80, world.response_length)
    assert 0 <= responses_NT.min() <= responses_NT.max() < world.answers
    assert world.answers <= world.vocabulary
    if world.end is not None:
        ended_NT = np.cumsum(responses_NT == world.end, axis=1) > 0
        assert (responses_NT[ended_NT] == world.end).all()


@every_world
def test_rewards_tell_right_from_wrong(name: str) -> None:
    world = get_world(name)
    rng = np.random.default_rng(6)
    prompts = world.prompts(rng, 400)
    nonsense_PT = rng.integers(0, world.answers, (400, world.response_length))
    assert world.correct(prompts, nonsense_PT).mean() < 0.5
    rewards = world.rewards(prompts, nonsense_PT)
    assert rewards.shape == (400,)
    assert np.isfinite(rewards).all()


@every_world
def test_a_world_says_where_it_comes_from_and_what_it_varies(name: str) -> None:
    world = get_world(name)
    assert world_module(name).startswith("simulations.networks.worlds.")
    assert world.summary
    assert world.varies
    assert list(world.run.learning_rates) == sorted(world.run.learning_rates)
    assert world.run.learning_rate in world.run.learning_rates


def test_unknown_worlds_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="chains-short"):
        get_world("chain-short")


def test_prompts_need_a_level() -> None:
    from simulations.networks.world import Prompts

    with pytest.raises(ArgumentError, match="level"):
        Prompts(np.zeros((2, 3), dtype=np.int64), {})


@pytest.mark.parametrize("name", ["chains-short", "chains-long"])
def test_a_chain_is_right_when_its_last_value_is(name: str) -> None:
    from simulations.networks.worlds.chains import Chains

    world = get_world(name)
    assert isinstance(world, Chains)
    assert (np.sort(world._tables, axis=1) == np.arange(23)).all()  # permutations
    prompts = world.prompts(np.random.default_rng(0), 50)
    last_P = []
    for text in world.text(prompts):
        words = [word for word in text.split() if word != "-"]
        value = int(words[0])
        for operation in words[1:]:
            value = world._tables[int(operation.removeprefix("op"))][value]
        last_P.append(value)
    responses_PT = np.zeros((50, world.response_length), dtype=np.int64)
    responses_PT[:, -1] = last_P
    assert world.correct(prompts, responses_PT).all()
    responses_PT[:, -1] = (responses_PT[:, -1] + 1) % 23
    assert not world.correct(prompts, responses_PT).any()
    lengths_P = [len([word for word in text.split() if word.startswith("op")]) for text in world.text(prompts)]
    assert lengths_P == prompts.columns["level"].tolist()
