"""The compact engine trains on questions from generators and files, scored by their own checks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from full_scale.compact.loop import Run
from full_scale.config.training import load_config
from full_scale.rewards import shared_verifier


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["reasoning_gym", "file"])
def test_one_step(kind: str, study_toml: Path, tmp_path: Path) -> None:
    if kind == "reasoning_gym":
        pytest.importorskip("reasoning_gym")
    text = study_toml.read_text(encoding="utf-8").replace("largest_operand = 4", f'name = "{kind}"')
    if kind == "file":
        rows = (json.dumps({"problem": f"{n} + 1 =", "answer": n + 1}) for n in range(30))
        (tmp_path / "mine.jsonl").write_text("\n".join(rows), encoding="utf-8")
        text = text.replace("[rollouts]", f'source = "{tmp_path / "mine.jsonl"}"\n[rollouts]')
    else:
        text = text.replace("[rollouts]", 'generators = ["count_bits"]\nlevels = [3]\nshots = 0\n[rollouts]')
    (tmp_path / "tiny.toml").write_text(text, encoding="utf-8")
    config = load_config(tmp_path / "tiny.toml", ["training.steps=1"])
    compared = shared_verifier().counts.total()
    progress = Run(config, config.arms[0], 0, tmp_path / "run", {}).train(lambda line: None)
    assert progress.steps[-1]["rollouts"] == 32
    assert all(row["prompt_key"].startswith((kind, "file:mine.jsonl/")) for row in progress.prompts)
    assert (shared_verifier().counts.total() > compared) is (kind == "file")
    shared_verifier().close()
