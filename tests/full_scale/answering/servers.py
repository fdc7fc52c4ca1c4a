"""An OpenAI-compatible server of this process, whose faults a test chooses."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, Any]


class Server:
    """Answers by ``respond(path, body, number)``: (status, JSON), or (0, seconds) for silence of so long."""

    def __init__(self) -> None:
        self.respond: Callable[[str, dict[str, Any], int], Answer] = right
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.busy = self.busiest = 0
        lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with lock:
                    number = len(outer.bodies)
                    outer.bodies.append(body)
                    outer.headers.append(dict(self.headers))
                    outer.busy += 1
                    outer.busiest = max(outer.busy, outer.busiest)
                status, content = outer.respond(self.path, body, number)
                if status == 0:
                    time.sleep(content)
                with lock:
                    outer.busy -= 1
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                try:
                    self.send_response(status or 500)
                    self.send_header("Content-Length", str(len(data)))
                    if status == 429:
                        self.send_header("Retry-After", "7")
                    self.end_headers()
                    self.wfile.write(data)
                except OSError:  # the client gave up
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/v1"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()


def chat(*texts: str, reason: str = "stop", usage: bool = True) -> Answer:
    """Return what a server says to a conversation."""
    content: dict[str, Any] = {
        "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": reason} for text in texts]
    }
    if usage:
        content["usage"] = {"prompt_tokens": 10, "completion_tokens": 3 * len(texts)}
    return 200, content


def right(path: str, body: dict[str, Any], number: int) -> Answer:
    """Every answer is 4, as many as are asked for."""
    if path.endswith("/chat/completions"):
        return chat(*[r"\boxed{4}"] * body["n"])
    return 200, {"choices": [{"text": " 4", "finish_reason": "stop"}] * body["n"]}
