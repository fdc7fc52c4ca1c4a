"""Training that is killed, cut, changed: the same result, or a refusal that says why."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from full_scale.compact import checkpoints
from full_scale.compact.collection import StepCollection
from full_scale.compact.loop import Run
from full_scale.compact.objective import advantages_of
from full_scale.compact.rollouts import Rollouts, sample
from full_scale.compact.update import Batch, update
from full_scale.config.task import FileConfig
from full_scale.config.training import ArmConfig, ObjectiveConfig, StudyConfig, load_config
from full_scale.rewards import ScoredGroups, score_groups
from full_scale.runs import differences
from full_scale.stages import training_tables
from full_scale.tasks import load_task
from vas_theory.foundation.errors import ArgumentError, StateMismatchError, VASError
from vas_theory.foundation.streams import stream
from vas_theory.provenance.tables import parquet_bytes
from vas_theory.selection.contract.strategy import SelectionSetting, TrainingGroups
from vas_theory.selection.strategies import make_strategy

ROOT = Path(__file__).parents[3]
TIMES = ("seconds", "rollout_seconds", "sampler_seconds")


def start(config: StudyConfig, folder: Path, arm: int = 1) -> Run:
    return Run(config, config.arms[arm], 0, folder, {})


def rows(progress: checkpoints.Progress) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key not in TIMES} for row in progress.steps]


def weights(run: Run) -> bytes:
    return (run.folder / "weights" / "model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def config(study_toml: Path) -> StudyConfig:
    return load_config(study_toml)


@pytest.fixture(scope="module")
def uninterrupted(config: StudyConfig, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = start(config, tmp_path_factory.mktemp("whole"))
    run.train(lambda _: None)
    return run


def test_a_run_knows_its_questions_by_their_content(config: StudyConfig, tmp_path: Path) -> None:
    identities = []
    for answer in ("4", "5"):
        lines = [json.dumps({"problem": f"What is {n} + 2?", "answer": answer}) for n in range(40)]
        (tmp_path / "mine.jsonl").write_text("\n".join(lines), encoding="utf-8")
        task = FileConfig(source=str(tmp_path / "mine.jsonl"))
        identities.append(start(config.model_copy(update={"task": task}), tmp_path / "run").identity)
    assert set(differences(*identities)) == {"questions"}


class Stop(Exception):
    """Ends a run from its report, as an error in the middle would."""


def stop_after(step: int) -> Callable[[str], None]:
    def report(line: str) -> None:
        if line.startswith(f"step {step},"):
            raise Stop

    return report


def test_training_moves_the_weights_and_charges_every_rollout(config: StudyConfig, uninterrupted: Run) -> None:
    progress = uninterrupted.finished()
    assert progress is not None
    assert [row["step"] for row in progress.steps] == list(range(7))
    assert sum(row["mixed_groups"] for row in progress.steps) > 0
    assert weights(uninterrupted) != (Path(config.model.name) / "model.safetensors").read_bytes()
    assert progress.steps[-1]["rollouts"] == 6 * 4 * 8 == progress.ledger["training"]["rollouts"]
    assert len(progress.prompts) == 6 * 4
    evaluated = [row["step"] for row in progress.steps if row["held_out_accuracy"] is not None]
    assert evaluated == [0, 3, 6]


def test_killed_run_resumes_to_identical_bytes(
    config: StudyConfig, study_toml: Path, uninterrupted: Run, tmp_path: Path
) -> None:
    script = (
        "import sys; from pathlib import Path; from full_scale.config.training import load_config; "
        "from full_scale.compact.loop import Run; c = load_config(sys.argv[1]); "
        "Run(c, c.arms[1], 0, Path(sys.argv[2]), {}).train(lambda line: print(line, flush=True))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": str(torch.get_num_threads())}
    command = [sys.executable, "-c", script, str(study_toml), str(tmp_path)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("step 4,"):
                os.kill(process.pid, signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL
    resumed, heard = start(config, tmp_path), []
    assert resumed.finished() is None
    progress = resumed.train(heard.append)
    assert heard[0].startswith("resumed after step ")
    whole = uninterrupted.finished()
    assert whole is not None
    # with the order of the columns: it used to be the alphabet's, and three tables had other hashes
    assert json.dumps([rows(progress), progress.prompts, progress.ledger]) == json.dumps(
        [rows(whole), whole.prompts, whole.ledger]
    )
    again = resumed.finished()
    assert again is not None
    assert json.dumps(vars(again)) == json.dumps(vars(progress))
    assert weights(resumed) == weights(uninterrupted)
    hashes = []
    for run, found in ((uninterrupted, whole), (resumed, progress), (resumed, again)):
        tables = training_tables([(run, found)])
        kept = [table.drop(columns=[*TIMES, "sampler_share"], errors="ignore") for table in tables]
        hashes.append([hashlib.sha256(parquet_bytes(table)).hexdigest() for table in kept])
    assert hashes[0] == hashes[1] == hashes[2]
    assert not (tmp_path / "checkpoints").exists()


@pytest.mark.parametrize(
    ("strategy", "options"),
    [
        ("dapo", {"oversampling": 2, "max_rounds": 2}),
        ("vas-paper", {"scoring_rollouts": 2, "update_interval": 2}),
        ("index", {"step_size": 0.5}),
        ("index-ada", {"rounds": 3}),
    ],
)
def test_arms_that_choose_spend_no_more_than_they_may_and_resume(
    strategy: str, options: dict[str, Any], config: StudyConfig, tmp_path: Path
) -> None:
    arm = ArmConfig(name="arm", strategy=strategy, options=options)
    settings = config.training.model_copy(update={"steps": 12})
    config = config.model_copy(update={"arms": (arm,), "training": settings})
    whole = start(config, tmp_path / "whole", 0).train(lambda _: None)
    spent = [sum(charge["rollouts"] for charge in whole.ledger.values()), whole.steps[-1]["rollouts"]]
    assert max(spent) <= 12 * 4 * 8
    untrained = {name: charge["rollouts"] for name, charge in whole.ledger.items() if name != "training"}
    named = {"vas-paper": "scoring", "index": None}.get(strategy, "rejected")
    assert [name for name, count in untrained.items() if count] == ([named] if named else [])
    trained = [row for row in whole.prompts if row["trained"]]
    assert len(trained) == sum(row["groups"] for row in whole.steps)
    if named == "rejected":
        assert all(0 < row["successes"] < 8 for row in trained)
    assert whole.steps[-1]["held_out_accuracy"] is not None
    with pytest.raises(Stop):
        start(config, tmp_path / "cut", 0).train(stop_after(3))
    heard: list[str] = []
    assert rows(start(config, tmp_path / "cut", 0).train(heard.append)) == rows(whole)
    assert heard[0].startswith("resumed after step ")


def test_collection_hands_over_the_rollouts_that_the_groups_name(tiny: Any, config: StudyConfig) -> None:
    pool = load_task(config.task).training
    setting = SelectionSetting(prompts=len(pool), batch_size=2, group_size=8, budget=100)
    collection = StepCollection(config, tiny, pool, make_strategy("uniform", setting), 0)
    eights = np.full(2, 8)
    rewards = [collection.generate(np.array([3, 1]), eights, 40).rewards_R]
    rewards.append(collection.generate(np.array([5]), eights[:1], 56).rewards_R)
    ids = np.r_[48:56, 56:64]
    advantages = np.arange(16.0)
    batch = collection.batch(
        TrainingGroups(np.array([1, 5]), eights, ids, np.concatenate(rewards)[ids - 40], advantages)
    )
    for group, (prompts, first, place) in enumerate((([3, 1], 40, 1), ([5], 56, 0))):
        texts, draws = [pool[index].text for index in prompts], stream(0, "training rollouts", first)
        again = sample(tiny, texts, 8, config.rollouts.max_new_tokens, generator=draws)
        assert torch.equal(batch.tokens_PGT[group], again.tokens_NT.view(len(prompts), 8, -1)[place])
        assert torch.equal(batch.mask_PGT[group], again.mask_NT.view(len(prompts), 8, -1)[place])
    assert batch.advantages_PG.flatten().tolist() == advantages.tolist()
    assert [row["trained"] for row in collection.groups] == [False, True, True]


def test_strategy_that_trains_on_other_groups_is_refused(config: StudyConfig, tmp_path: Path) -> None:
    arm = ArmConfig(name="arm", strategy="reinforce-ada")
    settings = config.training.model_copy(update={"steps": 12})
    with pytest.raises(ArgumentError, match="whole groups"):
        start(config.model_copy(update={"arms": (arm,), "training": settings}), tmp_path, 0).train(lambda _: None)


@pytest.mark.parametrize("file", ["model.st", "optimiser.st", "selection.npz", "progress.json"])
def test_truncated_checkpoint_is_rejected_aloud_and_the_one_before_it_used(
    file: str, config: StudyConfig, uninterrupted: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = start(config, tmp_path)
    with pytest.raises(Stop):
        run.train(stop_after(5))
    newest = tmp_path / "checkpoints" / "step-000004" / file
    newest.write_bytes(newest.read_bytes()[:-7])
    heard: list[str] = []
    run.train(heard.append)
    assert heard[0] == "resumed after step 3"
    assert "checkpoint rejected" in capsys.readouterr().err
    assert weights(run) == weights(uninterrupted)


def test_checkpoints_that_were_passed_over_do_not_outlive_newer_ones(config: StudyConfig, tmp_path: Path) -> None:
    """They did: what the run saved afterwards was removed as older than they, and a second kill lost all of it."""
    with pytest.raises(Stop):
        start(config, tmp_path).train(stop_after(5))
    for damaged in (tmp_path / "checkpoints").iterdir():
        (damaged / "model.st").unlink()
    os.mkfifo(tmp_path / "checkpoints" / "step-000009")
    with pytest.raises(Stop):
        start(config, tmp_path).train(stop_after(3))
    heard: list[str] = []
    start(config, tmp_path).train(heard.append)
    assert heard[0] == "resumed after step 2"


def test_training_that_diverges_ends_with_the_step_and_keeps_what_was_sound(
    config: StudyConfig, tmp_path: Path
) -> None:
    wild = config.model_copy(update={"optimiser": config.optimiser.model_copy(update={"learning_rate": 1e30})})
    with pytest.raises(
        VASError, match=r"training diverged: the \w+ of step (\d) is (nan|inf); lower optimiser"
    ) as caught:
        start(wild, tmp_path).train(lambda _: None)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "result").exists()


def test_changed_config_is_refused_with_the_difference(config: StudyConfig, tmp_path: Path) -> None:
    with pytest.raises(Stop):
        start(config, tmp_path).train(stop_after(3))
    changed = config.model_copy(
        update={"optimiser": config.optimiser.model_copy(update={"learning_rate": 2e-3})}, deep=True
    )
    with pytest.raises(StateMismatchError, match=r"optimiser\.learning_rate: expected 0\.002, found 0\.001"):
        start(changed, tmp_path).train(lambda _: None)


@pytest.mark.parametrize("damage", ["altered rows", "no manifest table", "no identity", "not UTF-8", "too deep"])
def test_altered_result_is_not_taken_for_finished(
    damage: str, config: StudyConfig, uninterrupted: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import shutil

    shutil.copytree(uninterrupted.folder, tmp_path / "copy")
    run = start(config, tmp_path / "copy")
    assert run.finished() is not None
    rows_file, manifest = run.result / "progress.json", run.result / "manifest.json"
    if damage == "altered rows":
        rows_file.write_text(rows_file.read_text().replace('"step": 6', '"step": 7'))
    elif damage == "no manifest table":
        manifest.write_text("[]")
    elif damage == "no identity":
        manifest.write_text('{"about": {}, "sha256": {}}')
    elif damage == "not UTF-8":
        manifest.write_bytes(b"\xff\xfe")
    else:
        manifest.write_text("[" * 100_000)
    assert run.finished() is None
    assert "result rejected, the run is trained again" in capsys.readouterr().err


def test_checkpoints_hold_no_pickle(config: StudyConfig, tmp_path: Path) -> None:
    with pytest.raises(Stop):
        start(config, tmp_path).train(stop_after(2))
    for path in (tmp_path / "checkpoints").rglob("*"):
        if path.suffix == ".st":
            header = int.from_bytes(path.read_bytes()[:8], "little")
            json.loads(path.read_bytes()[8 : 8 + header])
        elif path.suffix == ".npz":
            import numpy as np

            with np.load(path, allow_pickle=False) as archive:
                assert all(archive[name].dtype != object for name in archive.files)


def batch_of(rollouts: Rollouts, advantages_PG: torch.Tensor) -> Batch:
    shape = (*advantages_PG.shape, -1)
    return Batch(rollouts.prompts, rollouts.tokens_NT.view(shape), rollouts.mask_NT.view(shape), advantages_PG)


@pytest.mark.parametrize("objective", [{}, {"advantage": "dr_grpo", "aggregation": "token_mean"}])
def test_a_step_descends_the_gradient_that_autograd_finds(
    tiny: Any, config: StudyConfig, monkeypatch: pytest.MonkeyPatch, objective: dict[str, Any]
) -> None:
    """Skipped silent groups and shared prefixes leave the gradient of the written-out loss unchanged."""
    settings = ObjectiveConfig(**objective)
    small = config.rollouts.model_copy(update={"group_size": 4, "max_new_tokens": 3})
    prompts = load_task(config.task).training[:4]
    rollouts = sample(tiny, [prompt.text for prompt in prompts], 4, 3, generator=stream(0, "test"))
    rewards = torch.tensor([[1, 0, 0, 0], [0, 0, 0, 0], [1, 1, 0, 1], [1, 1, 1, 1]]).double().numpy()
    scored = ScoredGroups(rewards, rewards == rewards)
    advantages = advantages_of(scored, settings)
    captured: list[torch.Tensor] = []

    class Capture(torch.optim.SGD):
        def step(self, closure: Any = None) -> None:  # type: ignore[override]
            captured.extend(p.grad.clone() for group in self.param_groups for p in group["params"])

    optimiser = Capture(tiny.model.parameters(), lr=1.0)
    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", lambda parameters, limit: torch.tensor(1.0))
    study = config.model_copy(update={"objective": settings, "rollouts": small})
    update(study, 1, tiny, None, optimiser, batch_of(rollouts, advantages))

    total = torch.tensor(0.0, dtype=torch.float64)
    lengths = rollouts.mask_NT.sum(dim=1)
    for index in range(16):
        prompt = tiny.tokenizer(prompts[index // 4].text, add_special_tokens=False)["input_ids"]
        kept = rollouts.tokens_NT[index, : lengths[index]]
        logits = tiny.model(torch.cat([torch.tensor(prompt), kept])[None]).logits[0, len(prompt) - 1 : -1]
        logprob = torch.log_softmax(logits, dim=-1).gather(-1, kept[:, None]).sum()
        weight = 1 / lengths.sum() if settings.aggregation == "token_mean" else 1 / (16 * lengths[index])
        total = total - weight.double() * advantages.flatten()[index].double() * logprob
    for found, expected in zip(captured, torch.autograd.grad(total, list(tiny.model.parameters())), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-8)  # the weights are made in float32


def test_batch_without_gradient_leaves_the_weights_alone(tiny: Any, config: StudyConfig) -> None:
    prompts = load_task(config.task).training[:2]
    rollouts = sample(tiny, [prompt.text for prompt in prompts], 8, 1, generator=stream(0, "test"))
    before = [parameter.detach().clone() for parameter in tiny.model.parameters()]
    optimiser = torch.optim.AdamW(tiny.model.parameters(), weight_decay=0.5)
    found = update(config, 1, tiny, None, optimiser, batch_of(rollouts, torch.zeros(2, 8)))
    assert found == {"gradient_norm": 0.0, "loss": 0.0}
    for parameter, old in zip(tiny.model.parameters(), before, strict=True):
        assert torch.equal(parameter, old)


def test_scored_groups_of_real_completions(tiny: Any, config: StudyConfig, tmp_path: Path) -> None:
    run = start(config, tmp_path)
    prompts = list(run.task.training)
    drawn = sample(tiny, [prompt.text for prompt in prompts], 4, 3, generator=stream(1, "test"))
    scored = score_groups(prompts, drawn.texts, 4)
    again = [[float(drawn.texts[4 * i + j].strip() == p.answer) for j in range(4)] for i, p in enumerate(prompts)]
    assert scored.rewards_PG.tolist() == again
