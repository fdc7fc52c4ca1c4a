"""The only place where a strategy's rollouts are generated: every one is charged before it exists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from vas_theory.foundation.errors import StateMismatchError, VASError
from vas_theory.foundation.streams import stream_generator
from vas_theory.selection.contract.ledger import RolloutLedger
from vas_theory.selection.contract.refusals import refuse_generated, refuse_groups, refuse_proposal
from vas_theory.selection.contract.strategy import FloatArray, IntArray, Proposal, Rollouts, Strategy, TrainingGroups

__all__ = ["ContractError", "Generated", "SelectionDriver"]


class ContractError(VASError):
    """A strategy asked for something it may not have, or trains on what it was not given."""


@dataclass(frozen=True)
class Generated:
    """What a world or a model returns for a proposal: one entry a rollout, prompt after prompt.

    Args:
        rewards_R: rewards; NaN for a rollout that could not be graded.
        lengths_R: response lengths in tokens, ones where length has no meaning.
        diversity_P: trajectory diversity of each group in [0, 1], or ``None``.
        actions_R: (rollouts, steps) the choices inside a response, or ``None``.
    """

    rewards_R: FloatArray
    lengths_R: FloatArray
    diversity_P: FloatArray | None = None
    actions_R: IntArray | None = None


Generate = Callable[[IntArray, IntArray, int], Generated]
"""Maps prompts, counts and the number of the first rollout to rollouts; the numbers are consecutive."""


class SelectionDriver:
    """Runs a strategy step by step under a rollout budget, and records what it is checked against.

    Args:
        strategy: the strategy, fresh. The generator of a step's proposals is a function of its setting's seed
            and the step, so that a resumed run draws as the uninterrupted one would.

    Attributes:
        ledger: what was spent so far, by purpose.
        generated: rollouts generated so far, which is also the number of the next one.
        step: number of finished steps.
        visits_P: in how many steps each prompt of the pool was rolled.
    """

    def __init__(self, strategy: Strategy) -> None:
        setting = strategy.setting
        self.strategy = strategy
        self.ledger = RolloutLedger()
        self.generated = 0
        self.step = 0
        self.visits_P = np.zeros(setting.prompts, dtype=np.int64)
        self._prompts = np.empty(setting.budget, dtype=np.int64)
        self._rewards = np.empty(setting.budget)
        self._trained = np.zeros(setting.budget, dtype=bool)
        self._mark_available()

    def collect(self, generate: Generate) -> TrainingGroups | None:
        """Run one step's proposals and return the groups to train on.

        Args:
            generate: makes the rollouts of a proposal.

        Returns:
            The checked groups; ``None`` ends the run: the budget does not suffice for the next proposal (what the
            step has used stays charged), or the strategy neither proposes nor trains.

        Raises:
            ContractError: a proposal names prompts that do not exist or are not available, or the groups
                contain rollouts that were never generated, belong to another prompt, have other rewards,
                or come twice.
        """
        received: list[Rollouts] = []
        groups: TrainingGroups | None = None
        rng = stream_generator(self.strategy.setting.seed, "strategy", self.step)
        while True:
            proposal = self.strategy.propose(rng)
            if proposal is None:
                groups = self.strategy.training_groups()
                self._check(groups)
                self._trained[groups.ids_R] = True
                break
            prompts_P, counts_P = self._checked_proposal(*proposal)
            if self.generated + counts_P.sum() > self.strategy.setting.budget:
                break
            received.append(self._generate(generate, prompts_P, counts_P))
            self.strategy.receive(received[-1])
        for rollouts in received:
            self._charge(rollouts)
        if received:
            self.visits_P[np.unique(np.concatenate([rollouts.prompts_P for rollouts in received]))] += 1
        self._mark_available()
        if groups is None or not (received or len(groups.prompts_P)):
            return None
        self.step += 1
        return groups

    def state_dict(self) -> dict[str, Any]:
        """Return the ledger and the strategy's state, to be saved between steps."""
        own = {name: getattr(self, name) for name in ("generated", "step")}
        arrays = {name: getattr(self, name)[: self.generated].copy() for name in ("_prompts", "_rewards", "_trained")}
        return {
            "seed": self.strategy.setting.seed,
            **own,
            **arrays,
            "visits_P": self.visits_P.copy(),
            "ledger": self.ledger.state_dict(),
            "strategy": self.strategy.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a saved state.

        Raises:
            StateMismatchError: the state is of another seed, pool or kind of strategy, or beyond the budget.
        """
        setting = self.strategy.setting
        expected = {"seed": setting.seed, "prompts": setting.prompts}
        found = {"seed": state["seed"], "prompts": len(state["visits_P"])}
        wrong: dict[str, tuple[object, object]]
        wrong = {name: (expected[name], found[name]) for name in expected if expected[name] != found[name]}
        if state["generated"] > setting.budget:
            wrong["budget"] = (f"at least {state['generated']}", setting.budget)
        if wrong:
            raise StateMismatchError("state of SelectionDriver", wrong)
        self.strategy.load_state_dict(state["strategy"])
        self.ledger.load_state_dict(state["ledger"])
        self.generated, self.step = int(state["generated"]), int(state["step"])
        self.visits_P = np.array(state["visits_P"], dtype=np.int64)
        for name in ("_prompts", "_rewards", "_trained"):
            getattr(self, name)[: self.generated] = state[name]
        self._mark_available()

    def _checked_proposal(self, prompts: IntArray, counts: IntArray) -> Proposal:
        refuse_proposal(self.strategy, prompts, counts)
        prompts_P, counts_P = np.array(prompts, dtype=np.int64), np.array(counts, dtype=np.int64)
        if prompts_P.ndim != 1 or prompts_P.shape != counts_P.shape or not len(prompts_P):
            self._refuse(f"proposed prompts of shape {prompts_P.shape} with counts of shape {counts_P.shape}")
        if prompts_P.min() < 0 or prompts_P.max() >= self.strategy.setting.prompts:
            self._refuse(f"proposed a prompt outside 0..{self.strategy.setting.prompts - 1}")
        if counts_P.min() < 1:
            self._refuse(f"proposed {counts_P.min()} rollouts of a prompt")
        limit = self.strategy.setting.max_visits
        if limit is not None and (self.visits_P[prompts_P] >= limit).any():
            self._refuse(f"proposed a prompt that was rolled in {limit} steps already")
        return prompts_P, counts_P

    def _generate(self, generate: Generate, prompts_P: IntArray, counts_P: IntArray) -> Rollouts:
        first, count = self.generated, int(counts_P.sum())
        made = generate(prompts_P, counts_P, first)
        refuse_generated(made, prompts_P.size, count)
        self.generated += count
        self._prompts[first : self.generated] = np.repeat(prompts_P, counts_P)
        self._rewards[first : self.generated] = made.rewards_R
        ids_R = np.arange(first, self.generated)
        rewards_R = self._rewards[first : self.generated].copy()
        return Rollouts(prompts_P, counts_P, ids_R, rewards_R, made.lengths_R, made.diversity_P, made.actions_R)

    def _charge(self, rollouts: Rollouts) -> None:
        """Charge a proposal's rollouts: those of groups that were trained on, and the rest by the strategy's word."""
        trained_P = np.logical_or.reduceat(self._trained[rollouts.ids_R], rollouts.starts_P)
        trained_R = np.repeat(trained_P, rollouts.counts_P)
        for purpose, chosen_P, chosen_R in (
            ("training", trained_P, trained_R),
            (self.strategy.untrained_purpose, ~trained_P, ~trained_R),
        ):
            tokens = round(float(rollouts.lengths_R[chosen_R].sum()))
            self.ledger.charge(purpose, rollouts=int(chosen_R.sum()), groups=int(chosen_P.sum()), tokens=tokens)

    def _mark_available(self) -> None:
        limit = self.strategy.setting.max_visits
        if limit is not None:
            self.strategy.available = self.visits_P < limit

    def _check(self, groups: TrainingGroups) -> None:
        refuse_groups(self.strategy, groups)
        ids_R = groups.ids_R
        if not len(ids_R) == len(groups.rewards_R) == len(groups.advantages_R) == groups.sizes_P.sum():
            self._refuse("returned groups whose arrays do not fit together")
        if not len(ids_R):
            return
        if groups.sizes_P.min() < 1 or len(groups.sizes_P) != len(groups.prompts_P):
            self._refuse("returned groups whose arrays do not fit together")
        if ids_R.min() < 0 or ids_R.max() >= self.generated:
            self._refuse("trains on rollouts that were never generated")
        if not (np.diff(ids_R) > 0).all() and len(np.unique(ids_R)) != len(ids_R):
            self._refuse("trains on the same rollout twice in a step")
        if not np.array_equal(self._prompts[ids_R], np.repeat(groups.prompts_P, groups.sizes_P)):
            self._refuse("trains on rollouts of another prompt than it says")
        if not np.array_equal(self._rewards[ids_R], groups.rewards_R, equal_nan=True):
            self._refuse("trains on rewards that differ from those it received")
        if not np.isfinite(groups.advantages_R).all():
            self._refuse("returned advantages that are not finite")

    def _refuse(self, what: str) -> NoReturn:
        raise ContractError(f"strategy {type(self.strategy).__name__} {what} (step {self.step})")
