"""The made-up run is read like a real one."""

from __future__ import annotations

from pathlib import Path

from full_scale.logs import read_run
from full_scale.logs.example import write_example


def test_the_made_up_run_is_read_as_a_run_of_verl(tmp_path: Path) -> None:
    run = read_run(write_example(tmp_path / "example", steps=12, prompts=60, batch=8, group_size=4))
    summary = run.summary()
    assert run.source == "verl"
    assert (summary["steps"], summary["groups"], summary["rollouts"]) == (12, 96, 384)
    assert 0 < summary["silent_share"] < 1


def test_its_prompts_get_easier_and_the_seed_decides_it(tmp_path: Path) -> None:
    first, same, other = (write_example(tmp_path / str(place), seed=seed) for place, seed in enumerate((3, 3, 4)))
    reward = read_run(first).summary()
    assert reward["reward_last"] > reward["reward_first"]
    assert (first / "120.jsonl").read_bytes() == (same / "120.jsonl").read_bytes()
    assert (first / "120.jsonl").read_bytes() != (other / "120.jsonl").read_bytes()
