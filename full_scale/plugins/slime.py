"""Variance-aware sampling in slime: its data source and its process function, both chosen on the command line.

``--data-source-path`` takes ``full_scale.plugins.slime.VASDataSource``, ``--rollout-all-samples-process-path`` takes
``full_scale.plugins.slime.learn_from_samples``; the settings are a table ``vas`` in the file of
``--custom-config-path``. The shapes of arguments, samples and calls are
those of slime of 21 August 2026 (``slime/rollout/data_source.py``, ``slime/rollout/sglang_rollout.py``).
"""

from __future__ import annotations

import copy
import logging
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from full_scale.plugins.config import SelectionConfig
from full_scale.plugins.interface import Key, PromptSelector
from full_scale.plugins.rows import known_beforehand, row_keys
from vas_theory.foundation.errors import ArgumentError, DataError
from vas_theory.provenance.state import read_state, write_state
from vas_theory.selection.sampler.feedback import as_numbers

__all__ = ["KEY", "VASDataSource", "learn_from_samples"]

logger = logging.getLogger(__name__)

KEY = "vas_key"
"""Where the key of a prompt is in the metadata of its samples."""


class VASDataSource:
    """slime's data source with buffer, except that new prompts are chosen by what their groups can teach.

    Samples that slime puts back are served first, as in its own. Whatever is not said here is left to that.

    Args:
        args: slime's arguments.
        source: the data source to build on; by default slime's ``RolloutDataSourceWithBuffer`` of the arguments.

    Raises:
        ArgumentError: an argument cannot go with variance-aware sampling.
        DataError: prompts have no usable, unique keys.
    """

    def __init__(self, args: Any, source: Any = None) -> None:
        self._settings = settings = SelectionConfig.from_table(getattr(args, "vas", None))
        if settings.weighs_diversity:
            needs = "set beta = 0 with the score 'vps': slime's rollouts come without a diversity"
            raise ArgumentError("vas.sampler", needs, dict(settings.sampler))
        if args.n_samples_per_prompt < 2:
            needs = "be at least 2: the rewards of one rollout cannot disagree"
            raise ArgumentError("--n-samples-per-prompt", needs, args.n_samples_per_prompt)
        named = getattr(args, "rollout_all_samples_process_path", None)
        if not named:
            needs = f"be {__name__}.learn_from_samples or call it: nothing would be learnt from the rewards"
            raise ArgumentError("--rollout-all-samples-process-path", needs, named)
        if source is None:
            from slime.rollout.data_source import RolloutDataSourceWithBuffer

            source = RolloutDataSourceWithBuffer(args)
        if source.dataset is None:
            needs = "be given, and the global data set not disabled: there are no prompts to choose from"
            raise ArgumentError("--prompt-data", needs, getattr(args, "prompt_data", None))
        self.args, self._source = args, source
        self._samples = list(source.dataset.samples)
        if settings.key is None and any(sample.multimodal_inputs for sample in self._samples):
            raise DataError(
                "prompts with images are not named by their text; name a field of keys with the setting 'key'"
            )
        rows = [sample.metadata for sample in self._samples]
        self.selector = PromptSelector(
            row_keys([sample.prompt for sample in self._samples], rows, settings),
            settings,
            batch_size=args.rollout_batch_size,
            group_size=args.n_samples_per_prompt,
            seed=args.rollout_seed,
            **known_beforehand(rows, settings),
        )

    def __getattr__(self, name: str) -> Any:
        if name == "_source":  # not built yet
            raise AttributeError(name)
        return getattr(self._source, name)

    def __len__(self) -> int:
        return len(self._samples)

    def get_samples(self, num_samples: int) -> list[list[Any]]:
        """Return groups of ``n_samples_per_prompt`` samples each: those put back first, then prompts chosen now."""
        source = self._source
        groups: list[list[Any]] = source._get_samples_from_buffer(num_samples)
        missing = num_samples - len(groups)
        if missing == 0:
            return groups
        keys = self.selector.select(missing)
        for key, position in zip(keys, self.selector.positions_of(keys).tolist(), strict=True):
            group = []
            for _ in range(self.args.n_samples_per_prompt):
                sample = copy.deepcopy(self._samples[position])
                sample.metadata = {**(sample.metadata or {}), KEY: key}
                sample.group_index, sample.index = source.sample_group_index, source.sample_index
                source.sample_index += 1
                group.append(sample)
            source.sample_group_index += 1
            groups.append(group)
        return groups

    def add_samples(self, samples: list[list[Any]]) -> None:
        """Take back groups that were not finished; see slime's own."""
        self._source.add_samples(samples)

    def learn(self, groups: Sequence[Sequence[Any]]) -> None:
        """Learn from all groups of one rollout step, those that slime filtered out included.

        slime trains on ``rollout_batch_size`` of them; all others are charged as rejected, silent ones first.

        Raises:
            DataError: a group was not chosen here.
        """
        rewards = as_numbers("rewards", [[_reward(rollout, self.args) for rollout in group] for group in groups])
        if rewards.size == 0:
            return
        keys = [_key(group) for group in groups]
        part = self._settings.success_from
        right = None
        if part is not None:
            above = 0.5 if self._settings.success_above is None else self._settings.success_above
            right = np.array([[_part(rollout, part) > above for rollout in group] for group in groups])
        finite = np.isfinite(rewards)
        lowest, highest = np.where(finite, rewards, np.inf).min(1), np.where(finite, rewards, -np.inf).max(1)
        first = np.argsort(lowest >= highest, kind="stable")  # groups with two different rewards first
        trained = np.zeros(len(keys), dtype=bool)
        trained[first[: self.args.rollout_batch_size]] = True
        self.selector.observe(keys, rewards, successes=right, trained=trained)

    def save(self, rollout_id: int) -> None:
        """Save the state of the selection beside slime's own."""
        write_state(_file(self.args.save, rollout_id), self.selector.state_dict())
        self._source.save(rollout_id)

    def load(self, rollout_id: int | None = None) -> None:
        """Go on from the state that :meth:`save` wrote; a run that starts has none.

        Raises:
            DataError: slime's part of the checkpoint is there, and that of the selection is not.
        """
        self._source.load(rollout_id)
        if self.args.load is None or rollout_id is None or rollout_id < 0:
            return
        path = _file(self.args.load, rollout_id)
        if path.exists():
            self.selector.load_state_dict(read_state(path))
        elif not self._settings.resume_without_state:
            raise DataError(
                f"{path} is missing: the checkpoint was made by another data source; the setting "
                "vas.resume_without_state goes on from it with all prompts as good as new"
            )
        else:
            logger.warning("%s is missing; all prompts are as good as new", path)


def _file(folder: str, rollout_id: int) -> Path:
    path = Path(folder) / "rollout" / f"vas_state_{rollout_id}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _last(rollout: Any) -> Any:
    """Return the sample of a rollout; of one that was cut into several the last, which ended it."""
    return rollout[-1] if isinstance(rollout, list) else rollout


def _key(group: Sequence[Any]) -> Key:
    metadata = _last(group[0]).metadata or {}
    if KEY not in metadata:
        raise DataError(
            f"a group of slime's has no {KEY!r} in its metadata, so its prompt was not chosen by VASDataSource"
        )
    key: Key = metadata[KEY]
    return key


def _reward(rollout: Any, args: Any) -> float:
    """Return the reward of a rollout, NaN where it was aborted or not scored."""
    sample = _last(rollout)
    if sample.reward is None or sample.status.value in ("aborted", "failed"):
        return math.nan
    return float(sample.get_reward_value(args))


def _part(rollout: Any, name: str) -> float:
    """Return the part of a reward that says what is right, NaN where there is no reward."""
    reward = _last(rollout).reward
    if reward is None:
        return math.nan
    if not isinstance(reward, dict) or name not in reward:
        found = sorted(reward) if isinstance(reward, dict) else reward
        raise ArgumentError("vas.success_from", "be a part of the rewards, which then are tables (--reward-key)", found)
    return float(reward[name])


def learn_from_samples(args: Any, all_samples: list[list[Any]], data_source: Any) -> None:
    """Hand all groups of a rollout step to the data source: the function for ``--rollout-all-samples-process-path``.

    Args:
        args: slime's arguments.
        all_samples: the groups, those included that slime filtered out.
        data_source: the data source, or its method ``get_samples``, which is what slime hands over.

    Raises:
        ArgumentError: the data source is another one.
    """
    source = getattr(data_source, "__self__", data_source)
    if not isinstance(source, VASDataSource):
        raise ArgumentError(
            "--data-source-path", f"be {__name__}.VASDataSource for {__name__}.learn_from_samples", source
        )
    source.learn(all_samples)
