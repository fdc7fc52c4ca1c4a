"""What the four command lines share: fast start, one-line errors, exit codes.

Nothing heavy is imported here, so that ``--help`` and ``--version`` answer at once.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from types import ModuleType

from vas_theory import __version__
from vas_theory.foundation.errors import MissingExtraError, VASError

__all__ = ["build_parser", "require", "run"]


def build_parser(program: str, description: str) -> argparse.ArgumentParser:
    """Return a parser with ``--version`` and ``--debug``; subcommands set ``handler``."""
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description=description)
    parser.add_argument("--version", action="version", version=f"{program} {__version__}")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


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
        What the handler returned (0 for ``None``); 2 after an error of the user's, with one line
        on standard error; 130 after an interrupt.
    """
    arguments = parser.parse_args(argv)
    handler: Callable[[argparse.Namespace], int | None] | None = getattr(arguments, "handler", None)
    if handler is None:
        parser.print_help(sys.stderr)
        return 2
    try:
        return handler(arguments) or 0
    except VASError as error:
        if arguments.debug:
            raise
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader (head, less) left early
        sys.stderr.close()
        return 0
