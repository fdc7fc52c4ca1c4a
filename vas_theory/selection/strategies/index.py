"""Look-ahead index: train where a run of visits may raise the pass rate most a visit, by a belief that moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

from vas_theory.foundation.errors import ArgumentError, StateMismatchError
from vas_theory.selection.contract.strategy import FloatArray, IntArray, OneRoundStrategy, Rollouts
from vas_theory.selection.group_moments import signal_values
from vas_theory.selection.strategies._logit_belief import TABLE, LogitBelief
from vas_theory.selection.strategies._look_ahead import LookAhead

__all__ = ["STRATEGY", "Index"]


@dataclass
class Index(OneRoundStrategy):
    r"""Take the prompts of highest optimistic index, nearly, and a few at random.

    With the logit z of a prompt's pass rate, and h what a unit of reward deviation moves it by,

    .. math:: L(z) = \max_{k\le K} \frac{E[\sigma(z_k) \mid z_0 = z] - \sigma(z)}{k}, \qquad
        z_{j+1} = z_j + h\,\hat\sigma_G(z_j), \qquad
        I_i = \frac{v_i^{3/2}}{\mathrm{cost}_i} \bigl(E[L] + c\,\mathrm{sd}[L] + w\,t_i\,h\,E[\hat\sigma_G]\bigr)

    so that hard prompts count by where a run of visits takes them and not by their next step. Mean and deviation are
    over the belief about z; the deviation sends rollouts to prompts that may be better than they looked. t is what
    other prompts gain when this one moves. v is the variance of the prompt's rewards over p (1 - p), 1 for binary
    ones: to first order a visit gains h times the cube of the reward deviation. The batch holds the largest
    :math:`\ln I + T\,\mathrm{Gumbel}`, so that prompts of nearly equal index take turns. Belief, h and t come from a
    :class:`~vas_theory.selection.strategies._logit_belief.LogitBelief`, which predicts how training moves prompts
    between their visits, through the features they share too, and how far it was wrong about that.

    Args:
        floor: share of the batch that is uniform; the number is binomial.
        horizon: K at most; less when fewer steps or visits are left.
        optimism: c.
        temperature: T.
        transfer: w, how much the estimated gain of other prompts counts.
        step_size: h before any revisit.
        retention: share of a prompt's evidence that survives a new observation.
        wander: deviation of the shared moves in a step that no push explains, in logits.
        cost: ``rollouts`` makes every group cost the same, ``tokens`` its prompt's mean length.

    Source: this project. The whitened update moves a Bernoulli logit by the group's reward deviation; we found no prior
        source for the index.
    Costs: ``batch_size * group_size`` rollouts a step, all trained on.
    Deviations: none. Defaults were chosen in the worlds of the laboratory that are open to development, on seeds of
        their own: at a learning rate of .4, and ``retention`` and ``optimism`` at 1.6 and 6.4 too. Where updates are so
        large that most prompts are solved early, sampling more widely wins.
    """

    floor: float = 0.05
    horizon: int = 24
    optimism: float = 1.0
    temperature: float = 0.05
    transfer: float = 0.5
    step_size: float = 0.1
    retention: float = 0.9
    wander: float = 0.1
    cost: Literal["rollouts", "tokens"] = "rollouts"
    step: int = field(default=0, init=False)
    tokens_P: FloatArray = field(init=False, repr=False)
    rolled_P: IntArray = field(init=False, repr=False)

    remembered: ClassVar[tuple[str, ...]] = ("step", "tokens_P", "rolled_P")

    def __post_init__(self) -> None:
        for name, high in {"floor": 1, "optimism": np.inf, "temperature": np.inf, "transfer": np.inf}.items():
            if not 0 <= getattr(self, name) <= high:
                raise ArgumentError(name, f"lie in [0, {high}]", getattr(self, name))
        if not 0 < self.retention <= 1:
            raise ArgumentError("retention", "lie in (0, 1]", self.retention)
        for name in ("horizon", "step_size", "wander"):
            if getattr(self, name) <= 0:
                raise ArgumentError(name, "be positive", getattr(self, name))
        if self.cost not in ("rollouts", "tokens"):
            raise ArgumentError("cost", "be 'rollouts' or 'tokens'", self.cost)
        setting = self.setting
        self.belief = LogitBelief(
            setting.prompts,
            setting.features_P,
            step_size=self.step_size,
            retention=self.retention,
            wander=self.wander,
        )
        self.tokens_P = np.zeros(setting.prompts)
        self.rolled_P = np.zeros(setting.prompts, dtype=np.int64)

    def choose(self, rng: np.random.Generator) -> IntArray:
        prompts_P, _ = self.ranked(rng)
        return prompts_P[: self.setting.batch_size]

    def ranked(self, rng: np.random.Generator) -> tuple[IntArray, FloatArray]:
        """Return all candidates, those of this step's batch first, and the logs of their indices with noise.

        Those of the batch that are there by chance have infinity.
        """
        prompts_P = self.candidates(rng, self.setting.prompts)
        by_chance = int(rng.binomial(self.setting.batch_size, self.floor))
        # the candidates come in random order, in which what is left is a uniform draw
        scores_P = self.scores(self.belief.posterior())[prompts_P]
        self.belief.learn_prior()
        keys_P = np.log(np.maximum(scores_P, 1e-300)) + self.temperature * rng.gumbel(size=len(prompts_P))
        order = np.argsort(-keys_P, kind="stable")
        best, left = np.split(order, [self.setting.batch_size - by_chance])
        drawn = np.sort(left)[:by_chance]
        keys_P[drawn] = np.inf
        order = np.concatenate([best, drawn, left[~np.isin(left, drawn)]])
        return prompts_P[order], keys_P[order]

    def scores(self, weights: FloatArray) -> FloatArray:
        """Return the index of every prompt, given the posterior of :attr:`belief`."""
        self.look, self.gained_F = self.look_ahead(), self.belief.gained_by_others(weights)
        return self.values(slice(None), weights, self.look.gains(), self.look.signals())

    def look_ahead(self) -> LookAhead:
        """Return what runs of visits bring, as far as the step size is known."""
        setting = self.setting
        steps_left = setting.budget // (setting.batch_size * setting.group_size) - self.step
        horizon = min(self.horizon, max(steps_left, 1), setting.max_visits or self.horizon)
        return LookAhead(TABLE, self.pushes(), self.belief.step_size, horizon)

    def pushes(self) -> FloatArray:
        """Return how far a group with 0..G right moves its prompt, a unit of h."""
        return signal_values(self.setting.group_size)

    def values(
        self, prompts: IntArray | slice, weights: FloatArray, gains_L: FloatArray, signals_L: FloatArray
    ) -> FloatArray:
        """Return the index of some prompts.

        Args:
            prompts: which.
            weights: (prompts, grid) their posteriors.
            gains_L: gain a visit by the logit, at ``TABLE``.
            signals_L: expected push of the next visit, at ``TABLE``.
        """
        belief = self.belief
        table = np.column_stack([gains_L, np.square(gains_L), signals_L])
        mean_P, square_P, signal_P = belief.expectations(weights, table, prompts).T
        values_P: FloatArray = mean_P + self.optimism * np.sqrt(np.maximum(square_P - np.square(mean_P), 0.0))
        values_P += self.transfer * (belief.features_PF[prompts] @ self.gained_F) * signal_P
        values_P *= belief.relative_variance(self.setting.group_size, prompts) ** 1.5
        return values_P / self.lengths()[prompts] if self.cost == "tokens" else values_P

    def lengths(self) -> FloatArray:
        """Return the mean length of each prompt's rollouts, the pool's where it was never rolled, 1 at first."""
        total = self.rolled_P.sum()
        usual = self.tokens_P.sum() / total if total else 1.0
        return np.divide(self.tokens_P, self.rolled_P, out=np.full(len(self.tokens_P), usual), where=self.rolled_P > 0)

    def note_lengths(self, rollouts: Rollouts) -> None:
        """Remember how long the rollouts of distinct prompts were."""
        self.tokens_P[rollouts.prompts_P] += np.add.reduceat(rollouts.lengths_R, rollouts.starts_P)
        self.rolled_P[rollouts.prompts_P] += rollouts.counts_P

    def observe(self, rollouts: Rollouts) -> None:
        self.step += 1
        self.note_lengths(rollouts)
        usable = rollouts.graded_P > 0
        if not usable.any():
            return
        means_R = np.repeat(rollouts.pass_rates_P, rollouts.counts_P)
        squares_R = np.nan_to_num(np.square(rollouts.rewards_R - means_R))
        squares_P = np.add.reduceat(squares_R, rollouts.starts_P)
        deviation_P = np.sqrt(squares_P / np.maximum(rollouts.graded_P, 1))
        self.belief.observe(
            rollouts.prompts_P[usable],
            np.clip(rollouts.successes_P, 0.0, rollouts.graded_P)[usable],
            rollouts.graded_P[usable],
            deviation_P[usable],
        )

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "belief": self.belief.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        if "belief" not in state:
            raise StateMismatchError("state of Index", {"fields": ("a belief", tuple(sorted(state)))})
        super().load_state_dict({name: value for name, value in state.items() if name != "belief"})
        self.belief.load_state_dict(state["belief"])


STRATEGY = Index
