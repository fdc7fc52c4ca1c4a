"""``python -m full_scale advise LOG_OR_COLUMN``: one page on whether choosing prompts is expected to help."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vas_theory.foundation.errors import ArgumentError, DataError

if TYPE_CHECKING:
    from full_scale.advising.reading import Source

__all__ = ["add_command"]


def add_command(commands: Any) -> None:
    """Add ``advise`` to the command line."""
    text = "say from a log or a column of pass rates whether choosing prompts is expected to help, and how much"
    command = commands.add_parser("advise", help=text, description=text)
    command.set_defaults(handler=_run)
    command.add_argument(
        "source",
        metavar="LOG_OR_COLUMN",
        help="a run of any trainer (file or folder), a trace of pass rates, or a table with a column of them",
    )
    command.add_argument("--group-size", type=int, help="rollouts of a group; a log of metrics does not tell it")
    command.add_argument("--visits", type=float, help="groups each prompt gets in the run (default: as in the log)")
    command.add_argument("--column", default="pass_rate", help="name of the column of pass rates (pass_rate)")
    command.add_argument("--reward", help="the reward function of a TRL log that says what is right")
    command.add_argument("--above", type=float, help="a rollout is right where its reward is above this")
    command.add_argument("--features", type=Path, metavar="FILE.npy", help="features of the prompts, one row each")
    command.add_argument("--evidence", type=Path, metavar="TABLE", help="another table of networks than the committed")
    command.add_argument(
        "--pool",
        type=Path,
        metavar="FILE.csv",
        help="write the rates of all prompts for the explorer",
    )
    command.add_argument("--json", action="store_true", help="print JSON")


def _run(arguments: argparse.Namespace) -> None:
    from full_scale.advising.answer import ask
    from full_scale.advising.reading import read_source

    features = None if arguments.features is None else _features(arguments.features)
    source = read_source(arguments.source, column=arguments.column, reward=arguments.reward, above=arguments.above)
    if arguments.pool is not None:
        _write_pool(source, arguments.pool, Path(arguments.source))
    answer = ask(
        source,
        group_size=arguments.group_size,
        visits=arguments.visits,
        features=features,
        evidence=arguments.evidence,
    )
    print(json.dumps(_finite(answer.as_dict()), indent=2, allow_nan=False) if arguments.json else answer.text())


def _write_pool(source: Source, path: Path, read: Path) -> None:
    from vas_theory.foundation.outputs import check_output_file
    from vas_theory.provenance.tables import atomic_path

    pool, target = source.pool(), check_output_file(path, "--pool")
    if target.exists() and target.samefile(read):
        raise ArgumentError("--pool", "be another file than the one that is read", str(path))
    with atomic_path(target) as temporary:
        pool.to_csv(temporary, index=False)


def _features(path: Path) -> Any:
    import numpy as np

    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path} is not an array of numbers in numpy's format ({error})") from None
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "biuf":
        kind = found.dtype if isinstance(found, np.ndarray) else "several arrays"
        raise DataError(f"{path} is not one array of real numbers: it holds {kind}")
    return found


def _finite(value: Any) -> Any:
    """Return a value with null in place of what JSON cannot say."""
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
