"""Hypothesis profiles, the isolation every test runs in, and the browser that pages are opened in."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator, Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.browser import CHROMIUM, Browser, run_browser

pytest_plugins = ["tests.skips"]

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("MPLBACKEND", "Agg")

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=50, deadline=None, derandomize=True, print_blob=True)
settings.register_profile("random", max_examples=200, deadline=None)
settings.register_profile(
    "deep", max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))


def pytest_configure(config: pytest.Config) -> None:
    """Give each of several workers one core: numerical libraries start a thread for every core, which then all wait."""
    if config.getoption("numprocesses", None):
        os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for garbage neither while the tests are loaded, nor afterwards among what was loaded: it is all in use."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@pytest.fixture(autouse=True)
def _no_global_randomness(monkeypatch: pytest.MonkeyPatch) -> None:
    """Results must come from explicit generators: numpy's legacy global draws raise inside tests."""
    import numpy as np

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("numpy's global random state was used; pass a Generator")

    for name in ("rand", "randn", "random", "randint", "choice", "shuffle", "permutation", "uniform", "normal"):
        monkeypatch.setattr(np.random, name, refuse)


@pytest.fixture(scope="session", autouse=True)
def _no_waiting_for_the_disk() -> Iterator[None]:
    """No test cuts the power, and what a killed process wrote stays with the system, synced or not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One running Chromium; a test that uses it is skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: install it to see the pages tested")
    with run_browser(tmp_path_factory.mktemp("profile")) as running:
        yield running
