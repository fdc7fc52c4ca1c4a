"""Everything of TRL, transformers and accelerate that the adapter uses is pinned, and the pins are complete."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset

import full_scale.trl_adapter
from full_scale.trl_adapter.compatibility import ARGUMENTS, ATTRIBUTES, FUNCTIONS, METHODS

FILES = sorted(Path(full_scale.trl_adapter.__file__).parent.rglob("*.py"))
TRAINERS = ("self", "trainer", "_trainer")


def test_methods_have_the_parameters_the_adapter_passes() -> None:
    from trl import GRPOTrainer

    for name, parameters in METHODS.items():
        assert tuple(inspect.signature(getattr(GRPOTrainer, name)).parameters) == parameters, name


def test_functions_have_the_parameters_the_adapter_passes() -> None:
    for path, parameters in FUNCTIONS.items():
        module, _, name = path.rpartition(".")
        found = tuple(inspect.signature(getattr(importlib.import_module(module), name)).parameters)
        assert found[: len(parameters)] == parameters, path


@pytest.mark.filterwarnings("ignore::FutureWarning:transformers.*", "ignore::UserWarning:transformers.*")
def test_trainers_have_the_attributes_the_adapter_uses(tiny_folder: Path, tmp_path: Path) -> None:
    from trl import GRPOConfig, GRPOTrainer

    trainer = GRPOTrainer(
        model=str(tiny_folder),
        reward_funcs=lambda completions, **_: [0.0] * len(completions),
        args=GRPOConfig(output_dir=str(tmp_path), use_cpu=True, bf16=False, report_to="none"),
        train_dataset=Dataset.from_dict({"prompt": ["1+1=", "2+2="]}),
    )
    assert [name for name in ATTRIBUTES if not hasattr(trainer, name)] == []
    assert [name for name in ARGUMENTS if not hasattr(trainer.args, name)] == []
    assert isinstance(trainer._step, int)
    assert isinstance(trainer._metrics["train"]["anything"], list)
    assert trainer.multi_objective_aggregation in ("sum_then_normalize", "normalize_then_sum")


def _used() -> tuple[set[str], set[str]]:
    """Return what the files of the adapter read of trainers, and of their arguments, by name."""
    of_trainer: set[str] = set()
    of_arguments: set[str] = set()
    for path in FILES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for owner in ast.walk(tree):
            if not isinstance(owner, (ast.ClassDef, ast.FunctionDef)):
                continue
            is_mixin = isinstance(owner, ast.ClassDef) and owner.name == "VASMixin"
            for node in ast.walk(owner):
                if not isinstance(node, ast.Attribute):
                    continue
                base: Any = node.value
                name = base.id if isinstance(base, ast.Name) else getattr(base, "attr", "")
                if isinstance(base, ast.Call) and getattr(base.func, "id", "") == "super":
                    name = "self"
                if (name == "self" and is_mixin) or name in TRAINERS[1:]:
                    of_trainer.add(node.attr)
                elif name == "args" and getattr(getattr(base, "value", None), "id", "") in TRAINERS:
                    of_arguments.add(node.attr)
    return of_trainer, of_arguments


def test_nothing_is_used_that_is_not_pinned() -> None:
    from full_scale.trl_adapter.mixin import VASMixin

    source = inspect.getsource(VASMixin)
    own = {name for name in vars(VASMixin) if not name.startswith("__")}
    own |= {
        target.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.Assign, ast.AnnAssign))
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Attribute) and getattr(target.value, "id", "") == "self"
    }
    of_trainer, of_arguments = _used()
    assert {"_step", "_metrics", "reward_weights", "_remove_unused_columns"} <= of_trainer, "the search finds nothing"
    assert of_trainer - own - {"__init__"} - set(METHODS) - set(ATTRIBUTES) == set()
    assert of_arguments - set(ARGUMENTS) == set()


def test_what_is_imported_from_private_places_is_pinned() -> None:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("accelerate", "trl.trainer")):
                for alias in node.names:
                    name = f"{node.module}.{alias.name}"
                    assert name in FUNCTIONS or any(path.startswith(f"{name}.") for path in FUNCTIONS), name
