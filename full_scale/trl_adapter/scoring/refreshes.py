"""Scores from rollouts of their own: of every prompt, as the paper makes them, or of a part of the pool."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from accelerate.utils import broadcast_object_list
from numpy.typing import NDArray

from full_scale.trl_adapter.checkpoints.settings import run_settings
from full_scale.trl_adapter.scoring.interrupted import find, remove, save
from full_scale.trl_adapter.scoring.rollouts import Scored, prompts_a_part, roll_out
from vas_theory.foundation.errors import ArgumentError
from vas_theory.selection.rescoring import learn_scores, uncertain_prompts
from vas_theory.selection.sampler.variance_aware import VarianceAwareSampler

if TYPE_CHECKING:
    from full_scale.trl_adapter.mixin import VASMixin

__all__ = ["Scoring", "build_scoring"]

logger = logging.getLogger(__name__)

SAVED_EVERY = 60.0
"""Seconds of scoring that a run which is stopped may lose."""


class Scoring:
    """Makes the rollouts that scores need, before a draw, and charges them.

    Args:
        trainer: whose sampler.

    Raises:
        ArgumentError: the number of rollouts a prompt does not make whole groups of the trainer.
    """

    def __init__(self, trainer: VASMixin) -> None:
        self._trainer = trainer
        settings, size = trainer.sampler.config, trainer.num_generations
        if settings.scoring_rollouts % size:
            needs = f"be a multiple of num_generations {size}, as prompts are scored in groups of the trainer"
            raise ArgumentError("scoring_rollouts", needs, settings.scoring_rollouts)
        self._share = trainer.vas.rescored_share
        self.resumes = False
        self.seconds = 0.0

    @property
    def folder(self) -> Path:
        """Where a refresh that is under way, or newer than the newest checkpoint, is kept."""
        return Path(self._trainer.args.output_dir)

    def before_draw(self) -> None:
        """Make what is due: all scores, or some."""
        started = time.perf_counter()
        sampler = self._sampler
        if sampler.refresh_due().size:
            self._score_all()
        elif self._share and sampler.step and sampler.step % sampler.config.update_interval == 0:
            self._score_some()
        self.seconds = time.perf_counter() - started

    @property
    def _sampler(self) -> VarianceAwareSampler:
        return self._trainer.sampler  # another object when the view of the rewards changes

    def _score_all(self) -> None:
        trainer = self._trainer
        opened_from = str(self._sampler.state_dict()["checksum"])
        settings = run_settings(trainer)
        self._go_on(opened_from, settings)
        due = self._sampler.refresh_due()
        saved = time.monotonic()
        if due.size:
            logger.info(
                "step %d: %d prompts are scored with %d rollouts each",
                *(self._sampler.step, due.size, self._sampler.config.scoring_rollouts),
            )
        for scored in self._parts(due):
            diversity = scored.diversity if trainer.weighted_selector.weighs_diversity else None
            self._sampler.refresh(
                scored.positions,
                scored.rewards.rewards_PG,
                diversity=diversity,
                successes=scored.rewards.successes_PG,
            )
            last = not self._sampler.refresh_due().size
            if trainer.is_world_process_zero() and (last or time.monotonic() - saved >= SAVED_EVERY):
                state = trainer.selector.state_dict()
                save(self.folder, state, opened_from=opened_from, settings=settings)
                saved = time.monotonic()

    def _go_on(self, opened_from: str, settings: dict[str, Any]) -> None:
        """Take over the refresh of a run that was stopped, if this run goes on from it."""
        if not self.resumes:
            return
        self.resumes = False  # later files are this run's own
        trainer = self._trainer
        found = [trainer.is_world_process_zero() and find(self.folder, opened_from, settings) is not None]
        if trainer.accelerator.num_processes > 1:
            broadcast_object_list(found)
        if not found[0]:
            return
        trainer.take_over(find(self.folder, opened_from, settings) or {})
        left = self._sampler.refresh_due().size
        logger.warning("step %d: scoring goes on where it was stopped: %d prompts are left", self._sampler.step, left)

    def _parts(self, positions: NDArray[np.int64]) -> Iterator[Scored]:
        """Roll out prompts part by part; the sampler's view of rewards follows them before it is told."""
        size = prompts_a_part(self._trainer)
        for first in range(0, positions.size, size):
            scored = roll_out(self._trainer, positions[first : first + size])
            known = scored.rewards.successes_PG is not None
            self._trainer.weighted_selector.fit(scored.rewards.rewards_PG, known=known)
            self._sampler.ledger.charge("scoring", rollouts=scored.wasted)
            yield scored

    def _score_some(self) -> None:
        """Score the share of the pool that is worth it most, and say what it costs."""
        sampler = self._sampler
        count = round(self._share * len(sampler))
        chosen = uncertain_prompts(sampler, count)
        logger.info(
            "step %d: %d prompts are scored again with %d rollouts each",
            *(sampler.step, chosen.size, sampler.config.scoring_rollouts),
        )
        for scored in self._parts(chosen):
            learn_scores(sampler, scored.positions, scored.rewards.rewards_PG, scored.rewards.successes_PG)

    def forget(self) -> None:
        """Drop what is kept of a refresh: a checkpoint holds it, or the run begins anew."""
        if self._trainer.is_world_process_zero():
            remove(self.folder)

    def metrics(self) -> dict[str, float]:
        """Return what scoring before the last draw cost."""
        return {"scoring_seconds": self.seconds}


def build_scoring(trainer: VASMixin) -> Scoring | None:
    """Return what makes a trainer's scoring rollouts, None if its scores need none."""
    vas = trainer.vas
    needed = vas.strategy == "vas" and (vas.rescored_share > 0 or vas.settings().refresh != "online")
    return Scoring(trainer) if needed else None
