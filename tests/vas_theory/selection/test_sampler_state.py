"""Saving, resuming, refusing: exact at every step, through real kills and damaged files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vas_theory.foundation.errors import DataError, IntegrityError, StateMismatchError
from vas_theory.provenance.state import read_state, seal, write_state
from vas_theory.selection import DiscountedBeta, PassRatePrior, VarianceAwareSampler

KEYS = [f"prompt-{i}" for i in range(23)]

SETTINGS: dict[str, dict[str, Any]] = {
    "default": {"batch_size": 6},
    "probes": {"batch_size": 6, "max_probes": 2, "probe_after": 3, "max_policy_lag": 1},
    "replace": {"batch_size": 30, "replace": True, "mixture_ratio": 0.7},
    "kalman": {"batch_size": 6, "posterior": "arcsine_kalman"},
    "pooled": {"batch_size": 6, "posterior": "hierarchical_beta", "categories": np.arange(23) % 4},
    "vps": {"batch_size": 6, "score": "vps"},
    "periodic": {"batch_size": 6, "refresh": "periodic", "update_interval": 3},
    "paper": {"batch_size": 6, "mode": "paper", "update_interval": 4},
    "graded": {"batch_size": 6, "posterior": "normal_gamma"},
    "rested": {"batch_size": 6, "rest_steps": 2, "exponent": 2.0, "mixture_ratio": 0.55},
    "candidates": {"batch_size": 6, "candidates": 10, "mixture_ratio": 0.75, "revisit_discount": 0.5},
    "informed": {
        "batch_size": 4,
        "features": np.random.default_rng(3).standard_normal((23, 5)),
        "prior": PassRatePrior(np.arange(23.0) % 9, 8),
        "candidates": 12,
        "rest_steps": 2,
    },
    "mmr1-released": {"batch_size": 6, "mode": "mmr1-released", "momentum": 0.3, "beta": 0.2},
}
every_setting = pytest.mark.parametrize("name", SETTINGS)


def _build(name: str, seed: int = 5, keys: list[str] | None = None, **changes: Any) -> VarianceAwareSampler:
    return VarianceAwareSampler(keys or KEYS, seed=seed, **{**SETTINGS[name], **changes})


def _has_features(sampler: VarianceAwareSampler) -> bool:
    return hasattr(sampler.posterior, "prediction")


def _advance(sampler: VarianceAwareSampler) -> np.ndarray:
    """One step whose rewards depend on the step alone, and a first half of any refresh before it."""
    rng = np.random.default_rng([9, sampler.step])

    def groups(count: int) -> dict[str, np.ndarray]:
        return {"rewards": rng.integers(0, 2, (count, 4)), "diversity": rng.random(count)}

    while (due := sampler.refresh_due()).size:
        sampler.refresh(due[:12], **groups(min(12, due.size)))
    if _has_features(sampler) and sampler.step % 3 == 2:
        renewed = sampler.next_candidates()
        sampler.set_features(rng.standard_normal((renewed.size, 5)), renewed)
    positions = sampler.draw(policy_version=sampler.step)
    sampler.observe(positions, **groups(positions.size), policy_version=np.maximum(0, sampler.step - 1 - positions % 4))
    return positions


@every_setting
def test_resume_at_every_step_draws_what_the_uninterrupted_run_draws(name: str) -> None:
    steps = 14
    whole = _build(name)
    states, batches = [], []
    for _ in range(steps):
        states.append(whole.state_dict())
        batches.append(_advance(whole))
    final = whole.state_dict()["checksum"]
    for start in range(steps):
        resumed = _build(name, seed=1000 + start)
        resumed.load_state_dict(states[start])
        for step in range(start, steps):
            assert np.array_equal(_advance(resumed), batches[step]), (start, step)
        assert resumed.state_dict()["checksum"] == final
        assert resumed.metrics() == pytest.approx(whole.metrics(), abs=0, nan_ok=True)


@pytest.mark.parametrize("name", ["periodic", "mmr1-released"])
def test_resume_between_the_parts_of_a_refresh(name: str) -> None:
    whole = _build(name)
    rewards = np.random.default_rng(0).integers(0, 2, (23, 4))
    for part in (slice(0, 5), slice(5, 20), slice(20, 23)):
        whole.refresh(np.arange(23)[part], rewards[part], diversity=np.full(23, 0.5)[part])
        resumed = _build(name, seed=1)
        resumed.load_state_dict(whole.state_dict())
        assert np.array_equal(resumed.refresh_due(), whole.refresh_due())
        whole = resumed
    reference = _build(name)
    reference.refresh(np.arange(23), rewards, diversity=np.full(23, 0.5))
    assert np.array_equal(whole.weights, reference.weights)
    assert whole.state_dict()["checksum"] == reference.state_dict()["checksum"]


@every_setting
def test_files_round_trip_and_hold_no_pickle(name: str, tmp_path: Path) -> None:
    sampler = _build(name)
    for _ in range(3):
        _advance(sampler)
    path = tmp_path / "sampler.npz"
    sampler.save(path)
    sampler.save(path)  # replaces
    assert os.listdir(tmp_path) == ["sampler.npz"]
    with np.load(path, allow_pickle=False) as archive:
        assert all(archive[entry].dtype != object for entry in archive.files)
    copy = _build(name, seed=0)
    copy.load(path)
    assert copy.state_dict()["checksum"] == sampler.state_dict()["checksum"]
    assert all(isinstance(value, (np.ndarray, int, float, str)) for value in sampler.state_dict().values())


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    sampler = _build("default")
    _advance(sampler)
    path = tmp_path / "sampler.npz"
    sampler.save(path)
    good = path.read_bytes()
    receiver = _build("default")
    before = receiver.state_dict()["checksum"]
    for cut in (0, 1, 100, len(good) // 2, len(good) - 1):
        path.write_bytes(good[:cut])
        with pytest.raises(IntegrityError, match=r"sampler\.npz"):
            receiver.load(path)
    for place in np.linspace(30, len(good) - 30, 150).astype(int):
        damaged = bytearray(good)
        damaged[place] ^= 0x10
        path.write_bytes(damaged)
        try:
            receiver.load(path)
        except IntegrityError:
            assert receiver.state_dict()["checksum"] == before
        else:  # bytes that carry nothing, such as a file's date
            assert receiver.state_dict()["checksum"] == sampler.state_dict()["checksum"]
            receiver = _build("default")
    path.write_bytes(b"not a state")
    with pytest.raises(IntegrityError):
        receiver.load(path)
    with pytest.raises(DataError, match="does not exist"):
        receiver.load(tmp_path / "none.npz")


def test_altered_states_are_refused() -> None:
    sampler = _build("default")
    _advance(sampler)
    for change in (
        {"step": 7},
        {"seed": "6"},
        {"weights": np.ones(23)},
        {"tally": sampler.state_dict()["tally"].replace("0", "1", 1)},
        {"extra": 1},
        {"checksum": "0" * 64},
    ):
        with pytest.raises(IntegrityError):
            _build("default").load_state_dict({**sampler.state_dict(), **change})
    state = sampler.state_dict()
    del state["checksum"]
    with pytest.raises(IntegrityError, match="no checksum"):
        _build("default").load_state_dict(state)
    with pytest.raises(DataError, match="version"):
        _build("default").load_state_dict(seal({**sampler.state_dict(), "version": 99}))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"batch_size": 7}, "batch_size: expected 7, found 6"),
        ({"mixture_ratio": 0.25}, "mixture_ratio: expected 0.25, found 0.5"),
        ({"score": "vps"}, "score"),
        ({"posterior": DiscountedBeta(23, drift=0.0)}, "posterior.drift"),
        ({"posterior": "arcsine_kalman"}, "posterior.kind"),
        ({"keys": KEYS[:-1]}, r"1 more \('prompt-22'\)"),
        ({"keys": [*KEYS[1:], "other"]}, r"1 more \('prompt-0'\) and 1 fewer \('other'\)"),
        ({"keys": KEYS[::-1]}, "another order"),
    ],
)
def test_other_settings_and_prompts_are_refused_with_a_diff(changes: dict[str, Any], named: str) -> None:
    sampler = _build("default")
    _advance(sampler)
    receiver = _build("default", seed=77, **changes)
    before = receiver.state_dict()["checksum"]
    with pytest.raises(StateMismatchError, match=named):
        receiver.load_state_dict(sampler.state_dict())
    assert receiver.state_dict()["checksum"] == before
    with pytest.raises(StateMismatchError, match="23 prompts"):
        VarianceAwareSampler(23, batch_size=6).load_state_dict(sampler.state_dict())


def test_other_categories_are_refused_before_anything_changes() -> None:
    sampler = _build("pooled")
    _advance(sampler)
    receiver = _build("pooled", categories=np.arange(23) % 3)
    before = receiver.state_dict()["checksum"]
    with pytest.raises(StateMismatchError, match="categories"):
        receiver.load_state_dict(sampler.state_dict())
    assert receiver.state_dict()["checksum"] == before


@pytest.mark.parametrize("name", ["default", "kalman", "vps", "pooled", "paper"])
def test_a_changed_data_set_goes_on_by_key(name: str) -> None:
    sampler = _build(name)
    for _ in range(6):
        _advance(sampler)
    keys = ["new-1", *KEYS[:2:-1], "new-2", "new-3"]  # three gone, three new, the rest in another order
    changes = {"categories": np.arange(len(keys)) % 4} if name == "pooled" else {}
    receiver = _build(name, seed=1, keys=keys, **changes)
    receiver.load_state_dict(sampler.state_dict(), match_keys=True)
    common = [key for key in keys if key in KEYS]
    new, old = receiver.positions_of(common), sampler.positions_of(common)
    for array in ("draw_counts", "drawn_by", "weights"):
        assert np.array_equal(getattr(receiver, array)[new], getattr(sampler, array)[old])
    assert np.array_equal(receiver.posterior.last_seen[new], sampler.posterior.last_seen[old])
    if name != "pooled":
        assert np.array_equal(receiver.posterior.mean(new), sampler.posterior.mean(old))
    added = receiver.positions_of(["new-1", "new-2", "new-3"])
    assert (receiver.draw_counts[added] == 0).all()
    assert (receiver.posterior.last_seen[added] == -1).all()
    assert (receiver.seed, receiver.step) == (5, 6)
    for _ in range(5):
        _advance(receiver)


def test_a_pass_of_the_uniform_share_takes_in_new_prompts() -> None:
    sampler = VarianceAwareSampler(KEYS, batch_size=5, mixture_ratio=0.0, seed=3)
    walked = [key for _ in range(2) for key in sampler.keys.at(sampler.draw()).tolist()]
    keys = [*KEYS[4:], "new-1", "new-2"]
    receiver = VarianceAwareSampler(keys, batch_size=5, mixture_ratio=0.0)
    receiver.load_state_dict(sampler.state_dict(), match_keys=True)
    left = len(set(keys) - set(walked))
    rest = [key for _ in range(5) for key in receiver.keys.at(receiver.draw()).tolist()]
    assert sorted(rest[:left]) == sorted(set(keys) - set(walked))


@pytest.mark.parametrize("batches", [0, 1, 2])
def test_between_two_passes_new_prompts_wait_for_the_next(batches: int) -> None:
    sampler = VarianceAwareSampler(["a", "b", "c"], batch_size=3, mixture_ratio=0.0)
    for _ in range(batches):
        sampler.draw()
    receiver = VarianceAwareSampler(["a", "new", "b", "c"], batch_size=2, mixture_ratio=0.0, replace=True)
    small = VarianceAwareSampler(["a", "b", "c"], batch_size=2, mixture_ratio=0.0, replace=True)
    small.walk.load_state_dict(sampler.walk.state_dict())
    receiver.load_state_dict(small.state_dict(), match_keys=True)
    for _ in range(4):
        walked = np.concatenate([receiver.draw(), receiver.draw()])
        assert sorted(walked.tolist()) == [0, 1, 2, 3]


def test_the_draws_do_not_depend_on_the_number_of_threads(tmp_path: Path) -> None:
    script = (
        "import numpy as np, hashlib\n"
        "from vas_theory.selection import VarianceAwareSampler\n"
        "s = VarianceAwareSampler(3000, batch_size=64, seed=8)\n"
        "d = hashlib.sha256()\n"
        "for t in range(10):\n"
        "    p = s.draw(); d.update(p.tobytes())\n"
        "    s.observe(p, np.random.default_rng(t).integers(0, 2, (64, 8)))\n"
        "print(d.hexdigest(), s.state_dict()['checksum'])\n"
    )
    answers = set()
    for count in ("1", "3"):
        environment = {**os.environ, "OMP_NUM_THREADS": count, "NUMBA_NUM_THREADS": count, "PYTHONHASHSEED": count}
        command = [sys.executable, "-c", script]
        answers.add(subprocess.run(command, env=environment, check=True, capture_output=True).stdout)
    assert len(answers) == 1


CHILD = """
import sys
import numpy as np
from vas_theory.selection import VarianceAwareSampler

sampler = VarianceAwareSampler(4000, batch_size=32, seed=6)
print("ready", flush=True)
for step in range(100_000):
    positions = sampler.draw()
    sampler.observe(positions, np.random.default_rng(step).integers(0, 2, (32, 8)))
    sampler.save(sys.argv[1])
    print(step, positions.tolist(), flush=True)
"""


def test_kill_9_between_and_during_saves_loses_nothing_that_was_saved(tmp_path: Path) -> None:
    path = tmp_path / "sampler.npz"
    drawn: dict[int, list[int]] = {}
    for kill in range(3):
        path.unlink(missing_ok=True)
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        lines = [child.stdout.readline() for _ in range(4 + 3 * kill)]
        time.sleep(0.0017 * kill)  # somewhere within a step
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.readlines()
        child.wait()
        child.stdout.close()
        whole = [line for line in lines if line.endswith("]\n")]
        for line in whole:
            step, positions = line.split(" ", 1)
            assert drawn.setdefault(int(step), json.loads(positions)) == json.loads(positions)
        resumed = VarianceAwareSampler(4000, batch_size=32, seed=0)
        resumed.load(path)
        # what was printed had been saved; at most one more save was complete
        assert len(whole) <= resumed.step <= len(whole) + 1
        fresh = VarianceAwareSampler(4000, batch_size=32, seed=6)
        for step in range(resumed.step):
            fresh.observe(fresh.draw(), np.random.default_rng(step).integers(0, 2, (32, 8)))
        assert resumed.state_dict()["checksum"] == fresh.state_dict()["checksum"]
        assert np.array_equal(resumed.draw(), fresh.draw())


def test_state_files_of_any_flat_dict(tmp_path: Path) -> None:
    state = seal(
        {"text": "", "ends in null": "x\0", "int": -3, "float": 0.1, "array": np.arange(3.0), "empty": np.empty(0)}
    )
    write_state(tmp_path / "s.npz", state)
    loaded = read_state(tmp_path / "s.npz")
    assert loaded["text"] == ""
    assert loaded["ends in null"] == "x\0"
    assert (loaded["int"], loaded["float"]) == (-3, 0.1)
    bare = {"scalar": np.float64(0.5), "point": np.array(3), "flag": np.bool_(True)}
    write_state(tmp_path / "bare.npz", seal(bare))
    loaded = read_state(tmp_path / "bare.npz")
    assert {name: loaded[name] for name in bare} == {"scalar": 0.5, "point": 3, "flag": True}
    for bad in ([1], None, np.array([object()])):
        with pytest.raises(ValueError, match="bad"):
            seal({"bad": bad})


def test_files_that_would_fill_the_memory_are_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = tmp_path / "bomb.npz"
    np.savez_compressed(bomb, weights=np.zeros(4_000_000))
    assert bomb.stat().st_size < 100_000
    with pytest.raises(IntegrityError, match="is compressed, which no state is"):
        read_state(bomb)
    write_state(tmp_path / "large.npz", seal({"weights": np.zeros(1000)}))
    monkeypatch.setattr("vas_theory.provenance.state.LARGEST_STATE", 8000)
    with pytest.raises(DataError, match=r"more than the 8,000 of the largest state"):
        read_state(tmp_path / "large.npz")
