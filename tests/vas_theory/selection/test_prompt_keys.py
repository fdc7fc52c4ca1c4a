"""Keys name prompts as they are, whatever they look like, and cost what they weigh."""

from __future__ import annotations

import copy
import os
import pickle
import re
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vas_theory.foundation.errors import ArgumentError, DataError, StateMismatchError, UnknownNameError
from vas_theory.selection import VarianceAwareSampler
from vas_theory.selection.sampler import prompt_keys
from vas_theory.selection.sampler.prompt_keys import PromptKeys

ODD = ["a", "a\0", "a\0\0", "", "\0", "é", "e\u0301", "日本", "\ud800", "a" * 5000]


def test_keys_that_numpy_takes_for_the_same_are_different() -> None:
    keys = PromptKeys(ODD)
    assert keys.positions_of(ODD[::-1]).tolist() == list(range(len(ODD)))[::-1]
    assert keys.at([1, 0]).tolist() == ["a\0", "a"]
    assert keys.name(1) == r"'a\x00'"
    with pytest.raises(UnknownNameError):
        keys.positions_of(["a\0\0\0"])


def test_odd_keys_survive_a_saved_state() -> None:
    sampler = VarianceAwareSampler(ODD, batch_size=3, seed=2)
    sampler.observe_by_key(sampler.keys.at(sampler.draw()), [[1, 0]] * 3)
    again = VarianceAwareSampler(ODD, batch_size=3)
    again.load_state_dict(sampler.state_dict())
    assert again.state_dict()["checksum"] == sampler.state_dict()["checksum"]
    fewer = VarianceAwareSampler(ODD[1:], batch_size=3)
    fewer.load_state_dict(sampler.state_dict(), match_keys=True)
    np.testing.assert_array_equal(fewer.draw_counts, sampler.draw_counts[1:])


@given(keys=st.lists(st.text(alphabet="ab\0", max_size=3), min_size=1, unique=True), seed=st.integers(0, 9))
def test_found_where_they_are_whatever_their_hashes(keys: list[str], seed: int) -> None:
    """With three hash values only, so that most keys share one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prompt_keys, "hash", lambda key: len(key) % 3 + seed, raising=False)
        found = PromptKeys(keys)
        assert found.positions_of(keys).tolist() == list(range(len(keys)))
        assert found._find(np.array(["c"], dtype=object)).tolist() == [-1]
        assert PromptKeys.from_state(found.as_state()).equals(found)
        with pytest.raises(DataError, match="occurs twice, in rows 0 and"):
            PromptKeys([*keys, keys[0]])


def test_one_long_key_does_not_make_all_of_them_long() -> None:
    keys = [f"prompt {row}" for row in range(20_000)] + ["x" * 100_000]
    tracemalloc.start()
    held = PromptKeys(keys)
    state = held.as_state()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20e6  # it was 16 GB: 4 bytes times 100,000 characters times 20,001 keys
    assert PromptKeys.from_state(state).equals(held)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ([1, "a"], "all strings or all integers"),
        ([True, False], "all strings or all integers"),
        ([0.5], "all strings or all integers"),
        ([["a"], ["b"]], "all strings or all integers"),
        (np.zeros((2, 2), dtype=int), "shape (2, 2)"),
        ([2**63], "fit in 64 signed bits"),
        (3.5, "all strings or all integers"),
        ([None], "all strings or all integers"),
        ("abc", "a list of keys, not one string"),
        ({"a", "b"}, "in an order, which a set does not keep"),
        (pd.DataFrame({"a": [1, 2]}), "one column of a table"),
    ],
)
def test_other_keys_are_refused(keys: object, message: str) -> None:
    with pytest.raises(ArgumentError, match=re.escape(message)):
        PromptKeys(keys)  # type: ignore[arg-type]


def test_damaged_ends_are_refused() -> None:
    state = PromptKeys(["ab", "c"]).as_state()
    for ends in ([2, 4], [3, 2], [-1, 3]):
        with pytest.raises(DataError, match="do not end"):
            PromptKeys.from_state({**state, "key_ends": np.array(ends)})
    with pytest.raises(DataError, match="not UTF-8"):
        PromptKeys.from_state({**state, "keys": np.array([255, 254, 253], dtype=np.uint8)})


def test_a_pickled_sampler_finds_its_keys_in_another_process(tmp_path: Path) -> None:
    """Strings are found by their hashes, which every process has of its own."""
    sampler = VarianceAwareSampler(["x", "y", "zw"], batch_size=1)
    sampler.observe_by_key(["y"], [[1, 0]])
    (tmp_path / "sampler.pkl").write_bytes(pickle.dumps(sampler))
    code = (
        "import pickle, sys; sampler = pickle.load(open(sys.argv[1], 'rb'));"
        "print(sampler.positions_of(['zw', 'x', 'y']).tolist(), sampler.state_dict()['checksum'])"
    )
    call = [sys.executable, "-c", code, str(tmp_path / "sampler.pkl")]
    for seed in ("1", "2"):
        done = subprocess.run(
            call, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed}
        )
        assert done.stdout.split("] ") == ["[2, 0, 1", sampler.state_dict()["checksum"] + "\n"]
    assert copy.deepcopy(sampler).positions_of(["zw"]).tolist() == [2]


def test_a_state_of_other_prompts_altogether_is_refused_also_by_keys() -> None:
    sampler = VarianceAwareSampler(["1", "2"], batch_size=1)
    sampler.observe([0], [[1, 0]])
    for keys in ([1, 2], ["3", "4"]):
        other = VarianceAwareSampler(keys, batch_size=1)
        before = other.state_dict()["checksum"]
        with pytest.raises(StateMismatchError, match=r"prompts: expected 'some of 2 .*', found 'none of them among 2"):
            other.load_state_dict(sampler.state_dict(), match_keys=True)
        assert other.state_dict()["checksum"] == before
