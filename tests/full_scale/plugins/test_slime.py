"""The slime plug-in against the recorded shape of slime's arguments, samples and data source.

The shapes are those of slime at commit 624b824a (21 August 2026): ``slime/utils/types.py`` (``Sample``),
``slime/rollout/data_source.py`` (``RolloutDataSourceWithBuffer``) and the calls in ``slime/rollout/sglang_rollout.py``.
Where slime itself is installed, its own classes take their place.
"""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from full_scale.plugins.slime import KEY, VASDataSource, learn_from_samples
from vas_theory.foundation.errors import ArgumentError, DataError, VASError


class Status(Enum):
    PENDING = "pending"
    COMPLETED = "completed"
    TRUNCATED = "truncated"
    ABORTED = "aborted"
    FAILED = "failed"


@dataclass
class RecordedSample:
    """The fields of slime's ``Sample`` that a data source and a process function meet."""

    group_index: int | None = None
    index: int | None = None
    prompt: Any = ""
    multimodal_inputs: dict[str, Any] | None = None
    response: str = ""
    label: str | None = None
    reward: Any = None
    status: Any = Status.PENDING
    metadata: dict[str, Any] = field(default_factory=dict)

    def get_reward_value(self, args: Any) -> float:
        return float(self.reward[args.reward_key] if args.reward_key else self.reward)


if importlib.util.find_spec("slime"):  # pragma: no cover
    from slime.utils.types import Sample

    Status = Sample.Status  # type: ignore[misc]
else:
    Sample = RecordedSample


class RecordedSource:
    """The part of slime's own data source that is built on: samples, counters, buffer, files."""

    def __init__(self, samples: list[Any]) -> None:
        self.dataset: Any = SimpleNamespace(samples=samples)
        self.sample_group_index = self.sample_index = 0
        self.buffer: list[Any] = []
        self.saved: list[int] = []
        self.loaded: list[int | None] = []
        self.metadata = {"kept": True}

    def _get_samples_from_buffer(self, num_samples: int) -> list[Any]:
        taken, self.buffer = self.buffer[:num_samples], self.buffer[num_samples:]
        return taken

    def add_samples(self, samples: list[Any]) -> None:
        self.buffer += samples

    def save(self, rollout_id: int) -> None:
        self.saved.append(rollout_id)

    def load(self, rollout_id: int | None = None) -> None:
        self.loaded.append(rollout_id)


def arguments(**changes: Any) -> SimpleNamespace:
    known = {
        "rollout_batch_size": 4,
        "n_samples_per_prompt": 4,
        "rollout_seed": 42,
        "prompt_data": "prompts.jsonl",
        "reward_key": None,
        "rollout_all_samples_process_path": "full_scale.plugins.slime.learn_from_samples",
        "save": None,
        "load": None,
        "vas": {"mixture_ratio": 0.5},
    }
    return SimpleNamespace(**{**known, **changes})


def source(**changes: Any) -> VASDataSource:
    samples = [Sample(prompt=f"{row} + {row} =", label=str(2 * row), metadata={"id": row}) for row in range(16)]
    return VASDataSource(arguments(**changes), RecordedSource(samples))


def roll(groups: list[list[Any]], step: int) -> list[list[Any]]:
    rng = np.random.default_rng([step, 8])
    for group in groups:
        for sample in group:
            sample.status = Status.COMPLETED
            sample.reward = float(rng.random() < int(sample.metadata["id"]) / 15)
    return groups


def test_groups_have_the_shape_that_slime_makes() -> None:
    data = source()
    groups = data.get_samples(3) + data.get_samples(1)
    assert [len(group) for group in groups] == [4] * 4
    assert [sample.index for group in groups for sample in group] == list(range(16))
    assert [[sample.group_index for sample in group] for group in groups] == [[place] * 4 for place in range(4)]
    assert len({group[0].metadata[KEY] for group in groups}) == 4
    assert all(sample.metadata["id"] == group[0].metadata["id"] for group in groups for sample in group)
    groups[0][0].metadata["scratch"] = 1
    assert all("scratch" not in sample.metadata for sample in data._samples)
    assert len(data) == 16
    assert data.metadata == {"kept": True}  # whatever is not said here is slime's own


def test_groups_that_slime_puts_back_come_first() -> None:
    data = source()
    back = data.get_samples(2)
    data.add_samples(back)
    assert data.get_samples(3)[:2] == back
    data.add_samples(back)
    selected = data.selector.selected_groups
    assert data.get_samples(2) == back
    assert data.selector.selected_groups == selected


def test_the_loop_learns_from_all_groups_by_the_method_that_slime_hands_over() -> None:
    data = source()
    groups = roll(data.get_samples(6), 0)  # over-sampled by two
    learn_from_samples(data.args, groups, data.get_samples)
    metrics = data.selector.metrics()
    assert (metrics["training_rollouts"], metrics["rejected_rollouts"]) == (16, 8)
    learn_from_samples(data.args, roll(data.get_samples(4), 1), data)  # or by the data source itself
    assert data.selector.observed_groups == 10
    learn_from_samples(data.args, [], data)


def test_silent_groups_are_the_first_to_be_charged_as_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    data = source(rollout_batch_size=1)
    groups = data.get_samples(2)
    for sample, reward in zip(groups[0] + groups[1], [1, 1, 1, 1, 0, 1, 0, 1], strict=True):
        sample.status, sample.reward = Status.COMPLETED, float(reward)
    seen: list[Any] = []
    observe = data.selector.observe

    def noting(*given: Any, **named: Any) -> None:
        seen.append(named["trained"].tolist())
        observe(*given, **named)

    monkeypatch.setattr(data.selector, "observe", noting)
    data.learn(groups)
    assert seen == [[False, True]]


def test_rollouts_without_a_reward_are_left_out() -> None:
    data = source()
    (group,) = data.get_samples(1)
    ends = [(1.0, "completed"), (None, "completed"), (0.0, "truncated"), (1.0, "aborted")]
    for sample, (reward, status) in zip(group, ends, strict=True):
        sample.reward, sample.status = reward, Status(status)
    data.learn([group])
    assert data.selector.metrics()["excluded_rewards"] == 2
    assert data.selector.metrics()["varying_share"] == 1


def test_rewards_of_several_parts_and_rollouts_of_several_samples() -> None:
    data = source(reward_key="score", vas={"success_from": "acc"})
    (group,) = data.get_samples(1)
    for place, sample in enumerate(group):
        sample.status, sample.reward = Status.COMPLETED, {"score": 0.1 * place, "acc": 1.0}
    data.learn([[[Sample(metadata={KEY: "no"}), sample] for sample in group]])  # the last of each rollout counts
    assert data.selector.metrics()["realised_mixed_share"] == 0
    (group,) = data.get_samples(1)
    for sample in group:
        sample.status, sample.reward = Status.COMPLETED, {"score": 0.5}
    with pytest.raises(ArgumentError, match="success_from"):
        data.learn([group])


def test_a_killed_run_goes_on_as_one_that_was_not(tmp_path: Path) -> None:
    straight, stopped = source(save=str(tmp_path)), source(save=str(tmp_path))
    for data in (straight, stopped):
        for step in range(3):
            data.learn(roll(data.get_samples(4), step))
    stopped.save(2)
    resumed = source(load=str(tmp_path), rollout_seed=7)
    resumed.load(2)
    for step in range(3, 6):
        batches = [roll(data.get_samples(4), step) for data in (straight, resumed)]
        keys = [[group[0].metadata[KEY] for group in batch] for batch in batches]
        assert keys[0] == keys[1]
        straight.learn(batches[0])
        resumed.learn(batches[1])
    assert stopped.saved == [2]
    assert resumed.loaded == [2]


def test_a_checkpoint_without_the_selection_is_refused_unless_allowed(tmp_path: Path) -> None:
    source(load=str(tmp_path)).load(-1)  # a run that starts from a base model
    source().load(None)
    with pytest.raises(DataError, match="resume_without_state"):
        source(load=str(tmp_path)).load(4)
    source(load=str(tmp_path), vas={"resume_without_state": True}).load(4)


REFUSED: list[tuple[dict[str, Any], type[VASError], str]] = [
    ({"n_samples_per_prompt": 1}, ArgumentError, "--n-samples-per-prompt"),
    ({"rollout_all_samples_process_path": None}, ArgumentError, "learn_from_samples"),
    ({"vas": {"mixture": 1}}, VASError, "mixture_ratio"),
    ({"vas": {"sampler": {"score": "vps"}}}, ArgumentError, "beta = 0"),
    ({"rollout_batch_size": 17}, ArgumentError, "batch_size"),
]


@pytest.mark.parametrize(("changes", "error", "message"), REFUSED, ids=[str(changes) for changes, *_ in REFUSED])
def test_arguments_that_cannot_work_are_refused(changes: dict[str, Any], error: type[VASError], message: str) -> None:
    with pytest.raises(error, match=message):
        source(**changes)


def test_other_data_sources_and_foreign_groups_are_refused() -> None:
    with pytest.raises(ArgumentError, match="--data-source-path"):
        learn_from_samples(arguments(), [], RecordedSource([]))
    with pytest.raises(DataError, match=KEY):
        source().learn([[Sample(reward=1.0, status=Status.COMPLETED)] * 4])
    images = [
        Sample(prompt="what is this?", multimodal_inputs={"images": [1]}, metadata={"id": row}) for row in range(8)
    ]
    with pytest.raises(DataError, match="'key'"):
        VASDataSource(arguments(), RecordedSource(images))
    assert len(VASDataSource(arguments(vas={"key": "id"}), RecordedSource(images))) == 8
    empty = RecordedSource([])
    empty.dataset = None
    with pytest.raises(ArgumentError, match="--prompt-data"):
        VASDataSource(arguments(), empty)


def test_in_slime_itself(tiny_folder: Path, tmp_path: Path) -> None:
    theirs = pytest.importorskip("slime.rollout.data_source", reason="slime is not installed")
    from slime.utils.misc import load_function

    prompts = tmp_path / "prompts.jsonl"
    rows = [{"input": f"{row}+{row}=", "label": str(2 * row), "metadata": {"id": row}} for row in range(16)]
    prompts.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    args = arguments(
        rollout_global_dataset=True,
        prompt_data=str(prompts),
        hf_checkpoint=str(tiny_folder),
        dump_details=None,
        rollout_max_prompt_len=None,
        input_key="input",
        multimodal_keys=None,
        label_key="label",
        metadata_key="metadata",
        tool_key=None,
        apply_chat_template=False,
        apply_chat_template_kwargs={},
        rollout_shuffle=True,
        buffer_filter_path=None,
        save=str(tmp_path),
        load=str(tmp_path),
    )

    def started() -> Any:
        data = load_function("full_scale.plugins.slime.VASDataSource")(args)
        assert isinstance(data._source, theirs.RolloutDataSourceWithBuffer)
        return data

    wanted = {name for name, value in vars(theirs.DataSource).items() if callable(value)}
    assert all(callable(getattr(VASDataSource, name)) for name in wanted)
    learn = load_function(args.rollout_all_samples_process_path)
    straight = started()
    straight.load(-1)
    for step in range(2):
        learn(args, roll(straight.get_samples(4), step), straight.get_samples)
    straight.save(1)
    resumed = started()
    resumed.load(1)
    first, second = straight.get_samples(5), resumed.get_samples(5)
    assert [sample.to_dict() for group in first for sample in group] == [
        sample.to_dict() for group in second for sample in group
    ]
    resumed.add_samples(second[:2])
    assert resumed.get_samples(2) == second[:2]
    assert resumed.get_buffer_length() == 0
