"""What of the verl plug-in can be told without verl: settings, keys of the data, groups by uid."""

from __future__ import annotations

import copy
import math
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from datasets import Dataset

from full_scale.plugins.interface import PromptSelector
from full_scale.plugins.verl import GroupsInFlight, dataset_selector, logged_metrics, read_settings, session_values
from vas_theory.foundation.errors import ArgumentError, DataError, UnknownNameError, VASError
from vas_theory.selection.posteriors import shares_prediction

CONFIG: dict[str, Any] = {
    "data": {"dataloader_num_workers": 0, "train_batch_size": 4, "seed": 11, "prompt_key": "prompt"},
    "actor_rollout_ref": {"rollout": {"n": 4}},
    "skip": {"rollout_tq": {"enable": False}},
    "trainer": {"v1": {"trainer_mode": "vas", "vas": {"mixture_ratio": 0.25}}},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    config = copy.deepcopy(CONFIG)
    *parents, last = path.split(".")
    place = config
    for name in parents:
        place = place[name]
    place[last] = value
    return config


def selector(**settings: Any) -> PromptSelector:
    return PromptSelector(
        list(range(12)), read_settings(changed("trainer.v1.vas", settings)), batch_size=4, group_size=4
    )


def test_settings_are_under_the_name_of_the_mode() -> None:
    assert read_settings(CONFIG).mixture_ratio == 0.25
    del (bare := copy.deepcopy(CONFIG))["trainer"]["v1"]["vas"]
    assert read_settings(bare).mixture_ratio is None


REFUSED: list[tuple[str, Any, type[VASError], str]] = [
    ("data.dataloader_num_workers", 8, ArgumentError, "data.dataloader_num_workers must be 0.*received 8"),
    ("data.dataloader_num_workers", None, ArgumentError, "must be 0"),
    ("actor_rollout_ref.rollout.n", 1, ArgumentError, "rollout.n must be at least 2"),
    ("skip.rollout_tq.enable", True, ArgumentError, "skip.rollout_tq.enable must be false"),
    ("trainer.v1.vas", {"mixture": 0.5}, UnknownNameError, "mixture_ratio"),
    ("trainer.v1.vas", {"sampler": {"score": "vps"}}, ArgumentError, "beta = 0"),
]


@pytest.mark.parametrize(("path", "value", "error", "message"), REFUSED, ids=[f"{p}={v}" for p, v, *_ in REFUSED])
def test_what_cannot_go_with_it_is_refused_by_name(path: str, value: Any, error: type[VASError], message: str) -> None:
    with pytest.raises(error, match=message):
        read_settings(changed(path, value))


def dataset(**columns: Any) -> SimpleNamespace:
    rows = {"prompt": [[{"role": "user", "content": f"{row} + 1 ="}] for row in range(6)], **columns}
    return SimpleNamespace(dataframe=Dataset.from_dict(rows))


def test_prompts_are_named_by_their_text_or_by_a_field() -> None:
    plain = dataset_selector(dataset(), CONFIG, read_settings(CONFIG))
    assert len({str(key) for key in plain.select(4)}) == 4
    assert plain.sampler.seed == 11
    named = changed("trainer.v1.vas", {"key": "extra_info.index", "pass_rates": "extra_info.rate"})
    rows = dataset(extra_info=[{"index": 10 * row, "rate": row / 5} for row in range(6)])
    chosen = dataset_selector(rows, named, read_settings(named))
    assert set(chosen.select(4)) < set(range(0, 60, 10))
    assert shares_prediction(chosen.sampler.posterior)


def test_unusable_data_are_refused() -> None:
    settings = read_settings(CONFIG)
    with pytest.raises(ArgumentError, match="dataframe"):
        dataset_selector([1, 2], CONFIG, settings)
    with pytest.raises(DataError, match="no column 'question'"):
        dataset_selector(dataset(), changed("data.prompt_key", "question"), settings)
    named = changed("trainer.v1.vas", {"key": "id"})
    with pytest.raises(DataError, match="no column 'id'"):
        dataset_selector(dataset(), named, read_settings(named))
    with pytest.raises(ArgumentError, match="batch_size"):
        dataset_selector(dataset(), changed("data.train_batch_size", 7), settings)


def test_the_last_trajectory_of_each_rollout_counts() -> None:
    keys = ["b_1_0", "a_0_0", "a_0_10", "a_0_9", "b_0_0", "a_1_0"]
    groups = session_values(keys, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    assert groups == {"a": [0.3, 0.6], "b": [0.5, 0.1]}


def test_groups_are_learnt_from_under_the_key_of_their_prompt() -> None:
    chosen = selector()
    flight = GroupsInFlight(chosen, 4)
    keys = chosen.select(4)
    flight.sent(["w", "x", "y", "z"], keys)
    flight.received({"x"}, {"x": [1.0, 1.0, 1.0, 1.0]}, trained=False)  # filtered out, before the others
    flight.received({"w", "y"}, {"y": [1.0, 0.0, 1.0], "w": [0.0, 0.0, 0.0, 0.0]}, trained=True)
    assert len(flight) == 1
    assert flight.settle() == 3  # x, w, and z, which never came back
    assert len(flight) == 0
    metrics = chosen.metrics()
    assert (metrics["training_rollouts"], metrics["rejected_rollouts"]) == (8, 8)
    assert (metrics["excluded_rewards"], metrics["excluded_groups"]) == (5, 1)
    rates = chosen.sampler.posterior.mean()
    rate = dict(zip(range(12), rates, strict=True))
    assert rate[int(keys[1])] > rate[int(keys[2])] > rate[int(keys[0])]
    assert flight.settle() == 0


def test_a_part_of_the_reward_may_say_what_is_right() -> None:
    chosen = selector(success_from="acc")
    flight = GroupsInFlight(chosen, 4)
    flight.sent(["u"], chosen.select(1))
    # graded totals, of which the part says that all were right
    flight.received({"u"}, {"u": [0.9, 1.1, 1.0, 0.7]}, {"u": [1.0, 1.0, 1.0, 1.0]}, trained=True)
    assert chosen.metrics()["realised_mixed_share"] == 0
    flight.sent(["v"], chosen.select(1))
    flight.settle()


def test_rollouts_of_unknown_groups_are_refused() -> None:
    chosen = selector()
    flight = GroupsInFlight(chosen, 4)
    with pytest.raises(DataError, match="read ahead"):
        flight.sent(["u"], chosen.select(2))
    flight.sent(["u"], chosen.select(1))
    flight.received({"u"}, {"u": [1.0] * 4}, trained=True)
    before = chosen.state_dict()["checksum"]
    with pytest.raises(DataError, match="group u,"):
        flight.received({"u"}, {"u": [1.0] * 4}, trained=True)
    assert chosen.state_dict()["checksum"] == before


def test_more_rollouts_than_usual_are_learnt_from_too() -> None:
    chosen = selector()
    flight = GroupsInFlight(chosen, 4)
    flight.sent(["u", "v"], chosen.select(2))
    flight.received({"u", "v"}, {"u": [1.0] * 6, "v": [0.0] * 4}, trained=True)
    assert chosen.metrics()["training_rollouts"] == 10


def test_logged_numbers_are_finite_and_named_apart() -> None:
    chosen = selector()
    chosen.select(4)
    values = logged_metrics(chosen, 2)
    assert values["vas/silent_groups"] == 2
    assert all(name.startswith("vas/") and math.isfinite(value) for name, value in values.items())


def test_the_entry_point_names_a_module_that_is_there() -> None:
    root = Path(__file__).parents[3]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    target = project["entry-points"]["verl.plugins"]["vas"]
    assert (root / Path(*target.split("."))).with_suffix(".py").is_file()
