"""The trainer itself, on a tiny model: what is drawn, what is fed back, what is saved."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer

from full_scale import VASConfig, VASGRPOTrainer
from full_scale.plugins.rows import prompt_key
from full_scale.trl_adapter.compatibility import excludes_unscored
from vas_theory.foundation.errors import ArgumentError, DataError, VASError
from vas_theory.selection import VarianceAwareSampler, self_bleu

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning:transformers.*", "ignore::UserWarning:transformers.*")

GROUP = 4
ROWS = [{"prompt": f"{a}+{b}=", "answer": str(a + b)} for a in range(4) for b in range(3)]
NAN, INF = float("nan"), float("inf")
TIMES = ("preparation_time", "sampler_seconds", "step_time", "runtime", "per_second", "flos")

Reward = Callable[..., list[float | None]]


def parity(prompts: list[str], completions: list[str], answer: list[str], **_: Any) -> list[float | None]:
    """1 where the digits of completion and answer have the same parity: mixed in most groups of a random model."""
    ours = [sum(map(ord, text)) % 2 for text in completions]
    return [float(own == (ord(right[-1]) + ord(text[0])) % 2) for own, right, text in zip(ours, answer, prompts)]  # noqa: B905


class Recorder:
    """A reward function that remembers its calls."""

    __name__ = "recorder"

    def __init__(self, reward: Reward = parity) -> None:
        self.reward = reward
        self.prompts: list[list[str]] = []
        self.rewards: list[list[float | None]] = []

    def __call__(self, prompts: list[str], completions: list[str], **columns: Any) -> list[float | None]:
        assert [row["answer"] for text in prompts for row in ROWS if row["prompt"] == text] == columns["answer"]
        self.prompts.append(list(prompts))
        self.rewards.append(self.reward(prompts=prompts, completions=completions, **columns))
        return self.rewards[-1]


@pytest.fixture
def build(tiny_folder: Path, tmp_path: Path) -> Callable[..., Any]:
    def make(
        reward: Any = parity, *, vas: VASConfig | None = None, rows: list[dict[str, str]] = ROWS, plain: bool = False,
        evaluation: bool = False, **settings: Any
    ) -> Any:  # fmt: skip
        values: dict[str, Any] = {
            "output_dir": str(tmp_path / "run"),
            "use_cpu": True,
            "bf16": False,
            "report_to": "none",
            "logging_steps": 1,
            "save_strategy": "steps",
            "save_steps": 2,
            "max_steps": 6,
            "per_device_train_batch_size": 8,
            "per_device_eval_batch_size": 4,
            "num_generations": GROUP,
            "max_completion_length": 3,
            "learning_rate": 1e-2,
            "disable_tqdm": True,
        }
        extra = {"eval_dataset": Dataset.from_list(rows)} if evaluation else {}
        return (GRPOTrainer if plain else VASGRPOTrainer)(
            model=str(tiny_folder),
            reward_funcs=reward,
            args=GRPOConfig(**{**values, **settings}),
            train_dataset=Dataset.from_list(rows),
            **extra,
            **({} if plain else {"vas": vas or VASConfig()}),
        )

    return make


def logs_of(trainer: Any) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in row.items() if not any(part in name for part in TIMES)}
        for row in trainer.state.log_history
        if "train_runtime" not in row
    ]


def weights_of(trainer: Any) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in trainer.model.parameters()]


@pytest.mark.parametrize(
    ("accumulation", "per_generation", "iterations"), [(1, 1, 1), (2, 2, 1), (1, 2, 2), (4, 2, 1), (2, 8, 1)]
)
def test_whole_groups_are_drawn_with_all_that_is_known(
    accumulation: int, per_generation: int, iterations: int, build: Callable[..., Any]
) -> None:
    """Each batch is the one of a sampler that has seen the rewards of all batches before it: the lag is 0."""
    record = Recorder()
    trainer = build(
        record,
        gradient_accumulation_steps=accumulation,
        steps_per_generation=per_generation,
        num_iterations=iterations,
        per_device_train_batch_size=4 if per_generation == 8 else 8,
        max_steps=8,
        save_strategy="no",
    )
    trainer.train()
    assert len(record.prompts) == trainer._step // (per_generation * iterations) >= 2
    prompts = trainer.args.generation_batch_size // GROUP
    oracle = VarianceAwareSampler(
        [prompt_key(row["prompt"]) for row in ROWS], batch_size=prompts, group_size=GROUP, seed=trainer.args.seed
    )
    for texts, rewards in zip(record.prompts, record.rewards, strict=True):
        positions = oracle.draw()
        assert texts == [ROWS[position]["prompt"] for position in positions for _ in range(GROUP)]
        oracle.observe(positions, np.array(rewards, dtype=float).reshape(-1, GROUP))
    np.testing.assert_array_equal(trainer.sampler.weights, oracle.weights)
    lags = [row["vas/lag"] for row in trainer.state.log_history if "vas/lag" in row]
    assert lags
    assert set(lags) == {0.0}
    seconds = sum(row.get("vas/sampler_seconds", 0.0) for row in trainer.state.log_history)
    assert 0 < seconds < trainer.state.log_history[-1]["train_runtime"]
    assert trainer.sampler.ledger["training"].rollouts == len(record.prompts) * trainer.args.generation_batch_size


@pytest.mark.parametrize(
    "settings",
    [
        {"max_steps": 8, "save_steps": 2},
        {"max_steps": 8, "save_steps": 4, "gradient_accumulation_steps": 2, "steps_per_generation": 4,
         "num_iterations": 2, "beta": 0.05},
        {"max_steps": 12, "save_strategy": "epoch"},
    ],
)  # fmt: skip
def test_resumed_run_equals_the_uninterrupted_one(settings: dict[str, Any], build: Callable[..., Any]) -> None:
    whole = build(**settings)
    whole.train()
    expected_logs, expected = logs_of(whole), weights_of(whole)
    assert sum(row["grad_norm"] > 0 for row in expected_logs) >= len(expected_logs) // 2
    folders = sorted(Path(whole.args.output_dir).glob("checkpoint-*"))
    for folder in folders[:-1]:
        again = build(**settings)
        again.train(resume_from_checkpoint=str(folder))
        assert logs_of(again) == expected_logs
        assert all(torch.equal(one, other) for one, other in zip(weights_of(again), expected, strict=True))
        assert again.sampler.state_dict()["checksum"] == whole.sampler.state_dict()["checksum"]


def test_a_checkpoint_inside_a_generation_batch_is_made_at_its_end(
    build: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Three passes over each batch, saves due at 4 and 8 of 10 steps: batches end at 3, 6 and 9."""
    settings = {"num_iterations": 3, "save_steps": 4, "max_steps": 9}
    whole = build(**settings)
    whole.train()
    folders = sorted(path.name for path in Path(whole.args.output_dir).glob("checkpoint-*"))
    assert folders == ["checkpoint-6", "checkpoint-9"]
    (said,) = [record.getMessage() for record in caplog.records if "generation batch," in record.getMessage()]
    assert said.startswith("the checkpoint of step 4 would fall inside")
    resumed = build(**settings)
    resumed.train(resume_from_checkpoint=str(Path(whole.args.output_dir) / "checkpoint-6"))
    assert logs_of(resumed) == logs_of(whole)


def test_a_save_that_never_comes_is_no_reason_to_refuse(build: Callable[..., Any]) -> None:
    """TRL's default saves every 500 steps, which 3 passes do not divide."""
    trainer = build(num_iterations=3, save_steps=500, max_steps=3)
    trainer.train()
    assert trainer.state.global_step == 3


def test_saves_as_a_share_of_the_run(build: Callable[..., Any]) -> None:
    trainer = build(num_iterations=2, save_steps=0.4, max_steps=8)  # every 4 steps, rounded up
    trainer.train()
    folders = sorted(path.name for path in Path(trainer.args.output_dir).glob("checkpoint-*"))
    assert folders == ["checkpoint-4", "checkpoint-8"]


def test_the_best_checkpoint_needs_saves_between_batches(build: Callable[..., Any]) -> None:
    settings = {"steps_per_generation": 2, "num_iterations": 2, "gradient_accumulation_steps": 1, "save_steps": 2}
    best = {"load_best_model_at_end": True, "eval_strategy": "steps", "eval_steps": 2}
    with pytest.raises(ArgumentError, match="save_steps must be a number of optimiser steps that ends with"):
        build(**settings, **best, evaluation=True)


def test_last_checkpoint_inside_a_generation_batch_warns(
    build: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    settings = {"steps_per_generation": 4, "gradient_accumulation_steps": 1, "save_steps": 4, "max_steps": 6}
    trainer = build(**settings)
    with caplog.at_level(logging.WARNING):
        trainer.train()
    (said,) = [record.getMessage() for record in caplog.records if "generation batch" in record.getMessage()]
    assert said.startswith("the checkpoint of step 6 falls inside")
    caplog.clear()
    trainer = build(**{**settings, "max_steps": 8}, vas=VASConfig(may_differ=("max_steps",)))
    trainer.train(resume_from_checkpoint=True)
    assert any("its completions are lost" in record.getMessage() for record in caplog.records)


def test_evaluation_is_that_of_the_plain_trainer(build: Callable[..., Any]) -> None:
    found = {}
    for plain in (True, False):
        trainer = build(plain=plain, evaluation=True)
        torch.manual_seed(5)
        trainer.evaluate()
        metrics = trainer.state.log_history[-1]
        found[plain] = {name: value for name, value in metrics.items() if not any(part in name for part in TIMES)}
        if not plain:
            assert trainer.sampler.step == 0
            assert not any("vas/" in name for name in metrics)
    assert found[True] == found[False]
    assert found[True]["eval_reward"] > 0


def test_evaluation_in_between_leaves_the_draws_alone(build: Callable[..., Any]) -> None:
    record = Recorder()
    trainer = build(record, evaluation=True, eval_strategy="steps", eval_steps=2, max_steps=4, save_strategy="no")
    trainer.train()
    assert trainer.sampler.step == 4
    assert trainer.sampler.ledger.rollouts == 32
    assert len(record.prompts) > 4


def score_once(trainer: Any) -> dict[str, torch.Tensor]:
    """Generate and score one batch outside of the loop."""
    trainer.model.train()
    output = trainer._generate_and_score_completions([{}] * trainer.args.generation_batch_size)
    return {name: value for name, value in output.items() if isinstance(value, torch.Tensor)}


def standardised(rewards: list[float]) -> list[float]:
    """Advantages of TRL: over the sample deviation plus 1e-4."""
    mean = sum(rewards) / len(rewards)
    deviation = math.sqrt(sum((value - mean) ** 2 for value in rewards) / (len(rewards) - 1))
    return [(value - mean) / (deviation + 1e-4) for value in rewards]


def test_missing_and_infinite_rewards_are_excluded_and_counted(build: Callable[..., Any]) -> None:
    table: list[float | None] = [1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, None, INF, 0.0, 1.0, 0.0, 0.1, 0.1, 0.1, 0.1]
    trainer = build(lambda completions, **_: table, per_device_train_batch_size=16)
    advantages = score_once(trainer)["advantages"].view(-1, GROUP)
    import trl

    complete = standardised([1.0, 0.0, 0.0])
    partial = [*complete, 0.0] if excludes_unscored(trl.__version__) else [0.0] * GROUP
    expected = torch.tensor([standardised([1.0, 0.0, 0.0, 1.0]), partial])
    torch.testing.assert_close(advantages[:2], expected, rtol=1e-5, atol=1e-6)
    assert (advantages[2:] == 0).all()  # exactly, although the mean of four 0.1 in float32 need not be 0.1
    metrics = {name: values[-1] for name, values in trainer._metrics["train"].items() if name.startswith("vas/")}
    assert metrics["vas/silent_groups"] == 1
    assert metrics["vas/excluded_rollouts"] == 5
    assert metrics["vas/excluded_rewards"] == 2
    assert trainer.sampler.tally.by_arm.sum(axis=0)[0] == 4


def test_infinite_reward_silences_its_group_without_scaling(build: Callable[..., Any]) -> None:
    """TRL alone would give the others of the group the lowest number there is."""
    table = [INF, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0]
    advantages = score_once(build(lambda completions, **_: table, scale_rewards="none"))["advantages"]
    assert advantages.tolist() == [0.0] * 4 + [0.75, -0.25, -0.25, -0.25]


def test_silent_groups_get_advantages_of_exactly_zero(build: Callable[..., Any]) -> None:
    """Eight times 0.1 in float32 differ from their mean."""
    rewards = torch.full((2, 8), 0.1)
    assert (rewards - rewards.nanmean(dim=1, keepdim=True)).all()
    settings = {"num_generations": 8, "per_device_train_batch_size": 16, "scale_rewards": "none"}
    trainer = build(lambda completions, **_: [0.1] * 8 + [0.0, 1.0] * 4, **settings)
    advantages = score_once(trainer)["advantages"]
    assert (advantages[:8] == 0).all()
    assert (advantages[8:] != 0).all()


def test_training_stops_when_too_much_is_excluded(build: Callable[..., Any]) -> None:
    trainer = build(lambda completions, **_: [None, None, 1.0, 0.0] * 2, vas=VASConfig(largest_excluded_share=0.4))
    with pytest.raises(VASError, match="50% of the rollouts of this batch have no usable reward, more than the 40%"):
        score_once(trainer)
    assert trainer.sampler.ledger.rollouts == 0


def test_success_and_diversity_reach_the_sampler(build: Callable[..., Any]) -> None:
    seen = []

    def right(rewards_PGF: Any) -> Any:
        seen.append(rewards_PGF)
        return rewards_PGF[..., 1] > 3

    record = Recorder(lambda completions, **_: [0.0, 0.2, 0.4, 0.6, 0.0, 0.0, 0.0, 0.0])
    ids: list[list[int]] = []

    def quality(completion_ids: list[list[int]], **_: Any) -> list[float]:
        ids.extend(completion_ids)
        return [5.0, 5.0, 5.0, 0.0, 5.0, 0.0, 0.0, 0.0]

    options = {"score": "vps", "alpha": 0.5, "beta": 0.25, "floor": 0.0}
    vas = VASConfig(success=right, sampler={**options, "reward_range": (0.0, 6.0)})
    trainer = build([record, quality], vas=vas, reward_weights=[1.0, 0.125])
    score_once(trainer)
    assert seen[0].shape == (2, GROUP, 2)
    positions = trainer.sampler.positions_of([prompt_key(text) for text in record.prompts[0][::GROUP]])
    for group, (position, count) in enumerate(zip(positions, (3, 1), strict=True)):
        own = ids[group * GROUP : (group + 1) * GROUP]
        diversity = 1 - self_bleu(np.concatenate(own), np.cumsum([0, *map(len, own)]))
        totals = seen[0][group] @ [1.0, 0.125]
        assert trainer.sampler.weights[position] == pytest.approx(0.5 * totals.var() + 0.25 * diversity, rel=1e-12)
        same = VarianceAwareSampler(len(ROWS), batch_size=2, group_size=GROUP)
        same.draw()
        same.observe([int(position)], [[0.0] * GROUP], successes=[count])
        assert trainer.sampler.posterior.mean()[position] == same.posterior.mean()[position]


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        ([], ArgumentError, "train_dataset must"),
        (ROWS[:1], ArgumentError, "train_dataset must hold the 2 prompts of a generation batch; received 1"),
        ([*ROWS, ROWS[3]], DataError, "rows 3 and 12: '1\\+0='"),
    ],
)
def test_data_that_cannot_be_used(
    rows: list[dict[str, str]], error: type[Exception], message: str, build: Callable[..., Any]
) -> None:
    with pytest.raises(error, match=message):
        build(rows=rows)


def test_a_run_stopped_after_its_last_step_makes_no_more(build: Callable[..., Any]) -> None:
    whole = build(max_steps=4)
    whole.train()
    resumed = build(max_steps=4)
    output = resumed.train(resume_from_checkpoint=True)
    assert output.global_step == resumed.state.global_step == 4
    assert resumed.sampler.state_dict()["checksum"] == whole.sampler.state_dict()["checksum"]
    assert all(map(torch.equal, weights_of(resumed), weights_of(whole)))


def test_weighted_share_can_be_switched_off(build: Callable[..., Any]) -> None:
    """With a mixture ratio of 0 every prompt comes once a pass, whatever the rewards."""
    record = Recorder()
    build(record, vas=VASConfig(mixture_ratio=0.0), save_strategy="no", max_steps=6).train()
    assert sorted(text for texts in record.prompts for text in texts[::GROUP]) == sorted(row["prompt"] for row in ROWS)
