"""A key changes with every definition on the way from an entry point, and with nothing else."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from vas_theory.foundation.errors import ArgumentError, DataError
from vas_theory.provenance.fingerprint import Key, differing_modules, key_of, place
from vas_theory.provenance.project import Project, this_project
from vas_theory.provenance.syntax import REFUSALS

FILES = {
    "__init__.py": "",
    "run.py": '''
"""Head."""
from __future__ import annotations
from typing import TYPE_CHECKING
import numpy as np
import simulations.constants as numbers
from simulations import far
from simulations.face import gain
from simulations.late import lazy
from simulations.parts import Child
from simulations.registry import load
from . import neighbour
if TYPE_CHECKING:
    from simulations.visitor import Visitor

SIZE: int = 3
"""How many."""

def run(guest: Visitor, count: int = SIZE) -> float:
    """Run."""
    from simulations.inner import helper  # at first use
    chosen = load("one")
    return Child().total() + far.reached(count) + numbers.SCALE + gain(2) + helper() + lazy() + neighbour.near() + np.pi

def other() -> int:
    return 1
''',
    "constants.py": "SCALE = 2.0\nUNUSED = 5\n",
    "far.py": "def reached(x):\n    return deep(x)\ndef deep(x):\n    return x + 1\ndef unused():\n    return 0\n",
    "face/__init__.py": "from simulations.face.parts import gain\n__all__ = ['gain']\n",
    "face/parts.py": "def gain(x):\n    return 2 * x\n",
    "late.py": (
        "import importlib\n_HOMES = {'lazy': 'inner'}\ndef __getattr__(name):\n"
        "    return getattr(importlib.import_module(f'simulations.{_HOMES[name]}'), name)\n"
    ),
    "inner.py": "def helper():\n    return 1\ndef lazy():\n    return 7\n",
    "parts.py": (
        "from dataclasses import dataclass, field\nfrom simulations.policy import rule\n"
        "class Base:\n    def total(self):\n        return self.hidden()\n    def hidden(self):\n        return 1\n"
        "@dataclass\nclass Child(Base):\n    size: int = 3\n    @rule(4)\n    def own(self) -> int:\n        return 2\n"
    ),
    "policy.py": "def rule(n):\n    return lambda f: f\n",
    "neighbour.py": "import simulations.side\ndef near():\n    return 1\n",
    "side.py": "VALUE = 1\n",
    "visitor.py": "class Visitor:\n    def speak(self):\n        return 'a'\n",
    "registry/__init__.py": (
        "import importlib\n__dispatch__ = 'MEMBER'\n"
        "def load(name):\n    return importlib.import_module(f'{__name__}.{name}').MEMBER\n"
    ),
    "registry/one.py": "from simulations.registry._shared import part\ndef MEMBER():\n    return part()\n",
    "registry/two.py": "def MEMBER():\n    return 2\n",
    "registry/_shared.py": "__reads__ = ('data.json', 'worker.py')\ndef part():\n    return open(__file__)\n",
    "registry/data.json": "[1]",
    "registry/worker.py": "def work():\n    return 1\nif __name__ == '__main__':\n    print(work())\n",
}
RUN, ONE = "simulations.run:run", "simulations.registry.one:MEMBER"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "simulations" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def _key(root: Path, *entries: str) -> Key:
    return key_of(*(entries or (RUN, ONE)), project=Project(root))


def _edit(root: Path, file: str, old: str, new: str) -> None:
    path = root / "simulations" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1) if old else text + new, encoding="utf-8")


CHANGES = [
    ("run.py", "Child().total() +", "Child().total() -"),
    ("run.py", "count: int = SIZE", "count: int = 4"),
    ("run.py", "SIZE: int = 3", "SIZE: int = 4"),
    ("run.py", "import numpy as np", "import scipy as np"),
    ("constants.py", "2.0", "2"),
    ("far.py", "x + 1", "x + 2"),
    ("far.py", "return deep(x)", "return unused()"),
    ("face/parts.py", "2 * x", "3 * x"),
    ("face/__init__.py", "from simulations.face.parts import gain", "from simulations.far import deep as gain"),
    ("inner.py", "return 1", "return 2"),
    ("inner.py", "return 7", "return 8"),
    ("parts.py", "return 1", "return 2"),
    ("parts.py", "return 2", "return 3"),
    ("parts.py", "size: int", "size: float"),
    ("parts.py", "-> int", "-> float"),
    ("policy.py", "lambda f: f", "lambda f: None"),
    ("visitor.py", "'a'", "'b'"),
    ("registry/one.py", "part()\n", "part() + 1\n"),
    ("registry/_shared.py", "open(__file__)", "[__file__]"),
    ("registry/worker.py", "return 1", "return 2"),
    ("registry/worker.py", "print(work())", "print(2)"),
    ("registry/data.json", "1", "2"),
    *((name, "", "\nraise RuntimeError\n") for name in FILES if name.endswith(".py") and name != "registry/two.py"),
]
"""File, what is replaced and by what; an empty text appends."""


@pytest.mark.parametrize(("file", "old", "new"), CHANGES, ids=[f"{c[0]}: {c[2].strip()}" for c in CHANGES])
def test_a_change_on_the_way_changes_the_key(root: Path, file: str, old: str, new: str) -> None:
    before = _key(root)
    _edit(root, file, old, new)
    after = _key(root)
    assert after.digest != before.digest
    if file.endswith(".py") and file != "face/__init__.py":
        changed = "simulations" + "".join(f".{part}" for part in Path(file).with_suffix("").parts if part != "__init__")
        assert changed in differing_modules(before.as_json(), after) or "import" in old


KEPT = [
    ("run.py", '"""Run."""', '"""Run, and say more about it."""'),
    ("run.py", "  # at first use", "  # when it is needed"),
    ("run.py", '"""How many."""', ""),
    ("run.py", "-> float", "-> complex"),
    ("run.py", "count: int = SIZE", "count: float = SIZE"),
    ("run.py", "SIZE: int = 3", "SIZE = 3"),
    ("run.py", "return 1", "return 2"),
    ("run.py", "import numpy as np\n", "import numpy as np\nimport simulations.side\n"),
    ("constants.py", "UNUSED = 5", "UNUSED = 6"),
    ("far.py", "return 0", "return 9"),
    ("side.py", "VALUE = 1", "VALUE = 2"),
    ("side.py", "", "\nif __name__ == '__main__':\n    print(VALUE)\n"),
    ("registry/two.py", "return 2", "return 3"),
    ("registry/two.py", "", "\nraise RuntimeError\n"),
]


@pytest.mark.parametrize(("file", "old", "new"), KEPT, ids=[f"{c[0]}: {c[2].strip()}" for c in KEPT])
def test_what_carries_no_meaning_or_is_not_reached_keeps_the_key(root: Path, file: str, old: str, new: str) -> None:
    before = _key(root)
    _edit(root, file, old, new)
    assert _key(root).digest == before.digest


def test_a_moved_file_keeps_the_key(root: Path) -> None:
    before = _key(root)
    (root / "simulations" / "room").mkdir()
    shutil.move(root / "simulations" / "parts.py", root / "simulations" / "room" / "pieces.py")
    (root / "simulations" / "room" / "__init__.py").write_text('"""A room."""\n', encoding="utf-8")
    _edit(root, "run.py", "from simulations.parts import Child", "from simulations.room.pieces import Child")
    after = _key(root)
    assert after.digest == before.digest
    assert set(before.modules.values()) == set(after.modules.values())


def test_without_a_named_member_all_members_count(root: Path) -> None:
    before = _key(root, RUN)
    _edit(root, "registry/two.py", "return 2", "return 3")
    assert _key(root, RUN).digest != before.digest


def test_a_result_may_say_that_no_member_decides_it(root: Path) -> None:
    before = _key(root, RUN, "simulations.registry:")
    for name in ("one", "two"):
        _edit(root, f"registry/{name}.py", "", "\nraise RuntimeError\n")
    assert _key(root, RUN, "simulations.registry:").digest == before.digest
    assert _key(root, RUN).digest != before.digest


def test_two_definitions_of_one_text_are_told_apart_by_what_they_use(root: Path) -> None:
    for name, value in (("left", 1), ("right", 2)):
        text = f"VALUE = {value}\ndef same():\n    return VALUE\n"
        (root / "simulations" / f"{name}.py").write_text(text, encoding="utf-8")
    uses = (
        "from simulations.left import same\nfrom simulations.right import same as also\n"
        "def both():\n    return same() - also()\n"
    )
    (root / "simulations" / "both.py").write_text(uses, encoding="utf-8")
    before = _key(root, "simulations.both:both")
    _edit(root, "both.py", "same() - also()", "also() - same()")
    assert _key(root, "simulations.both:both").digest != before.digest


def test_definitions_that_use_each_other_have_a_key(root: Path) -> None:
    text = "def even(n):\n    return n == 0 or odd(n - 1)\ndef odd(n):\n    return n != 0 and even(n - 1)\n"
    (root / "simulations" / "circle.py").write_text(text, encoding="utf-8")
    before = _key(root, "simulations.circle:even")
    assert _key(root, "simulations.circle:odd").digest != before.digest
    _edit(root, "circle.py", "n != 0", "n > 0")
    assert _key(root, "simulations.circle:even").digest != before.digest


@pytest.mark.parametrize(
    "text", ["import importlib\ndef find(n):\n    return importlib.import_module(n)\n", "X = __file__\n"]
)
def test_undeclared_finding_by_name_is_refused(root: Path, text: str) -> None:
    (root / "simulations" / "finder.py").write_text(text, encoding="utf-8")
    entry = "simulations.finder:" + ("find" if "find" in text else "X")
    with pytest.raises(DataError, match=r"simulations\.finder:.*__dispatch__ or __reads__"):
        _key(root, entry)
    _edit(root, "finder.py", "", "\n__reads__ = ()\n")
    _key(root, entry)


def test_neutral_modules_do_not_count(root: Path) -> None:
    _edit(root, "far.py", "", "\n__neutral__ = 'how it is told'\n")
    before = _key(root)
    _edit(root, "far.py", "x + 1", "x + 2")
    _edit(root, "far.py", "", "\nraise RuntimeError\n")
    assert _key(root).digest == before.digest


def test_within_a_package_the_rest_counts_by_name_alone(root: Path) -> None:
    def within() -> Key:
        return key_of("simulations.registry.one:*", project=Project(root), within="simulations.registry.one")

    before = within()
    _edit(root, "registry/_shared.py", "open(__file__)", "[__file__]")
    assert within().digest == before.digest
    assert within().as_json()["within"] == "simulations.registry.one"
    _edit(root, "registry/one.py", "part()\n", "part() + 1\n")
    assert within().digest != before.digest


def test_a_later_kernel_version_changes_the_key_and_the_first_does_not(root: Path) -> None:
    before = _key(root)
    _edit(root, "far.py", "", "\n__kernel_version__ = 1\n")
    assert _key(root).digest == before.digest
    _edit(root, "far.py", "__kernel_version__ = 1", "__kernel_version__ = 2")
    assert _key(root).digest != before.digest


def test_bad_entries_are_one_line(root: Path) -> None:
    for entry in ("run", lambda: None, "".join, 3):
        with pytest.raises(ArgumentError, match="entry"):
            place(entry)  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"simulations\.run defines no walk"):
        _key(root, "simulations.run:walk")
    with pytest.raises(DataError, match="no source file"):
        _key(root, "no_such_module_at_all:run")
    assert str(place(place)) == "vas_theory.provenance.fingerprint:place"


def test_keys_of_the_whole_project_take_under_two_seconds() -> None:
    started = time.process_time()
    key = key_of("vas_theory.claims:all_claims", "simulations.experiments:get_experiment", project=this_project())
    assert len(key.modules) > 80
    assert time.process_time() - started < 2


NEUTRAL = {
    *(f"simulations.running.{name}" for name in ("refusals", "sweep")),
    *(f"full_scale.{name}.refusals" for name in ("compact", "config", "models", "tasks")),
    "vas_theory.claims.lib.drawing",
    *(f"vas_theory.selection.{name}" for name in ("contract.refusals", "describing", "pickling", "refusals")),
    *(f"vas_theory.foundation.{name}" for name in ("command_line", "display", "errors")),
    *(f"vas_theory.foundation.{name}" for name in ("installation", "plotting", "refusals")),
    *(f"vas_theory.provenance.{name}" for name in ("fingerprint", "folders", "modules", "project")),
    *(f"vas_theory.provenance.{name}" for name in ("reach", "stamps", "syntax", "tables")),
}


def test_the_neutral_modules_are_few_and_known() -> None:
    project = this_project()
    assert {name for name in project.names if not name.startswith("tests.") and project.is_neutral(name)} == NEUTRAL


def test_every_module_of_refusals_is_neutral() -> None:
    project = this_project()
    found = [name for name in project.names if name.rpartition(".")[2] == REFUSALS]
    assert found
    assert all(map(project.is_neutral, found))


@pytest.mark.parametrize(
    ("call", "same"),
    [
        ("refuse(x)", True),
        ("refuse(x.size, limit=3)", True),
        ("refuse(deep(x))", False),
        ("refuse(x := 3)", False),
        ("x = refuse(x)", False),
        ("deep(x)", False),
        ("refuse", False),
    ],
)
def test_a_call_that_only_refuses_is_no_part_of_a_result(call: str, same: bool, root: Path) -> None:
    (root / "simulations" / "refusals.py").write_text("__neutral__ = 'refused'\ndef refuse(x):\n    x + 0\n")
    before = _key(root)
    old = "def reached(x):\n"
    _edit(root, "far.py", old, f"from simulations.refusals import refuse\n{old}    {call}\n")
    assert (_key(root).digest == before.digest) is same


def test_no_class_registers_its_subclasses() -> None:
    """A hook that runs when a class is made would act on what no reference shows."""
    project = this_project()
    for name in project.names:
        if not name.startswith("tests."):
            text = project.file(name).read_text(encoding="utf-8")  # type: ignore[union-attr]
            assert "__init_subclass__" not in text or name.startswith("vas_theory.provenance"), name
            assert "metaclass=" not in text, name
