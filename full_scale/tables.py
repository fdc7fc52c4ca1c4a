"""The tables a study writes, and what their columns mean.

All of them lie in the study's output folder, are written by :func:`vas_theory.storage.write_table` and are the only
thing figures read. One row an observation; a missing number is NaN.

``training_steps``: one row a step of a run; step 0 is the start, before any update
    arm, seed, step; rollouts (charged to training so far); tokens (sampled this step); mixed_groups (groups with a
    gradient, of prompts_per_step); excluded_rollouts; clipped_tokens; mean_reward; gradient_norm (before clipping);
    loss; entropy (mean nats a token, mixed groups); held_out_accuracy (likeliest completion; NaN between evaluations);
    seconds, rollout_seconds, sampler_seconds (wall time of the step, of sampling completions, of the sampler).

``training_prompts``: one row a group
    arm, seed, step, slot (place in the batch), prompt_key, group_size (rollouts that take part), successes.

``pilot``: one row a prompt of the pilot sample, before training
    prompt_key, rollouts, successes.

``calibration`` and ``probe``: one row a prompt, the start model's policy gradient
    prompt_key, rollouts, distinct_completions, successes, pass_rate, reward_std (population), gradient_norm with
    gradient_norm_low and gradient_norm_high (jackknife; NaN
    below three rollouts of a class), gradient_squared (unbiased, may be negative), split_half
    (<g1, g2> of one split), mu_distance with mu_distance_low and mu_distance_high (|mu_1 - mu_0|; NaN without two of
    each class), score_norm (root mean squared norm of the score function). In ``probe`` also predicted_gradient_norm,
    predicted_gradient_norm_low, predicted_gradient_norm_high, pilot_rollouts, pilot_successes.

``evaluation``: one row an arm, seed and k; the arm ``start`` is the untrained model
    arm, seed, metric (``pass@k``), k, value, low, high, prompts, rollouts.

``evaluation_prompts``: one row an arm, seed and held-out prompt
    arm, seed, prompt_key, rollouts, successes.

``validation``: one row a prediction
    id, quantity (gradient_norm, exponent, rank_correlation, bound_ratio, mixed_share), prompt_key (empty for a
    statement about the pool), statement, predicted, predicted_low, predicted_high, measured, measured_low,
    measured_high, no_effect (NaN if there is none), verdict (held, failed, uninformative).
"""

from __future__ import annotations

TABLES = (
    "training_steps",
    "training_prompts",
    "pilot",
    "calibration",
    "probe",
    "evaluation",
    "evaluation_prompts",
    "validation",
)
"""Names of the tables, each ``<name>.parquet``."""
