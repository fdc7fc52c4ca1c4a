"""The directive ``symbols``: what the paper's symbols are called in the code."""

from __future__ import annotations

from typing import Any

from sphinx.util.docutils import SphinxDirective

__all__ = ["SYMBOLS", "setup"]

SYMBOLS: tuple[tuple[str, str, str], ...] = (
    (
        r"P(x),\ p",
        "pass rate: probability that a rollout of the prompt is right",
        "vas_theory.policy.reward_moments.expected_reward",
    ),
    (
        r"\mathrm{Var}[R],\ V",
        "reward variance of a prompt, p (1 - p) for 0/1 rewards",
        "vas_theory.policy.gradients.reward_variance",
    ),
    (r"\mathrm{OVS}", "outcome variance score", "vas_theory.selection.outcome_variance_score"),
    (r"\mathrm{TDS}", "trajectory diversity score", "vas_theory.selection.trajectory_diversity_score"),
    (r"\mathrm{VPS}", "variance promotion score", "vas_theory.selection.variance_promotion_score"),
    (r"\text{self-BLEU-123}", "similarity of a group's rollouts", "vas_theory.selection.self_bleu"),
    (r"\text{distinct-}n", "share of n-grams that differ", "vas_theory.selection.distinct_n"),
    (r"d^2", "mean squared distance between rollouts", "vas_theory.selection.mean_squared_distance"),
    (r"\lambda", "mixture_ratio: share of a batch drawn by weight", "vas_theory.selection.SamplerConfig"),
    (
        r"T_{\mathrm{update}}",
        "update_interval: steps between two scorings of the pool",
        "vas_theory.selection.SamplerConfig",
    ),
    (r"N", "scoring_rollouts of a prompt", "vas_theory.selection.SamplerConfig"),
    (r"G", "group_size: rollouts of a training group", "vas_theory.selection.SamplerConfig"),
    (r"\alpha,\ \beta", "coefficients of OVS and TDS", "vas_theory.selection.SamplerConfig"),
    (r"B", "batch_size: prompts of a step", "vas_theory.selection.SamplerConfig"),
    (r"\hat A", "advantages of a group", "vas_theory.groups.group_advantages"),
    (r"g", "score function: gradient of log pi, never a VAS score", "vas_theory.policy.softmax.tabular_score"),
    (r"F", "Fisher matrix, E g gᵀ", "vas_theory.policy.gradients.fisher_matrix"),
    (r"\Gamma", "E of the squared norm of g", "vas_theory.policy.score_moments.score_second_moment"),
    (
        r"\Gamma_B",
        "dispersion of the mean score between the classes right and wrong",
        "vas_theory.policy.score_moments.between_class_dispersion",
    ),
    (r"\nabla J", "exact policy gradient", "vas_theory.policy.gradients.policy_gradient"),
    (r"\nabla^2 J", "exact Hessian", "vas_theory.policy.gradients.hessian"),
    (r"\rho", "distance of the rewards from their unweighted mean", "vas_theory.bounds.centred_reward_norm"),
    (r"\Delta", "range of the rewards", "vas_theory.bounds.reward_range"),
    (r"R^2", "share of the reward variance that the scores explain", "vas_theory.policy.gradients.explained_variance"),
    (r"w_G", "gain of the whitened update of G rollouts over the gradient", "vas_theory.groups.group_gain"),
    (r"p^G+(1-p)^G", "probability of a silent group: all rewards equal", "vas_theory.groups.silent_group_probability"),
    (
        r"\mathrm{E}\,\hat\sigma_G",
        "expected deviation of a group's rewards; the default score",
        "vas_theory.selection.expected_group_signal",
    ),
    (r"\kappa", "largest ratio of Hessian to gradient norm", "vas_theory.bounds.kappa"),
    (
        r"1+\mathrm{CV}^2",
        "gain in variance of drawing by variance, for Beta pass rates",
        "vas_theory.potentials.beta_pool_gain",
    ),
    (r"W(p)", "what training ascends (potential)", "vas_theory.potentials.whitened_potential"),
    (r"c_{\min}", "constant of Assumption 1(ii); there is none (A06)", "vas_theory.bounds.variance_over_rho"),
    (r"\varepsilon", "clip range, and the bias of clipping", "vas_theory.groups.clipping_bias"),
)
"""Symbol in LaTeX, meaning, full name in the code."""


class SymbolsDirective(SphinxDirective):
    """``{symbols}`` shows :data:`SYMBOLS` as a table."""

    def run(self) -> list[Any]:
        rows = [f"| ${latex}$ | {meaning} | {{py:obj}}`{name}` |" for latex, meaning, name in SYMBOLS]
        return self.parse_text_to_nodes("\n".join(["| symbol | meaning | in the code |", "| --- | --- | --- |", *rows]))


def setup(app: Any) -> dict[str, bool]:
    """Register the directive with Sphinx."""
    app.add_directive("symbols", SymbolsDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
