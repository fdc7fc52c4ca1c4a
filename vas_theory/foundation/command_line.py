"""What the four command lines share: fast start, one-line errors, exit codes.

Nothing heavy is imported here, so that ``--help`` and ``--version`` answer at once.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import io
import os
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from vas_theory import __version__
from vas_theory.foundation.errors import ArgumentError, MissingExtraError, VASError

__all__ = ["build_parser", "parse_assignments", "require", "run"]

__neutral__ = "how commands are read and errors are shown"

_OF_THE_USER = (
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM),
    *(errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP),
)
"""What is wrong with a disk or a place on it, not with this code: a full disk, a file where a folder has to be."""


def build_parser(program: str, description: str) -> argparse.ArgumentParser:
    """Return a parser with ``--version`` and ``--debug``; subcommands set ``handler``."""
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description=description)
    parser.add_argument("--version", action="version", version=f"{program} {__version__}")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def parse_assignments(assignments: Sequence[str]) -> dict[str, Any]:
    """Turn ``["draws=100", "model.name=tiny"]`` into values by key; dots are left to the caller.

    A value is JSON or TOML (``[2, 3]``, ``true``, ``{a = 1}``); anything else is text.

    Raises:
        ArgumentError: an entry has no ``=`` or no key, or a key comes twice.
    """
    import json
    import tomllib

    values: dict[str, Any] = {}
    for assignment in assignments:
        key, separator, text = (part.strip() for part in assignment.partition("="))
        if not separator or not key:
            raise ArgumentError("--set", "have the form key=value", assignment)
        if key in values:
            raise ArgumentError("--set", "name each key once", assignment)
        try:
            values[key] = json.loads(text)
        except RecursionError:
            raise ArgumentError("--set", "have fewer brackets in each other", assignment) from None
        except json.JSONDecodeError:
            try:
                values[key] = tomllib.loads(f"value = {text}")["value"]
            except tomllib.TOMLDecodeError:
                values[key] = text
    return values


def require(module: str, extra: str) -> ModuleType:
    """Import ``module`` or say which extra brings it.

    Raises:
        MissingExtraError: the module is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not (module + ".").startswith(error.name + "."):
            raise
        raise MissingExtraError(module, extra) from error


def run(parser: argparse.ArgumentParser, argv: Sequence[str] | None = None) -> int:
    """Parse ``argv``, call the chosen handler and return the exit code.

    Returns:
        What the handler returned (0 for ``None``); 2 after an error of the user's or of their disk, with one line
        on standard error; 130 after an interrupt; 141 where the reader of the output left before the end.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal or a pipe may lack signs that are printed
        sys.stdout.reconfigure(errors="backslashreplace")
    arguments = parser.parse_args(argv)
    handler: Callable[[argparse.Namespace], int | None] | None = getattr(arguments, "handler", None)
    if handler is None:
        parser.print_help(sys.stderr)
        return 2
    try:
        code = handler(arguments) or 0
        print(end="", flush=True)
        return code
    except VASError as error:
        if arguments.debug:
            raise
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader (head, less) left early: the work may not be done, so this is no success
        return 128 + 13  # as a shell tells the signal SIGPIPE
    except OSError as error:
        if arguments.debug or error.errno not in _OF_THE_USER:
            raise
        place = f": {error.filename}" if error.filename else ""
        print(f"error: {' '.join(str(error.strerror).split())}{place}", file=sys.stderr)
        return 2
    finally:
        _let_go_of_output()


def _let_go_of_output() -> None:
    """Drop what cannot be written, so that the end of the process does not fail on it again, with a code of its own."""
    for stream in filter(None, (sys.stdout, sys.stderr)):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
