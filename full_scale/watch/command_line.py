"""``python -m full_scale watch``: serve the page, or write it to a file."""

from __future__ import annotations

import argparse
import threading
import time
from pathlib import Path
from typing import Any

from vas_theory.foundation.errors import ArgumentError

__all__ = ["add_command"]

_BEGINNING = b"<!doctype html>"


def add_command(commands: Any) -> None:
    """Add ``watch`` to the subcommands of a parser."""
    text = "follow runs in the browser: on this machine alone, or as one file that works offline"
    command = commands.add_parser("watch", help=text, description=text)
    command.add_argument("paths", nargs="+", type=Path, metavar="FOLDER", help="a run, or a folder of runs")
    command.add_argument("--output", type=Path, metavar="FILE", help="write the page here instead of serving it")
    command.add_argument(
        "--every", type=int, default=0, metavar="SECONDS", help="with --output: write it again, until interrupted"
    )
    command.add_argument("--port", type=int, default=0, help="of the server (default: a free one)")
    command.set_defaults(handler=_watch)


def _page_file(path: Path) -> Path:
    """Return a file that a page may be written to: a new one, or an earlier page.

    Raises:
        ArgumentError: it is another file, a run's log say, which would be lost.
    """
    if path.exists():
        with open(path, "rb") as stream:
            if stream.read(len(_BEGINNING)) not in (_BEGINNING, b""):
                raise ArgumentError("--output", "be a new file or an earlier page", str(path))
    return path


def _watch(arguments: argparse.Namespace) -> None:
    from full_scale.watch.content import Watched
    from full_scale.watch.page import render
    from full_scale.watch.serving import HOST, page_server
    from vas_theory.foundation.outputs import check_output_file
    from vas_theory.provenance.tables import atomic_path

    if arguments.every < 0 or (arguments.every and arguments.output is None):
        raise ArgumentError("--every", "be seconds, with --output", arguments.every)
    if not 0 <= arguments.port < 65536 or (arguments.port and arguments.output is not None):
        raise ArgumentError("--port", "lie in [0, 65535], without --output", arguments.port)
    output = None if arguments.output is None else _page_file(check_output_file(arguments.output))
    watched, lock = Watched(arguments.paths), threading.Lock()

    def read() -> dict[str, Any]:
        with lock:  # requests come in threads
            return watched.content(time.strftime("%Y-%m-%d %H:%M:%S"))

    if output is None:
        server = page_server(read, arguments.port, refresh=10)
        count = len(watched.read())
        print(f"watching {count} runs: http://{HOST}:{server.server_port}/ (end it with Ctrl-C)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
        finally:
            server.server_close()
        return
    while True:
        page = render(read(), served=False, refresh=arguments.every)
        with atomic_path(output) as temporary:
            Path(temporary).write_text(page, encoding="utf-8")
        print(f"page: {output}", flush=True)
        if not arguments.every:
            return
        time.sleep(arguments.every)
