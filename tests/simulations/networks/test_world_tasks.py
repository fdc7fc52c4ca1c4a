"""Every world's verifier against a second way of solving its prompts."""

from __future__ import annotations

import numpy as np
import pytest

from simulations.networks.world import Prompts, World
from simulations.networks.worlds import get_world, world_names
from simulations.networks.worlds.modular import Modular
from simulations.networks.worlds.reasoning_gym import ChainSums
from vas_theory.foundation.errors import UnknownNameError


def _world(name: str) -> World:
    if name.startswith("chain-sums"):
        pytest.importorskip("reasoning_gym")
    return get_world(name)


def _draw(name: str, count: int = 300) -> tuple[World, Prompts]:
    world = _world(name)
    return world, world.prompts(np.random.default_rng(5), count)


@pytest.mark.parametrize("name", world_names())
def test_prompts_and_demonstrations_have_the_shapes_the_world_states(name: str) -> None:
    world, prompts = _draw(name)
    assert prompts.tokens_PL.shape == (300, world.prompt_length)
    assert 0 <= prompts.tokens_PL.min() <= prompts.tokens_PL.max() < world.vocabulary
    for variant in ("", *(start.variant for start in world.other_starts.values())):
        asked, shown = world.demonstrations(np.random.default_rng(6), 40, variant)
        assert asked.shape == (40, world.prompt_length)
        assert shown.shape == (40, world.response_length)
        assert 0 <= shown.min() <= shown.max() < world.answers
    with pytest.raises(UnknownNameError, match="no-such"):
        world.demonstrations(np.random.default_rng(6), 4, "no-such")


@pytest.mark.parametrize("name", world_names())
def test_equal_generators_draw_equal_prompts(name: str) -> None:
    world, prompts = _draw(name)
    again = world.prompts(np.random.default_rng(5), 300)
    np.testing.assert_array_equal(prompts.tokens_PL, again.tokens_PL)
    assert (world.prompts(np.random.default_rng(6), 300).tokens_PL != prompts.tokens_PL).any()


@pytest.mark.parametrize("name", world_names())
def test_right_is_a_property_of_the_prompt_and_not_of_its_place(name: str) -> None:
    world, prompts = _draw(name)
    responses = np.random.default_rng(7).integers(0, world.answers, (300, world.response_length))
    order = np.random.default_rng(8).permutation(300)
    straight = world.correct(prompts, responses)
    np.testing.assert_array_equal(world.correct(prompts.take(order), responses[order]), straight[order])
    rewards = world.rewards(prompts, responses)
    assert ((rewards >= 0) & (rewards <= 1)).all()


def test_additions_are_what_python_makes_of_them() -> None:
    world, prompts = _draw("arithmetic")
    answers = [str(eval(text)) for text in world.text(prompts)]  # of texts like "12 + 7"
    responses = np.zeros((300, world.response_length), np.int64)
    for row, answer in zip(responses, answers, strict=True):
        row[1 : 2 * len(answer) : 2] = [int(digit) for digit in reversed(answer)]
    assert world.correct(prompts, responses).all()
    responses[:, 1] = (responses[:, 1] + 1) % 10
    assert not world.correct(prompts, responses).any()


def test_demonstrators_of_arithmetic_slip_as_often_as_stated() -> None:
    world = get_world("arithmetic")
    rng = np.random.default_rng(1)
    _, shown = world.demonstrations(rng, 4000)
    _, careful = world.demonstrations(np.random.default_rng(1), 4000, "careful")
    carries = shown[:, ::2] > 0
    wrong = shown[:, 1::2] != careful[:, 1::2]
    assert wrong[carries].mean() == pytest.approx(0.04, abs=0.01)  # half of its slips the careful one makes too
    assert wrong[~carries].mean() == pytest.approx(0.005, abs=0.002)


def test_a_shaped_reward_pays_for_format_alone() -> None:
    world, prompts = _draw("arithmetic-shaped")
    wrong = np.zeros((300, world.response_length), np.int64)
    wrong[:, 1::2] = 9
    plain = world.rewards(prompts, wrong)
    assert set(np.unique(plain)) <= {0.1, 1.0}
    wrong[:, 0] = 9
    assert set(np.unique(world.rewards(prompts, wrong))) <= {0.0, 0.9}


@pytest.mark.parametrize("name", ["navigation-smooth", "navigation-gapped"])
def test_ways_are_walked_step_by_step(name: str) -> None:
    world, prompts = _draw(name)
    edges = world._edges.tolist()  # type: ignore[attr-defined]
    end = world.end
    shown_prompts, shown = world.demonstrations(np.random.default_rng(2), 200)
    for tokens, responses in ((shown_prompts, shown), (prompts.tokens_PL, np.full((300, world.response_length), end))):
        judged = world.correct(Prompts(tokens, {"level": np.zeros(len(tokens), np.int64)}), responses)
        for (at, goal), way, right in zip(tokens.tolist(), responses.tolist(), judged, strict=True):
            fine = True
            for place, node in enumerate(way):
                if node == end:
                    fine = fine and all(later == end for later in way[place:])
                    break
                fine = fine and node in edges[at]
                at = node
            assert right == (fine and at == goal)
    level = prompts.columns["level"]
    assert set(level) <= set(world.distances)  # type: ignore[attr-defined]
    # no way is shorter than the level says
    start, goal = prompts.tokens_PL[0]
    reached = {int(start)}
    for _ in range(int(level[0]) - 1):
        reached |= {node for at in reached for node in edges[at]}
    assert int(goal) not in reached


def test_a_way_beside_the_edges_or_past_the_goal_is_wrong() -> None:
    world = get_world("navigation-smooth")
    tokens, shown = world.demonstrations(np.random.default_rng(3), 200)
    prompts = Prompts(tokens, {"level": np.ones(200, np.int64)})
    assert world.correct(prompts, shown).all()
    assert not world.correct(prompts, np.roll(shown, 1, axis=1)).any()
    beyond = shown.copy()
    places = (shown != world.end).sum(axis=1)
    short = places < world.response_length
    beyond[np.flatnonzero(short), places[short]] = tokens[short, 0]
    assert not world.correct(prompts, beyond)[short].all()


def test_modular_results_are_those_of_integers() -> None:
    world, prompts = _draw("modular")
    act = {
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
        "^": lambda a, b: a * a + b * b + a * b,
    }
    last = []
    for text in world.text(prompts):
        value, *rest = text.split()
        number = int(value)
        for sign, other in zip(rest[::2], rest[1::2], strict=True):
            number = act[sign](number, int(other)) % 13
        last.append(number)
    responses = np.zeros((300, world.response_length), np.int64)
    responses[:, -1] = last
    assert world.correct(prompts, responses).all()


def test_demonstrators_of_modular_sums_slip_by_sign_and_go_on_from_there() -> None:
    world = get_world("modular")
    assert isinstance(world, Modular)
    asked, shown = world.demonstrations(np.random.default_rng(4), 4000)
    right = shown == world._solve(asked)
    one = asked[:, -3] < 13  # a number, so that a sign and a number follow it
    alone = one & (asked[:, -4] == world.vocabulary - 1)
    for place, slip in enumerate(world.slips):
        chosen = alone & (asked[:, -2] == 13 + place)
        wanted = 1 - slip * 12 / 13
        spread = np.sqrt(wanted * (1 - wanted) / chosen.sum())
        assert right[chosen, -1].mean() == pytest.approx(wanted, abs=4 * spread + 1e-9)
    wrong = ~right[:, -2] & (asked[:, -2] == 13)  # then a sum of the wrong value
    follows = (shown[wrong, -2] + asked[wrong, -1]) % 13 == shown[wrong, -1]
    assert follows.mean() == pytest.approx(1 - world.slips[0] * 12 / 13, abs=0.05)


def test_demonstrators_of_public_sums_slip_level_by_level() -> None:
    world = _world("chain-sums")
    assert isinstance(world, ChainSums)
    prompts = world.prompts(np.random.default_rng(8), 600)
    answers = np.asarray(prompts.answers["answer"])
    shown = world._slipped(np.random.default_rng(9), prompts)
    digits = answers < 10
    assert (shown[~digits] == answers[~digits]).all()  # signs and ends stay
    for level, slip in enumerate(world.slips):
        chosen = digits & (prompts.columns["level"] == level)[:, None]
        assert (shown != answers)[chosen].mean() == pytest.approx(0.9 * slip, abs=0.06)


def test_tasks_of_the_mixture() -> None:
    world, prompts = _draw("mixture", 700)
    solve = {
        "copy": lambda n: n,
        "reverse": lambda n: n[::-1],
        "sort": sorted,
        "differences": lambda n: [(b - a) % 12 for a, b in zip([0, *n[:-1]], n, strict=True)],
        "prefix-sums": lambda n: [sum(n[: place + 1]) % 12 for place in range(len(n))],
        "ranks": lambda n: [sum(other < number for other in n) for number in n],
    }
    texts = [text.split() for text in world.text(prompts)]
    answers = [solve[task](list(map(int, rest))) if task in solve else [0] * 5 for task, *rest in texts]
    known = np.array([task in solve for task, *_ in texts])
    judged = world.correct(prompts, np.array(answers))
    assert judged[known].all()
    assert judged[~known].mean() < 0.02
    asked, shown = world.demonstrations(np.random.default_rng(4), 2000)
    codes = asked[:, 0] == 18
    told = world.correct(Prompts(asked, {"level": asked[:, 0], "task": asked[:, 0] - 12}), shown)
    assert told[codes].mean() < 0.02
    for place, slip in enumerate((0.0, 0.02, 0.05, 0.1, 0.2, 0.3)):
        right = told[asked[:, 0] == 12 + place]
        wanted = (1 - slip * 11 / 12) ** 5  # a random number may be the right one
        assert right.mean() == pytest.approx(wanted, abs=4 * np.sqrt(wanted * (1 - wanted) / len(right)) + 0.01)


def test_sums_from_reasoning_gym_have_the_value_that_python_gives_them() -> None:
    world, prompts = _draw("chain-sums")
    responses = np.full((300, world.response_length), world.end)
    for row, text in zip(responses, world.text(prompts), strict=True):
        written = str(eval(text))[::-1]
        row[: len(written)] = ["0123456789-".index(character) for character in written]
    assert world.correct(prompts, responses).all()
    assert not world.correct(prompts, np.roll(responses, 1, axis=1)).any()
