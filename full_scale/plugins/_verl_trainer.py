"""verl's synchronous trainer with variance-aware sampling, registered as the trainer mode ``vas``."""

from __future__ import annotations

from typing import Any

import transfer_queue
from omegaconf import OmegaConf
from torchdata.stateful_dataloader import StatefulDataLoader
from verl.trainer.ppo.v1.trainer_base import register_trainer
from verl.trainer.ppo.v1.trainer_sync import PPOTrainerSync
from verl.utils.dataset.rl_dataset import collate_fn

from full_scale.plugins.torch_sampler import SelectorSampler
from full_scale.plugins.verl import (
    MODE,
    GroupsInFlight,
    dataset_selector,
    logged_metrics,
    read_settings,
    session_values,
)
from vas_theory.foundation.errors import ArgumentError, DataError

__all__ = ["VASTrainer"]


@register_trainer(MODE)
class VASTrainer(PPOTrainerSync):
    """``PPOTrainerSync`` that chooses its prompts by what their groups can teach.

    Args:
        config: verl's configuration; how prompts are chosen is under ``trainer.v1.vas``.
    """

    def __init__(self, config: Any) -> None:
        self._plain_config: dict[str, Any] = OmegaConf.to_container(config, resolve=True)
        self.vas = read_settings(self._plain_config)
        super().__init__(config)

    @property
    def trainer_mode(self) -> str:
        """The mode that the base classes branch by: every name but this one would make them asynchronous."""
        return "sync"

    @trainer_mode.setter
    def trainer_mode(self, name: str) -> None:
        """Take the configured name, which has done its work when this class was found by it."""

    def _build_replay_buffer(self) -> Any:
        buffer = super()._build_replay_buffer()
        if not hasattr(buffer, "_clear_groups"):
            needs = "derive from verl's ReplayBuffer, so that groups which are filtered out are seen"
            raise ArgumentError("trainer.v1.sampler.custom_sampler", needs, type(buffer))
        clear = buffer._clear_groups

        def learn_and_clear(partition_id: str, uids: set[str]) -> None:
            if partition_id == "train" and uids:
                keys = [key for key in buffer.partitions[partition_id] if key.split("_")[0] in uids]
                self._observe(uids, keys, partition_id, trained=False)
            clear(partition_id, uids)

        buffer._clear_groups = learn_and_clear
        return buffer

    def _init_dataloader(self) -> None:
        super()._init_dataloader()
        self.selector = dataset_selector(self.train_dataset, self._plain_config, self.vas)
        self._in_flight = GroupsInFlight(self.selector, int(self.config.actor_rollout_ref.rollout.n))
        self._prompts = SelectorSampler(self.selector)
        size = self.train_dataloader.batch_size  # verl's reading of train_batch_size, gen_batch_size and refills
        self.train_dataloader: Any = StatefulDataLoader(
            dataset=self.train_dataset,
            batch_size=size,
            num_workers=0,
            drop_last=True,
            collate_fn=collate_fn,
            sampler=self._prompts,
        )

    def _load_checkpoint(self) -> None:
        super()._load_checkpoint()
        if not self.global_steps:
            return
        try:
            self.train_dataloader_it = iter(self.train_dataloader)  # the loader hands the state on no earlier
        except AssertionError:  # torchdata found the state of a sampler of another kind
            self._prompts.restored = False
            self.train_dataloader_it = None
        if self._prompts.restored:
            return
        if not self.vas.resume_without_state:
            raise DataError(
                f"the checkpoint of step {self.global_steps} holds no state of the selection: it was made by another "
                f"trainer mode, or its data.pt is gone; trainer.v1.{MODE}.resume_without_state=true goes on from it "
                "with all prompts as good as new"
            )
        print(f"vas: no state of the selection at step {self.global_steps}; all prompts are as good as new")
        self._init_dataloader()

    def _fetch_one_gen_batch(self) -> Any:
        self._prompts.policy_version = self.global_steps
        batch = super()._fetch_one_gen_batch()
        self._in_flight.sent(list(batch["uid"]), self._prompts.take_keys())
        return batch

    def _compute_advantage(self, batch: Any, metrics: dict[str, Any]) -> Any:
        keys = [key for key, tag in zip(batch.keys, batch.tags, strict=True) if not tag.get("is_padding", False)]
        self._observe({key.rsplit("_", 2)[0] for key in keys}, keys, batch.partition_id, trained=True)
        return super()._compute_advantage(batch, metrics)

    def step(self, metrics: dict[str, Any], timing_raw: dict[str, Any]) -> Any:
        """Make one step of the trainer, and log what is known of the selection after it."""
        batch = super().step(metrics, timing_raw)
        metrics.update(logged_metrics(self.selector, self._in_flight.settle()))
        return batch

    def _observe(self, uids: set[str], keys: list[str], partition_id: str, *, trained: bool) -> None:
        """Hand the scores of trajectories on, before verl takes a KL penalty from them or forgets them."""
        name = self.vas.success_from
        rewards: dict[str, list[float]] = {}
        parts: dict[str, list[float]] | None = None if name is None else {}
        if keys:
            fields = ["rm_scores"] if name is None else ["rm_scores", "extra_fields"]
            data = transfer_queue.kv_batch_get(keys=keys, partition_id=partition_id, select_fields=fields)
            rewards = session_values(keys, [float(scores.sum()) for scores in data["rm_scores"]])
            if name is not None:
                parts = session_values(keys, [_part(extra, name) for extra in data["extra_fields"]])
        above = 0.5 if self.vas.success_above is None else self.vas.success_above
        self._in_flight.received(uids, rewards, parts, above=above, trained=trained)


def _part(extra: Any, name: str) -> float:
    """Return the part of a reward that says what is right."""
    found = getattr(extra, "data", extra)
    info = found.get("reward_extra_info", {}) if isinstance(found, dict) else {}
    if name not in info:
        raise ArgumentError(
            f"trainer.v1.{MODE}.success_from", f"be among {sorted(info)}, what the reward returns", name
        )
    return float(info[name])
