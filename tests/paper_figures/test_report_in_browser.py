"""The report as a browser shows it: everything rendered, nothing wider than a phone, no request to anywhere."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from paper_figures.figures import get_figures

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: install it to see the report tested"),
]

_PROBE = """<script>window.addEventListener("load", () => {
  const images = [...document.images];
  document.body.dataset.seen = JSON.stringify({
    loaded: images.filter((image) => image.complete && image.naturalWidth > 0).length, images: images.length,
    wide: document.documentElement.scrollWidth > window.innerWidth,
    fetched: performance.getEntriesByType("resource").filter((entry) => !entry.name.startsWith("data:")).length,
  });
});</script></body>"""


@pytest.mark.parametrize("width", [390, 1280])
def test_everything_is_shown_and_nothing_is_fetched(built: Path, tmp_path: Path, width: int) -> None:
    html = (built / "paper_figures" / "output" / "report.html").read_text(encoding="utf-8")
    page = tmp_path / "report.html"
    page.write_text(html.replace("</body>", _PROBE), encoding="utf-8")
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--no-first-run", f"--user-data-dir={tmp_path / 'profile'}",
        f"--window-size={width},900", "--virtual-time-budget=4000", "--dump-dom", page.as_uri(),
    ]  # fmt: skip
    answer = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    seen = re.search(r'data-seen="([^"]*)"', answer.stdout)
    assert seen, "the page did not finish loading"
    assert "&quot;fetched&quot;:0" in seen[1]
    counts = {name: int(value) for name, value in re.findall(r"&quot;(loaded|images)&quot;:(\d+)", seen[1])}
    assert counts["loaded"] == counts["images"] >= len(get_figures())
    if width >= 500:  # headless Chromium does not make narrower windows
        assert "&quot;wide&quot;:false" in seen[1]
