"""The parts of the TRL adapter that need no model: versions, keys, groups of rewards, checkpoints."""

from __future__ import annotations

import importlib.metadata
import inspect
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from datasets import Dataset

from full_scale.trl_adapter import compatibility
from full_scale.trl_adapter.compatibility import METHODS, check_version, excludes_unscored
from full_scale.trl_adapter.config import VASConfig
from full_scale.trl_adapter.feedback import check_groups, group_diversity, group_rewards
from full_scale.trl_adapter.prompts import prompt_key, prompt_keys
from full_scale.trl_adapter.state import STATE_FILE, newest_intact, read_sampler, write_sampler
from vas_theory.foundation.errors import ArgumentError, DataError, IntegrityError, VASError
from vas_theory.selection import VarianceAwareSampler, self_bleu

ROOT = Path(__file__).resolve().parents[2]
NAN, INF = float("nan"), float("inf")


def test_private_methods_have_the_parameters_the_adapter_passes() -> None:
    from trl import GRPOTrainer

    for name, parameters in METHODS.items():
        assert tuple(inspect.signature(getattr(GRPOTrainer, name)).parameters) == parameters, name


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
    found = group_rewards(rewards, np.array([1.0, 0.5]), 4, success=None, largest_reward=1.5)
    np.testing.assert_array_equal(found.rewards_PG[0], [1.0, 0.5, 0.5, NAN])
    assert found.successes_PG.tolist() == [[True, False, False, False], *[[False] * 4] * 1, [False, False, True, False],
                                           [False] * 4, [False, True, True, True]]  # fmt: skip
    assert found.silent_P.tolist() == [False, True, False, True, True]
    assert found.infinite_P.tolist() == [False, False, True, False, True]
    assert found.incomplete_P.tolist() == [True, False, False, True, True]
    assert found.excluded_PG.sum(axis=1).tolist() == [1, 0, 4, 4, 4]


def test_success_of_the_users_own_sees_each_function() -> None:
    rewards = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [NAN, 1.0]])
    found = group_rewards(rewards, np.ones(2), 2, success=lambda r_PGF: r_PGF[..., 1] == 1, largest_reward=1.0)
    assert found.successes_PG.tolist() == [[False, True], [True, True]]
    with pytest.raises(ArgumentError, match=r"success must return booleans of shape \(2, 2\)"):
        group_rewards(rewards, np.ones(2), 2, success=lambda r_PGF: r_PGF[..., 1], largest_reward=1.0)


def test_torn_groups_and_foreign_draws_are_refused() -> None:
    check_groups(["a", "a", "b", "b"], ["a", "b"], 2)
    with pytest.raises(VASError, match="rollout 1 of the gathered batch belongs to prompt 'b', but 'a'"):
        check_groups(["a", "b", "b", "b"], ["a", "b"], 2)
    with pytest.raises(VASError, match="2 rollouts were gathered"):
        check_groups(["a", "a"], ["a", "b"], 2)


def test_diversity_is_that_of_each_group() -> None:
    groups = [[[1, 2, 3], [1, 2, 3], [4, 5]], [[7], [8, 9, 8, 9], [8, 9]]]
    expected = []
    for group in groups:
        offsets = np.cumsum([0, *map(len, group)])
        expected.append(1 - self_bleu(np.concatenate(group), offsets))
    np.testing.assert_allclose(group_diversity([*groups[0], *groups[1]], 3), expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    "settings",
    [
        {"largest_excluded_share": 1.5},
        {"success": 3},
        {"sampler": {"batch_size": 4}},
        {"sampler": {"mode": "paper"}},
        {"sampler": {"refresh": "periodic"}},
        {"sampler": {"score": "custom"}},
        {"strategy": "mopps", "posterior_options": {"drift": 0.01}},
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ArgumentError):
        VASConfig(**settings)  # type: ignore[arg-type]


def checkpoint(folder: Path, step: int) -> Path:
    target = folder / f"checkpoint-{step}"
    state = VarianceAwareSampler(5, batch_size=2, seed=step).state_dict()
    write_sampler(target, state, {"drawn": step, "observed": step, "silent_groups": 0, "unused_steps": 0})
    (target / "trainer_state.json").write_text(json.dumps({"global_step": step}), encoding="utf-8")
    return target


def test_state_of_a_checkpoint_comes_back(tmp_path: Path) -> None:
    state, counters = read_sampler(checkpoint(tmp_path, 3))
    assert counters == {"drawn": 3, "observed": 3, "silent_groups": 0, "unused_steps": 0}
    receiver = VarianceAwareSampler(5, batch_size=2, seed=0)
    receiver.load_state_dict(state)
    assert receiver.seed == 3
    with pytest.raises(DataError, match="not made by a trainer with VAS"):
        read_sampler(tmp_path)


def test_one_flipped_byte_is_refused(tmp_path: Path) -> None:
    path = checkpoint(tmp_path, 1) / STATE_FILE
    data = bytearray(path.read_bytes())
    data[data.index(b"discounted") + 3] ^= 1
    path.write_bytes(data)
    with pytest.raises(IntegrityError, match=STATE_FILE):
        read_sampler(path.parent)


def test_torn_checkpoints_are_passed_over_aloud(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    whole = checkpoint(tmp_path, 2)
    torn = checkpoint(tmp_path, 10) / STATE_FILE
    torn.write_bytes(torn.read_bytes()[:-50])
    (checkpoint(tmp_path, 11) / "trainer_state.json").write_text('{"global_', encoding="utf-8")
    write_sampler(tmp_path / "checkpoint-12", VarianceAwareSampler(5, batch_size=2).state_dict(), {"drawn": 0})
    assert newest_intact(tmp_path) == whole
    rejected = [record.getMessage() for record in caplog.records]
    assert [f"checkpoint-{step} rejected" in text for step, text in zip((12, 11, 10), rejected, strict=True)] == [
        True
    ] * 3
    with pytest.raises(DataError, match="no whole checkpoint"):
        newest_intact(tmp_path / "elsewhere")


def test_writing_again_takes_back_the_mark_of_a_whole_checkpoint(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path, 4)
    write_sampler(folder, VarianceAwareSampler(5, batch_size=2).state_dict(), {"drawn": 0})
    assert newest_intact(tmp_path) is None


def test_a_run_killed_in_its_first_save_begins_anew_but_a_damaged_one_stops(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    torn = tmp_path / "torn"
    write_sampler(torn / "checkpoint-1", VarianceAwareSampler(5, batch_size=2).state_dict(), {"drawn": 0})
    assert newest_intact(torn) is None
    assert "training begins anew" in caplog.records[-1].getMessage()
    damaged = checkpoint(tmp_path, 1) / STATE_FILE
    damaged.write_bytes(damaged.read_bytes()[:-50])
    with pytest.raises(DataError, match="no whole checkpoint"):
        newest_intact(tmp_path)
