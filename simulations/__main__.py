"""``python -m simulations``: list, show and run experiments."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vas_theory.foundation.command_line import build_parser, parse_assignments, run
from vas_theory.foundation.outputs import check_output_folder, without_tilde


def _list(arguments: argparse.Namespace) -> None:
    from simulations.experiments import experiment_names, get_experiment
    from vas_theory.foundation.display import print_list

    rows = [{"name": name, "summary": get_experiment(name).summary} for name in experiment_names()]
    print_list("experiments", rows, as_json=arguments.json)


def _table_path(arguments: argparse.Namespace) -> Path:
    folder = arguments.output or Path("simulations") / "output" / arguments.preset
    return without_tilde(folder) / f"{arguments.name}.parquet"


def _show(arguments: argparse.Namespace) -> None:
    from simulations.experiments import get_experiment
    from vas_theory.provenance.tables import read_metadata

    experiment = get_experiment(arguments.name)
    experiment.configure(arguments.preset)  # there is such a preset
    print(f"{experiment.name}: {experiment.summary}")
    for preset, config in experiment.presets.items():
        print(f"\n[{preset}]")
        for key, value in config.model_dump(mode="json").items():
            print(f"{key} = {value}")
    print("\n[fields]")
    for key, field in type(experiment.presets["paper"]).model_fields.items():
        print(f"{key}: {field.description}")
    path = _table_path(arguments)
    if path.exists():
        metadata = read_metadata(path)
        print(f"\n{path}: {metadata['rows']} rows, seed {metadata['seed']}, written {metadata['written']}")


def _tournament(arguments: argparse.Namespace) -> None:
    from simulations.analysis.challenge import CONTENDERS, challenges, format_challenge
    from simulations.analysis.ranking import format_ranking
    from vas_theory.provenance.tables import read_table

    arguments.name = "tournament"
    _run(arguments)
    table = read_table(_table_path(arguments))
    print(f"\n{format_ranking(table)}")
    found = challenges(table)
    for tested in filter(None, (format_challenge(found, arm) for arm in CONTENDERS)):
        print(f"\n{tested}")


def _run(arguments: argparse.Namespace) -> None:
    from pydantic import ValidationError

    from simulations.experiments import get_experiment
    from simulations.running.refusals import as_refusal
    from simulations.running.stored import run_experiment
    from simulations.running.sweep import BACKENDS
    from vas_theory.foundation.errors import ArgumentError, UnknownNameError
    from vas_theory.provenance.tables import read_metadata

    experiment = get_experiment(arguments.name)
    overrides = parse_assignments(arguments.set)
    if arguments.seed is not None:
        overrides["seed"] = arguments.seed
    config = experiment.configure(arguments.preset, overrides)
    path = _table_path(arguments)
    check_output_folder(path.parent)
    for name in experiment.reads:
        _run(argparse.Namespace(**{**vars(arguments), "name": name, "set": [], "seed": None}))
    if arguments.workers < 1:
        raise ArgumentError("--workers", "be at least 1", arguments.workers)
    if arguments.backend not in BACKENDS:
        raise UnknownNameError("backend", arguments.backend, BACKENDS)
    try:
        outcome = run_experiment(experiment, config, path, workers=arguments.workers, backend=arguments.backend)
    except ValidationError as error:  # of what is made of the config
        raise as_refusal(error, experiment.name) from error
    metadata = read_metadata(path)
    words = {
        "current": "already current",
        "computed": f"computed in {metadata['seconds']:.1f} s",
        "replaced": f"computed in {metadata['seconds']:.1f} s; a table of another making was replaced",
    }
    print(f"{path}: {metadata['rows']} rows, {words[outcome]}")


def _run_each(arguments: argparse.Namespace) -> None:
    from simulations.experiments import get_experiment

    for name in arguments.names:  # all of them exist before one is run
        get_experiment(name)
    for name in arguments.names:
        _run(argparse.Namespace(**{**vars(arguments), "name": name}))


def _recheck(arguments: argparse.Namespace) -> int:
    from simulations.experiments import experiment_names, get_experiment
    from simulations.running.recheck import recheck
    from vas_theory.foundation.streams import check_seed

    if arguments.seed is not None:
        check_seed(arguments.seed)
    names = experiment_names() if arguments.name == "all" else [arguments.name]
    outcomes = []
    for name in names:
        arguments.name = name
        experiment = get_experiment(name)
        config = experiment.configure(arguments.preset, parse_assignments(arguments.set))
        path = _table_path(arguments)
        options = {"cells": arguments.cells, "seed": arguments.seed, "every": arguments.every}
        outcomes += recheck(experiment, config, path, against=arguments.against, **options)
    checked = [outcome for outcome in outcomes if outcome.checked]
    differing = [outcome for outcome in outcomes if outcome.differs]
    refused = [outcome for outcome in outcomes if outcome.refused]
    print(
        f"{len(outcomes) - len(checked) - len(refused)} of {len(outcomes)} files are current by their key, "
        f"{len(checked) - len(differing)} by cells computed again, {len(differing)} differ"
        + (f", {len(refused)} were made by other code than that of --against" if refused else "")
    )
    return 1 if differing or refused else 0


def _fit(arguments: argparse.Namespace) -> None:
    import json

    from simulations.running.fitted_worlds import fit_world
    from simulations.world.pass_traces import fit_trace, format_fit, replay_trace
    from vas_theory.foundation.errors import ArgumentError
    from vas_theory.foundation.outputs import check_output_file
    from vas_theory.groups.pass_traces import read_trace
    from vas_theory.provenance.tables import atomic_path

    if not 0 < arguments.share <= 1:
        raise ArgumentError("--share", "lie in (0, 1]", arguments.share)
    if arguments.rollouts is not None and not 1 <= arguments.rollouts <= 10**6:
        raise ArgumentError("--rollouts", "lie in [1, 1000000]", arguments.rollouts)
    path = Path(arguments.output or Path("simulations") / "output" / "traces" / f"{Path(arguments.trace).stem}.json")
    path = check_output_file(path)
    right, rollouts = read_trace(arguments.trace, arguments.rollouts)
    source = arguments.source or Path(arguments.trace).stem
    path.parent.mkdir(parents=True, exist_ok=True)
    fit = fit_trace(right, rollouts, source)
    replayed = replay_trace(right, rollouts, share=arguments.share, retention=fit.retention)
    print(format_fit(fit, replayed, arguments.share))
    world = fit_world(fit)
    with atomic_path(path) as temporary:
        Path(temporary).write_text(json.dumps({"world": world, "fit": fit.as_dict()}, indent=2), encoding="utf-8")
    ends = ", ".join(f"{name} {theirs:.2f} there, {ours:.2f} here" for name, (theirs, ours) in world["end"].items())
    print(f"world: coupling {world['coupling']}, learning rate {world['learning_rate']:g}; at the end {ends}")
    print(f"{path}: run the tournament there with: python -m simulations run fitted --set 'worlds=[\"{path}\"]'")


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = build_parser("simulations", "Experiments on pools of bandit prompts.")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    command = commands.add_parser("list", help="name every experiment")
    command.set_defaults(handler=_list)
    command.add_argument("--json", action="store_true", help="print JSON")

    for name, handler, help_text in (
        ("run", _run_each, "run experiments, and those whose tables they read, unless their tables are current"),
        ("tournament", _tournament, "run the tournament and print who ranks where"),
        ("show", _show, "print an experiment's presets and fields"),
        ("recheck", _recheck, "compute random cells of a table again and stamp it for today's code if they agree"),
    ):
        command = commands.add_parser(name, help=help_text)
        command.set_defaults(handler=handler)
        if name == "run":
            command.add_argument("names", metavar="NAME", nargs="+", help="experiments, see `list`")
        elif name != "tournament":
            command.add_argument(
                "name", metavar="NAME", help="an experiment, see `list`" + ("; or all" if name == "recheck" else "")
            )
        command.add_argument("--preset", default="quick", help="smoke, quick (default) or paper")
        command.add_argument("--output", metavar="DIR", help="folder of the table (simulations/output/<preset>)")
        if name == "recheck":
            command.add_argument("--cells", type=int, default=1, help="cells of each file (default: 1)")
            command.add_argument("--seed", type=int, help="of the choice of cells; recorded (default: a fresh one)")
            command.add_argument("--every", action="store_true", help="also files that are current")
            command.add_argument(
                "--against", type=Path, metavar="DIR", help="checkout of the code that made them, for another processor"
            )
        if name in ("run", "tournament"):
            command.add_argument("--workers", type=int, default=1, help="processes for experiments made of cells")
            command.add_argument("--backend", default="loky", help="where they run: loky (default) or dask")
            command.add_argument("--seed", type=int, help="replaces the preset's seed")
        if name != "show":
            command.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="replace a value")

    from simulations.networks.command_line import add_commands

    add_commands(commands.add_parser("networks", help="small networks that are trained here: worlds, arms, tournament"))
    command = commands.add_parser("fit", help="describe a trace of pass rates and make a world like it")
    command.add_argument("trace", metavar="TRACE", help="JSON file: prompt -> list of pass rates, one a visit")
    command.add_argument("--rollouts", type=int, help="rollouts of a visit (the smallest number that fits)")
    command.add_argument("--share", type=float, default=0.25, help="prompts chosen at each visit in the replay (.25)")
    command.add_argument("--source", help="where the trace is from (the file's name)")
    command.add_argument("--output", metavar="FILE", help="the world (simulations/output/traces/<trace>.json)")
    command.set_defaults(handler=_fit)
    return run(parser, argv)


if __name__ == "__main__":
    sys.exit(main())
