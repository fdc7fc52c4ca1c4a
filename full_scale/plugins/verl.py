"""What the trainer mode ``vas`` of verl needs besides verl: its settings, its prompts, and groups on their way.

verl loads plug-ins by the entry point group ``verl.plugins``; the trainer itself is in a module that only verl imports.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from full_scale.plugins.config import SelectionConfig
from full_scale.plugins.interface import Key, PromptSelector
from full_scale.plugins.rows import known_beforehand, row_keys
from vas_theory.foundation.errors import ArgumentError, DataError

__all__ = ["MODE", "GroupsInFlight", "dataset_selector", "logged_metrics", "read_settings", "session_values"]

MODE = "vas"
"""The value of ``trainer.v1.trainer_mode``; the settings are under ``trainer.v1.vas``."""

_LOGGED = (
    *("effective_sample_size", "coverage", "gini", "staleness_max", "uniform_scores", "predicted_mixed_share"),
    *("realised_mixed_share", "varying_share", "excluded_rewards", "excluded_groups", "training_rollouts"),
    *("rejected_rollouts", "waiting_prompts"),
)


def read_settings(config: Mapping[str, Any]) -> SelectionConfig:
    """Return how prompts are chosen after checking what of verl's configuration decides whether they can be.

    Args:
        config: the whole configuration as plain dicts.

    Raises:
        ArgumentError: a setting cannot go with variance-aware sampling.
        UnknownNameError: a setting under ``trainer.v1.vas`` has no such name.
    """
    settings = SelectionConfig.from_table(_at(config, f"trainer.v1.{MODE}"))
    workers = _at(config, "data.dataloader_num_workers")
    if workers != 0:
        needs = "be 0: workers of the data loader would choose prompts before the rewards of earlier ones are known"
        raise ArgumentError("data.dataloader_num_workers", needs, workers)
    size = _at(config, "actor_rollout_ref.rollout.n")
    if not isinstance(size, int) or size < 2:
        needs = "be at least 2: the rewards of one rollout cannot disagree"
        raise ArgumentError("actor_rollout_ref.rollout.n", needs, size)
    if _at(config, "skip.rollout_tq.enable"):
        needs = "be false: stored rollouts are not those of the prompts that are chosen"
        raise ArgumentError("skip.rollout_tq.enable", needs, True)
    if settings.weighs_diversity:
        needs = "set beta = 0 with the score 'vps': verl's rollouts come without a diversity"
        raise ArgumentError(f"trainer.v1.{MODE}.sampler", needs, dict(settings.sampler))
    return settings


def _at(config: Mapping[str, Any], path: str) -> Any:
    value: Any = config
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def dataset_selector(dataset: Any, config: Mapping[str, Any], settings: SelectionConfig) -> PromptSelector:
    """Return the selector of the prompts of verl's data set, in the order of its rows.

    Args:
        dataset: verl's ``RLHFDataset``, or one that keeps its rows in ``dataframe`` as that does.
        config: the whole configuration as plain dicts.
        settings: see :func:`read_settings`.

    Raises:
        DataError: a column is missing, or prompts have no usable, unique keys.
        ArgumentError: the data set is of another kind, or does not fill a batch.
    """
    frame: Any = getattr(dataset, "dataframe", None)
    if not hasattr(frame, "select_columns"):
        raise ArgumentError("data.custom_cls", "keep its rows in 'dataframe', as RLHFDataset does", type(dataset))
    prompt_column = _at(config, "data.prompt_key") or "prompt"
    paths = (settings.key, settings.category, settings.features, settings.pass_rates)
    columns = [prompt_column, *dict.fromkeys(path.split(".")[0] for path in paths if path is not None)]
    for name in columns:
        if name not in frame.column_names:
            raise DataError(f"the training data have no column {name!r}, only {sorted(frame.column_names)}")
    plain = frame.with_format(None)
    rows = plain.select_columns(columns[1:]).to_list() if len(columns) > 1 else []
    return PromptSelector(
        row_keys(list(plain[prompt_column]), rows, settings),
        settings,
        batch_size=_at(config, "data.train_batch_size"),
        group_size=_at(config, "actor_rollout_ref.rollout.n"),
        seed=_at(config, "data.seed") or 0,
        **known_beforehand(rows, settings),
    )


def session_values(keys: Sequence[str], values: Iterable[float]) -> dict[str, list[float]]:
    """Return uid -> one value a rollout, from verl's trajectories ``{uid}_{session}_{index}``.

    A rollout may have several trajectories, for several outputs; its last one counts, as in verl's own advantages.

    Args:
        keys: of the trajectories, in any order.
        values: one each.
    """
    last: dict[tuple[str, int], tuple[int, float]] = {}
    for key, value in zip(keys, values, strict=True):
        uid, session, index = key.rsplit("_", 2)
        if (uid, int(session)) not in last or last[uid, int(session)][0] < int(index):
            last[uid, int(session)] = (int(index), float(value))
    groups: dict[str, list[float]] = {}
    for (uid, _), (_, value) in sorted(last.items()):
        groups.setdefault(uid, []).append(value)
    return groups


class GroupsInFlight:
    """Which prompt each group of rollouts belongs to, from its choice until its rewards are in.

    verl names a group by a ``uid`` that is drawn anew each time; the key of the prompt outlives the run.

    Args:
        selector: which chose the prompts.
        group_size: rollouts that each group was asked for.

    Attributes:
        silent: groups without two different rewards since :meth:`settle` was called last.
    """

    def __init__(self, selector: PromptSelector, group_size: int) -> None:
        self._selector, self._size = selector, group_size
        self._keys: dict[str, Key] = {}
        self.silent = 0

    def __len__(self) -> int:
        return len(self._keys)

    def sent(self, uids: Sequence[str], keys: Sequence[Key]) -> None:
        """Note which prompts were sent to be rolled out.

        Raises:
            DataError: there are not as many uids as keys, so the loader did not serve the prompts that were chosen.
        """
        if len(uids) != len(keys):
            raise DataError(
                f"verl sent {len(uids)} prompts, but {len(keys)} were chosen: its loader must not read ahead"
            )
        self._keys |= dict(zip(map(str, uids), keys, strict=True))

    def received(
        self,
        uids: Iterable[str],
        rewards: Mapping[str, Sequence[float]],
        successes: Mapping[str, Sequence[float]] | None = None,
        *,
        above: float = 0.5,
        trained: bool,
    ) -> None:
        """Learn from groups; rollouts that failed count as rollouts without a reward.

        Args:
            uids: of the groups; also of those that have no rollout at all.
            rewards: uid -> reward of each rollout that there is.
            successes: uid -> the part of each reward that says what is right.
            above: that part is above this where a rollout is right.
            trained: whether the groups are trained on.

        Raises:
            DataError: a uid was not sent, or its rewards were told before.
        """
        wanted = set(map(str, uids))
        if unknown := sorted(wanted - self._keys.keys()):
            raise DataError(f"verl has rollouts of group {unknown[0]}, whose prompt was not chosen here or came before")
        by_size: dict[int, list[str]] = {}
        for uid in [uid for uid in self._keys if uid in wanted]:  # in the order of choice, whatever finished first
            by_size.setdefault(max(self._size, len(rewards.get(uid, ()))), []).append(uid)
        for size, group in by_size.items():
            values = np.array([_padded(rewards.get(uid, ()), size) for uid in group])
            right = None
            if successes is not None:
                right = np.array([_padded(successes.get(uid, ()), size) for uid in group]) > above
            self._selector.observe(
                [self._keys[uid] for uid in group],
                values,
                successes=right,
                trained=trained,
            )
            for uid, row in zip(group, values, strict=True):
                del self._keys[uid]
                usable = row[np.isfinite(row)]
                self.silent += bool(usable.size == 0 or usable.min() == usable.max())

    def settle(self) -> int:
        """End a step: groups that never came back are charged as rejected. Return how many were silent."""
        if self._keys:
            self.received(list(self._keys), {}, {} if self._selector.config.success_from else None, trained=False)
        silent, self.silent = self.silent, 0
        return silent


def _padded(values: Sequence[float], size: int) -> list[float]:
    return [*values, *[math.nan] * (size - len(values))]


def logged_metrics(selector: PromptSelector, silent: int) -> dict[str, float]:
    """Return what is logged of a step beside verl's own metrics, by name."""
    known = selector.metrics()
    weighted = int((selector.last_arms == 1).sum())
    values = {name: known[name] for name in _LOGGED if name in known}
    values |= {"silent_groups": float(silent), "weighted_places": float(weighted)}
    return {f"vas/{name}": value for name, value in values.items()}
