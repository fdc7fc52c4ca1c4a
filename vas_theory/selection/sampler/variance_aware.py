"""The variance-aware sampler: which prompts to train on next, given what their rollouts have shown."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vas_theory.foundation.errors import ArgumentError, VASError
from vas_theory.foundation.streams import check_seed
from vas_theory.provenance.state import read_state, write_state
from vas_theory.selection.contract.ledger import RolloutLedger
from vas_theory.selection.drawing.uniform_walk import build_walk
from vas_theory.selection.drawing.weighted_index import WeightedIndex
from vas_theory.selection.posteriors import build_posterior
from vas_theory.selection.posteriors.discounted_beta import PassRatePosterior
from vas_theory.selection.sampler.batch import compose_batch
from vas_theory.selection.sampler.config import build_config
from vas_theory.selection.sampler.feedback import Feedback, read_feedback
from vas_theory.selection.sampler.metrics import collect_metrics
from vas_theory.selection.sampler.prompt_keys import PromptKeys
from vas_theory.selection.sampler.refreshes import Refreshes
from vas_theory.selection.sampler.saving import capture, restore
from vas_theory.selection.sampler.tally import Tally
from vas_theory.selection.sampler.weights import WeightRule

__all__ = ["VarianceAwareSampler"]

logger = logging.getLogger(__name__)


class VarianceAwareSampler:
    """Draws batches of prompts, part in proportion to how much their groups can teach, part uniformly.

    A step is ``positions = draw()``, rollouts and training by the caller, ``observe(positions, rewards)``. What
    is drawn at a step depends on the seed, the number of the step and the feedback so far, and on nothing else.

    Args:
        prompts: how many prompts there are, or one unique key each (strings or integers). Keys let a run go on
            after prompts were added or removed.
        batch_size: prompts a batch, B.
        mixture_ratio: lambda in [0, 1]; floor(lambda * B + 1e-9) prompts are drawn by weight, the rest uniformly.
        seed: in [0, 2**64).
        posterior: of the pass rates: ``discounted_beta``, ``arcsine_kalman``, ``hierarchical_beta`` or an object.
        categories: a label for each prompt, shape (P,), which ``hierarchical_beta`` pools by.
        **options: the other fields of :class:`~vas_theory.selection.sampler.config.SamplerConfig`.

    Attributes:
        ledger: what rollouts were spent on.
        last_arms: where each place of the last batch came from, as index into ``tally.ARMS``, shape (B,).
        weights: what prompts are drawn in proportion to, shape (P,), read-only.

    Raises:
        ArgumentError: a value is out of range, or the batch is larger than the pool without replacement.
        UnknownNameError: an option, a mode or a posterior has no such name.
        DataError: a key occurs twice.
    """

    def __init__(
        self,
        prompts: int | Sequence[str] | Sequence[int] | NDArray[Any],
        *,
        batch_size: int,
        mixture_ratio: float = 0.5,
        seed: int = 0,
        posterior: str | PassRatePosterior = "discounted_beta",
        categories: ArrayLike | None = None,
        **options: Any,
    ) -> None:
        self.config = build_config({"batch_size": batch_size, "mixture_ratio": mixture_ratio, **options})
        self.keys = PromptKeys(prompts)
        count = len(self.keys)
        if not self.config.replace and batch_size > count:
            raise ArgumentError("batch_size", f"be at most the {count} prompts without replacement", batch_size)
        self.seed = check_seed(seed)
        self.step = 0
        self.policy_version = 0
        self.posterior = build_posterior(posterior, count, categories)
        self.ledger = RolloutLedger()
        self.tally = Tally()
        self.rule = WeightRule(self.config, self.posterior)
        self.index = WeightedIndex(self.rule.initial_weights())
        self.walk = build_walk(self.config, count)
        self.draw_counts: NDArray[np.int32] = np.zeros(count, dtype=np.int32)
        self.drawn_by: NDArray[np.int8] = np.zeros(count, dtype=np.int8)
        self.last_arms: NDArray[np.int8] = np.empty(0, dtype=np.int8)
        self.probe_cursor = 0
        self.uniform_reason: str | None = None
        self.refreshes = Refreshes(self.config, count)

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def weights(self) -> NDArray[np.float64]:
        """What prompts are drawn in proportion to, shape (P,), read-only."""
        return self.index.weights

    @property
    def scoring_rollouts(self) -> int:
        """Rollouts spent on scores alone so far."""
        return self.ledger["scoring"].rollouts

    def positions_of(self, keys: ArrayLike | Iterable[str]) -> NDArray[np.int64]:
        """Positions of prompts by key.

        Raises:
            UnknownNameError: there is no such key.
        """
        return self.keys.positions_of(keys)

    def draw(self, *, policy_version: int | None = None) -> NDArray[np.int64]:
        """Draw the next batch.

        Args:
            policy_version: the version of the policy that will generate the rollouts, not below the last one.

        Returns:
            Positions, int64 of shape (B,).

        Raises:
            VASError: a refresh is due and has not been delivered.
        """
        if self.refreshes.due(self.step) is not None:
            raise VASError(
                f"step {self.step} needs scores first: {self.refresh_due().size} prompts are due; "
                "pass rewards for refresh_due() to refresh()"
            )
        if policy_version is not None:
            if policy_version < self.policy_version:
                raise ArgumentError("policy_version", f"be at least {self.policy_version}", policy_version)
            self.policy_version = int(policy_version)
        self.posterior.advance(self.step)
        self._rescore_next()
        self._say_when_uniform()
        batch = compose_batch(self)
        if self.config.replace:
            np.add.at(self.draw_counts, batch.positions, np.int32(1))
        else:  # no position repeats, and this is ten times faster
            self.draw_counts[batch.positions] += 1
        self.drawn_by[batch.positions] = batch.arms
        self.last_arms = batch.arms
        self.tally.filled_places += batch.filled
        self.tally.uniform_fallbacks += self.uniform_reason is not None
        self.step += 1
        return batch.positions

    def observe(
        self,
        positions: ArrayLike,
        rewards: ArrayLike,
        *,
        successes: ArrayLike | None = None,
        diversity: ArrayLike | None = None,
        policy_version: ArrayLike | None = None,
        trained: ArrayLike | None = None,
    ) -> None:
        """Learn from the groups of rollouts of a training step, in any order, also of prompts not drawn here.

        Args:
            positions: prompt of each group, shape (n,); groups of a prompt that repeats are pooled.
            rewards: shape (n, G); NaN and infinite rewards are left out and counted.
            successes: right rollouts as counts (n,) or booleans (n, G); required unless all rewards are 0 or 1.
            diversity: of each group, in [0, 1], shape (n,); required where the score weighs it.
            policy_version: version that generated each group, shape (n,) or one number; by default the present.
            trained: whether each group was trained on, shape (n,); rejected groups teach the sampler as much and
                are charged as rejected.

        Raises:
            ArgumentError: a value is not allowed; nothing has changed then.
        """
        rows = np.shape(rewards)[0] if np.ndim(rewards) else 0
        weight = self._evidence_weight(rows, policy_version)
        feedback = self._read(positions, rewards, successes, diversity, weight)
        kept = np.ones(rows, dtype=bool) if trained is None else np.asarray(trained, dtype=bool)
        if kept.shape != (rows,):
            raise ArgumentError("trained", f"have shape ({rows},)", kept.shape)
        scores = None
        if self.config.refresh == "online" and self.config.score == "vps":
            scores = self.rule.observed_scores(feedback)
        self._count(feedback)
        if weight is not None:
            self.tally.late_groups += int((weight < 1).sum())
        size = np.shape(rewards)[1]
        for purpose, groups in (("training", int(kept.sum())), ("rejected", int((~kept).sum()))):
            self.ledger.charge(purpose, groups=groups, rollouts=groups * size)
        if self.config.refresh == "periodic":  # only the scoring rollouts move the weights then
            return
        self._learn(feedback)
        if self.config.score == "expected_signal":
            scores = self.rule.posterior_scores(feedback.positions)
        elif scores is not None:
            old = self.weights[feedback.positions]
            scores = feedback.weight * scores + (1 - feedback.weight) * old
        if scores is not None and feedback.positions.size:
            self.index.update(feedback.positions, self.rule.floored(scores))

    def observe_by_key(self, keys: ArrayLike | Iterable[str], rewards: ArrayLike, **arguments: Any) -> None:
        """:meth:`observe` with prompts named by key."""
        self.observe(self.positions_of(keys), rewards, **arguments)

    def set_scores(self, positions: ArrayLike, scores: ArrayLike) -> None:
        """Set scores of your own (``score="custom"``); of a position that repeats the last counts.

        Raises:
            ArgumentError: a score is NaN, infinite or negative; the message names the prompt.
        """
        if self.config.score != "custom":
            raise ArgumentError("score", "be 'custom' for scores of your own", self.config.score)
        places, values = np.asarray(positions), np.asarray(scores, dtype=np.float64)
        values = np.broadcast_to(values, places.shape)
        wrong = ~((values >= 0) & (values < np.inf))
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise ArgumentError(
                f"score of prompt {self.keys.name(int(places[row]))}", "be finite and >= 0", float(values[row])
            )
        self.index.update(places, self.rule.floored(values))

    def refresh_due(self) -> NDArray[np.int64]:
        """Positions that have to be scored before the next draw; empty where refreshes are ``online``."""
        due = self.refreshes.due(self.step)
        return np.flatnonzero(() if due is None else due)

    def refresh(
        self,
        positions: ArrayLike,
        rewards: ArrayLike,
        *,
        successes: ArrayLike | None = None,
        diversity: ArrayLike | None = None,
    ) -> None:
        """Score prompts that are due; the new weights hold from the moment the last one is in.

        Args:
            positions, rewards, successes, diversity: as in :meth:`observe`; in parts if you like, but all groups
                of a prompt in one part.

        Raises:
            ArgumentError: a prompt is not due, or a value is not allowed; nothing has changed then.
        """
        due = self.refreshes.due(self.step)
        feedback = self._read(positions, rewards, successes, diversity, None)
        places = np.asarray(positions, dtype=np.int64)
        if due is None or not due[places].all():
            raise ArgumentError("positions", "be due for a refresh (see refresh_due)", positions)
        if self.config.score == "vps":
            scores = self.rule.observed_scores(feedback)
        self.ledger.charge("scoring", groups=places.size, rollouts=int(np.size(rewards)))
        self.tally.count_excluded(feedback)
        self.posterior.advance(self.step)
        self._learn(feedback)
        if self.config.score == "expected_signal":
            scores = self.rule.posterior_scores(feedback.positions)
        if self.refreshes.deliver(feedback.positions, scores, places):
            first = self.refreshes.is_first
            self.index = WeightedIndex(self.rule.refreshed(self.weights, self.refreshes.close(), first=first))
            self.walk.restart()

    def metrics(self) -> dict[str, float]:
        """Diagnostics over the whole pool and the run so far; takes time in proportion to the pool."""
        return collect_metrics(self)

    def state_dict(self) -> dict[str, Any]:
        """Everything the next draws depend on: a flat dict of arrays, numbers and strings with a checksum."""
        return capture(self)

    def load_state_dict(self, state: Mapping[str, Any], *, match_keys: bool = False) -> None:
        """Go on from a saved state; the draws are those of the run that saved it.

        The receiver may have been built with any seed; all other settings have to be equal.

        Args:
            state: what :meth:`state_dict` returned.
            match_keys: allow another set of prompts: those with the same key go on, those that are gone are
                dropped, new ones start unobserved and join the present pass of the uniform share.

        Raises:
            IntegrityError: the state was altered.
            StateMismatchError: settings or prompts differ; nothing has changed then.
        """
        restore(self, state, match_keys=match_keys)

    def save(self, path: Path | str) -> None:
        """Write :meth:`state_dict` to an ``.npz`` file, atomically."""
        write_state(path, self.state_dict())

    def load(self, path: Path | str, *, match_keys: bool = False) -> None:
        """Read a file written by :meth:`save`; see :meth:`load_state_dict`."""
        self.load_state_dict(read_state(path), match_keys=match_keys)

    def _read(
        self,
        positions: ArrayLike,
        rewards: ArrayLike,
        successes: ArrayLike | None,
        diversity: ArrayLike | None,
        weight: NDArray[np.float64] | None,
    ) -> Feedback:
        return read_feedback(
            len(self),
            self.keys.name,
            positions,
            rewards,
            successes=successes,
            diversity=diversity,
            weight=weight,
            with_variance=self.config.score == "vps",
        )

    def _evidence_weight(self, rows: int, policy_version: ArrayLike | None) -> NDArray[np.float64] | None:
        """What each group's evidence counts, given how old the policy was that generated it."""
        if policy_version is None:
            return None
        versions = np.broadcast_to(np.asarray(policy_version), (rows,))
        if rows and versions.max() > self.policy_version:
            raise ArgumentError("policy_version", f"be at most the present {self.policy_version}", versions.max())
        return self.rule.evidence_weight(self.policy_version - versions)

    def _count(self, feedback: Feedback) -> None:
        """Compare what was predicted for these groups with what came."""
        places, size = feedback.group_positions, self.config.group_size
        same_size = feedback.group_sizes == size
        if same_size.all():
            predicted = self.posterior.mixed_probability(size, places)
        else:
            predicted = np.full(places.size, np.nan)
            predicted[same_size] = self.posterior.mixed_probability(size, places[same_size])
        self.tally.count(feedback, self.drawn_by[places], predicted)

    def _learn(self, feedback: Feedback) -> None:
        self.posterior.update(feedback.positions, feedback.successes, feedback.sizes, weight=feedback.weight)

    def _rescore_next(self) -> None:
        """Bring the next few weights up to date with the drift, so that all are within a known number of steps."""
        size = min(self.config.rescored, len(self))
        if size == 0 or self.config.refresh == "periodic" or not self.rule.follows_posterior:
            return
        places = (self.step * size + np.arange(size)) % len(self)
        self.index.update(places, self.rule.floored(self.rule.posterior_scores(places)))

    def _say_when_uniform(self) -> None:
        """Log when the weights begin not to tell prompts apart; before the first rollout that is no surprise."""
        reason = self.rule.uniform_reason(self.index)
        if reason is not None and reason != self.uniform_reason:
            level = logging.WARNING if self.ledger.rollouts > 0 else logging.INFO
            logger.log(level, "step %d: %s, so the share drawn by weight is uniform", self.step, reason)
        self.uniform_reason = reason
