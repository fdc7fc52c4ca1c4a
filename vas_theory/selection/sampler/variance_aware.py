"""The variance-aware sampler: which prompts to train on next, given what their rollouts have shown."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import vas_theory.selection.pickling  # noqa: F401 - for samplers that go to other processes
from vas_theory.foundation.errors import ArgumentError, VASError
from vas_theory.foundation.streams import check_seed
from vas_theory.provenance.state import read_state, write_state
from vas_theory.selection.posteriors import build_posterior, shares_prediction
from vas_theory.selection.posteriors.discounted_beta import PassRatePosterior
from vas_theory.selection.prediction.pass_rate_prior import PassRatePrior
from vas_theory.selection.refusals import refuse_share, refuse_tensors, refuse_tilde, refuse_unclear, to_plain_numbers
from vas_theory.selection.sampler.batch import compose_batch
from vas_theory.selection.sampler.candidates import next_candidates
from vas_theory.selection.sampler.config import build_config, unused_settings
from vas_theory.selection.sampler.feedback import as_numbers, as_positions, read_feedback
from vas_theory.selection.sampler.learning import (
    check_consistency,
    evidence_weight,
    feedback_rules,
    learn_from_refresh,
    learn_from_training,
    prepare_weights,
)
from vas_theory.selection.sampler.metrics import collect_metrics
from vas_theory.selection.sampler.pool import new_pool
from vas_theory.selection.sampler.prompt_keys import PromptKeys
from vas_theory.selection.sampler.saving import capture, restore

__all__ = ["VarianceAwareSampler"]

logger = logging.getLogger("vas_theory.selection.sampler")


class VarianceAwareSampler:
    """Draws batches of prompts, part in proportion to how much their groups can teach, part uniformly.

    A step is ``positions = draw()``, rollouts and training by the caller, ``observe(positions, rewards)``. What
    is drawn at a step depends on the seed, the number of the step and the feedback so far, and on nothing else.
    Calls from several threads at once would mix their steps: a sampler is called by one at a time.

    Args:
        prompts: how many prompts there are, or one unique key each (strings or integers). Keys let a run go on
            after prompts were added or removed.
        batch_size: prompts a batch, B.
        mixture_ratio: lambda in [0, 1], the share of the places that is drawn by weight, the rest uniformly; by default
            0.5, with features or a prior that of ``INFORMED``. What a batch cannot hold is carried over to the next.
        seed: in [0, 2**64).
        posterior: of the pass rates: ``discounted_beta``, ``arcsine_kalman``, ``hierarchical_beta`` or
            ``predicted_beta`` (where features come later, see :meth:`set_features`); ``normal_gamma`` for graded
            rewards; or an object.
        categories: a label for each prompt, shape (P,), which ``hierarchical_beta`` pools by.
        features: what is known of each prompt before any rollout, shape (P, d), NaN rows where nothing is: columns of
            the data set, text embeddings, hidden states of the policy. Pass rates are then predicted from them for all
            prompts, and draws follow the prediction.
        prior: pass rates from elsewhere, which are recalibrated online; alone or beside features.
        **options: the other fields of :class:`~vas_theory.selection.sampler.config.SamplerConfig`.

    Attributes:
        ledger: what rollouts were spent on.
        last_arms: where each place of the last batch came from, as index into ``tally.ARMS``, shape (B,).
        weights: what prompts are drawn in proportion to, shape (P,), read-only.

    Raises:
        ArgumentError: a value is out of range, the batch is larger than the pool without replacement, or with
            ``strict`` an option has no effect beside the others; otherwise that is logged as a warning.
        UnknownNameError: an option, a mode or a posterior has no such name.
        DataError: a key occurs twice.
    """

    def __init__(
        self,
        prompts: int | Sequence[str] | Sequence[int] | NDArray[Any],
        *,
        batch_size: int,
        mixture_ratio: float | None = None,
        seed: int = 0,
        posterior: str | PassRatePosterior = "discounted_beta",
        categories: ArrayLike | None = None,
        features: ArrayLike | None = None,
        prior: PassRatePrior | None = None,
        **options: Any,
    ) -> None:
        keys = PromptKeys(prompts)
        count = len(keys)
        beliefs = build_posterior(posterior, count, categories, features=features, prior=prior)
        given = {} if mixture_ratio is None else {"mixture_ratio": mixture_ratio}
        chosen = {"batch_size": batch_size, **given, **options}
        to_plain_numbers(chosen)
        config = build_config(chosen, prompts=count, informed=shares_prediction(beliefs))
        for unused in unused_settings(config, options):
            if config.strict:
                raise ArgumentError("options", "be read by something", unused)
            logger.warning("%s", unused)
        if not config.replace and batch_size > count:
            raise ArgumentError("batch_size", f"be at most the {count} prompts without replacement", batch_size)
        refuse_share(config, count)
        most = count // batch_size - 1
        if config.rest_steps > max(most, 0):
            needs = f"be at most {most} where {count} prompts fill batches of {batch_size}"
            raise ArgumentError("rest_steps", needs, config.rest_steps)
        self.pool = new_pool(config, keys, beliefs, check_seed(seed))
        self.last_arms: NDArray[np.int8] = np.empty(0, dtype=np.int8)
        self._rules = feedback_rules(self.pool)
        self._size_said = False
        # parts of the pool that are changed in place and never replaced
        self.config, self.keys, self.posterior = config, keys, self.pool.posterior
        self.rule, self.walk, self.ledger, self.tally = (
            self.pool.rule,
            self.pool.walk,
            self.pool.ledger,
            self.pool.tally,
        )
        self.draw_counts, self.drawn_by = self.pool.draw_counts, self.pool.drawn_by

    def __len__(self) -> int:
        return len(self.keys)

    def __repr__(self) -> str:
        config, known = self.config, int((self.posterior.last_seen >= 0).sum())
        knowledge = f"{known:,} of {len(self):,} prompts observed"
        if shares_prediction(self.posterior):
            knowledge += ", pass rates predicted"
        return (
            f"<VarianceAwareSampler: {len(self):,} prompts, batch_size={config.batch_size}, "
            f"mixture_ratio={config.mixture_ratio:g}, score={config.score!r}, "
            f"posterior={type(self.posterior).__name__}, step {self.step}, {knowledge}>"
        )

    @property
    def seed(self) -> int:
        """The seed that the draws depend on."""
        return self.pool.seed

    @property
    def step(self) -> int:
        """Batches drawn so far, which is the number of the next step."""
        return self.pool.step

    @property
    def policy_version(self) -> int:
        """The latest version of the policy that a draw was told."""
        return self.pool.policy_version

    @property
    def uniform_reason(self) -> str | None:
        """Why the share drawn by weight was uniform in the last batch, or None where it was not."""
        return self.pool.uniform_reason

    @property
    def weights(self) -> NDArray[np.float64]:
        """What prompts are drawn in proportion to, shape (P,), read-only."""
        return self.pool.weights

    @property
    def weighted_places(self) -> int:
        """Places of the next batch that are drawn by weight; see :meth:`SamplerConfig.weighted_places`."""
        return self.config.weighted_places(self.step)

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
        pool = self.pool
        if pool.refreshes.due is not None:
            raise VASError(
                f"step {pool.step} needs scores first: {self.refresh_due().size} prompts are due; "
                "pass rewards for refresh_due() to refresh()"
            )
        if policy_version is not None:
            version = as_numbers("policy_version", policy_version)
            if version.ndim or not (version >= pool.policy_version and version == np.floor(version) < 2**53):
                raise ArgumentError("policy_version", f"be an integer >= {pool.policy_version}", policy_version)
            pool.policy_version = int(version)
        pool.posterior.advance(pool.step)
        prepare_weights(pool)
        batch = compose_batch(pool)
        if pool.config.replace:
            np.add.at(pool.draw_counts, batch.positions, np.int32(1))
        else:  # no position repeats, and this is ten times faster
            pool.draw_counts[batch.positions] += 1
        pool.drawn_by[batch.positions] = batch.arms
        self.last_arms = batch.arms
        pool.tally.filled_places += batch.filled
        pool.tally.uniform_fallbacks += pool.uniform_reason is not None
        if pool.last_drawn.size:
            pool.last_drawn[batch.positions] = pool.step
        pool.step += 1
        pool.refreshes.open(pool.step)
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
            rewards: shape (n, G), within ``reward_range``; NaN and infinite ones are left out and counted.
            successes: right rollouts as counts (n,) or booleans (n, G); required unless all rewards are 0 or 1, the
                posterior is ``normal_gamma``, or the score is the variance of the reward.
            diversity: of each group, in [0, 1], shape (n,); required where the score weighs it.
            policy_version: version that generated each group, shape (n,) or one number; by default the present.
            trained: whether each group was trained on, shape (n,); rejected groups teach the sampler as much and
                are charged as rejected.

        Raises:
            ArgumentError: a value is not allowed; nothing has changed then.
            DataError: the settings are strict, and most groups have a gradient while next to none is mixed by their
                successes; nothing has changed then.
        """
        refuse_unclear(trained=trained)
        rewards = as_numbers("rewards", rewards)
        rows = rewards.shape[0] if rewards.ndim else 0
        weight = evidence_weight(self.pool, rows, policy_version)
        feedback = read_feedback(
            self._rules, positions, rewards, successes=successes, diversity=diversity, weight=weight
        )
        kept = np.ones(rows, dtype=bool) if trained is None else as_numbers("trained", trained) != 0
        if kept.shape != (rows,):
            raise ArgumentError("trained", f"have shape ({rows},)", kept.shape)
        if self.config.refresh == "online":
            self.rule.require_diversity(feedback)
        check_consistency(self.pool, feedback)
        self._compare_group_size(rewards.shape[1])
        if weight is not None:
            self.tally.late_groups += int((weight < 1).sum())
        size = rewards.shape[1]
        for purpose, groups in (("training", int(kept.sum())), ("rejected", int((~kept).sum()))):
            self.ledger.charge(purpose, groups=groups, rollouts=groups * size)
        learn_from_training(self.pool, feedback)

    def _compare_group_size(self, size: int) -> None:
        """Say once that groups have another size than the one that scores are computed for."""
        if size != self.config.group_size and not self._size_said and self.rule.follows_posterior:
            self._size_said = True
            said = "groups of %d rollouts are observed, and scores are computed for groups of %d: set group_size"
            logger.warning(said, size, self.config.group_size)

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
        places, values = as_positions(len(self), positions), as_numbers("scores", scores)
        if values.shape not in ((), places.shape):
            raise ArgumentError("scores", f"have shape {places.shape} or be one number", values.shape)
        values = np.broadcast_to(values, places.shape)
        wrong = ~((values >= 0) & (values < np.inf))
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise ArgumentError(
                f"score of prompt {self.keys.name(int(places[row]))}", "be finite and >= 0", float(values[row])
            )
        self.pool.tree.update(places, self.rule.floored(values))

    def next_candidates(self) -> NDArray[np.int64]:
        """Prompts that the next draw by weight will score, so that features need be renewed for these alone."""
        return next_candidates(self.pool)

    def set_features(self, features: ArrayLike, positions: ArrayLike | None = None) -> None:
        """Renew the features of all prompts, or of some.

        Args:
            features: shape (P, d) or (n, d), with the d of the first features; NaN rows where nothing is known.
            positions: shape (n,); all prompts by default.

        Raises:
            ArgumentError: a value is not allowed, or the sampler was built without features, prior and the posterior
                'predicted_beta'; nothing has changed then.
        """
        if not shares_prediction(self.posterior):
            raise ArgumentError("posterior", "be 'predicted_beta' for features that come later", self.posterior)
        places = None if positions is None else as_positions(len(self), positions)
        self.posterior.prediction.set_features(features, places)

    def refresh_due(self) -> NDArray[np.int64]:
        """Positions that have to be scored before the next draw; empty where refreshes are ``online``."""
        due = self.pool.refreshes.due
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
        refuse_tensors(rewards=rewards)
        due = self.pool.refreshes.due
        feedback = read_feedback(self._rules, positions, rewards, successes=successes, diversity=diversity, weight=None)
        places = np.asarray(positions, dtype=np.int64)
        if due is None or not due[places].all():
            raise ArgumentError("positions", "be due for a refresh (see refresh_due)", positions)
        self.rule.require_diversity(feedback)
        self.ledger.charge("scoring", groups=places.size, rollouts=int(np.size(rewards)))
        learn_from_refresh(self.pool, feedback, places)

    def metrics(self) -> dict[str, float]:
        """Diagnostics of the pool, of the last batch and of the run so far; takes time in proportion to the pool.

        The names, their meaning and their order are in :func:`~vas_theory.selection.sampler.metrics.collect_metrics`.
        """
        return collect_metrics(self.pool)

    def state_dict(self) -> dict[str, Any]:
        """Everything the next draws depend on: a flat dict of arrays, numbers and strings with a checksum."""
        return capture(self.pool)

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
        restore(self.pool, state, match_keys=match_keys)

    def save(self, path: Path | str) -> None:
        """Write :meth:`state_dict` to an ``.npz`` file, atomically."""
        refuse_tilde(path)
        write_state(path, self.state_dict())

    def load(self, path: Path | str, *, match_keys: bool = False) -> None:
        """Read a file written by :meth:`save`; see :meth:`load_state_dict`."""
        self.load_state_dict(read_state(path), match_keys=match_keys)
