"""The measured tables of a study: counts of right completions, and policy gradients prompt by prompt."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import pandas as pd

from full_scale.config.training import StudyConfig
from full_scale.measuring.probe import pilot_counts, probe_prompt
from full_scale.models.loading import LanguageModel
from full_scale.tasks import Prompt
from vas_theory.foundation.streams import stream

__all__ = ["count_successes", "measure_prompts"]


def count_successes(
    language: LanguageModel, prompts: Sequence[Prompt], purpose: str, config: StudyConfig
) -> pd.DataFrame:
    """Sample each prompt as often as the pilot does; one row a prompt of the ``pilot`` table.

    Args:
        language: the model.
        prompts: what to sample.
        purpose: what the random numbers are for.
        config: the study.
    """
    counts = pilot_counts(
        language,
        prompts,
        config.probe.pilot_rollouts,
        max_new_tokens=config.rollouts.max_new_tokens,
        temperature=config.rollouts.temperature,
        generator=stream(config.seed, f"{purpose} rollouts"),
    )
    return pd.DataFrame(counts)


def measure_prompts(
    language: LanguageModel,
    prompts: Sequence[Prompt],
    purpose: str,
    config: StudyConfig,
    report: Callable[[str], None],
    places: Collection[int] | None = None,
) -> pd.DataFrame:
    """Probe each prompt; one row a prompt of the ``probe`` table.

    Args:
        language: the model.
        prompts: what to probe.
        purpose: what the random numbers are for.
        config: the study.
        report: called with a line after each prompt.
        places: which of the prompts, all by default; a prompt's random numbers depend on its place alone.
    """
    rows = []
    for index, prompt in enumerate(prompts):
        if places is not None and index not in places:
            continue
        row = probe_prompt(
            language,
            prompt,
            config.probe.rollouts,
            max_new_tokens=config.rollouts.max_new_tokens,
            temperature=config.rollouts.temperature,
            generator=stream(config.seed, purpose, index),
            coverage=config.probe.coverage,
        )
        seconds = row.pop("seconds")
        report(
            f"{purpose} {index + 1}/{len(prompts)} {prompt.key}: pass rate {row['pass_rate']:.2f}, "
            f"|grad| {row['gradient_norm']:.3g}, {seconds:.1f} s"
        )
        rows.append(row)
    return pd.DataFrame(rows)
