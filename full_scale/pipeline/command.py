"""The command ``pipeline``, and what ``plan`` adds for pipelines; heavy parts are loaded when they run."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from full_scale.pipeline import STAGES
from vas_theory.foundation.command_line import require
from vas_theory.foundation.outputs import check_output_folder

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["add_arguments", "print_plan", "run_command", "settings_of_stages"]

_TABLES = ("name", "problems", "answers", "curate", "tiny", "cold_start", "train", "evaluate")


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    command.add_argument("name", nargs="?", metavar="PRESET", help="a pipeline's name, such as vlm-tiny or mmr1-7b")
    command.add_argument("--config", help="a TOML file instead of a preset")
    command.add_argument(
        "--set", action="append", default=[], metavar="TABLE.KEY=VALUE", help="change one value; may be repeated"
    )
    command.add_argument("--only", choices=STAGES, help="run this stage alone; those before it have to be finished")
    command.add_argument("--output", type=Path, help="folder (default: full_scale/output/pipeline-<name>)")
    command.add_argument("--restart", action="store_true", help="drop the stages that are run, and those after them")


def settings_of_stages(assignments: Sequence[str]) -> list[str]:
    """Return assignments to a study as those to a pipeline, whose table ``train`` the study is."""
    return [text if re.split("[.=]", text)[0].strip() in _TABLES else f"train.{text}" for text in assignments]


def run_command(arguments: argparse.Namespace, report: Callable[[str], None]) -> None:
    """Run the pipeline that the command line names and print its evaluation."""
    for module in ("pydantic", "torch", "transformers", "trl", "datasets", "safetensors"):
        require(module, "full-scale")
    import datasets

    from full_scale.pipeline.config import load_pipeline
    from full_scale.pipeline.run import Pipeline
    from vas_theory.foundation.errors import ArgumentError

    if bool(arguments.name) == bool(arguments.config):
        raise ArgumentError("PRESET", "be given, or --config, and not both", arguments.name or arguments.config)
    config = load_pipeline(arguments.config or arguments.name, arguments.set)
    output = check_output_folder(arguments.output or Path("full_scale") / "output" / f"pipeline-{config.name}")
    pipeline = Pipeline(config, output, report, restart=arguments.restart)
    datasets.disable_progress_bars()
    pipeline.run(arguments.only)
    if arguments.only in (None, "evaluate") and pipeline.is_main:
        print_accuracies(pipeline.accuracies(), pipeline.paper())
    if pipeline.is_main:
        print(f"results: {output}")


def print_accuracies(frame: pd.DataFrame, paper: Sequence[dict[str, Any]]) -> None:
    """Print the accuracies of an evaluation, with what the paper reports beneath."""
    from vas_theory.foundation.display import print_table

    rows = [
        (
            row["model"],
            row["set"] + (f", {row['subset']}" if row["subset"] else ""),
            str(row["questions"]),
            f"{100 * row['value']:.1f}",
            f"{100 * row['low']:.1f} to {100 * row['high']:.1f}",
        )
        for row in frame.to_dict("records")
    ]
    rows += [(row["model"], row["set"], "", f"{100 * row['value']:.1f}", "") for row in paper]
    print_table(("model", "set", "questions", "accuracy %", "interval"), rows)


def print_plan(arguments: argparse.Namespace) -> bool:
    """Print the plan of every stage if a pipeline is asked for; say whether it is."""
    require("pydantic", "full-scale")
    from full_scale.pipeline.config import load_pipeline, pipeline_names

    if arguments.config or arguments.preset not in pipeline_names():
        return False
    import json

    from full_scale.pipeline.plan import describe_pipeline, plan_pipeline

    changes = settings_of_stages([*arguments.set, *([f"model.name={arguments.model}"] if arguments.model else [])])
    config = load_pipeline(arguments.preset, changes)
    print(json.dumps(plan_pipeline(config).as_dict(), indent=2) if arguments.json else describe_pipeline(config))
    return True
