"""One interface for every training framework: choose prompts by key, learn from their rewards, save, resume."""

from __future__ import annotations

import copy
import json
import math
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from full_scale.plugins.config import SelectionConfig
from full_scale.plugins.reward_view import PASS_RATES, RewardView
from full_scale.plugins.states import read_selector, selector_state
from vas_theory.foundation.errors import ArgumentError, StateMismatchError, VASError
from vas_theory.selection.posteriors import build_posterior
from vas_theory.selection.prediction.pass_rate_prior import PassRatePrior
from vas_theory.selection.sampler.feedback import as_numbers
from vas_theory.selection.sampler.prompt_keys import PromptKeys
from vas_theory.selection.sampler.variance_aware import VarianceAwareSampler

__all__ = ["Key", "PromptSelector", "Selector"]

Key = str | int
"""What names a prompt: text, or an integer."""


class Selector:
    """Chooses prompts, group by group or in whole batches, and learns from the rewards of their rollouts.

    A framework needs five methods: :meth:`select`, :meth:`observe`, :meth:`state_dict`, :meth:`load_state_dict` and
    :meth:`metrics`. The sampler behind them draws batches of its ``batch_size``; prompts of a batch that have not been
    asked for yet wait, so any number may be selected at a time, and every place that was drawn is handed out.

    Args:
        view: of the rewards, which makes the sampler; an adapter with settings of its own builds it from them, and
            :class:`PromptSelector` from :class:`~full_scale.plugins.config.SelectionConfig`.
        success_above: a rollout is right where its reward is above this number, unless :meth:`observe` is told.

    Attributes:
        sampler: the sampler behind it; another one after the first graded reward.
        success_from: the part of the reward that says what is right, where :meth:`observe` has to be told.
        says_right: when a rollout is right, for a run that goes on; empty where rewards are 0 and 1.
    """

    success_from: str | None = None
    says_right = ""

    def __init__(self, view: RewardView, success_above: float | None = None) -> None:
        self._view, self._success_above = view, success_above
        self.sampler = view.sampler()
        self._waiting: deque[int] = deque()
        self.selected_groups = self.observed_groups = 0

    def __len__(self) -> int:
        return len(self.sampler)

    @property
    def last_arms(self) -> NDArray[np.int8]:
        """Where each place of the last batch came from, as index into ``tally.ARMS``, shape (B,)."""
        return self.sampler.last_arms

    @property
    def policy_version(self) -> int:
        """Version of the policy that the last batch was drawn for."""
        return self.sampler.policy_version

    @property
    def weighs_diversity(self) -> bool:
        """Whether :meth:`observe` has to be told the diversity of each group."""
        return self.sampler.config.score == "vps" and self.sampler.config.beta > 0

    def positions_of(self, keys: Sequence[Key]) -> NDArray[np.int64]:
        """Positions of prompts in the order of the keys that were given.

        Raises:
            UnknownNameError: there is no such key.
        """
        return self.sampler.positions_of(keys)

    def select(self, n: int, *, policy_version: int | None = None) -> list[Key]:
        """Return the keys of the next ``n`` prompts to roll out.

        Args:
            n: any number >= 1.
            policy_version: of the policy that will generate the rollouts, not below the last one.

        Raises:
            ArgumentError: ``n`` or the version is out of range.
        """
        if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
            raise ArgumentError("n", "be an integer >= 1", n)
        while len(self._waiting) < n:
            self._waiting.extend(self.sampler.draw(policy_version=policy_version).tolist())
        self.selected_groups += int(n)
        chosen: list[Key] = self.sampler.keys.at([self._waiting.popleft() for _ in range(n)]).tolist()
        return chosen

    def observe(
        self,
        key: Key | Sequence[Key],
        rewards: ArrayLike,
        *,
        successes: ArrayLike | None = None,
        diversity: ArrayLike | None = None,
        policy_version: ArrayLike | None = None,
        trained: ArrayLike | None = None,
    ) -> None:
        """Learn from the rollouts of one prompt, or of several prompts with equally many rollouts.

        Args:
            key: of one prompt, or of each group, n of them; also of prompts that were not selected here.
            rewards: shape (G,) of one prompt, else (n, G); scores before any KL penalty. NaN where a rollout failed or
                was not scored: those are left out, counted and charged.
            successes: which rollouts are right, booleans of the shape of the rewards; by default those whose reward is
                above ``success_above``.
            diversity: of each group, in [0, 1], shape (n,) or a number.
            policy_version: version that generated each group, shape (n,) or a number; by default the present.
            trained: whether each group is trained on, shape (n,) or one for all; groups that were filtered out teach
                as much and are charged as rejected.

        Raises:
            UnknownNameError: there is no such key.
            ArgumentError: a value is not allowed; nothing has changed then.
            DataError: the settings are strict and the rewards contradict them.
        """
        single = isinstance(key, (str, int, np.integer))
        if not (single or isinstance(key, (Sequence, np.ndarray))):
            raise ArgumentError("key", "be a key or a sequence of keys", key)
        values = as_numbers("rewards", rewards)
        right = None if successes is None else _booleans(successes, values.shape)
        if right is None and self.success_from is not None:
            needs = f"be given, as success_from names the part {self.success_from!r} that says what is right"
            raise ArgumentError("successes", needs, None)
        if single:
            values, right = values[None], None if right is None else right[None]
        keys: Any = [key] if single else list(key)  # type: ignore[arg-type]
        if values.ndim != 2 or values.shape[0] != len(keys) or values.shape[1] < 1:
            needs = "have shape (G,)" if single else f"have shape ({len(keys)}, G) with G >= 1"
            raise ArgumentError("rewards", needs, values.shape)
        if right is None and self._success_above is not None:
            right = values > self._success_above
        positions = self.positions_of(keys)
        kept = None if trained is None else _for_each("trained", trained, len(keys))
        if kept is not None and not np.isin(kept, (0, 1)).all():
            raise ArgumentError("trained", "be true or false for each group", trained)
        spread = None if diversity is None else _for_each("diversity", diversity, len(keys))
        before = copy.copy(self._view), self.sampler
        try:
            self.fit(values, known=right is not None)
            self.sampler.observe(
                positions,
                values,
                successes=None if right is None else right & np.isfinite(values),
                diversity=spread,
                policy_version=policy_version,
                trained=kept,
            )
        except VASError:  # what the rewards would have changed must not outlive their refusal
            self._view, self.sampler = before
            raise
        self.observed_groups += len(keys)

    def fit(self, rewards: ArrayLike, *, known: bool) -> None:
        """Make sure that the sampler can learn from these rewards; :meth:`observe` does it by itself.

        Args:
            rewards: of any shape.
            known: whether it is said of these rollouts which are right.

        Raises:
            ArgumentError: rewards are neither 0 nor 1, and the settings leave open which are right.
            DataError: the sampler would have to learn something else than before, and the settings are strict.
        """
        view = copy.copy(self._view)
        self.sampler = view.fitting(self.sampler, as_numbers("rewards", rewards), known=known)
        self._view = view

    def metrics(self) -> dict[str, float]:
        """Return name -> finite number: those of the sampler that are known by now, and two of the selection.

        ``unanswered_groups`` are groups that were selected and not observed: on their way, or dropped by the framework.
        ``waiting_prompts`` were drawn and not asked for yet.
        """
        known = {name: float(value) for name, value in self.sampler.metrics().items() if math.isfinite(value)}
        unanswered = float(self.selected_groups - self.observed_groups)
        return {**known, "unanswered_groups": unanswered, "waiting_prompts": float(len(self._waiting))}

    def state_dict(self) -> dict[str, Any]:
        """Return everything the next choices depend on: a flat dict of arrays, numbers and text with a checksum."""
        return selector_state(
            self.sampler.state_dict(),
            posterior=self._view.posterior,
            reward_range=self._view.reward_range,
            waiting=self._waiting,
            selected_groups=self.selected_groups,
            observed_groups=self.observed_groups,
            says_right=self.says_right,
        )

    def load_state_dict(self, state: Mapping[str, Any], *, match_keys: bool = False) -> None:
        """Go on from a saved state; the choices are those of the run that saved it.

        Args:
            state: what :meth:`state_dict` returned.
            match_keys: allow another set of prompts: those with the same key go on, new ones start unobserved.

        Raises:
            DataError: it is no state of a selection; an ``IntegrityError`` if it was altered.
            StateMismatchError: settings or prompts differ; nothing has changed then.
        """
        saved = read_selector(state)
        if saved.says_right not in (None, self.says_right):
            right = {"success_from and success_above": (self.says_right, saved.says_right)}
            raise StateMismatchError("state of the selection", right)
        settings = json.loads(saved.sampler["settings"]) if match_keys else None
        view = self._view.restored(saved.posterior, saved.reward_range, settings)
        sampler = view.sampler()
        sampler.load_state_dict(saved.sampler, match_keys=match_keys)
        places = sampler.keys.sources_in(saved.keys)
        now = {int(source): place for place, source in enumerate(places.tolist()) if source >= 0}
        self._view, self.sampler = view, sampler
        self._waiting = deque(now[place] for place in saved.waiting if place in now)
        self.selected_groups, self.observed_groups = saved.selected_groups, saved.observed_groups


def _booleans(successes: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    needs = f"be booleans of shape {shape}, as the rewards"
    try:
        right = np.asarray(successes)
    except (TypeError, ValueError, RuntimeError):
        raise ArgumentError("successes", needs, successes) from None
    if right.dtype != bool or right.shape != shape:
        raise ArgumentError("successes", needs, (right.dtype, right.shape))
    return right


def _for_each(name: str, values: ArrayLike, groups: int) -> NDArray[np.float64]:
    """Return one number for each group."""
    found = as_numbers(name, values)
    if found.shape not in ((), (1,), (groups,)):
        raise ArgumentError(name, f"have shape ({groups},) or be one for all", found.shape)
    return np.broadcast_to(found, (groups,))


class PromptSelector(Selector):
    """A :class:`Selector` whose settings are a :class:`~full_scale.plugins.config.SelectionConfig`.

    Args:
        keys: one unique key a prompt, all text or all integers.
        config: how prompts are chosen.
        batch_size: prompts of one training step.
        group_size: rollouts a prompt.
        seed: of the draws where the settings name none.
        categories: a label for each prompt, shape (P,), for the posterior ``hierarchical_beta``.
        features: known of each prompt beforehand, shape (P, d).
        prior: pass rates from elsewhere.

    Attributes:
        config: the settings.

    Raises:
        ArgumentError: a value is out of range.
        DataError: a key occurs twice.
    """

    def __init__(
        self,
        keys: Sequence[str] | Sequence[int],
        config: SelectionConfig | None = None,
        *,
        batch_size: int,
        group_size: int,
        seed: int = 0,
        categories: ArrayLike | None = None,
        features: ArrayLike | None = None,
        prior: PassRatePrior | None = None,
    ) -> None:
        self.config = config = config or SelectionConfig()
        names = PromptKeys(keys)
        shape: dict[str, Any] = {"batch_size": batch_size, "group_size": group_size, **config.share}
        shape |= {"strict": True} if config.strict else {}

        def build(posterior: str, reward_range: tuple[float, float], kept: Mapping[str, Any]) -> VarianceAwareSampler:
            options = config.posterior_options if posterior == (config.posterior or PASS_RATES) else {}
            return VarianceAwareSampler(
                keys,
                posterior=build_posterior(posterior, len(names), categories, options, features=features, prior=prior),
                seed=seed if config.seed is None else config.seed,
                **{**kept, **shape, **config.sampler, "reward_range": reward_range},
            )

        # with success_from the framework says which rollouts are right
        self.success_from = config.success_from
        if config.success_from is not None or config.success_above is not None:
            bound = 0.5 if config.success_above is None else float(config.success_above)
            self.says_right = f"{config.success_from or 'reward'} > {bound:g}"
        above = None if config.success_from is not None else config.success_above
        super().__init__(RewardView(config.reward_terms(), build), above)
