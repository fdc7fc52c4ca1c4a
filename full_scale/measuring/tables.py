"""The tables a study writes, and what their columns mean.

All of them lie in the study's output folder, are written by :func:`~vas_theory.provenance.tables.write_table` and
are the only thing figures read. One row an observation; a missing number is NaN.

``training_steps``: one row a step of a run; step 0 is the start, before any update
    arm, seed, step; rollouts (in total, spent so far); tokens (sampled this step); groups (trained on);
    mixed_groups (of these, with a gradient); excluded_rollouts; clipped_tokens; mean_reward (of what is trained on);
    gradient_norm (before clipping); loss; entropy (mean nats a token, mixed groups); clip_fraction (of the batch's
    tokens, passes after the first; NaN with one pass or without gradient); held_out_accuracy (likeliest completion;
    NaN between evaluations); seconds, rollout_seconds, sampler_seconds (wall time of the step, of sampling and scoring,
    of the strategy with its bookkeeping and the diversity of groups).

``training_prompts``: one row a sampled group
    arm, seed, step, slot (place in the step), prompt_key, group_size (rollouts that take part), successes, diversity
    (1 - self-BLEU), expected_mixed (chance of both outcomes that the sampler's posterior saw beforehand; NaN for arms
    without one), trained (whether the update used the group; others were for scoring or rejected).

``accounts``: one row a run
    arm, seed, training_rollouts, scoring_rollouts, screening_rollouts, rejected_rollouts; seconds (of all steps),
    sampler_seconds, sampler_share (of the former; the strategy with its bookkeeping and the diversity of groups).

``pilot`` and ``recount``: one row a prompt of the pilot sample, start model; ``recount`` is drawn after the predictions
    prompt_key, rollouts, successes, diversity.

``calibration`` and ``probe``: one row a prompt, the start model's policy gradient
    prompt_key, rollouts, distinct_completions, successes, pass_rate, reward_std (population), gradient_norm with
    gradient_norm_low and gradient_norm_high (jackknife; NaN
    below three rollouts of a class), gradient_squared (unbiased, may be negative), split_half
    (<g1, g2> of one split), mu_distance with mu_distance_low and mu_distance_high (|mu_1 - mu_0|; NaN without two of
    each class), score_norm (root mean squared norm of the score function), trace_right and trace_wrong (of the scores'
    covariance within a class), plain_squared (|grad|^2 on the second half of the rollouts), whitened_squared_4,
    whitened_squared_8, whitened_squared_16 (|E ghat|^2 of whitened groups of that size on the first half; all unbiased;
    NaN where two groups do not fit), diversity. In ``probe`` also predicted_gradient_norm, predicted_gradient_norm_low,
    predicted_gradient_norm_high, pilot_rollouts, pilot_successes.

``evaluation``: one row an arm, seed and k; the arm ``start`` is the untrained model
    arm, seed, metric (``pass@k``), k, value, low, high, prompts, rollouts.

``evaluation_prompts``: one row an arm, seed and held-out prompt
    arm, seed, prompt_key, rollouts, successes.

``validation``: one row a prediction
    id (P1 to P7, a slash, what), quantity (which measurement), prompt_key and arm (empty where it is about neither),
    statement, predicted, predicted_low, predicted_high, measured, measured_low, measured_high, no_effect (NaN if there
    is none), seeds_needed (paired seeds that would tell the predicted effect from none, where it is about arms),
    verdict (held, failed, uninformative).
"""

from __future__ import annotations

__all__ = ["TABLES", "WHITENED_SIZES"]

TABLES = (
    "training_steps",
    "training_prompts",
    "accounts",
    "pilot",
    "recount",
    "calibration",
    "probe",
    "evaluation",
    "evaluation_prompts",
    "validation",
)
"""Names of the tables, each ``<name>.parquet``."""

WHITENED_SIZES = (4, 8, 16)
"""Group sizes for which the probe measures the whitened gradient: columns ``whitened_squared_<size>``."""
