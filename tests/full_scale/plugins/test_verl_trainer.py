"""The trainer mode ``vas`` in verl itself: real configuration, data set, loader, queue, advantages and checkpoints.

Only the rollout server and the workers that hold the model are stubs. Run by ``make test-verl``, which builds the
environment; everywhere else these tests are left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytestmark = [
    pytest.mark.verl,
    pytest.mark.filterwarnings("default"),  # verl, ray and their own dependencies warn of much
]

PROMPTS, BATCH, GROUP = 24, 4, 4
RESPONSE, PROMPT = 3, 2

Reward = Callable[[int, int, int], float]


def right(row: int, step: int, session: int) -> float:
    """Return 1 for a right rollout: the easier the prompt, the more of them."""
    rng = np.random.default_rng([row, step, session])
    return float(rng.random() < row / (PROMPTS - 1))


class Killed(Exception):
    """The run was stopped in the middle of a step."""


class StubRollouts:
    """Puts finished groups into the queue, as verl's agent loops do."""

    def __init__(self, reward: Reward = right, killed_at: int | None = None, lost: tuple[int, ...] = ()) -> None:
        self.reward, self.killed_at, self.lost = reward, killed_at, lost
        self.rolled: list[tuple[int, int]] = []  # step and row of every group, in the order of generation

    def generate_sequences(self, batch: Any) -> None:
        import transfer_queue
        from verl.utils.tensordict_utils import list_of_dict_to_tensordict

        (step,) = {int(value) for value in np.atleast_1d(batch["global_steps"])}
        for uid, row in zip(list(batch["uid"]), list(batch["index"]), strict=True):
            self.rolled.append((step, int(row)))
            keys, fields, tags = [], [], []
            for session in range(GROUP):
                if session in self.lost:
                    continue
                extra = session % 2  # lengths differ, as they do in earnest
                keys.append(f"{uid}_{session}_0")
                fields.append(self._trajectory(str(uid), self.reward(int(row), step, session), extra))
                lengths = {"prompt_len": PROMPT + extra, "response_len": RESPONSE + extra}
                versions = dict.fromkeys(("global_steps", "min_global_steps", "max_global_steps"), step)
                tags.append({"status": "success", **lengths, "seq_len": sum(lengths.values()), **versions})
            transfer_queue.kv_batch_put(
                keys=keys, fields=list_of_dict_to_tensordict(fields), tags=tags, partition_id="train"
            )
            transfer_queue.kv_put(key=str(uid), partition_id="train", tag={"status": "finished"})
        if step == self.killed_at:
            raise Killed

    @staticmethod
    def _trajectory(uid: str, score: float, extra: int) -> dict[str, Any]:
        import torch

        prompt, response = PROMPT + extra, RESPONSE + extra
        scores = torch.zeros(response)
        scores[-1] = score
        whole = torch.arange(prompt + response)
        return {
            "uid": uid,
            "prompts": whole[:prompt],
            "responses": whole[prompt:],
            "input_ids": whole,
            "position_ids": whole,
            "response_mask": torch.ones(response, dtype=torch.int64),
            "rm_scores": scores,
            "rollout_log_probs": torch.full((response,), -0.5),
            "log_probs": torch.full((prompt + response,), -2.0),
            "num_turns": 2,
            "extra_fields": {"reward_extra_info": {"acc": score}},
        }


class StubWorkers:
    """Stands for the workers that hold the model."""

    _dispatch_info = {"actor": [0]}  # noqa: RUF012

    def compute_ref_log_prob(self, batch: Any) -> Any:
        return batch

    def update_actor(self, batch: Any) -> dict[str, Any]:
        return {"metrics": {"mfu": [0.0], "grad_norm": [1.0]}}

    def save_checkpoint(self, local_path: str, *_: Any, **__: Any) -> None:
        Path(local_path).mkdir(parents=True)

    def load_checkpoint(self, local_path: str, **_: Any) -> None:
        assert Path(local_path).is_dir()


@pytest.fixture(scope="module")
def verl_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from datasets import Dataset

    rows = {
        "prompt": [[{"role": "user", "content": f"{row} + 1 ="}] for row in range(PROMPTS)],
        "data_source": ["sums"] * PROMPTS,
        "extra_info": [{"index": row} for row in range(PROMPTS)],
    }
    path = tmp_path_factory.mktemp("data") / "train.parquet"
    Dataset.from_dict(rows).to_parquet(str(path))
    return path


@pytest.fixture(scope="module")
def queue() -> Iterator[Callable[[Any], None]]:
    """Start verl's transfer queue, or empty it for the next run."""
    import ray
    import transfer_queue

    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False)
    started = False

    def prepare(config: Any) -> None:
        nonlocal started
        if not started:
            transfer_queue.init(config)
            started = True
        for partition, items in (transfer_queue.kv_list() or {}).items():
            if items:
                transfer_queue.kv_clear(keys=list(items), partition_id=partition)

    yield prepare
    if started:
        transfer_queue.close()
    ray.shutdown()


@pytest.fixture
def run(verl_data: Path, tiny_folder: Path, queue: Callable[[Any], None], tmp_path: Path) -> Callable[..., Any]:
    """Train a number of steps in verl's own loop and return the trainer, with what it logged in ``logged``."""

    def train(rollouts: StubRollouts, steps: int, *overrides: str, mode: str = "vas", folder: str = "run") -> Any:
        from hydra import compose, initialize_config_module
        from omegaconf import OmegaConf
        from transformers import AutoTokenizer
        from verl.trainer.ppo.v1 import get_trainer_cls

        with initialize_config_module("verl.trainer.config", version_base=None):
            config = compose(
                "ppo_trainer",
                overrides=[
                    f"trainer.v1.trainer_mode={mode}",
                    f"data.train_files={verl_data}",
                    f"data.val_files={verl_data}",
                    f"data.train_batch_size={BATCH}",
                    "data.dataloader_num_workers=0",
                    "data.filter_overlong_prompts=false",
                    "transfer_queue.backend.SimpleStorage.num_data_storage_units=1",
                    f"actor_rollout_ref.model.path={tiny_folder}",
                    f"actor_rollout_ref.rollout.n={GROUP}",
                    "actor_rollout_ref.rollout.name=vllm",
                    f"actor_rollout_ref.actor.ppo_mini_batch_size={BATCH}",
                    "algorithm.adv_estimator=grpo",
                    "algorithm.rollout_correction.bypass_mode=true",
                    f"trainer.total_training_steps={steps}",
                    "trainer.total_epochs=100",
                    "trainer.save_freq=1",
                    "trainer.test_freq=-1",
                    "trainer.val_before_train=false",
                    "trainer.logger=[console]",
                    f"trainer.default_local_dir={tmp_path / folder}",
                    *overrides,
                ],
            )
        config.transfer_queue.enable = True
        OmegaConf.resolve(config)
        queue(config.transfer_queue)

        class Stubbed(get_trainer_cls(mode)):  # type: ignore[misc]
            def _setup(self) -> None:
                self.tokenizer, self.processor = AutoTokenizer.from_pretrained(str(tiny_folder)), None
                self._init_dataloader()
                self._init_dump_executor()
                self.actor_rollout_wg = self.ref_policy_wg = StubWorkers()
                self.ref_in_actor = False
                self.resource_pool_manager = SimpleNamespace(get_n_gpus=lambda: 1)
                self.reward_loop_manager = SimpleNamespace(reward_loop_worker_handles=[object()])
                self.checkpoint_manager = SimpleNamespace(
                    update_weights=lambda *_: None, sleep_replicas=lambda *_: None
                )
                self._load_checkpoint()

            def _compute_metrics(self, batch: Any, metrics: dict[str, Any], *more: Any, **named: Any) -> None:
                super()._compute_metrics(batch, metrics, *more, **named)
                self.logged.append(dict(metrics))

        trainer = Stubbed(config=config)
        trainer.logged = []
        trainer.init()
        trainer.fit(rollouts)
        return trainer

    return train


def rates(trainer: Any) -> Any:
    return trainer.selector.sampler.posterior.mean()


def test_two_steps_are_trained_killed_and_resumed(run: Callable[..., Any]) -> None:
    straight, stopped, resumed = StubRollouts(), StubRollouts(killed_at=3), StubRollouts()
    whole = run(straight, 5, "+trainer.v1.vas.mixture_ratio=0.5", folder="whole")
    with pytest.raises(Killed):
        run(stopped, 5, "+trainer.v1.vas.mixture_ratio=0.5", folder="killed")
    again = run(resumed, 5, "+trainer.v1.vas.mixture_ratio=0.5", folder="killed")
    assert stopped.rolled == straight.rolled[: 3 * BATCH]
    assert resumed.rolled == straight.rolled[2 * BATCH :]  # from the checkpoint of step 2
    assert again.selector.state_dict()["checksum"] == whole.selector.state_dict()["checksum"]
    assert [step for step, _ in straight.rolled] == [step for step in range(1, 6) for _ in range(BATCH)]


def test_what_was_rolled_is_what_is_learnt(run: Callable[..., Any]) -> None:
    rollouts = StubRollouts()
    trainer = run(rollouts, 4)
    seen = {row for _, row in rollouts.rolled}
    assert set(np.flatnonzero(trainer.selector.sampler.posterior.last_seen >= 0).tolist()) == seen
    last = trainer.logged[-1]
    assert last["vas/training_rollouts"] == 4 * BATCH * GROUP
    assert all(math.isfinite(value) for name, value in last.items() if name.startswith("vas/"))
    silent = sum(len({right(row, step, session) for session in range(GROUP)}) == 1 for step, row in rollouts.rolled)
    assert sum(step["vas/silent_groups"] for step in trainer.logged) == silent
    shares: dict[int, list[float]] = {}
    for step, row in rollouts.rolled:
        shares.setdefault(row, []).extend(right(row, step, session) for session in range(GROUP))
    means, mean = rates(trainer), {row: np.mean(values) for row, values in shares.items()}
    assert min(means[row] for row in seen if mean[row] == 1) > max(means[row] for row in seen if mean[row] == 0)


def test_scores_are_learnt_and_not_rewards_after_a_penalty(run: Callable[..., Any]) -> None:
    trainer = run(StubRollouts(), 2, "algorithm.use_kl_in_reward=true")
    assert trainer.logged[-1]["critic/rewards/mean"] != trainer.logged[-1]["critic/score/mean"]
    assert trainer.selector.sampler.posterior.kind == "discounted_beta"  # penalised rewards would be graded ones


def test_groups_that_verl_filters_out_are_learnt_from_and_charged(run: Callable[..., Any]) -> None:
    rollouts = StubRollouts()
    trainer = run(rollouts, 2, "algorithm.filter_groups.enable=true", "algorithm.filter_groups.metric=reward")
    assert len(rollouts.rolled) > 2 * BATCH
    metrics = trainer.selector.metrics()
    assert metrics["training_rollouts"] == 2 * BATCH * GROUP
    assert metrics["training_rollouts"] + metrics["rejected_rollouts"] == GROUP * len(rollouts.rolled)
    assert metrics["unanswered_groups"] == 0
    seen = np.flatnonzero(trainer.selector.sampler.posterior.last_seen >= 0)
    assert set(seen.tolist()) == {row for _, row in rollouts.rolled}


def test_lost_rollouts_are_counted_and_padding_is_not_learnt_from(run: Callable[..., Any]) -> None:
    trainer = run(StubRollouts(lost=(1,)), 1)  # 12 trajectories, which verl pads to 16
    metrics = trainer.selector.metrics()
    assert metrics["excluded_rewards"] == BATCH
    assert metrics["training_rollouts"] == BATCH * GROUP


def test_scores_of_other_kinds(run: Callable[..., Any]) -> None:
    def signed(row: int, step: int, session: int) -> float:
        return 2 * right(row, step, session) - 1

    told = run(StubRollouts(signed), 2, "+trainer.v1.vas.success_above=0", folder="told")
    named = run(StubRollouts(signed), 2, "+trainer.v1.vas.success_from=acc", folder="named")
    plain = run(StubRollouts(), 2, folder="plain")
    assert np.allclose(rates(told), rates(plain))
    assert np.allclose(rates(named), rates(plain))


def test_what_cannot_work_is_refused_before_anything_is_built(run: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match=r"data\.dataloader_num_workers must be 0"):
        run(StubRollouts(), 1, "data.dataloader_num_workers=8")
    with pytest.raises(ValueError, match="mixture_ratio"):
        run(StubRollouts(), 1, "+trainer.v1.vas.mixture=0.5")


def test_a_checkpoint_of_another_trainer_is_refused_unless_allowed(run: Callable[..., Any]) -> None:
    plain = StubRollouts()
    run(plain, 2, mode="sync")
    assert {step for step, _ in plain.rolled} == {1, 2}  # verl's own mode is as it was
    with pytest.raises(ValueError, match="resume_without_state"):
        run(StubRollouts(), 3)
    rollouts = StubRollouts()
    run(rollouts, 3, "+trainer.v1.vas.resume_without_state=true")
    assert {step for step, _ in rollouts.rolled} == {3}


def test_the_plug_in_is_found_by_its_entry_point() -> None:
    import verl  # noqa: F401  # nothing here imports the trainer itself
    from verl.trainer.ppo.v1 import get_trainer_cls

    trainer = get_trainer_cls("vas")
    assert (trainer.__module__, trainer.__bases__[0].__name__) == ("full_scale.plugins._verl_trainer", "PPOTrainerSync")
