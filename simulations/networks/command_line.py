"""``python -m simulations networks``: list worlds and arms, make starts, run an arm, run the tournament."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vas_theory.foundation.command_line import require

__all__ = ["add_commands"]

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def _alone(handler: Callable[[argparse.Namespace], int | None]) -> Callable[[argparse.Namespace], int | None]:
    """Run a handler with one thread a process: equal bits, and processes that do not get in each other's way."""

    def run(arguments: argparse.Namespace) -> int | None:
        os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
        require("torch", "networks")
        return handler(arguments)

    return run


def _list(arguments: argparse.Namespace) -> None:
    from simulations.networks.tournament.roster import ARMS, committed_pairs, get_arm
    from simulations.networks.worlds import get_world, world_names
    from vas_theory.foundation.display import print_list

    pairs = committed_pairs()
    of_world, of_arm = (Counter(pair[side] for pair in pairs) for side in (0, 1))
    worlds = [
        {"name": world.name, "summary": world.summary, "varies": world.varies, "committed": of_world[world.name]}
        for world in map(get_world, world_names())
    ]
    everyone = [*ARMS.values(), *(get_arm(name) for name in sorted(of_arm.keys() - ARMS.keys()))]
    arms = [
        {"name": arm.name, "strategy": arm.strategy, "free": arm.free, "committed": of_arm[arm.name]}
        for arm in everyone
    ]
    if arguments.json:
        print(json.dumps({"worlds": worlds, "arms": arms}, indent=2))
        return
    print_list("worlds", worlds)
    print("\nNAME@N: a prompt is rolled in at most N steps\n")
    print_list("arms", arms)
    print("\ncommitted: arms of a world, or worlds of an arm, in the paper-size tables")


def _start(arguments: argparse.Namespace) -> None:
    import numpy as np

    from simulations.networks.model.columns import pass_rates
    from simulations.networks.model.start_files import prepare_start
    from simulations.networks.model.starts import load_start, start_names
    from simulations.networks.worlds import get_world, world_names

    for name in arguments.worlds or world_names():
        world = get_world(name)
        prompts = world.prompts(np.random.default_rng(0), 500)
        rates: dict[str, Any] = {}
        for start in start_names(world) if arguments.others else ["own"]:
            prepare_start(world, start, report=_say)
            rates[start] = pass_rates(load_start(world, start), prompts, 8, 0)[0]
            own = rates[start]
            line = f"mean pass rate {own.mean():.3f}, silent 0/8 {(own == 0).mean():.2f}, 8/8 {(own == 1).mean():.2f}"
            if start != "own":
                line += f", correlation with its own start {np.corrcoef(rates['own'], own)[0, 1]:.2f}"
            print(f"{name} {start}: {line}")


def _preset(arguments: argparse.Namespace) -> Any:
    from dataclasses import replace

    from simulations.networks.tournament.presets import PRESETS
    from simulations.networks.tournament.roster import get_arm
    from simulations.networks.worlds import get_world
    from vas_theory.foundation.errors import UnknownNameError

    if arguments.preset not in PRESETS:
        raise UnknownNameError("preset", arguments.preset, PRESETS)
    preset = PRESETS[arguments.preset]
    asked = {key: getattr(arguments, key, None) or () for key in ("worlds", "arms")}
    for name in asked["worlds"]:
        get_world(name)
    for name in asked["arms"]:
        get_arm(name)
    chosen: dict[str, Any] = {key: tuple(dict.fromkeys(value)) for key, value in asked.items() if value}
    if arguments.seeds is not None:
        chosen["seeds"] = arguments.seeds
    return replace(preset, **chosen)


def _tournament(arguments: argparse.Namespace) -> None:
    from simulations.networks.tournament.analysis import format_comparison
    from simulations.networks.tournament.running import run_tournament
    from simulations.running.sweep import BACKENDS
    from vas_theory.foundation.errors import ArgumentError, UnknownNameError
    from vas_theory.foundation.outputs import check_output_folder
    from vas_theory.provenance.tables import read_metadata

    preset = _preset(arguments)
    folder = check_output_folder(_folder(arguments))
    if arguments.workers < 1:
        raise ArgumentError("--workers", "be at least 1", arguments.workers)
    if arguments.backend not in BACKENDS:
        raise UnknownNameError("backend", arguments.backend, BACKENDS)
    table = run_tournament(preset, folder, workers=arguments.workers, backend=arguments.backend, report=_say)
    print(format_comparison(table))
    path = folder / "network_tournament.parquet"
    print(f"\n{path}: {read_metadata(path)['rows']} rows")


def _tables(arguments: argparse.Namespace) -> None:
    """Make the tables of what is finished."""
    from simulations.networks.tournament.analysis import format_comparison
    from simulations.networks.tournament.finished import write_tables
    from vas_theory.foundation.outputs import check_output_folder

    folder = check_output_folder(_folder(arguments))
    table = write_tables(_preset(arguments), folder, _say)
    print(format_comparison(table))
    print(f"\n{folder / 'network_tournament.parquet'}: {len(table)} rows")


def _recheck(arguments: argparse.Namespace) -> int:
    """Compute random cells again."""
    import secrets

    from simulations.networks.tournament.rechecking import recheck_networks
    from vas_theory.foundation.streams import check_seed

    seed = secrets.randbelow(2**32) if arguments.seed is None else check_seed(arguments.seed)
    folder = _folder(arguments)
    differing = recheck_networks(_preset(arguments), folder, cells=arguments.cells, seed=seed, report=_say)
    print(f"{len(differing)} cells differ" + (f": {', '.join(differing)}" if differing else f" (seed {seed})"))
    if differing:
        print("another processor gives other bits: there, run the commit in a cell's metadata and compare with that")
    return 1 if differing else 0


def _folder(arguments: argparse.Namespace) -> Path:
    from vas_theory.foundation.outputs import without_tilde

    return without_tilde(arguments.output or Path("simulations") / "output" / arguments.preset)


def _run(arguments: argparse.Namespace) -> None:
    """Run one arm on seeds that are never reported."""
    import pandas as pd

    from simulations.networks.model.starts import load_start
    from simulations.networks.runs.training import Plan, train_together
    from simulations.networks.tournament.cells import run_seed
    from simulations.networks.tournament.presets import DEVELOPMENT, PRESETS
    from simulations.networks.tournament.roster import get_arm
    from simulations.networks.tournament.running import make_starts
    from simulations.networks.worlds import get_world
    from vas_theory.foundation.errors import ArgumentError

    world = PRESETS["paper"].sized(get_world(arguments.world))
    arm = get_arm(arguments.arm)
    rate = world.run.learning_rate if arguments.learning_rate is None else arguments.learning_rate
    for name, value, requirement in (
        ("--learning-rate", rate, "be positive and finite"),
        ("--seeds", arguments.seeds, "be in [1, 1000]"),
    ):
        if not 0 < value <= (1000 if name == "--seeds" else sys.float_info.max):
            raise ArgumentError(name, requirement, value)
    seeds = [run_seed(world.name, DEVELOPMENT + index) for index in range(arguments.seeds)]
    make_starts([world], [arm], 1, _say)
    curves = train_together(world, load_start(world), [Plan(arm, seed, rate) for seed in seeds])
    keys = range(len(seeds))
    table = pd.concat(dict(zip(keys, curves, strict=True)), names=["seed", "row"]).reset_index(level="row", drop=True)
    shown = ("rollouts", "held_out_pass_rate", "held_out_greedy", "pass_at_32", "mixed_groups", "entropy")
    print(table[list(shown)].to_string(float_format="{:.3f}".format))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands of the network laboratory to its parser."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    command = commands.add_parser("list", help="name every world and arm")
    command.set_defaults(handler=_list)
    command.add_argument("--json", action="store_true", help="print JSON")

    command = commands.add_parser("start", help="make supervised starts and say what they can do")
    command.add_argument("worlds", nargs="*", metavar="WORLD", help="worlds, see `list` (all)")
    command.add_argument("--others", action="store_true", help="also the starts of other models")
    command.set_defaults(handler=_alone(_start))

    command = commands.add_parser("run", help="run one arm on development seeds and print its learning curves")
    command.add_argument("world", metavar="WORLD")
    command.add_argument("arm", metavar="ARM")
    command.add_argument("--learning-rate", type=float, help="instead of the world's own")
    command.add_argument("--seeds", type=int, default=3, help="number of seeds (3)")
    command.set_defaults(handler=_alone(_run))

    command = commands.add_parser("tournament", help="tune and run every arm in every world, and compare")
    command.add_argument("--preset", default="quick", help="smoke, quick (default) or paper")
    command.add_argument("--worlds", nargs="+", metavar="WORLD", help="instead of the preset's")
    command.add_argument("--arms", nargs="+", metavar="ARM", help="instead of the preset's")
    command.add_argument("--seeds", type=int, help="instead of the preset's")
    command.add_argument("--output", metavar="DIR", help="folder of the tables (simulations/output/<preset>)")
    command.add_argument("--workers", type=int, default=1, help="processes")
    command.add_argument("--backend", default="loky", help="where they run: loky (default) or dask")
    command.set_defaults(handler=_alone(_tournament))

    command = commands.add_parser("tables", help="make the tables of all worlds and arms that are finished")
    command.add_argument("--preset", default="quick", help="smoke, quick (default) or paper")
    command.add_argument("--seeds", type=int, help="that they were run on, instead of the preset's")
    command.add_argument("--output", metavar="DIR", help="folder of the tables (simulations/output/<preset>)")
    command.set_defaults(handler=_alone(_tables))

    command = commands.add_parser("recheck", help="compute random stored cells again and stamp those with equal bits")
    command.add_argument("--preset", default="quick", help="smoke, quick (default) or paper")
    command.add_argument("--seeds", type=int, help="that they were run on, instead of the preset's")
    command.add_argument("--output", metavar="DIR", help="folder of the tables (simulations/output/<preset>)")
    command.add_argument("--cells", type=int, default=1, help="how many (1)")
    command.add_argument("--seed", type=int, help="of the choice of cells; recorded (default: a fresh one)")
    command.set_defaults(handler=_alone(_recheck))
