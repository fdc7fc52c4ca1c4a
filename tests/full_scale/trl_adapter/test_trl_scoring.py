"""Rollouts for scores alone inside the trainer: Algorithm 1 of the paper, and a part of the pool."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset
from trl import GRPOConfig

from full_scale import VASConfig, VASGRPOTrainer
from full_scale.trl_adapter.scoring import refreshes
from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection import VarianceAwareSampler, self_bleu
from vas_theory.selection.rescoring import uncertain_prompts

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning:transformers.*", "ignore::UserWarning:transformers.*")

GROUP = 4
ROWS = [{"prompt": f"{a}+{b}="} for a in range(4) for b in range(3)]
TIMES = ("preparation_time", "seconds", "step_time", "runtime", "per_second", "flos", "time_share")


class Stopped(Exception):
    """Stands for whatever ends a process."""


class Recorder:
    """A reward function that remembers its calls, and may end the run at one of them."""

    __name__ = "recorder"

    def __init__(self, stop_at: int = -1) -> None:
        self.calls: list[tuple[list[str], list[list[int]], list[float]]] = []
        self.stop_at = stop_at

    def __call__(
        self, prompts: list[str], completions: list[str], completion_ids: list[list[int]], **_: Any
    ) -> list[float]:
        if len(self.calls) == self.stop_at:
            raise Stopped
        rewards = [float((sum(map(ord, c)) + ord(p[0])) % 2) for p, c in zip(prompts, completions, strict=True)]
        self.calls.append((list(prompts), list(completion_ids), rewards))
        return rewards


@pytest.fixture
def build(tiny_folder: Path, tmp_path: Path) -> Callable[..., Any]:
    def make(vas: VASConfig, reward: Any = None, folder: str = "run", **settings: Any) -> Any:
        values: dict[str, Any] = {
            "output_dir": str(tmp_path / folder),
            "use_cpu": True,
            "bf16": False,
            "report_to": "none",
            "logging_steps": 1,
            "save_strategy": "steps",
            "save_steps": 2,
            "max_steps": 4,
            "per_device_train_batch_size": 8,
            "num_generations": GROUP,
            "max_completion_length": 3,
            "learning_rate": 1e-2,
            "disable_tqdm": True,
        }
        return VASGRPOTrainer(
            model=str(tiny_folder),
            reward_funcs=reward or Recorder(),
            args=GRPOConfig(**{**values, **settings}),
            train_dataset=Dataset.from_list(ROWS),
            vas=vas,
        )

    return make


def paper(rollouts: int = 8, interval: int = 3, **more: Any) -> VASConfig:
    return VASConfig(mode="paper", sampler={"scoring_rollouts": rollouts, "update_interval": interval, **more})


def logs_of(trainer: Any) -> list[dict[str, Any]]:
    rows = [row for row in trainer.state.log_history if "loss" in row]
    return [{name: value for name, value in row.items() if not any(part in name for part in TIMES)} for row in rows]


def weights_of(trainer: Any) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in trainer.model.parameters()]


@pytest.mark.parametrize(("rollouts", "per_device"), [(8, 8), (8, 4), (4, 24)])
def test_every_prompt_is_scored_before_training_and_at_each_refresh(
    rollouts: int, per_device: int, build: Callable[..., Any]
) -> None:
    """Weights are those of N fresh rollouts of each prompt: alpha P (1 - P) + beta TDS."""
    record = Recorder()
    trainer = build(paper(rollouts), record, per_device_train_batch_size=per_device, save_strategy="no")
    prompts = per_device // GROUP
    drawn_weights: list[np.ndarray[Any, Any]] = []
    draw = trainer.sampler.draw

    def watched(**arguments: Any) -> Any:
        drawn_weights.append(trainer.sampler.weights.copy())
        return draw(**arguments)

    trainer.sampler.draw = watched
    trainer.train()
    scoring = len(ROWS) * rollouts
    sizes = [len(call[0]) for call in record.calls]
    seen = [rollout for call in record.calls for rollout in zip(*call, strict=True)]
    training = prompts * GROUP
    assert len(seen) == 2 * scoring + 4 * training
    assert max(sizes) <= per_device
    for refresh, first in ((0, 0), (3, scoring + 3 * training)):
        part = seen[first : first + scoring]
        assert [prompt for prompt, *_ in part] == [row["prompt"] for row in ROWS for _ in range(rollouts)]
        for place in range(len(ROWS)):
            own = part[place * rollouts : (place + 1) * rollouts]
            rate = np.mean([reward for *_, reward in own])
            ids = [tokens for _, tokens, _ in own]
            diversity = 1 - self_bleu(np.concatenate(ids), np.cumsum([0, *map(len, ids)]))
            expected = 0.8 * rate * (1 - rate) + 0.2 * diversity
            assert drawn_weights[refresh][place] == pytest.approx(expected, rel=1e-12)
    np.testing.assert_array_equal(drawn_weights[1], drawn_weights[0])
    ledger = trainer.sampler.ledger
    assert (ledger["scoring"].rollouts, ledger["training"].rollouts) == (2 * scoring, 4 * training)
    logged = logs_of(trainer)
    assert [row["vas/scoring_rollouts"] for row in logged] == [scoring] * 3 + [2 * scoring]
    # what the trainer logs is about training alone
    assert [row["vas/training_rollouts"] for row in logged] == [training * step for step in (1, 2, 3, 4)]
    tokens = sum(len(p) + len(i) for p, i, _ in seen[scoring : scoring + training])
    assert logged[0]["num_tokens"] == tokens
    mean = np.mean([len(i) for _, i, _ in seen[scoring : scoring + training]])
    assert logged[0]["completions/mean_length"] == pytest.approx(mean)


def test_scoring_leaves_the_random_numbers_of_training_alone(build: Callable[..., Any]) -> None:
    """With lambda = 0 the draws are uniform, so that a run without scoring has the same completions."""
    uniform = {"mixture_ratio": 0.0}
    ours = build(VASConfig(mode="paper", mixture_ratio=0.0, sampler={"uniform_share": "reshuffled", "replace": False}))
    ours.train()
    plain = build(VASConfig(**uniform), folder="plain")
    plain.train()
    assert all(map(torch.equal, weights_of(ours), weights_of(plain)))


def _slow(stop_at: int) -> Any:
    return pytest.param(stop_at, marks=pytest.mark.slow)


@pytest.mark.parametrize("stop_at", [_slow(4), 11, 18, _slow(21)])
def test_stopped_while_it_scores_and_resumed(
    stop_at: int, build: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """12 calls score the pool, three train, 12 score it again: stopped in the first refresh, and in the second.

    At 11 and 18 no checkpoint or one of an earlier step is there; what was scored is not scored again.
    """
    monkeypatch.setattr(refreshes, "SAVED_EVERY", 0.0)
    vas = paper()
    whole, record = build(vas, folder="whole"), Recorder()
    whole.train()
    stopped = build(vas, Recorder(stop_at))
    with pytest.raises(Stopped):
        stopped.train()
    resumed = build(vas, record)
    with caplog.at_level(logging.WARNING):
        resumed.train(resume_from_checkpoint=True)
    assert [row for row in caplog.messages if "scoring goes on where it was stopped" in row]
    assert all(map(torch.equal, weights_of(resumed), weights_of(whole)))
    assert logs_of(resumed) == logs_of(whole)
    assert resumed.sampler.state_dict()["checksum"] == whole.sampler.state_dict()["checksum"]
    total = 2 * len(ROWS) + 4
    repeated = 0 if stop_at < 12 else 1  # the checkpoint is of step 2, the step after it is trained again
    assert len(record.calls) == total - stop_at + repeated
    assert not (Path(resumed.args.output_dir) / "vas_scoring.npz").exists()


def test_a_refresh_of_another_run_is_not_taken_over(
    build: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(refreshes, "SAVED_EVERY", 0.0)
    with pytest.raises(Stopped):
        build(paper(), Recorder(4)).train()
    record = Recorder()
    other = build(paper(), record, temperature=0.5, max_steps=1)
    with caplog.at_level(logging.WARNING):
        other.train(resume_from_checkpoint=True)
    assert [row for row in caplog.messages if "of other settings (max_steps, temperature): prompts are scored" in row]
    assert len(record.calls) == len(ROWS) + 1
    with pytest.raises(Stopped):
        build(paper(), Recorder(4)).train()
    (Path(other.args.output_dir) / "vas_scoring.npz").write_bytes(b"cut short")
    again = build(paper(), record, max_steps=1)
    for folder in Path(other.args.output_dir).glob("checkpoint-*"):
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
    with caplog.at_level(logging.WARNING):
        again.train(resume_from_checkpoint=True)
    assert [row for row in caplog.messages if "cannot be used, prompts are scored anew" in row]


def test_rollouts_for_scores_come_in_whole_groups(build: Callable[..., Any]) -> None:
    with pytest.raises(ArgumentError, match="scoring_rollouts must be a multiple of num_generations 4"):
        build(paper(6))


def test_modes_score_by_what_is_right(build: Callable[..., Any]) -> None:
    trainer = build(paper(), lambda completions, **_: [0.3] * len(completions))
    with pytest.raises(ArgumentError, match=r"success_from or success of VASConfig .* score of the mode 'paper'"):
        trainer.train()


def test_a_share_of_the_pool_is_scored_again(build: Callable[..., Any]) -> None:
    record = Recorder()
    vas = VASConfig(rescored_share=0.25, sampler={"scoring_rollouts": 8, "update_interval": 2})
    trainer = build(vas, record, max_steps=5, save_strategy="no")
    trainer.train()
    at = [place for place, call in enumerate(record.calls) if call[0] == call[0][:1] * 8]  # one prompt fills a batch
    scored = [record.calls[place] for place in at]
    assert len(record.calls) == 5 + 2 * 3
    assert at == [2, 3, 4, 7, 8, 9]  # before steps 2 and 4
    ledger = trainer.sampler.ledger
    assert (ledger["scoring"].rollouts, ledger["training"].rollouts, ledger["rejected"].rollouts) == (48, 40, 0)
    assert trainer.sampler.tally.by_arm.sum(axis=0)[0] == 10  # groups of training
    known = trainer.sampler.posterior.last_seen >= 0
    assert {row[0][0] for row in scored} <= {ROWS[place]["prompt"] for place in np.flatnonzero(known)}
    np.testing.assert_allclose(
        trainer.sampler.weights[known],
        trainer.sampler.rule.floored(trainer.sampler.rule.posterior_scores(np.flatnonzero(known))),
        rtol=0.05,  # the others are brought up to date with the drift in turn
    )


def test_the_share_is_where_the_pass_rate_is_uncertain_and_may_be_mixed() -> None:
    sampler = VarianceAwareSampler(4, batch_size=1, group_size=8)
    sampler.draw()
    for place, right, size in ((0, 0, 64), (1, 32, 64), (2, 4, 8)):
        sampler.posterior.update([place], [right], [size])
    assert uncertain_prompts(sampler, 2).tolist() == [2, 3]  # little and nothing is known of these
    assert uncertain_prompts(sampler, 3).tolist() == [1, 2, 3]  # the hopeless one comes last


@pytest.mark.parametrize("processes", [1, 2])
def test_whether_scoring_goes_on_is_the_first_processs_word(
    processes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that sees a file which the first one does not see begins anew with it."""
    heard: list[list[bool]] = []

    def broadcast(found: list[bool]) -> None:
        heard.append(list(found))
        found[0] = False

    monkeypatch.setattr(refreshes, "broadcast_object_list", broadcast)
    monkeypatch.setattr(refreshes, "find", lambda *place: {"state": 1})
    taken: list[Any] = []
    trainer = SimpleNamespace(
        accelerator=SimpleNamespace(num_processes=processes),
        is_world_process_zero=lambda: True,
        take_over=taken.append,
        args=SimpleNamespace(output_dir=str(tmp_path)),
        sampler=SimpleNamespace(step=0, refresh_due=lambda: np.arange(3)),
    )
    scoring = refreshes.Scoring.__new__(refreshes.Scoring)
    scoring._trainer, scoring.resumes = trainer, True
    scoring._go_on("", {})
    assert heard == ([[True]] if processes == 2 else [])
    assert taken == ([] if processes == 2 else [{"state": 1}])
