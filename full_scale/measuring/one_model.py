"""Evaluating one model on one task: ``python -m full_scale evaluate --model PATH --task reasoning_gym:gcd``.

Two tables are written to the output folder, each with its manifest.

``model_evaluation``: one row a set of prompts and metric
    scope (``all``, ``stratum``, ``level``), stratum, level (-1 where a row holds several levels), metric, k, value,
    low, high, interval (``bootstrap`` or ``wilson``, :func:`full_scale.measuring.held_out.mean_interval`),
    prompts, rollouts.
    Metrics: ``pass@k``; ``mixed@G``, the share of groups of G that would be neither all right nor all wrong;
    ``reward``, the mean of the task's own scores.

``model_evaluation_prompts``: one row a prompt
    prompt_key, stratum, level, rollouts, successes, mean_score.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vas_theory.foundation.command_line import parse_assignments, require
from vas_theory.foundation.outputs import check_output_folder

if TYPE_CHECKING:
    import pandas as pd

    from full_scale.config.evaluation import ModelEvaluationConfig
    from full_scale.tasks import Prompt

__all__ = ["add_arguments", "evaluate_model", "run_command", "summarise"]

ROWS_AT_ONCE = 256
"""Completions sampled together: bounds the memory of the key-value cache."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of a model's own evaluation; ``--model`` or ``--task`` chooses it over the study's stage."""
    group = command.add_argument_group("one model instead of a study")
    group.add_argument("--model", help="smollm2-135m, a folder or a hub id")
    group.add_argument("--task", help="arithmetic, reasoning_gym:GENERATOR,..., mmr1:SOURCE or file:SOURCE")
    group.add_argument("--samples", type=int, help="completions a prompt (default: 8)")
    group.add_argument("--style", choices=("completion", "reasoning", "evaluation"), help="what the model is shown")
    group.add_argument("--side", choices=("held_out", "training", "all"), help="which prompts (default: held_out)")
    group.add_argument("--limit", type=int, help="at most so many prompts of each stratum and level")


def run_command(arguments: argparse.Namespace, report: Callable[[str], None]) -> None:
    """Evaluate the model that the command line names, write the tables and print them."""
    require("pydantic", "full-scale")
    from full_scale.config.evaluation import ModelEvaluationConfig
    from full_scale.config.training import assign, checked

    table: dict[str, Any] = {
        name: getattr(arguments, name)
        for name in ("task", "samples", "style", "side", "limit")
        if getattr(arguments, name) is not None
    }
    if arguments.model is not None:
        table["model"] = {"name": arguments.model}
    if arguments.set and isinstance(table.get("task"), str):
        table["task"] = _table_of(table["task"])
    for key, value in parse_assignments(arguments.set).items():
        assign(table, key, value)
    config = checked(ModelEvaluationConfig, table, "command line")
    for module in ("torch", "transformers", "safetensors", "gguf"):
        require(module, "full-scale")
    output = check_output_folder(arguments.output or Path("full_scale") / "output" / "evaluation")
    summary, prompts = evaluate_model(config, report)
    from vas_theory.provenance.fingerprint import key_of
    from vas_theory.provenance.tables import write_table

    about: dict[str, Any] = {
        "config": config.model_dump(mode="json"),
        "seed": config.seed,
        "key": key_of(evaluate_model),
    }
    write_table(summary, output / "model_evaluation.parquet", **about)
    write_table(prompts, output / "model_evaluation_prompts.parquet", **about)
    _print(summary)
    print(f"tables: {output}")


def _table_of(name: str) -> dict[str, Any]:
    from full_scale.config.task import expand

    table: dict[str, Any] = expand(name)
    return table


def evaluate_model(config: ModelEvaluationConfig, report: Callable[[str], None]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the two tables of one model on one task.

    Raises:
        ArgumentError: no prompt is left, or prompts show images, which this evaluation cannot.
        DataError: model or data cannot be used.
    """
    import pandas as pd

    from full_scale.compact.rollouts import sample
    from full_scale.models.loading import load_language_model
    from full_scale.models.turns import turn_ends
    from full_scale.rewards import check_answers
    from full_scale.tasks.templates import render
    from vas_theory.foundation.streams import stream

    prompts = _chosen(config)  # before the model loads
    report(f"loading {config.model.name}")
    language = load_language_model(config.model)
    if config.style != "completion":
        language = replace(language, stop_ids=turn_ends(language))
    rows: list[dict[str, Any]] = []
    for number, batch in enumerate(_batches(prompts, max(1, ROWS_AT_ONCE // config.samples))):
        drawn = sample(
            language,
            render(language.tokenizer, batch, config.style),
            config.samples,
            config.max_new_tokens,
            temperature=config.temperature,
            generator=stream(config.seed, "model evaluation", number),
        )
        values = check_answers([prompt for prompt in batch for _ in range(config.samples)], drawn.texts)
        for place, prompt in enumerate(batch):
            scores = [value or 0.0 for value in values[place * config.samples : (place + 1) * config.samples]]
            rows.append(
                {
                    "prompt_key": prompt.key,
                    "stratum": prompt.stratum,
                    "level": prompt.level,
                    "rollouts": config.samples,
                    "successes": sum(score >= 1.0 for score in scores),
                    "mean_score": sum(scores) / config.samples,
                }
            )
        share = sum(row["successes"] for row in rows[-len(batch) :]) / (len(batch) * config.samples)
        report(f"{len(rows)}/{len(prompts)} prompts, {batch[0].stratum} level {batch[0].level}: {share:.2f} right")
    counts = pd.DataFrame(rows)
    return summarise(counts, config), counts


def _chosen(config: ModelEvaluationConfig) -> list[Prompt]:
    """Return the prompts, by stratum and level, at most ``limit`` of each in the order of their keys' hashes."""
    from full_scale.tasks import load_task
    from full_scale.tasks.splitting import content_key
    from vas_theory.foundation.errors import ArgumentError

    task = load_task(config.task)
    sides = {"training": task.training, "held_out": task.held_out, "all": (*task.training, *task.held_out)}
    ordered = sorted(sides[config.side], key=lambda p: (p.stratum, p.level, content_key(p.key)))
    chosen = [prompt for _, group in groupby(ordered, _cell) for prompt in list(group)[: config.limit]]
    if any(prompt.images for prompt in chosen):
        raise ArgumentError("task.images", "be 'drop' or 'refuse': this evaluation reads text only", config.task)
    return chosen


def _cell(prompt: Prompt) -> tuple[str, int]:
    return prompt.stratum, prompt.level


def _batches(prompts: list[Prompt], size: int) -> Iterator[list[Prompt]]:
    """Yield batches of one stratum and level each, whose prompts are of similar length."""
    for _, group in groupby(prompts, _cell):
        cell = list(group)
        yield from (cell[start : start + size] for start in range(0, len(cell), size))


def summarise(counts: pd.DataFrame, config: ModelEvaluationConfig) -> pd.DataFrame:
    """Return every metric over all prompts, each stratum and each level."""
    import pandas as pd

    from full_scale.measuring.held_out import mean_interval, mixed_share, pass_at_k
    from vas_theory.foundation.streams import stream

    sets: list[tuple[str, str, int, pd.DataFrame]] = [("all", "", -1, counts)]
    sets += [("stratum", str(name), -1, group) for name, group in counts.groupby("stratum")]
    for name, group in counts.groupby("stratum"):
        sets += [("level", str(name), int(str(level)), part) for level, part in group.groupby("level")]
    rows = []
    for scope, stratum, level, group in sets:
        right, n = group.successes.to_numpy(), config.samples
        metrics = [(f"pass@{k}", k, pass_at_k(right, n, k)) for k in config.ks]
        if config.group_size <= n:
            name = f"mixed@{config.group_size}"
            metrics.append((name, config.group_size, mixed_share(right, n, config.group_size)))
        metrics.append(("reward", 1, group.mean_score.to_numpy()))
        for metric, k, values in metrics:
            low, high, method = mean_interval(values, config.coverage, stream(config.seed, "evaluation bootstrap"))
            rows.append(
                {
                    "scope": scope,
                    "stratum": stratum,
                    "level": level,
                    "metric": metric,
                    "k": k,
                    "value": float(values.mean()),
                    "low": low,
                    "high": high,
                    "interval": method,
                    "prompts": len(group),
                    "rollouts": n,
                }
            )
    return pd.DataFrame(rows)


def _print(summary: pd.DataFrame) -> None:
    from vas_theory.foundation.display import print_table

    rows = []
    for row in summary[summary.metric != "reward"].to_dict("records"):
        name = row["stratum"] or ("all" if row["scope"] == "all" else "-")
        level = "" if row["level"] < 0 else row["level"]
        interval = f"{row['low']:.3f} to {row['high']:.3f}"
        rows.append((name, level, row["prompts"], row["metric"], f"{row['value']:.3f}", interval))
    print_table(("stratum", "level", "prompts", "metric", "value", "interval"), rows)
