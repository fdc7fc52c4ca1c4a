"""Sizes of known models are recorded, so that a plan needs no torch; they are those of the models."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
from typing import Any

import pytest

from full_scale.__main__ import main
from full_scale.planning.architectures import (
    CONFIGURATIONS,
    RECORDED,
    SAME_SHAPE,
    architecture_of,
    known_architectures,
    recorded_architecture,
)
from vas_theory.foundation.errors import MissingExtraError


def measured(name: str) -> dict[str, Any]:
    adapted = architecture_of(name, lora_rank=1).trainable
    return {**dataclasses.asdict(architecture_of(name)), "adapted_per_rank": adapted}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")  # peft asks for it by its old name
def test_every_known_model_is_recorded_with_its_own_sizes() -> None:
    found = {name: measured(name) for name in sorted(CONFIGURATIONS)}
    if os.environ.get("VAS_WRITE_REFERENCE"):
        RECORDED.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    assert json.loads(RECORDED.read_text(encoding="utf-8")) == found


@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")
def test_adapters_of_any_rank_follow_from_those_of_rank_one() -> None:
    name = "Qwen/Qwen2.5-0.5B-Instruct"
    assert recorded_architecture(name, 8, "all-linear") == architecture_of(name, lora_rank=8)
    assert recorded_architecture(name, 0, "all-linear") == architecture_of(name)


def test_a_plan_without_torch_is_the_plan_with_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "smollm2-cpu", "--json"]) == 0
    with_torch, find = capsys.readouterr().out, importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "torch" else find(name, *rest))
    assert main(["plan", "smollm2-cpu", "--json"]) == 0
    assert capsys.readouterr().out == with_torch


def test_what_is_not_recorded_names_the_extra() -> None:
    assert set(json.loads(RECORDED.read_text(encoding="utf-8"))) | set(SAME_SHAPE) == set(known_architectures())
    with pytest.raises(MissingExtraError, match="full-scale"):
        recorded_architecture("some/other-model", 0, "all-linear")
    with pytest.raises(MissingExtraError, match="full-scale"):
        recorded_architecture("smollm2-135m", 8, ("q_proj",))
