"""Runs whose sampler is told more than rewards: states of the policy, pass rates from elsewhere, or the truth."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from full_scale.compact.checkpoints import Progress
from full_scale.compact.loop import Run
from full_scale.compact.rollouts import sample
from full_scale.compact.states import prompt_states
from full_scale.config.knowledge import KnowledgeConfig
from full_scale.config.training import ArmConfig, StudyConfig, knowledge_of
from full_scale.models.loading import LanguageModel, load_language_model
from full_scale.rewards import build_reward, score_groups
from full_scale.tasks.pass_rates import read_pass_rates
from vas_theory.foundation.errors import ArgumentError, DataError
from vas_theory.foundation.streams import stream
from vas_theory.provenance.state import read_state, seal, write_state
from vas_theory.provenance.tables import sha256_file
from vas_theory.selection.contract.driver import SelectionDriver
from vas_theory.selection.prediction.pass_rate_prior import PassRatePrior

__all__ = ["InformedRun"]

Array = NDArray[np.float64]


class InformedRun(Run):
    """One arm that the table ``knows`` names, from one seed; arguments as of :class:`Run`.

    States are renewed for the whole pool every so many steps; their time counts as the sampler's. What the start model
    says of the pool, its states and the column ``start``, is the same for all runs and kept beside them. Rollouts of
    that column and of the truth are in no ledger and in no row: such arms have knowledge for nothing and are
    references, see ``KnowledgeConfig.free``.
    """

    def __init__(
        self, config: StudyConfig, arm: ArmConfig, seed: int, folder: Path, sources: Mapping[str, str]
    ) -> None:
        super().__init__(config, arm, seed, folder, sources)
        knows = knowledge_of(config, arm)
        if knows is None:
            raise ArgumentError("arm", "be one that the table knows names", arm.name)
        self._knows: KnowledgeConfig = knows
        self._prior: PassRatePrior | None = None
        told: dict[str, Any] = {"knows": knows.model_dump(mode="json")}
        if knows.column not in ("", "start"):  # read now, so that a bad file is refused before work is spent
            path, keys = Path(knows.column), [prompt.key for prompt in self.task.training]
            self._prior = PassRatePrior.from_rates(*read_pass_rates(path, keys, knows.trials))
            told["column"] = sha256_file(path)
        self.identity |= told

    def train(self, report: Callable[[str], None]) -> Progress:
        if self._knows.column:
            if self._prior is None:
                report(f"pass rates of the start model: {self._knows.free}, which are not charged")
                self._prior = PassRatePrior(self._of_start(), self._knows.trials)
            # the sampler is built with the column, as a strategy is with its options
            self.arm = self.arm.model_copy(update={"sampler": {**self.arm.sampler, "prior": self._prior}})
        return super().train(report)

    def _step(
        self,
        step: int,
        language: LanguageModel,
        reference: LanguageModel | None,
        optimiser: torch.optim.Optimizer,
        driver: SelectionDriver,
        progress: Progress,
    ) -> dict[str, Any] | None:
        started = time.perf_counter()
        due = driver.step == 0 or (self._knows.every and driver.step % self._knows.every == 0)
        if due and driver.generated + self._batch <= self._budget:  # nobody is told for a batch that is not drawn
            self._tell(language, driver)
        seconds = time.perf_counter() - started
        row = super()._step(step, language, reference, optimiser, driver, progress)
        if row is not None:
            row["sampler_seconds"] += seconds
            row["seconds"] += seconds
        return row

    def _tell(self, language: LanguageModel, driver: SelectionDriver) -> None:
        sampler = driver.strategy.sampler  # type: ignore[attr-defined]  # the strategy is vas
        if self._knows.states:
            states = self._states_of_start if driver.step == 0 else self._states
            sampler.set_features(states(language))
        if self._knows.truth:
            count = self._knows.truth_rollouts
            rates = self._count_right(language, count, self.seed, "true pass rates", driver.step) / count
            sampler.set_scores(np.arange(len(self.task.training)), rates * (1 - rates))

    def _states(self, language: LanguageModel) -> NDArray[np.float32]:
        texts = [prompt.text for prompt in self.task.training]
        return prompt_states(language, texts, layer=self._knows.layer, pooling=self._knows.pooling)

    def _count_right(self, language: LanguageModel, rollouts: int, seed: int, purpose: str, *index: int) -> Array:
        """Return right rollouts of each training prompt, which nobody is charged for."""
        settings, prompts = self.config.rollouts, self.task.training
        drawn = sample(
            language,
            [prompt.text for prompt in prompts],
            rollouts,
            settings.max_new_tokens,
            temperature=settings.temperature,
            generator=stream(seed, purpose, *index),
        )
        scored = score_groups(prompts, drawn.texts, rollouts, build_reward(self.config.task.reward))
        return scored.successes_P.astype(np.float64)

    def _states_of_start(self, language: LanguageModel) -> NDArray[np.float32]:
        name = f"states-{self._knows.layer:g}-{self._knows.pooling}"
        about = (language.fingerprint, self.task.fingerprint, torch.get_num_threads())
        return np.asarray(self._kept(name, about, lambda: self._states(language)), dtype=np.float32)

    def _of_start(self) -> Array:
        """Return right rollouts of the start model on each training prompt."""
        language, settings, trials = load_language_model(self.config.model), self.config.rollouts, self._knows.trials
        address = (language.fingerprint, self.task.fingerprint, self.config.seed, torch.get_num_threads())
        about = (*address, settings.temperature, settings.max_new_tokens)
        found = self._kept(
            f"column-{trials}",
            about,
            lambda: self._count_right(language, trials, self.config.seed, "column rollouts"),
        )
        return np.asarray(found, dtype=np.float64)

    def _kept(self, name: str, about: tuple[Any, ...], compute: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """Return what is the same for all runs of a study: read beside them, or computed and kept there."""
        path = self.folder.parent / "start" / f"{name}.npz"
        try:
            state = read_state(path)
            if state.get("about") == repr(about):
                return np.asarray(state["values"])
        except DataError:
            pass  # not made yet, or damaged
        values = compute()
        path.parent.mkdir(parents=True, exist_ok=True)
        write_state(path, seal({"about": repr(about), "values": values}))
        return values
