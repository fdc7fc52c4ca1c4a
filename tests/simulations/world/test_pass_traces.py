"""Traces of real runs: read, described, replayed, and turned into a world in which arms can be compared."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulations.experiments.fitted import EXPERIMENT, FittedConfig
from simulations.running.fitted_worlds import FITTED, fit_world, fitted_world, read_world, start_rates
from simulations.world.pass_traces import fit_trace, replay_trace
from simulations.world.pool import PoolConfig
from vas_theory.foundation.errors import ArgumentError, DataError, UnknownNameError
from vas_theory.groups.pass_traces import read_trace


def _trace(prompts: int = 800, visits: int = 12, lift: float = 0.0, seed: int = 0) -> np.ndarray:
    """Rollouts of 8 that were right: Beta(.4, .8) at first, the logits rise by ``lift`` over the visits."""
    rng = np.random.default_rng(seed)
    rates = rng.beta(0.4, 0.8, prompts)
    logits = np.log(rates / (1 - rates))[:, None] + lift * np.linspace(0, 1, visits)
    return rng.binomial(8, 1 / (1 + np.exp(-logits)))


def _write(path: Path, right: np.ndarray, rollouts: int = 8) -> Path:
    path.write_text(json.dumps({f"p{i}": (row / rollouts).tolist() for i, row in enumerate(right)}), encoding="utf-8")
    return path


def test_a_trace_is_read_as_counts_up_to_the_shortest(tmp_path: Path) -> None:
    right = _trace(30, 6)
    table = {f"p{i}": (row / 8).tolist() for i, row in enumerate(right)}
    table["p3"] = table["p3"] + [0.5]
    path = tmp_path / "t.json"
    path.write_text(json.dumps(table), encoding="utf-8")
    counts, rollouts = read_trace(path)
    assert rollouts == 8
    assert np.array_equal(counts, right)
    assert np.array_equal(read_trace(path, 16)[0], 2 * right)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("[]", "20 prompts"),
        ("{", "not a JSON file"),
        ('{"a": [0.5, 0.5]}', "20 prompts"),
        (json.dumps({str(i): [0.5] * (4 if i else 2) for i in range(30)}), "'0'"),
        (json.dumps({str(i): [0.5, 0.5, 1.5 if i == 7 else 1, 0] for i in range(30)}), "'7'"),
        (json.dumps({str(i): ["a", 0, 0, 0] for i in range(30)}), "'0'"),
        (json.dumps({str(i): [0.5, 0.123456, 0.1, 0] for i in range(30)}), "up to 64 rollouts"),
    ],
)
def test_other_files_are_refused_by_name(content: str, named: str, tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=named) as refusal:
        read_trace(path)
    assert "t.json" in str(refusal.value)
    with pytest.raises(DataError, match="does not exist"):
        read_trace(tmp_path / "none.json")


def test_planted_numbers_are_found() -> None:
    still = fit_trace(_trace(3000), 8, "planted")
    assert still.start == pytest.approx((0.4, 0.8), rel=0.08)
    assert still.end == pytest.approx(still.start, rel=0.1)
    assert still.retention == 1.0  # nothing moves, so nothing is to be forgotten
    assert fit_trace(_trace(300, visits=240), 8, "planted").falls == 0.0
    rising = fit_trace(_trace(3000, visits=30, lift=3.0), 8, "planted")
    assert rising.retention < 1.0
    assert rising.mean[1] > rising.mean[0] + 0.2
    assert all(after > before for _, before, after in rising.drift)
    assert rising.silent_right[1] > rising.silent_right[0]
    by_state = np.array([(0, 0.0), (8, 1.0)])
    fixed = fit_trace(np.tile(by_state[:, :1], (20, 9)).astype(np.int64), 8, "fixed")
    assert (fixed.stays[0], fixed.stays[2]) == (1.0, 1.0)


def test_replay_finds_what_history_tells() -> None:
    right = _trace()
    found = replay_trace(right, 8, share=0.25, retention=1.0)
    mixed = (right > 0) & (right < 8)
    assert found["uniform"] == pytest.approx(mixed[:, 1:].mean(), abs=1e-12)
    assert found["history"] > 1.5 * found["uniform"]
    assert found["oracle"] == 1.0
    rng = np.random.default_rng(0)
    shuffled = np.apply_along_axis(rng.permutation, 0, right)  # history of another prompt
    found = replay_trace(shuffled, 8)
    assert found["history"] == pytest.approx(found["uniform"], abs=0.04)
    with pytest.raises(ArgumentError, match="share"):
        replay_trace(right, 8, share=0.0)


def test_a_world_begins_and_ends_as_the_trace() -> None:
    fit = fit_trace(_trace(300, visits=20, lift=1.0), 8, "planted")
    world = fit_world(fit)
    assert world["source"] == "planted"
    assert np.mean(start_rates(*fit.start)) == pytest.approx(fit.start[0] / sum(fit.start), abs=0.01)
    theirs, ours = world["end"]["mean"]
    assert theirs == pytest.approx(fit.mean[1], abs=1e-4)
    assert ours == pytest.approx(theirs, abs=0.06)
    assert world["distance"] < 0.08


def test_worlds_by_name_and_by_file(tmp_path: Path) -> None:
    for name, values in FITTED.items():
        place = fitted_world(name, scale=0.1)
        assert isinstance(place.pool, PoolConfig)
        assert np.mean(place.pool.measured) == pytest.approx(values["start"][0] / sum(values["start"]), abs=0.01)
        assert values["source"]
    path = tmp_path / "w.json"
    path.write_text(json.dumps({"world": next(iter(FITTED.values()))}), encoding="utf-8")
    config = FittedConfig(worlds=(str(path),))
    assert fitted_world(str(path), fits=config.fits) == fitted_world(next(iter(FITTED)))
    before = config.model_dump()
    path.write_text(json.dumps({"world": {**next(iter(FITTED.values())), "start": [0.2, 0.2]}}), encoding="utf-8")
    assert FittedConfig(worlds=(str(path),)).model_dump() != before  # another file is another table
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match="simulations fit"):
        read_world(path)
    with pytest.raises(DataError, match="does not exist"):
        read_world(tmp_path / "none.json")
    with pytest.raises(UnknownNameError):
        fitted_world("no-such-world")
    with pytest.raises(ValueError, match="no fitted world nowhere"):
        FittedConfig(worlds=("nowhere",))


def _run(*command: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "simulations", *command], capture_output=True, text=True, **options)


@pytest.mark.slow
def test_the_command_makes_a_world_in_which_arms_are_compared(tmp_path: Path) -> None:
    trace = _write(tmp_path / "trace.json", _trace(100, visits=8, lift=0.5))
    answer = _run("fit", str(trace), "--output", str(tmp_path / "w.json"), check=True)
    assert "100 prompts, 8 visits each, 8 rollouts a visit" in answer.stdout
    world = json.dumps([str(tmp_path / "w.json")])
    ran = _run("run", "fitted", "--preset", "smoke", "--set", f"worlds={world}", "--output", str(tmp_path), check=True)
    assert "computed" in ran.stdout
    refused = _run("fit", str(tmp_path / "none.json"))
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: ")
    assert EXPERIMENT.name == "fitted"
