"""A server of the page for this machine alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from full_scale.watch.page import policy, render
from vas_theory.foundation.errors import ArgumentError

__all__ = ["HOST", "page_server"]

HOST = "127.0.0.1"


def page_server(read: Callable[[], dict[str, Any]], port: int, refresh: int) -> ThreadingHTTPServer:
    """Return a server on the loopback address, which nothing outside this machine reaches.

    Requests that name another host are refused: so a page from elsewhere cannot read the runs through a name that it
    lets point here.

    Args:
        read: returns what the page shows, as it is now.
        port: 0 for a free one.
        refresh: seconds between two requests of the page.

    Raises:
        ArgumentError: the port cannot be had.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            names = {f"{name}:{server.server_port}" for name in (HOST, "localhost")}
            if self.headers.get("Host") not in names:
                self._answer(403, "text/plain", b"this page is for this machine alone\n")
            elif self.path == "/":
                self._answer(200, "text/html", render(read(), served=True, refresh=refresh).encode())
            elif self.path == "/data.json":
                self._answer(200, "application/json", json.dumps(read(), allow_nan=False).encode())
            else:
                self._answer(404, "text/plain", b"no such page\n")

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", policy(served=True) + "; frame-ancestors 'none'")
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Cross-Origin-Resource-Policy", "same-origin")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            return

    try:
        server = ThreadingHTTPServer((HOST, port), Handler)
    except (OSError, OverflowError) as error:
        raise ArgumentError("--port", f"be free on {HOST} ({error})", port) from None
    return server
