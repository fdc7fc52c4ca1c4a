"""Presets trained through the command line: the code path of the large ones on a tiny model."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import torch

from full_scale.__main__ import main
from full_scale.config.training import ModelConfig
from full_scale.models.loading import load_pretrained
from full_scale.runs import differences
from vas_theory.provenance.tables import parquet_bytes, read_metadata, read_table

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning:transformers.*", "ignore::UserWarning:transformers.*"),
    pytest.mark.filterwarnings("ignore:.*lora_alpha.*", "ignore::UserWarning:peft.*"),
]
ROOT = Path(__file__).resolve().parents[3]
SMALL = {
    "model.device": "cpu",
    "model.precision": "float32",
    "rollouts.prompts_per_step": 2,
    "rollouts.group_size": 4,
    "rollouts.max_new_tokens": 2,
    "rollouts.temperature": 1.0,
    "trl.per_device_batch_size": 4,
    "trl.gradient_checkpointing": "false",
    "training.steps": 2,
    "training.evaluate_every": 1,
    "training.checkpoint_every": 1,
    "training.seeds": "[0]",
    "optimiser.learning_rate": 1e-3,
    "objective.epochs": 2,
    "hardware.devices": 1,
    "hardware.sharding": "none",
    "vllm.mode": "off",
    "vllm.tensor_parallel_size": 1,
}
ARITHMETIC = 'task={name = "arithmetic", largest_operand = 4}'


def assignments(*changes: str) -> list[str]:
    """The settings of a small run with some of them changed; each is named once."""
    settings = [*(f"{key}={value}" for key, value in SMALL.items()), *changes]
    return list({assignment.partition("=")[0]: assignment for assignment in settings}.values())


def call(preset: str, model: Path, output: Path, *changes: str) -> tuple[int, str, str]:
    arguments = ["train", "--preset", preset, "--model", str(model), "--output", str(output)]
    for change in assignments(*changes):
        arguments += ["--set", change]
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(arguments)
    return code, out.getvalue(), err.getvalue()


@pytest.mark.parametrize("preset", ["mmr1-7b", "qwen2.5-0.5b-gpu"])
def test_gpu_presets_train_a_tiny_model(preset: str, tiny_folder: Path, tmp_path: Path) -> None:
    code, said, error = call(preset, tiny_folder, tmp_path / "out", ARITHMETIC)
    assert code == 0, error
    assert "step 2/2: reward" in said
    steps = read_table(tmp_path / "out" / "training_steps.parquet")
    trained = steps[steps.step > 0]
    assert steps.groupby("arm").step.apply(list).map(tuple).unique().tolist() == [(0, 1, 2)]
    assert (trained.lag == 0).all()
    assert (trained.rollouts == 8 * trained.step).all()
    assert trained.held_out_accuracy.notna().all()
    assert (trained.groups == 2).all()
    assert ((trained.seconds > 0) & (trained.sampler_seconds > 0)).all()
    about = read_metadata(tmp_path / "out" / "training_steps.parquet")
    assert about["config"]["model"]["name"] == str(tiny_folder)
    code, said, _ = call(preset, tiny_folder, tmp_path / "out", ARITHMETIC)
    assert code == 0
    assert "training" not in said  # nothing is done twice


def test_images_and_adapters_through_the_mmr1_preset(
    tiny_vision: Path, picture: Callable[[int], bytes], tmp_path: Path
) -> None:
    import pandas as pd

    rows = [
        {"problem": f"<image>what {i}?", "answer": str(i % 3), "images": [{"bytes": picture(20 * i), "path": None}]}
        for i in range(12)
    ]
    path = tmp_path / "questions.parquet"
    pd.DataFrame(rows).to_parquet(path)
    task = f'task={{name = "mmr1", source = "{path}", held_out_fraction = 0.3, reward = {{format = 1.0}}}}'
    changes = (task, "lora.rank=2", "trl.min_image_pixels=784", "trl.max_image_pixels=3136")
    code, said, error = call("mmr1-3b", tiny_vision, tmp_path / "out", *changes, "rollouts.max_new_tokens=3")
    assert code == 0, error
    assert "step 2/2: reward" in said
    weights = tmp_path / "out" / "runs" / "vas-seed0" / "weights"
    found = load_pretrained(ModelConfig(name=str(weights)))  # adapters are merged: a model like any other
    assert type(found.model).__name__ == "Qwen2_5_VLForConditionalGeneration"


def test_adapters_are_merged_into_what_is_saved(tiny_folder: Path, tmp_path: Path) -> None:
    one_digit = ("rollouts.max_new_tokens=1", "rollouts.prompts_per_step=8", "rollouts.group_size=8")
    changes = (*one_digit, "trl.per_device_batch_size=64", "lora.rank=2", "training.keep_weights=true")
    arm = 'arms=[{name = "mopps", strategy = "mopps", options = {candidate_batches = 2}}]'
    code, _, error = call("smollm2-gpu", tiny_folder, tmp_path / "out", ARITHMETIC, arm, *changes)
    assert code == 0, error
    steps = read_table(tmp_path / "out" / "training_steps.parquet")
    assert (steps.gradient_norm > 0).any()
    trained = load_pretrained(ModelConfig(name=str(tmp_path / "out" / "runs" / "mopps-seed0" / "weights"))).model
    start = dict(load_pretrained(ModelConfig(name=str(tiny_folder))).model.named_parameters())
    moved = {name for name, value in trained.named_parameters() if not torch.equal(value, start[name])}
    assert moved
    assert all("_proj" in name for name in moved)


def test_unfinished_runs_resume_and_foreign_ones_are_refused(tiny_folder: Path, tmp_path: Path) -> None:
    changes = (ARITHMETIC, 'arms=[{name = "vas"}]', "training.keep_weights=true")
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert call("smollm2-gpu", tiny_folder, whole, *changes)[0] == 0
    # a run that was stopped after its first checkpoint
    from full_scale.config.training import load_config
    from full_scale.tasks import load_task
    from full_scale.trl_adapter.presets.run import TrlRun
    from vas_theory.provenance.tables import write_json

    config = load_config("smollm2-gpu", assignments(*changes, f"model.name={tiny_folder}"))
    run = TrlRun(config, config.arms[0], 0, cut / "runs" / "vas-seed0", load_task(config.task))
    trainer = run.build(lambda _: None)
    write_json(run.folder / "identity.json", run.identity)

    class Stop(__import__("transformers").TrainerCallback):  # type: ignore[misc]
        def on_save(self, args: object, state: object, control: object, **_: object) -> None:
            control.should_training_stop = True  # type: ignore[attr-defined]

    trainer.add_callback(Stop())
    trainer.train()
    code, _, error = call("smollm2-gpu", tiny_folder, cut, *changes, "optimiser.learning_rate=2e-3")
    assert code == 2
    assert "optimiser.learning_rate: expected 0.002, found 0.001" in error
    code, said, _ = call("smollm2-gpu", tiny_folder, cut, *changes)
    assert code == 0
    assert "step 2/2" in said
    assert "step 1/2: reward" not in said
    times = ["seconds", "sampler_seconds"]
    one, other = (read_table(folder / "training_steps.parquet").drop(columns=times) for folder in (whole, cut))
    assert one.equals(other)
    states = [load_pretrained(ModelConfig(name=str(f / "runs" / "vas-seed0" / "weights"))).model for f in (whole, cut)]
    pairs = zip(states[0].parameters(), states[1].parameters(), strict=True)
    assert all(torch.equal(mine, theirs) for mine, theirs in pairs)


def test_finished_runs_are_neither_repeated_nor_trained_over(tiny_folder: Path, tmp_path: Path) -> None:
    changes = (ARITHMETIC, 'arms=[{name = "vas"}]')
    output = tmp_path / "out"
    assert call("smollm2-gpu", tiny_folder, output, *changes)[0] == 0
    before = {path: path.read_bytes() for path in output.rglob("*") if path.is_file()}
    code, _, error = call("smollm2-gpu", tiny_folder, output, *changes, "optimiser.learning_rate=2e-3")
    assert (code, error.count("\n")) == (2, 1)
    assert "finished run in" in error
    assert "optimiser.learning_rate: expected 0.002, found 0.001" in error
    assert {path: path.read_bytes() for path in output.rglob("*") if path.is_file()} == before
    code, said, _ = call("smollm2-gpu", tiny_folder, output, *changes, "training.seeds=[0, 1]")
    assert code == 0
    assert "training vas, seed 1" in said
    assert "training vas, seed 0" not in said  # which other runs there are does not matter to it


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["hardware.devices=2"], "is meant for 2 processes"),
        (["model.device=cuda:99"], "model.device must be a device of this machine"),
        (["rollouts.prompts_per_step=3", "trl.per_device_batch_size=8"], "must be divisible by"),
        (["objective.ddof=0"], "objective.ddof and objective.eps must be 1"),
        (['trl.arguments={epsilon = 0.1}'], "trl.arguments must leave epsilon to the other tables"),
        (['arms=[{name = "refill", strategy = "dapo"}]'], "roll one batch of whole groups a step"),
        (['arms=[{name="a", mixture_ratio=0.5}, {name="b", strategy="dapo"}]'], "roll one batch of whole groups"),
        (['arms=[{name="a", mixture_ratio=0.5}, {name="b"}]', 'knows={b={column="gone.csv"}}'], "gone.csv"),
    ],
)  # fmt: skip
def test_refusals_come_in_one_line(changes: list[str], message: str, tiny_folder: Path, tmp_path: Path) -> None:
    code, said, error = call("smollm2-gpu", tiny_folder, tmp_path / "out", ARITHMETIC, *changes)
    assert (code, error.count("\n")) == (2, 1)
    assert message in error
    assert "reward" not in said  # no other arm was trained before


def test_training_that_diverges_is_one_line(tiny_folder: Path, tmp_path: Path) -> None:
    changes = (ARITHMETIC, "optimiser.learning_rate=1e30", "training.steps=8", "rollouts.prompts_per_step=8")
    code, _, error = call("smollm2-gpu", tiny_folder, tmp_path / "out", *changes)
    assert (code, error.count("error: ")) == (2, 1)
    assert "error: training diverged before step" in error


def test_a_column_that_changed_under_its_name_is_another_run(tiny_folder: Path, tmp_path: Path) -> None:
    from full_scale.config.training import load_config, of_arm
    from full_scale.tasks import load_task
    from full_scale.trl_adapter.presets.run import TrlRun

    column = tmp_path / "rates.csv"
    changes = ['arms=[{name="a"}]', f'knows={{a={{column="{column}"}}}}', ARITHMETIC, f"model.name={tiny_folder}"]
    config = load_config("smollm2-gpu", assignments(*changes))
    task = load_task(config.task)
    identities = []
    for rate in (0.25, 0.5):
        column.write_text(f"prompt_key,pass_rate\n{task.training[0].key},{rate}\n", encoding="utf-8")
        identities.append(TrlRun(of_arm(config, config.arms[0]), config.arms[0], 0, tmp_path, task).identity)
    assert set(differences(*identities)) == {"column"}


def test_absent_folder_is_named(tmp_path: Path) -> None:
    code, _, error = call("smollm2-gpu", tmp_path / "nowhere", tmp_path / "out", ARITHMETIC)
    assert (code, error.count("\n")) == (2, 1)
    assert "model.name must be 'smollm2-135m', an existing folder or a hub id" in error


def test_other_stages_need_the_compact_engine(tiny_folder: Path) -> None:
    err = io.StringIO()
    with redirect_stderr(err), redirect_stdout(io.StringIO()):
        assert main(["probe", "--preset", "smollm2-gpu", "--model", str(tiny_folder)]) == 2
    assert "engine must be 'compact' for probe" in err.getvalue()


def test_offline_hub_id_says_which_part_is_missing(tmp_path: Path) -> None:
    code, _, error = call("smollm2-gpu", Path("Qwen/Qwen2.5-0.5B-Instruct"), tmp_path / "out", ARITHMETIC)
    assert (code, error.count("\n")) == (2, 1)
    assert "its configuration (config.json) is neither in the local cache nor could it be downloaded" in error
    assert "hf download Qwen/Qwen2.5-0.5B-Instruct" in error


def test_folder_without_weights_or_tokenizer_says_so(tiny_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_folder, folder)
    (folder / "model.safetensors").unlink()
    code, _, error = call("smollm2-gpu", folder, tmp_path / "out", ARITHMETIC)
    assert (code, error.count("\n")) == (2, 1)
    assert "its weights cannot be read from" in error


def test_a_resumed_run_evaluates_as_the_uninterrupted_one(tiny_folder: Path, tmp_path: Path) -> None:
    """Its start is past: evaluating there again would replace what the checkpoint's step had found."""
    from transformers import TrainerCallback

    from full_scale.config.training import load_config
    from full_scale.tasks import load_task
    from full_scale.trl_adapter.presets.run import TrlRun

    class Keep(TrainerCallback):
        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            name = f"checkpoint-{state.global_step}"
            shutil.copytree(Path(args.output_dir) / name, tmp_path / "kept" / name)

    settings = {**SMALL, "training.steps": 6, "objective.epochs": 1, "model.name": tiny_folder}
    config = load_config("smollm2-gpu", [*(f"{key}={value}" for key, value in settings.items()), ARITHMETIC])

    def evaluations(folder: str, resume: str | None) -> list[tuple[int, float]]:
        trainer = TrlRun(config, config.arms[1], 0, tmp_path / folder, load_task(config.task)).build(lambda _: None)
        if resume is None:
            trainer.add_callback(Keep())
        trainer.train(resume_from_checkpoint=resume)
        return [(row["step"], row["eval_reward"]) for row in trainer.state.log_history if "eval_reward" in row]

    whole = evaluations("whole", None)
    assert [step for step, _ in whole] == list(range(7))
    assert evaluations("resumed", str(tmp_path / "kept" / "checkpoint-4")) == whole


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_killed_preset_resumes_to_the_same_table(tiny_folder: Path, tmp_path: Path) -> None:
    settings = {**SMALL, "training.steps": 8, "objective.epochs": 1}
    command = [sys.executable, "-m", "full_scale", "train", "--preset", "smollm2-gpu", "--model", str(tiny_folder)]
    changes = (*(f"{k}={v}" for k, v in settings.items()), ARITHMETIC, 'arms=[{name = "vas"}]')
    for change in (*changes, "training.keep_weights=true"):
        command += ["--set", change]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    subprocess.run([*command, "--output", str(whole)], cwd=ROOT, env=environment, check=True, capture_output=True)
    kills, saved = 0, cut / "runs" / "vas-seed0" / "checkpoints"
    for attempt in range(10):
        process = subprocess.Popen(
            [*command, "--output", str(cut)], cwd=ROOT, env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        # not searched in depth: the trainer removes old checkpoints meanwhile
        before = set(saved.glob("checkpoint-*"))
        while process.poll() is None and set(saved.glob("checkpoint-*")) <= before:
            time.sleep(0.01)
        time.sleep(0.1 * attempt)
        if process.poll() is not None:
            break
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += 1
    subprocess.run([*command, "--output", str(cut)], cwd=ROOT, env=environment, check=True, capture_output=True)
    assert kills >= 2

    def outputs(folder: Path) -> dict[str, str]:
        weights = folder / "runs" / "vas-seed0" / "weights"
        files = {path.name: path.read_bytes() for path in weights.iterdir() if path.suffix != ".bin"}
        table = read_table(folder / "training_steps.parquet").drop(columns=["seconds", "sampler_seconds"])
        files["training_steps"] = parquet_bytes(table)
        return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}

    assert outputs(whole) == outputs(cut)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_processes_train_a_preset_as_planned(tiny_folder: Path, tmp_path: Path) -> None:
    settings = {**SMALL, "hardware.devices": 2, "trl.per_device_batch_size": 2}
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    command += ["-m", "full_scale", "train", "--preset", "smollm2-gpu", "--model", str(tiny_folder)]
    for change in (*(f"{key}={value}" for key, value in settings.items()), ARITHMETIC):
        command += ["--set", change]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, "--output", str(tmp_path / "out")],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.count("training uniform, seed 0") == done.stdout.count("tables:") == 1
    steps = read_table(tmp_path / "out" / "training_steps.parquet")
    trained = steps[steps.step > 0]
    assert (trained.rollouts == 8 * trained.step).all()
    assert (trained.lag == 0).all()
