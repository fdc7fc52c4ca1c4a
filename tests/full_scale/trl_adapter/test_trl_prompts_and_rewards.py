"""The parts of the TRL adapter that need no model: versions, keys, groups of rewards, checkpoints."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from datasets import Dataset

from full_scale.plugins.rows import prompt_key
from full_scale.trl_adapter import compatibility
from full_scale.trl_adapter.compatibility import check_version, excludes_unscored
from full_scale.trl_adapter.config import VASConfig
from full_scale.trl_adapter.feedback import check_groups, group_rewards
from full_scale.trl_adapter.prompts import prompt_keys
from vas_theory.foundation.errors import ArgumentError, DataError, UnknownNameError, VASError

ROOT = Path(__file__).resolve().parents[3]
NAN, INF = float("nan"), float("inf")


def test_declared_range_is_the_one_that_is_enforced() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    (declared,) = (entry for entry in extras["full-scale"] if entry.startswith("trl"))
    assert declared == f"trl>={compatibility.MINIMUM},<{compatibility.BELOW}"


@pytest.mark.parametrize("version", ["0.26.2", "1.17.0", "2.0.0.dev0"])
def test_other_versions_are_refused_by_name(version: str) -> None:
    with pytest.raises(VASError, match=rf"trl {re.escape(version)} is installed"):
        check_version(version)


def test_supported_versions_pass() -> None:
    for version in ("0.27.0", "1.0.0", "1.16.3", importlib.metadata.version("trl")):
        check_version(version)
    assert [excludes_unscored(version) for version in ("0.29.1", "1.5.1", "1.6.0", "1.16.0")] == [False] * 2 + [
        True
    ] * 2


def test_package_and_configuration_load_no_torch() -> None:
    code = "import sys, full_scale; full_scale.VASConfig; sys.exit('torch' in sys.modules or 'trl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_unknown_names_of_the_package_are_attribute_errors() -> None:
    import full_scale

    with pytest.raises(AttributeError, match="VASTrainer"):
        full_scale.VASTrainer  # noqa: B018


def test_keys_are_hashes_of_the_prompt_alone() -> None:
    talk = [{"role": "user", "content": "2+2="}]
    data = Dataset.from_dict({"prompt": [talk, [{"role": "user", "content": "2+3="}]], "answer": ["4", "5"]})
    keys = prompt_keys(data, None)
    assert keys[0] == prompt_key(talk) == prompt_key([{"content": "2+2=", "role": "user"}])
    assert keys == prompt_keys(data.select_columns(["prompt"]), None)
    assert len({*keys, prompt_key("2+2=")}) == 3
    assert prompt_key("2+2=") == "c2565694b03a7009"  # of b2sum -l 64; saved states hold it


@pytest.mark.parametrize(
    ("columns", "key_column", "error", "message"),
    [
        ({"prompt": ["a", "b", "a"]}, None, DataError, "rows 0 and 2: 'a'; drop the repeats"),
        ({"prompt": ["a", "b"], "id": [7, 7]}, "id", DataError, "rows 0 and 1: '7'"),
        ({"prompt": ["a", "b"], "id": ["x", None]}, "id", DataError, "row 1"),
        ({"prompt": ["a"], "id": [0.5]}, "id", DataError, "row 0"),
        ({"question": ["a"]}, None, DataError, "no column 'prompt'"),
        ({"prompt": ["a"]}, "uid", DataError, "no column 'uid'"),
        ({"prompt": []}, None, ArgumentError, "train_dataset must have at least one row"),
        ({"prompt": ["a", None]}, None, DataError, "column 'prompt', row 1: a prompt must not be empty, not None"),
        ({"prompt": ["a", " ", ""], "id": [1, 2, 3]}, "id", DataError, "row 1: a prompt must not be empty, not ' '"),
        ({"prompt": [[{"role": "user", "content": "a"}], []]}, None, DataError, "row 1: a prompt must not be empty"),
    ],
)
def test_unusable_data_are_named(
    columns: dict[str, list[object]], key_column: str | None, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=re.escape(message)):
        prompt_keys(Dataset.from_dict(columns), key_column)


def test_streams_are_refused() -> None:
    with pytest.raises(ArgumentError, match="stream"):
        prompt_keys(Dataset.from_dict({"prompt": ["a"]}).to_iterable_dataset(), None)


def test_key_column_is_taken_as_it_is() -> None:
    data = Dataset.from_dict({"prompt": ["a", "a"], "id": [5, 3]})
    assert prompt_keys(data, "id") == [5, 3]
    assert prompt_keys(data.select([1, 0]), "id") == [3, 5]
    assert prompt_keys(data.with_format("torch"), "id") == [5, 3]


def test_a_column_is_read_as_one_array() -> None:
    """Read row by row, 100,000 rows took 2 seconds; hashing their texts takes a fifth of that."""
    texts = [f"What is {row}?" for row in range(100_000)]
    data = Dataset.from_dict({"prompt": texts, "id": list(range(len(texts)))})

    def fastest(work: Callable[[], object]) -> float:
        spent = []
        for _ in range(3):
            started = time.perf_counter()
            work()
            spent.append(time.perf_counter() - started)
        return min(spent)

    hashing = fastest(lambda: [prompt_key(text) for text in texts])
    assert fastest(lambda: prompt_keys(data, None)) < 1.5 * hashing
    assert fastest(lambda: prompt_keys(data, "id")) < hashing
    assert prompt_keys(data, None)[7] == prompt_key(texts[7])


@pytest.mark.parametrize("data", [[{"prompt": "a"}], None, {"prompt": ["a"]}])
def test_what_is_no_data_set_is_named(data: object) -> None:
    with pytest.raises(ArgumentError, match=r"train_dataset must be a datasets\.Dataset .*; received"):
        prompt_keys(data, None)


def test_groups_of_rewards() -> None:
    rewards = np.array(
        [
            *([1.0, 0.0], [0.0, 1.0], [NAN, 1.0], [NAN, NAN]),  # one function missing, one rollout unscored
            *([0.1, 0.1],) * 4,  # silent
            *([INF, 0.0], [0.0, 0.0], [1.0, 1.0], [-INF, 0.0]),  # no mean to compare with
            *([NAN, NAN],) * 4,
            *([INF, -INF], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0]),  # a sum that is no number
        ]
    )
    found = group_rewards(rewards, np.array([1.0, 0.5]), 4, success=lambda r_PGF: (r_PGF >= 1).any(axis=2))
    np.testing.assert_array_equal(found.rewards_PG[0], [1.0, 0.5, 0.5, NAN])
    assert found.successes_PG is not None
    assert found.successes_PG.tolist() == [
        [True, True, True, False],
        [False] * 4,
        [False, False, True, False],  # an infinite reward is no right one
        [False] * 4,
        [False, True, True, True],
    ]
    assert found.silent_P.tolist() == [False, True, False, True, True]
    assert found.infinite_P.tolist() == [False, False, True, False, True]
    assert found.incomplete_P.tolist() == [True, False, False, True, True]
    assert found.excluded_PG.sum(axis=1).tolist() == [1, 0, 4, 4, 4]


def test_success_of_the_users_own_sees_each_function() -> None:
    rewards = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [NAN, 1.0]])
    found = group_rewards(rewards, np.ones(2), 2, success=lambda r_PGF: r_PGF[..., 1] == 1)
    assert found.successes_PG.tolist() == [[False, True], [True, True]]
    with pytest.raises(ArgumentError, match=r"success must return booleans of shape \(2, 2\)"):
        group_rewards(rewards, np.ones(2), 2, success=lambda r_PGF: r_PGF[..., 1])


def test_what_is_right_comes_from_the_named_function_or_from_rewards_of_0_and_1() -> None:
    rewards = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [NAN, 1.0]])
    named = group_rewards(rewards, np.ones(2), 2, success_column=0)
    assert named.successes_PG is not None
    assert named.successes_PG.tolist() == [[True, False], [True, False]]
    assert group_rewards(rewards, np.ones(2), 2).successes_PG is None  # a total of 2 is neither right nor wrong
    binary = group_rewards(rewards, np.array([1.0, 0.0]), 2).successes_PG
    assert binary is not None
    assert binary.tolist() == [[True, False], [True, False]]


def test_torn_groups_and_foreign_draws_are_refused() -> None:
    check_groups(["a", "a", "b", "b"], ["a", "b"], 2)
    with pytest.raises(VASError, match="rollout 1 of the gathered batch belongs to prompt 'b', but 'a'"):
        check_groups(["a", "b", "b", "b"], ["a", "b"], 2)
    with pytest.raises(VASError, match="2 rollouts were gathered"):
        check_groups(["a", "a"], ["a", "b"], 2)


@pytest.mark.parametrize(
    "settings",
    [
        {"largest_excluded_share": 1.5},
        {"success": 3},
        {"sampler": {"batch_size": 4}},
        {"sampler": {"score": "custom"}},
        {"strategy": "mopps", "posterior_options": {"drift": 0.01}},
        {"mixture_ratio": NAN},
        {"mixture_ratio": "0.5"},
        {"mixture_ratio": True},
        {"largest_excluded_share": NAN},
        {"success": len, "success_from": "accuracy"},
        {"success_from": 3},
        {"key_column": ["id"]},
        {"sampler": [("floor", 0.1)]},
        {"sampler": {"floor": NAN}},
        {"sampler": {"reward_range": (1.0, 0.0)}},
        {"posterior_options": {"drifft": 0.01}},
        {"seed": 0.5},
        {"seed": -1},
        {"may_differ": "prompts"},
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ArgumentError):
        VASConfig(**settings)  # type: ignore[arg-type]


def test_names_that_do_not_exist_are_answered_with_near_ones() -> None:
    with pytest.raises(UnknownNameError, match="did you mean floor"):
        VASConfig(sampler={"flor": 0.1})
    with pytest.raises(UnknownNameError, match="did you mean discounted_beta"):
        VASConfig(posterior="discounted-beta")
