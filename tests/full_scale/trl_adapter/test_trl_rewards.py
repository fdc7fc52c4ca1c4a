"""Rewards of every kind teach the sampler, and the defaults of TRL give weighted draws."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets import Dataset
from trl import GRPOConfig

from full_scale import VASConfig, VASGRPOTrainer
from full_scale.config.task import RewardConfig
from full_scale.config.training import load_config
from full_scale.trl_adapter.presets.arguments import grpo_arguments, reward_parts
from vas_theory.foundation.errors import ArgumentError, DataError, UnknownNameError

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning:transformers.*", "ignore::UserWarning:transformers.*")

ROWS = [{"prompt": f"{a}+{b}="} for a in range(4) for b in range(6)]
LIVE = {row["prompt"] for row in ROWS[::6]}
"""The prompts of which a reward says anything; of all others every rollout gets the same."""


def coin(prompt: str, completion: str) -> int:
    return zlib.crc32(f"{prompt}{completion}".encode()) // 7 % 2


def live(prompts: list[str], values: Callable[[str, str], float], completions: list[str]) -> list[float]:
    silent = values("", "")
    return [values(p, c) if p in LIVE else silent for p, c in zip(prompts, completions, strict=True)]


def graded(prompts: list[str], completions: list[str], **_: Any) -> list[float]:
    """A distance, never above 0."""
    return live(prompts, lambda p, c: -abs(4.0 - zlib.crc32(f"{p}{c}".encode()) % 9) if p else -3.0, completions)


def shifted(prompts: list[str], completions: list[str], **_: Any) -> list[float]:
    return live(prompts, lambda p, c: 1.0 + coin(p, c) if p else 1.0, completions)


def halved(prompts: list[str], completions: list[str], **_: Any) -> list[float]:
    return live(prompts, lambda p, c: 0.5 * coin(p, c) if p else 0.5, completions)


def accuracy(prompts: list[str], completions: list[str], **_: Any) -> list[float]:
    return live(prompts, lambda p, c: float(coin(p, c)) if p else 0.0, completions)


def layout(prompts: list[str], completions: list[str], **_: Any) -> list[float]:
    """A format reward that varies everywhere, so that the total's variance says nothing about accuracy."""
    return [zlib.crc32(text.encode()) % 4 / 4 for text in completions]


@pytest.fixture
def build(tiny_folder: Path, tmp_path: Path) -> Callable[..., Any]:
    def make(reward: Any, *, vas: VASConfig | None = None, **settings: Any) -> Any:
        values: dict[str, Any] = {
            "output_dir": str(tmp_path / "run"),
            "use_cpu": True,
            "bf16": False,
            "report_to": "none",
            "logging_steps": 1,
            "save_strategy": "no",
            "max_steps": 24,
            "per_device_train_batch_size": 32,
            "num_generations": 4,
            "max_completion_length": 3,
            "learning_rate": 1e-9,  # what there is to learn is which prompts are live
            "disable_tqdm": True,
        }
        return VASGRPOTrainer(
            model=str(tiny_folder),
            reward_funcs=reward,
            args=GRPOConfig(**{**values, **settings}),
            train_dataset=Dataset.from_list(ROWS),
            vas=vas or VASConfig(),
        )

    return make


def logged(trainer: Any, name: str) -> list[float]:
    return [row[f"vas/{name}"] for row in trainer.state.log_history if f"vas/{name}" in row]


def test_defaults_of_one_device_draw_by_weight(
    tiny_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """TRL's own batch sizes: 8 rollouts of one prompt. Half of one place was rounded down to none."""
    trainer = VASGRPOTrainer(
        model=str(tiny_folder),
        reward_funcs=accuracy,
        args=GRPOConfig(
            output_dir=str(tmp_path), use_cpu=True, bf16=False, report_to="none", logging_steps=1, max_steps=8,
            max_completion_length=2, disable_tqdm=True,
        ),
        train_dataset=Dataset.from_list(ROWS),
        vas=VASConfig(mixture_ratio=0.5),
    )  # fmt: skip
    (said,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert "holds 1 prompt of 8 rollouts, of which 0.5 on average are drawn by weight" in said
    assert "gradient_accumulation_steps" in said
    trainer.train()
    assert logged(trainer, "weighted_places") == [0.0, 1.0] * 4


def test_a_batch_with_places_by_weight_is_said_quietly(
    build: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="full_scale"):
        build(accuracy)
    (said,) = [r for r in caplog.records if "generation batch holds" in r.getMessage()]
    assert said.levelno == logging.INFO
    assert "8 prompts of 4 rollouts, of which 4 on average are drawn by weight" in said.getMessage()


def live_share(trainer: Any) -> float:
    """Share of groups with a gradient, after the first half of the run."""
    silent = logged(trainer, "silent_groups")
    return 1 - float(np.mean(silent[len(silent) // 2 :])) / 8


def contrast(trainer: Any) -> float:
    """Mean weight of the live prompts over that of the others."""
    is_live = np.array([row["prompt"] in LIVE for row in ROWS])
    return float(trainer.sampler.weights[is_live].mean() / trainer.sampler.weights[~is_live].mean())


@pytest.mark.parametrize("reward", [graded, shifted, halved])
def test_rewards_other_than_0_and_1_find_the_live_prompts(
    reward: Callable[..., Any], build: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    """They turned the draws against them: no group counted as mixed, and the weights of what was seen only fell."""
    uniform = build(reward, vas=VASConfig(mixture_ratio=0.0))
    uniform.train()
    caplog.clear()
    trainer = build(reward, vas=VASConfig(mixture_ratio=1.0))
    trainer.train()
    said = [record.getMessage() for record in caplog.records if "rewards are not all 0 or 1" in record.getMessage()]
    assert len(said) == 1
    assert "success_from" in said[0]
    assert contrast(trainer) > 2
    assert live_share(trainer) > 1.5 * live_share(uniform)
    assert logged(trainer, "varying_share")[-1] > logged(uniform, "varying_share")[-1]


def test_what_is_right_can_be_one_function_of_several(build: Callable[..., Any]) -> None:
    named = build([layout, accuracy], vas=VASConfig(mixture_ratio=1.0, success_from="accuracy"))
    named.train()
    assert named.sampler.posterior.kind == "discounted_beta"
    assert contrast(named) > 2
    assert logged(named, "realised_mixed_share")[-1] > 1.3 * len(LIVE) / len(ROWS)


def test_the_function_that_is_named_has_to_exist(build: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("the model was loaded")

    monkeypatch.setattr("trl.trainer.grpo_trainer.create_model_from_path", refuse)
    with pytest.raises(UnknownNameError, match="did you mean accuracy"):
        build([layout, accuracy], vas=VASConfig(success_from="acuracy"))


def test_a_range_that_was_told_is_held_to(build: Callable[..., Any]) -> None:
    told = build(graded, vas=VASConfig(posterior="normal_gamma", sampler={"reward_range": (0.0, 1.0)}))
    with pytest.raises(ArgumentError, match=r"lie in reward_range = \(0, 1\)"):
        told.train()
    assert told.sampler.ledger.rollouts == 0


def test_strict_stops_where_it_would_warn(build: Callable[..., Any], caplog: pytest.LogCaptureFixture) -> None:
    strict = build(graded, vas=VASConfig(strict=True))
    with pytest.raises(DataError, match="success_from"):
        strict.train()
    build(graded, vas=VASConfig(strict=True, posterior="normal_gamma"), max_steps=8).train()
    # what is named right never varies, though the rewards do
    never = {"mixture_ratio": 0.0, "success": lambda rewards_PGF: np.zeros(rewards_PGF.shape[:2], dtype=bool)}
    caplog.clear()
    build(layout, vas=VASConfig(**never), max_steps=8).train()
    assert sum("step" in r.getMessage() and r.name.startswith("vas_theory") for r in caplog.records) == 1
    with pytest.raises(DataError):
        build(layout, vas=VASConfig(strict=True, **never)).train()


def test_ways_of_choosing_that_need_pass_rates_say_so(build: Callable[..., Any]) -> None:
    for vas in (VASConfig(strategy="mopps"), VASConfig(posterior="arcsine_kalman")):
        with pytest.raises(ArgumentError, match=r"say which rollouts are right, as the (strategy mopps|poster)"):
            build(graded, vas=vas).train()


def late(prompts: list[str], completions: list[str], trainer_state: Any, **_: Any) -> list[float]:
    """Rewards that look binary until step 3, and grow later."""
    scale = 1.0 if trainer_state.global_step < 3 else 0.5 + trainer_state.global_step
    return [scale * coin(p, c) for p, c in zip(prompts, completions, strict=True)]


def test_graded_rewards_may_come_late_and_survive_a_resume(
    build: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = {"save_strategy": "steps", "save_steps": 2, "max_steps": 8}
    whole = build(late, **settings)
    whole.train()
    assert "what it had learnt of pass rates is dropped" in caplog.text
    assert whole.sampler.posterior.kind == "normal_gamma"
    assert whole.sampler.ledger.rollouts == 8 * 32
    assert whole.sampler.config.reward_range[1] >= 7.5
    for step in (2, 6):
        resumed = build(late, **settings)
        resumed.train(resume_from_checkpoint=str(tmp_path / "run" / f"checkpoint-{step}"))
        assert resumed.sampler.state_dict()["checksum"] == whole.sampler.state_dict()["checksum"]


def test_parts_of_a_reward_come_with_the_range_of_their_sum() -> None:
    assert reward_parts(RewardConfig())[1:] == ([1.0], (0.0, 1.0))
    parts, weights, bounds = reward_parts(RewardConfig(accuracy=2.0, format=0.5, length=0.25))
    assert len(parts) == 3
    assert (weights, bounds) == ([2.0, 0.5, 0.25], (-0.25, 2.5))


@pytest.mark.parametrize(("precision", "reduced"), [("bfloat16", True), ("float32", False), ("auto", False)])
def test_the_precision_of_a_preset_is_trls(precision: str, reduced: bool, tmp_path: Path) -> None:
    config = load_config("smollm2-gpu", [f"model.precision={precision}", "model.device=cpu", "vllm.mode=off"])
    assert grpo_arguments(config, tmp_path, 0)["bf16"] is reduced


def test_what_a_preset_says_is_what_trl_is_told(tmp_path: Path) -> None:
    changes = ["optimiser.betas=[0.8, 0.95]", "optimiser.weight_decay=0.03", "optimiser.warmup_steps=7"]
    config = load_config("smollm2-gpu", ["model.device=cpu", "vllm.mode=off", *changes])
    told = grpo_arguments(config, tmp_path, 3)
    optimiser = {name: told[name] for name in ("adam_beta1", "adam_beta2", "weight_decay", "warmup_steps")}
    assert optimiser == {
        "adam_beta1": 0.8, "adam_beta2": 0.95, "weight_decay": 0.03, "warmup_steps": 7 * config.objective.epochs,
    }  # fmt: skip
    assert (told["seed"], told["top_p"], told["top_k"], told["logging_steps"]) == (3, 1.0, 0, 1)
    batch = config.rollouts.prompts_per_step * config.rollouts.group_size
    assert told["per_device_train_batch_size"] * told["steps_per_generation"] == batch
    assert told["max_steps"] == config.training.steps * config.objective.epochs
