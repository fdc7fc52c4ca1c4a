"""Checkpoints of the trainer: every byte vouched for, other settings refused, and a way on where one is wanted."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from datasets import Dataset
from transformers import TrainerCallback
from trl import GRPOConfig, GRPOTrainer

from full_scale import VASConfig, VASGRPOTrainer
from full_scale.trl_adapter.checkpoints import resuming
from full_scale.trl_adapter.checkpoints.manifest import verify_checkpoint, vouch
from full_scale.trl_adapter.checkpoints.resuming import newest_intact
from full_scale.trl_adapter.checkpoints.sampler_file import LAST_FILE, STATE_FILE, read_sampler, write_sampler
from vas_theory.foundation.errors import ArgumentError, DataError, IntegrityError, StateMismatchError, VASError
from vas_theory.provenance.folders import MANIFEST
from vas_theory.provenance.state import read_state, seal, write_state
from vas_theory.selection import VarianceAwareSampler

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning:transformers.*", "ignore::UserWarning:transformers.*")

ROWS = [{"prompt": f"{a}+{b}=", "answer": str(a + b)} for a in range(4) for b in range(3)]


def parity(prompts: list[str], completions: list[str], **_: Any) -> list[float]:
    return [
        float((sum(map(ord, text)) + ord(prompt[0])) % 2) for text, prompt in zip(completions, prompts, strict=True)
    ]


@pytest.fixture(scope="module")
def make(tiny_folder: Path) -> Callable[..., Any]:
    def build(
        output: Path, *, vas: VASConfig | None = None, rows: list[dict[str, str]] = ROWS, plain: bool = False,
        **settings: Any
    ) -> Any:  # fmt: skip
        values: dict[str, Any] = {
            "output_dir": str(output),
            "use_cpu": True,
            "bf16": False,
            "report_to": "none",
            "logging_steps": 1,
            "save_steps": 2,
            "max_steps": 6,
            "per_device_train_batch_size": 8,
            "num_generations": 4,
            "max_completion_length": 3,
            "learning_rate": 1e-2,
            "disable_tqdm": True,
        }
        return (GRPOTrainer if plain else VASGRPOTrainer)(
            model=str(tiny_folder),
            reward_funcs=parity,
            args=GRPOConfig(**{**values, **settings}),
            train_dataset=Dataset.from_list(rows),
            **({} if plain else {"vas": vas or VASConfig()}),
        )

    return build


def outcome(trainer: Any) -> tuple[str, list[list[float]]]:
    return trainer.sampler.state_dict()["checksum"], [p.flatten().tolist() for p in trainer.model.parameters()]


@pytest.fixture(scope="module")
def finished(make: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A finished run with its checkpoints of steps 2, 4 and 6, and what came of it."""
    folder = tmp_path_factory.mktemp("finished")
    trainer = make(folder)
    trainer.train()
    return folder, outcome(trainer)


@pytest.fixture
def run(finished: tuple[Path, Any], tmp_path: Path) -> Path:
    """A copy of that run which was stopped after step 4."""
    shutil.copytree(finished[0], tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "checkpoint-6")
    return tmp_path / "run"


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def test_every_file_is_vouched_for(run: Path) -> None:
    manifest = json.loads((run / "checkpoint-4" / MANIFEST).read_text(encoding="utf-8"))
    there = {path.relative_to(run / "checkpoint-4").as_posix() for path in (run / "checkpoint-4").rglob("*")}
    assert set(manifest["sha256"]) == there - {MANIFEST}
    assert {"model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth", LAST_FILE, STATE_FILE} <= there


@pytest.mark.parametrize("damage", [flip, cut, Path.unlink])
def test_a_damaged_file_of_any_kind_is_refused(damage: Callable[[Path], None], run: Path) -> None:
    newest = run / "checkpoint-4"
    for path in sorted(newest.rglob("*")):
        whole = path.read_bytes()
        damage(path)
        with pytest.raises(DataError):
            verify_checkpoint(newest)
        path.write_bytes(whole)
    verify_checkpoint(newest)


def test_a_checkpoint_may_have_a_name_without_a_step_but_none_of_another_step(run: Path, tmp_path: Path) -> None:
    for name in ("kept", "checkpoint-5"):
        shutil.copytree(run / "checkpoint-4", tmp_path / name)
    verify_checkpoint(tmp_path / "kept")
    with pytest.raises(IntegrityError, match="says step 4"):
        verify_checkpoint(tmp_path / "checkpoint-5")


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.pt"])
def test_one_flipped_bit_falls_back_aloud_to_the_same_end(
    name: str, run: Path, finished: tuple[Path, Any], make: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    flip(run / "checkpoint-4" / name)
    with pytest.raises(IntegrityError, match=f"{name} was altered"):
        make(run).train(resume_from_checkpoint=str(run / "checkpoint-4"))
    resumed = make(run)
    resumed.train(resume_from_checkpoint=True)
    (said,) = [record.getMessage() for record in caplog.records if "rejected" in record.getMessage()]
    assert f"{name} was altered" in said
    assert outcome(resumed) == finished[1]


def test_changed_settings_are_refused_with_the_difference(run: Path, make: Callable[..., Any]) -> None:
    newest = str(run / "checkpoint-4")
    for changed, message in (
        ({"learning_rate": 2e-2}, r"learning_rate: expected 0\.02, found 0\.01"),
        ({"temperature": 0.5}, r"temperature: expected 0\.5, found 1\.0"),
        ({"max_steps": 8}, "max_steps: expected 8, found 6"),  # the learning rate falls over all steps
        ({"lr_scheduler_type": "constant"}, "lr_scheduler_type: expected 'constant', found 'linear'"),
        ({"vas": VASConfig(seed=7)}, "vas.seed: expected 7, found None"),
        ({"vas": VASConfig(mixture_ratio=1.0)}, r"mixture_ratio: expected 1\.0, found 0\.5"),
        ({"vas": VASConfig(posterior_options={"drift": 0.02})}, r"drift: expected 0\.02, found 0\.0003"),
    ):
        for wanted in (newest, True):
            with pytest.raises(StateMismatchError, match=message):
                make(run, **changed).train(resume_from_checkpoint=wanted)


def test_settings_without_effect_may_change(run: Path, finished: tuple[Path, Any], make: Callable[..., Any]) -> None:
    resumed = make(run, save_steps=3, save_total_limit=1, logging_steps=2)
    resumed.train(resume_from_checkpoint=True)
    assert outcome(resumed) == finished[1]


def test_a_setting_that_is_named_may_differ(run: Path, finished: tuple[Path, Any], make: Callable[..., Any]) -> None:
    resumed = make(run, temperature=3.0, vas=VASConfig(may_differ=("temperature",)))
    resumed.train(resume_from_checkpoint=True)
    assert resumed.state.global_step == 6
    assert outcome(resumed)[1] != finished[1][1]
    with pytest.raises(ArgumentError, match="which the trainer restores from the checkpoint"):
        VASConfig(may_differ=("learning_rate",))


def test_a_constant_learning_rate_lets_a_run_be_longer(make: Callable[..., Any], tmp_path: Path) -> None:
    make(tmp_path, lr_scheduler_type="constant", max_steps=2).train()
    longer = make(tmp_path, lr_scheduler_type="constant", max_steps=4)
    longer.train(resume_from_checkpoint=True)
    whole = make(tmp_path / "whole", lr_scheduler_type="constant", max_steps=4)
    whole.train()
    assert outcome(longer) == outcome(whole)


def as_version_1(folder: Path) -> None:
    """Rewrite the sampler's file of a checkpoint as it was before it held the state of a selector."""
    entries = read_state(folder / STATE_FILE)
    selector = {
        name.removeprefix("selector."): value for name, value in entries.items() if name.startswith("selector.")
    }
    old = {name: value for name, value in selector.items() if name.startswith("sampler.")}
    old |= {name: selector[name] for name in ("posterior", "lowest_reward", "largest_reward")}
    batch = json.loads(old["sampler.settings"])["batch_size"]
    counts = {"drawn": selector["selected_groups"] // batch, "observed": selector["observed_groups"] // batch}
    counts |= {name: entries[name] for name in ("silent_groups", "unused_steps")}
    write_state(folder / STATE_FILE, seal({"format": "vas-trl-checkpoint", "version": 1, **old, **counts}))
    vouch(folder, json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["about"]["settings"])


def test_a_run_goes_on_from_a_checkpoint_of_the_first_version(
    run: Path, make: Callable[..., Any], finished: tuple[Path, Any]
) -> None:
    state = read_sampler(run / "checkpoint-4")[0]
    as_version_1(run / "checkpoint-4")
    assert "sampler.step" in read_state(run / "checkpoint-4" / STATE_FILE)
    assert read_sampler(run / "checkpoint-4")[0]["checksum"] == state["checksum"]
    resumed = make(run)
    resumed.train(resume_from_checkpoint=True)
    assert outcome(resumed) == finished[1]


def test_prompts_that_were_added_or_removed_need_a_word(run: Path, make: Callable[..., Any]) -> None:
    changed = [*ROWS[2:], {"prompt": "9+9=", "answer": "18"}]
    with pytest.raises(StateMismatchError, match=r"may_differ=\('prompts',\).*1 fewer|2 fewer"):
        make(run, rows=changed).train(resume_from_checkpoint=True)
    resumed = make(run, rows=changed, vas=VASConfig(may_differ=("prompts",)))
    before = read_sampler(run / "checkpoint-4")[0]
    resumed.train(resume_from_checkpoint=True)
    assert len(resumed.sampler) == 11
    assert resumed.sampler.ledger.rollouts == 6 * 8
    assert before["sampler.step"] == 4


def test_vas_is_switched_on_from_a_plain_checkpoint_with_a_word(
    make: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make(tmp_path, plain=True, max_steps=2).train()
    for wanted in (True, str(tmp_path / "checkpoint-2")):
        with pytest.raises(DataError):
            make(tmp_path).train(resume_from_checkpoint=wanted)
    with pytest.raises(DataError, match=r"may_differ=\('trainer',\)"):
        make(tmp_path).train(resume_from_checkpoint=str(tmp_path / "checkpoint-2"))
    resumed = make(tmp_path, vas=VASConfig(may_differ=("trainer",)), max_steps=4)
    resumed.train(resume_from_checkpoint=True)
    assert any("knows nothing yet" in record.getMessage() for record in caplog.records)
    assert (resumed.state.global_step, resumed.sampler.step) == (4, 2)
    verify_checkpoint(tmp_path / "checkpoint-4")


def test_a_kill_before_the_last_manifest_leaves_a_checkpoint_to_go_on_from(
    make: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one checkpoint kept the older ones are gone by then."""
    import full_scale.trl_adapter.mixin as module

    class Killed(Exception):
        pass

    def killed(folder: Path, settings: Any, known: Any = None) -> dict[str, str]:
        if known is not None and folder.name == "checkpoint-4":
            raise Killed
        return vouch(folder, settings, known)

    monkeypatch.setattr(module, "vouch", killed)
    with pytest.raises(Killed):
        make(tmp_path, save_total_limit=1).train()
    assert [path.name for path in tmp_path.glob("checkpoint-*")] == ["checkpoint-4"]
    assert newest_intact(tmp_path) == tmp_path / "checkpoint-4"


def test_a_disk_that_becomes_full_keeps_the_checkpoints_that_were_whole(
    make: Callable[..., Any], tmp_path: Path
) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    try:
        command = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(folder)]
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no file system may be mounted here")
    try:
        with pytest.raises(OSError, match="No space left on device"):
            make(folder).train()
        assert newest_intact(folder) == folder / "checkpoint-2"
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


class Stop(TrainerCallback):
    """Ends a run at its first checkpoint."""

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        control.should_training_stop = True


class Preempt(TrainerCallback):
    """Ends a run inside a generation batch, and asks for a checkpoint there or one step before."""

    def __init__(self, saves: int) -> None:
        self.saves = saves

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        control.should_save = control.should_save or state.global_step == self.saves
        control.should_training_stop = control.should_training_stop or state.global_step == 6


@pytest.mark.parametrize("saves", [5, 6])
def test_a_checkpoint_that_was_asked_for_is_made_where_the_run_is_stopped(
    saves: int, make: Callable[..., Any], tmp_path: Path
) -> None:
    trainer = make(tmp_path, steps_per_generation=4, per_device_train_batch_size=4, save_steps=100, max_steps=12)
    trainer.add_callback(Preempt(saves))
    trainer.callback_handler.callbacks.insert(0, trainer.callback_handler.callbacks.pop())  # as one that was given
    trainer.train()
    assert [path.name for path in tmp_path.glob("checkpoint-*")] == ["checkpoint-6"]
    verify_checkpoint(tmp_path / "checkpoint-6")


def test_a_checkpoint_of_weights_alone_is_said_to_be_one(
    make: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make(tmp_path, save_only_model=True, max_steps=2).train()
    make(tmp_path, save_only_model=True, max_steps=4, vas=VASConfig(may_differ=("max_steps",))).train(
        resume_from_checkpoint=True
    )
    assert sum("the optimiser and the schedule" in record.getMessage() for record in caplog.records) == 1


def test_a_trainer_may_train_twice(make: Callable[..., Any], tmp_path: Path) -> None:
    trainer = make(tmp_path, save_steps=3, max_steps=3)
    trainer.train()
    trainer.train()
    assert (trainer.state.global_step, trainer.sampler.step) == (3, 6)
    assert trainer.sampler.policy_version == 4  # of the first call's last batch and two steps
    trainer.train(resume_from_checkpoint=True)
    assert trainer.sampler.step == 6


def test_a_trainer_that_was_stopped_inside_a_batch_goes_on_as_a_new_one(
    make: Callable[..., Any], tmp_path: Path
) -> None:
    settings = {"steps_per_generation": 4, "per_device_train_batch_size": 4, "save_steps": 4, "max_steps": 8}
    stopped = make(tmp_path, **settings)
    stopped.add_callback(callback := Preempt(100))
    stopped.train()
    stopped.remove_callback(callback)
    stopped.train(resume_from_checkpoint=str(tmp_path / "checkpoint-4"))
    new = make(tmp_path, **settings)
    new.train(resume_from_checkpoint=str(tmp_path / "checkpoint-4"))
    assert outcome(stopped) == outcome(new)


def test_another_data_set_needs_another_trainer(make: Callable[..., Any], tmp_path: Path) -> None:
    trainer = make(tmp_path)
    trainer.train_dataset = Dataset.from_list(ROWS[:4])
    with pytest.raises(VASError, match="train_dataset was replaced"):
        trainer.train()


def test_another_strategy_is_named_and_not_taken_for_other_prompts(run: Path, make: Callable[..., Any]) -> None:
    other = make(run, vas=VASConfig(strategy="mopps"))
    with pytest.raises(StateMismatchError, match="strategy: expected 'mopps', found 'vas'") as caught:
        other.train(resume_from_checkpoint=True)
    assert "may_differ" not in str(caught.value)


def checkpoint(folder: Path, step: int) -> Path:
    target = folder / f"checkpoint-{step}"
    state = VarianceAwareSampler(5, batch_size=2, seed=step).state_dict()
    write_sampler(target, state, {"silent_groups": 0, "unused_steps": 0})
    (target / LAST_FILE).write_text(json.dumps({"global_step": step}), encoding="utf-8")
    vouch(target, {})
    return target


def test_state_of_a_checkpoint_comes_back(tmp_path: Path) -> None:
    state, counters = read_sampler(checkpoint(tmp_path, 3))
    assert counters == {"silent_groups": 0, "unused_steps": 0}
    receiver = VarianceAwareSampler(5, batch_size=2, seed=0)
    receiver.load_state_dict(state)
    assert receiver.seed == 3
    with pytest.raises(DataError, match="not made by a trainer with VAS"):
        read_sampler(tmp_path)


def test_torn_checkpoints_are_passed_over_aloud(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    whole = checkpoint(tmp_path, 2)
    cut(checkpoint(tmp_path, 9) / STATE_FILE)
    (checkpoint(tmp_path, 10) / MANIFEST).write_text("[]", encoding="utf-8")
    (checkpoint(tmp_path, 11) / LAST_FILE).write_text('{"global_', encoding="utf-8")
    write_sampler(tmp_path / "checkpoint-12", VarianceAwareSampler(5, batch_size=2).state_dict(), {"silent_groups": 0})
    with caplog.at_level(logging.WARNING):
        assert newest_intact(tmp_path) == whole
    rejected = [record.getMessage() for record in caplog.records]
    assert len(rejected) == 4
    assert all(f"checkpoint-{step} rejected" in text for step, text in zip((12, 11, 10, 9), rejected, strict=True))
    with pytest.raises(DataError, match="no whole checkpoint"):
        newest_intact(tmp_path / "elsewhere")


def test_writing_again_takes_back_the_mark_of_a_whole_checkpoint(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path, 4)
    write_sampler(folder, VarianceAwareSampler(5, batch_size=2).state_dict(), {"silent_groups": 0})
    assert newest_intact(tmp_path) is None


def test_a_run_killed_in_its_first_save_begins_anew_but_a_damaged_one_stops(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    torn = tmp_path / "torn"
    write_sampler(torn / "checkpoint-1", VarianceAwareSampler(5, batch_size=2).state_dict(), {"silent_groups": 0})
    assert newest_intact(torn) is None
    assert "training begins anew" in caplog.records[-1].getMessage()
    cut(checkpoint(tmp_path, 1) / STATE_FILE)
    with pytest.raises(DataError, match="no whole checkpoint"):
        newest_intact(tmp_path)


def test_weights_are_loaded_from_the_checkpoint(run: Path, make: Callable[..., Any]) -> None:
    resumed = make(run)
    before = [p.detach().clone() for p in resumed.model.parameters()]
    resumed.add_callback(Stop())
    resumed.train(resume_from_checkpoint=True)
    assert any(not torch.equal(one, other) for one, other in zip(before, resumed.model.parameters(), strict=True))


@pytest.mark.parametrize("first", [True, False])
def test_with_several_processes_the_first_one_says_what_all_go_on_from(
    first: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message passes through one list, as between processes."""
    sent: list[Any] = []

    def hear(found: list[Any]) -> None:
        found[:] = sent

    monkeypatch.setattr(resuming, "broadcast_object_list", sent.extend if first else hear)
    trainer = SimpleNamespace(accelerator=SimpleNamespace(num_processes=2, is_main_process=first))

    def fails() -> Path:
        raise DataError("no checkpoint is whole")

    def ask(find: Callable[[], Path | None], heard: list[Any]) -> Path | None:
        sent[:] = [] if first else heard
        found = resuming._by_first_process(trainer, find)
        assert not first or sent == heard
        return found

    unread = fails if not first else None  # only the first process reads the folder
    assert ask(unread or (lambda: tmp_path), [tmp_path, None]) == tmp_path
    assert ask(unread or (lambda: None), [None, None]) is None
    with pytest.raises(VASError, match="no checkpoint is whole"):
        ask(fails, [None, "no checkpoint is whole"])
