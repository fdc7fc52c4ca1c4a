"""Whatever a selector refuses, it refuses with an error of this project, and choices and learning stay as they were."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from full_scale.plugins import PromptSelector, SelectionConfig
from full_scale.plugins.prime_rl import MixedGroupGate
from vas_theory.foundation.errors import ArgumentError, DataError, StateMismatchError, VASError
from vas_theory.provenance.state import seal

KEYS = [f"prompt-{row}" for row in range(20)]
WRONG_STATES: list[Any] = [None, [], "ab", {}, {"format": 1}, {"format": "prompt-selector", "version": 1}]
BINARY, GRADED, SHAPED = [[1, 0, 0, 1]] * 2, [[0.5, 0.25, 0, 1]] * 2, [[5, -3, 0, 1]] * 2
SETTINGS = {
    "default": SelectionConfig(),
    "strict": SelectionConfig(strict=True),
    "graded": SelectionConfig(posterior="normal_gamma"),
    "vps": SelectionConfig(sampler={"score": "vps"}),
    "above": SelectionConfig(success_above=0.5),
}


class _Tensor:
    """Converts to an array as a tensor that needs a gradient does."""

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")


WORDS: list[dict[str, Any]] = [
    *({"policy_version": wrong} for wrong in (np.nan, -1, 99, [0, 0, 0], "new", 0.5)),
    *({"trained": wrong} for wrong in ([True] * 3, "ab", 0.5, [1, np.nan], _Tensor(), [[True], [True, False]])),
    *({"diversity": [0.1] * 3}, {"diversity": [np.nan, 0.1]}, {"diversity": [2.0, 0.1]}, {"diversity": _Tensor()}),
    *({"successes": [1, 0]}, {"successes": [[True, False], [True]]}, {"successes": _Tensor()}, {"successes": "ab"}),
]
WRONG_KEYS: list[Any] = [None, 5.5, ["prompt-0", "nowhere"], [None, "prompt-0"], ["prompt-0"], {}, [0, 1]]
WRONG_REWARDS: list[Any] = [None, "ab", [[1, 0], [1]], _Tensor(), [], [[], []], [1, 0], np.zeros((2, 2, 2))]
KEYS_AND_REWARDS: list[tuple[Any, Any]] = [
    *((wrong, BINARY) for wrong in WRONG_KEYS),
    *((KEYS[:2], wrong) for wrong in WRONG_REWARDS),
    *(("prompt-0", wrong) for wrong in ([], 1.0, [[1, 0]])),
]


def _selector(name: str) -> PromptSelector:
    chosen = PromptSelector(KEYS, SETTINGS[name], batch_size=4, group_size=4, seed=1)
    keys = chosen.select(6)
    chosen.observe(keys[:4], [[1, 0, 1, 0]] * 4, diversity=0.5)
    return chosen


def _refused(chosen: PromptSelector, method: str, *arguments: Any, **more: Any) -> None:
    def now() -> tuple[object, ...]:
        return chosen.state_dict()["checksum"], repr(chosen.metrics()), chosen.last_arms.tolist(), id(chosen.sampler)

    before = now()
    with pytest.raises(VASError) as refusal:
        getattr(chosen, method)(*arguments, **more)
    assert len(str(refusal.value).splitlines()) == 1
    assert now() == before, (method, arguments, more)


@pytest.mark.parametrize("name", SETTINGS)
def test_refused_feedback_changes_nothing_though_its_rewards_would(name: str) -> None:
    """Graded rewards change what is learnt, one outside the range changes the range: not if they are refused."""
    chosen = _selector(name)
    for rewards in (BINARY, GRADED, SHAPED):
        for words in WORDS:
            _refused(chosen, "observe", KEYS[:2], rewards, **{"diversity": [0.5, 0.5], **words})
    for key, rewards in KEYS_AND_REWARDS:
        _refused(chosen, "observe", key, rewards)


def test_other_refused_calls_change_nothing() -> None:
    chosen = _selector("default")
    for n, version in ((0, None), (1.5, None), ("a", None), (9, np.nan), (9, -1), (9, "v"), (9, [1])):
        _refused(chosen, "select", n, policy_version=version)
    for rewards in ("ab", _Tensor(), [[1, 0], [1]]):
        _refused(chosen, "fit", rewards, known=False)
    for state in WRONG_STATES:
        _refused(chosen, "load_state_dict", state)


def test_a_state_that_is_sealed_and_not_whole_changes_nothing() -> None:
    chosen = _selector("default")
    whole = chosen.state_dict()
    later = "says_right"  # which older states lack
    own = [name for name in whole if not name.startswith("sampler.") and name not in ("checksum", later)]
    for wrong in (np.zeros(3), "rubbish"):
        _refused(chosen, "load_state_dict", seal({**whole, later: wrong}))
    for name in (*own, "sampler.settings", "sampler.checksum", "sampler.weights"):
        rest = {key: value for key, value in whole.items() if key not in (name, "checksum")}
        for damaged in (rest, rest | {name: np.zeros(3)}, rest | {name: "rubbish" if name != "posterior" else 1}):
            _refused(chosen, "load_state_dict", seal(damaged))


@pytest.mark.parametrize("state", [None, {}, {"admitted": 3}, {"admitted": 3, "rejected": "four"}])
def test_a_gate_refuses_counts_that_are_none(state: Any) -> None:
    gate = MixedGroupGate()
    gate.load_state_dict({"admitted": 1, "rejected": 2})
    with pytest.raises(DataError, match="admission gate"):
        gate.load_state_dict(state)
    assert gate.state_dict() == {"admitted": 1, "rejected": 2}


@pytest.mark.parametrize("settings", [{"pass_rate_trials": 4}, {"sampler": {"scoring_rollouts": 4}}])
def test_a_setting_that_nothing_reads_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=r"pass_rate_trials|scoring_rollouts"):
        SelectionConfig(**settings)


@pytest.mark.parametrize("rewards", [BINARY, GRADED])
def test_what_is_right_has_to_be_told_where_a_part_of_the_reward_says_it(rewards: Any) -> None:
    """The total stood in for the part without a word."""
    chosen = PromptSelector(KEYS, SelectionConfig(success_from="acc"), batch_size=4, group_size=4)
    before = chosen.state_dict()["checksum"]
    with pytest.raises(ArgumentError, match="successes must be given, as success_from names the part 'acc'"):
        chosen.observe(KEYS[:2], rewards)
    assert chosen.state_dict()["checksum"] == before
    chosen.observe(KEYS[:2], rewards, successes=[[True, False, False, True]] * 2)


def test_a_run_that_goes_on_keeps_what_says_which_rollouts_are_right() -> None:
    """What was learnt under one threshold went on under another one."""
    shape: dict[str, Any] = {"batch_size": 4, "group_size": 4}
    state = PromptSelector(KEYS, SelectionConfig(success_above=0.9), **shape).state_dict()
    for other in ({"success_above": 0.2}, {}, {"success_above": 0.9, "success_from": "acc"}):
        chosen = PromptSelector(KEYS, SelectionConfig(**other), **shape)
        with pytest.raises(StateMismatchError, match=r"success_above: expected .*, found 'reward > 0\.9'"):
            chosen.load_state_dict(state)
    old = {name: value for name, value in state.items() if name not in ("says_right", "checksum")}
    chosen.load_state_dict(seal(old))  # of a version that did not say it
