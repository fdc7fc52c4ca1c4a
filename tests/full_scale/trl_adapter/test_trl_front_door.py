"""What the trainer is given wrongly is one clear line, before the model loads."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset
from trl import GRPOConfig

from full_scale import VASConfig, VASGRPOTrainer
from paper_figures.drawing.declaration import ROOT
from vas_theory.foundation.errors import ArgumentError, DataError, VASError

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning:transformers.*", "ignore::UserWarning:transformers.*")

DATA = Dataset.from_list([{"prompt": f"{a}+{b}=", "id": 3 * a + b} for a in range(4) for b in range(3)])
TALK = Dataset.from_list([{"prompt": [{"role": "user", "content": f"{a}+2="}]} for a in range(4)])


class Environment:
    """A way to prompts that no data set holds."""

    def reset(self, **_: Any) -> str:
        return "2+2="

    def get_reward(self) -> float:
        return 1.0


def reward(completions: list[str], **_: Any) -> list[float]:
    return [0.0] * len(completions)


@pytest.fixture
def build(tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("the model was loaded")

    def make(*, loads: bool = False, settings: dict[str, Any] | None = None, **changes: Any) -> Any:
        monkeypatch.undo()
        if not loads:
            monkeypatch.setattr("trl.trainer.grpo_trainer.create_model_from_path", refuse)
        arguments = {"output_dir": str(tmp_path), "use_cpu": True, "bf16": False, "report_to": "none", "max_steps": 1}
        given: dict[str, Any] = {
            "model": str(tiny_folder),
            "reward_funcs": reward,
            "args": GRPOConfig(**{**arguments, "num_generations": 4, **(settings or {})}),
            "train_dataset": DATA,
            "vas": VASConfig(),
        }
        return VASGRPOTrainer(**{**given, **changes})

    return make


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vas": {"mixture_ratio": 0.5}}, r"vas must be VASConfig\(\.\.\.\)"),
        ({"vas": VASConfig}, r"vas must be VASConfig\(\.\.\.\)"),
        ({"train_dataset": None}, "`train_dataset` is required unless an `environment_factory` is provided"),
        ({"train_dataset": None, "environment_factory": Environment}, "an environment alone makes its own prompts"),
        ({"train_dataset": None, "environment_factory": {"a": Environment}}, "requires a `train_dataset`"),
        ({"train_dataset": [{"prompt": "1+1="}]}, r"train_dataset must be a datasets\.Dataset"),
        ({"train_dataset": {"train": DATA}}, r"train_dataset must be a datasets\.Dataset"),
        ({"train_dataset": DATA.to_iterable_dataset()}, "a stream cannot be drawn from by weight"),
        ({"train_dataset": DATA.remove_columns("prompt")}, "has no column 'prompt'"),
        ({"train_dataset": DATA.remove_columns("prompt"), "vas": VASConfig(key_column="id")}, "no column 'prompt'"),
        ({"reward_funcs": None}, "No reward source provided"),
        ({"reward_funcs": []}, "No reward source provided"),
        ({"reward_funcs": [reward, 3]}, "reward_funcs must be functions, models or their names; received 3"),
        ({"args": {"max_steps": 1}}, r"args must be GRPOConfig\(\.\.\.\)"),
        ({"args": GRPOConfig}, r"args must be GRPOConfig\(\.\.\.\)"),
        ({"settings": {"output_dir": f"{__file__}/out"}}, r"GRPOConfig\.output_dir must be a folder: .* is a file"),
        ({"model": None}, "model must be a model, the path of its folder or its name on the hub"),
        ({"model": "/nowhere/model"}, "model must be a folder that holds a model, or a name on the hub"),
        ({"train_dataset": Dataset.from_dict({"prompt": list(range(9))})}, "row 0: a prompt must be a text or a list"),
        ({"train_dataset": Dataset.from_dict({"prompt": [["a"]] * 9})}, "row 0: a prompt must be a text or a list"),
        ({"vas": VASConfig(features=[[1.0], [1.0, 2.0]])}, "features must be an array of numbers"),
        ({"settings": {"reward_weights": [1.0, 2.0]}}, "reward_weights must hold one number for each of 1 reward"),
        ({"settings": {"learning_rate": float("nan")}}, r"GRPOConfig\.learning_rate must be a number"),
        ({"settings": {"reward_weights": [float("nan")]}}, r"GRPOConfig\.reward_weights must be a number"),
        ({"vas": VASConfig(success_from="acc")}, "unknown reward function .*'acc'.*known: reward"),
        (
            {"reward_funcs": [reward, reward], "vas": VASConfig(success_from="reward")},
            "success_from must name one reward function, not several",
        ),
    ],
)
def test_it_is_refused_before_the_model_loads(changes: dict[str, Any], message: str, build: Callable[..., Any]) -> None:
    with pytest.raises(VASError, match=message) as caught:
        build(**changes)
    assert "\n" not in str(caught.value)


def test_conversations_need_a_template(tiny_folder: Path, build: Callable[..., Any]) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_folder)
    message = "processing_class must have a chat_template, because the prompts are conversations"
    with pytest.raises(ArgumentError, match=message):
        build(train_dataset=TALK, processing_class=tokenizer)
    with pytest.raises(ArgumentError, match=message):  # TRL would say so at the first generation
        build(train_dataset=TALK, loads=True)
    tokenizer.chat_template = "{% for message in messages %}{{ message.content }}{% endfor %}"
    build(train_dataset=TALK, processing_class=tokenizer, loads=True, settings={"per_device_train_batch_size": 8})


def test_empty_prompts_are_named_with_their_row(build: Callable[..., Any]) -> None:
    rows = [{"prompt": "1+1="}, {"prompt": None}]
    with pytest.raises(DataError, match="column 'prompt', row 1: a prompt must not be empty, not None"):
        build(train_dataset=Dataset.from_list(rows))


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_model_that_was_cut_short_is_named_with_its_file(
    name: str, tiny_folder: Path, tmp_path: Path, build: Callable[..., Any]
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_folder, folder)
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=f"model '{folder}' cannot be loaded: {name} is no") as caught:
        build(model=str(folder))
    assert "\n" not in str(caught.value)
    (folder / name).unlink()
    if name != "tokenizer.json":
        with pytest.raises(DataError, match=r"it has no (config\.json|weights)"):
            build(model=str(folder))
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "other.safetensors"}}')
    with pytest.raises(DataError, match=r"names other\.safetensors, which is not there|has no config\.json"):
        build(model=str(folder))


def test_features_may_be_tensors_of_any_precision(build: Callable[..., Any]) -> None:
    torch = pytest.importorskip("torch")
    values = torch.arange(24.0).reshape(12, 2)
    for features in (values.bfloat16(), values.requires_grad_()):
        trainer = build(loads=True, vas=VASConfig(features=features), settings={"per_device_train_batch_size": 8})
        assert trainer.known.features.tolist() == values.tolist()


def test_positions_and_keywords_are_the_trainers(tiny_folder: Path, build: Callable[..., Any]) -> None:
    arguments = build(loads=True).args
    trainer = VASGRPOTrainer(str(tiny_folder), reward, arguments, DATA)
    assert len(trainer.sampler) == 12


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pass_rate_trials": 4}, "pass_rate_trials must come with pass_rate_column"),
        ({"features_layer": 0.5}, "features_layer must come with features='hidden_states'"),
        ({"features": ["level"], "features_pooling": "mean"}, "features_pooling must come with"),
        ({"features": ["level"], "features_every": 5}, "features_every must come with features that are renewed"),
        ({"sampler": {"update_interval": 5}}, "leave out update_interval where no prompts are scored"),
    ],
)
def test_a_setting_that_nothing_reads_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        VASConfig(**settings)


def test_settings_of_partial_refreshes_are_read() -> None:
    VASConfig(rescored_share=0.1, sampler={"update_interval": 5, "scoring_rollouts": 16})
    VASConfig(mode="paper", sampler={"update_interval": 5})
    VASConfig(features="hidden_states", features_every=5, features_layer=0.5, pass_rate_column="r", pass_rate_trials=4)


def test_defaults_are_those_that_the_guides_name() -> None:
    guide = (ROOT / "paper_figures" / "docs" / "trl.md").read_text(encoding="utf-8")
    assert f"`features_every` batches ({VASConfig().features_every})" in guide
    assert VASConfig(pass_rate_column="rate", pass_rate_trials=0.5).pass_rate_trials == 0.5


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"strict": "no"}, "strict must be True or False"),
        ({"strategy": None}, "strategy must be a name"),
        ({"may_differ": 3}, "may_differ must be a sequence of names"),
        ({"sampler": {1: 2}}, "sampler must be a dict of settings by their names"),
        ({"sampler": {"reward_range": [0]}}, "reward_range must be two numbers"),
        ({"posterior": "discounted_beta", "posterior_options": {"drift": "x"}}, "drift must be a number"),
    ],
)
def test_settings_of_another_kind_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        VASConfig(**settings)
