"""Headless Chromium driven over its own pipe: pages at any width, light or dark, with a keyboard.

The DevTools protocol is spoken over file descriptors 3 and 4 (``--remote-debugging-pipe``), messages end with a
zero byte; so no port is opened and no client library is needed.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")

_OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--hide-scrollbars", "--remote-debugging-pipe",
)  # fmt: skip
_KEYS = {"Tab": 9, "Enter": 13, " ": 32, "ArrowRight": 39, "ArrowDown": 40}
_TIMEOUT = 60


class Browser:
    """A running Chromium.

    Args:
        commands: where to write messages.
        answers: where to read them.
    """

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers = commands, answers
        self._buffer = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result; what happened meanwhile goes to ``events``."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, (method, answer["error"])
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def wait_for(self, event: str, session: str) -> None:
        """Wait until an event was seen since it was last waited for."""
        while True:
            for position, seen in enumerate(self.events):
                if seen.get("method") == event and seen.get("sessionId") == session:
                    del self.events[position]
                    return
            self.events.append(self._read())

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._answers], [], [], _TIMEOUT)
            assert ready, "the browser does not answer"
            self._buffer += os.read(self._answers, 1 << 20)
        message, _, self._buffer = self._buffer.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer

    def open(self, path: Path | str, *, width: int = 1280, height: int = 900, dark: bool = False) -> Page:
        """Open a file, or an address, in a tab of its own."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        for domain in ("Page", "Network", "Runtime", "Log"):
            page.call(f"{domain}.enable")
        page.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        page.call("Emulation.setEmulatedMedia", features=[scheme])
        page.call("Page.navigate", url=path if isinstance(path, str) else path.as_uri())
        self.wait_for("Page.loadEventFired", session)
        return page


class Page:
    """An open page."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command to this page."""
        return self._browser.call(method, self._session, **parameters)

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression; a promise is awaited."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def text(self, selector: str) -> str:
        """Return the words that an element shows."""
        return " ".join(str(self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")).split())

    def fill(self, selector: str, value: str) -> None:
        """Give a field a value, as typing does."""
        self.evaluate(
            f"(() => {{ const field = document.querySelector({json.dumps(selector)}); "
            f"field.value = {json.dumps(value)}; field.dispatchEvent(new Event('input', {{bubbles: true}})); }})()"
        )

    def press(self, key: str, *, shift: bool = False) -> None:
        """Press a key."""
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        known = {"key": key, "code": key, "windowsVirtualKeyCode": _KEYS.get(key, ord(key[0].upper()))}
        modifiers = 8 if shift else 0
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, modifiers=modifiers, **known)
        self.call("Input.dispatchKeyEvent", type="keyUp", modifiers=modifiers, **known)

    def focused(self) -> str:
        """Return the id, else the tag, of the element that has the keyboard."""
        return str(self.evaluate("document.activeElement.id || document.activeElement.tagName"))

    def requests(self) -> list[str]:
        """Return the addresses that this page asked for, besides itself and data in its own text."""
        return [
            event["params"]["request"]["url"]
            for event in self._browser.events
            if event.get("sessionId") == self._session and event.get("method") == "Network.requestWillBeSent"
            and event["params"].get("type") != "Document" and not event["params"]["request"]["url"].startswith("data:")
        ]  # fmt: skip

    def complaints(self) -> list[str]:
        """Return errors that scripts raised and what the browser logged about the page."""
        found = []
        for event in self._browser.events:
            if event.get("sessionId") != self._session:
                continue
            if event.get("method") == "Runtime.exceptionThrown":
                found.append(str(event["params"]["exceptionDetails"]))
            if event.get("method") == "Log.entryAdded":
                found.append(str(event["params"]["entry"]["text"]))
        return found

    def too_wide(self) -> list[str]:
        """Return what reaches beyond the right edge, outside of boxes that scroll by themselves."""
        found: list[str] = self.evaluate(
            "[...document.querySelectorAll('body *')].filter((element) => !element.closest('.scroll, .statement, pre') "
            "&& element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)"
            ".map((element) => element.tagName + ' ' + element.textContent.trim().slice(0, 40))"
        )
        return found

    def screenshot(self, path: Path) -> None:
        """Store the whole page as PNG."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        image = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]
        path.write_bytes(base64.b64decode(image))


@contextmanager
def run_browser(profile: Path) -> Iterator[Browser]:
    """Start Chromium with a profile of its own and end it after the block."""
    (read_commands, commands), (answers, write_answers) = os.pipe(), os.pipe()

    def connect() -> None:
        # first out of the way of 3 and 4, which the browser expects
        ends = [os.dup(read_commands), os.dup(write_answers)]
        spare = [os.dup2(end, 100 + index) for index, end in enumerate(ends)]
        for index, end in enumerate(spare):
            os.dup2(end, 3 + index)

    process = subprocess.Popen(
        [str(CHROMIUM), *_OPTIONS, f"--user-data-dir={profile}", "about:blank"],
        preexec_fn=connect, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(read_commands)
    os.close(write_answers)
    try:
        yield Browser(commands, answers)
    finally:
        os.close(commands)  # the browser ends with its pipe
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os.close(answers)
