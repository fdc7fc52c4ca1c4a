"""Two processes on CPUs that divide a model among them, started with the shipped configurations of accelerate.

accelerate shards on GPUs alone: the scripts tell it what kind of processes these are, and everything else is its own.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import torch

from full_scale.config.training import ModelConfig, load_config
from full_scale.models.loading import load_pretrained
from full_scale.trl_adapter.presets.launch import accelerate_config, check_launch, check_trainer
from vas_theory.foundation.errors import VASError
from vas_theory.provenance.tables import read_table

ROOT = Path(__file__).resolve().parents[3]
SMALL = (
    'task={name = "arithmetic", largest_operand = 4}',
    'arms=[{name = "uniform", mixture_ratio = 0.0}, {name = "vas"}]',
    "model.precision=float32",
    "rollouts.prompts_per_step=8",
    "rollouts.group_size=8",
    "rollouts.max_new_tokens=1",  # one digit: a random model hits it often enough for mixed groups
    "rollouts.temperature=1.0",
    "objective.epochs=2",
    "optimiser.learning_rate=1e-3",
    "optimiser.max_gradient_norm=1e9",  # the norm is summed in another order, and would scale the gradient by it
    "training.steps=2",
    "training.evaluate_every=1",
    "training.checkpoint_every=1",
    "hardware.devices=2",
    "vllm.mode=off",
    "trl.per_device_batch_size=16",
)
no_deepspeed = pytest.mark.skipif(
    importlib.util.find_spec("deepspeed") is None,
    reason="deepspeed is not installed and no dependency: DS_BUILD_OPS=0 pip install deepspeed (needs a C++ compiler)",
)

ON_CPU = """
import os
from accelerate.state import PartialState
from accelerate.utils import DistributedType

if os.environ.get("ACCELERATE_USE_FSDP") == "true":  # what accelerate would take the processes for on GPUs
    PartialState(backend="gloo")
    PartialState._shared_state["distributed_type"] = DistributedType.MULTI_GPU
"""

TRAIN = """
import json, signal, sys
from pathlib import Path
from datasets import Dataset
from torch.distributed.fsdp import FSDPModule
from trl import GRPOConfig
from full_scale import VASConfig, VASGRPOTrainer

model, output, options = sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3])
rows = [{"prompt": f"{a}+{b}=", "answer": str(a + b)} for a in range(4) for b in range(3)]
seen = []

def graded(prompts, completions, **kwargs):
    seen.append(list(prompts))
    return [float((sum(map(ord, text)) + ord(prompt[0])) % 2) for text, prompt in zip(completions, prompts)]

class Mortal(VASGRPOTrainer):
    def _save_rng_state(self, output_dir):
        if self.accelerator.process_index == 1 and self.state.global_step == options.get("dies"):
            os.kill(os.getpid(), signal.SIGKILL)
        super()._save_rng_state(output_dir)

fsdp, zero = (os.environ.get(f"ACCELERATE_USE_{name}") == "true" for name in ("FSDP", "DEEPSPEED"))
place = {"accelerator_config": {"use_configured_state": True}} if fsdp else {"ddp_backend": "gloo"}
args = GRPOConfig(
    output_dir=str(output), max_steps=6, save_steps=1, save_total_limit=2, per_device_train_batch_size=2,
    gradient_accumulation_steps=2, num_generations=4, max_completion_length=12, beta=0.5, logging_steps=1, bf16=False,
    report_to="none", disable_tqdm=True, **options["settings"], **(place if fsdp or zero else {"use_cpu": True}),
)
trainer = Mortal(model=model, reward_funcs=graded, args=args, train_dataset=Dataset.from_list(rows), vas=VASConfig())
trainer.train(resume_from_checkpoint=options.get("resume", False))

def whole(parameter):
    if hasattr(parameter, "ds_id"):
        import deepspeed
        with deepspeed.zero.GatheredParameters([parameter]):
            return parameter.detach().clone()
    return parameter.full_tensor() if hasattr(parameter, "full_tensor") else parameter

def own(parameter):
    return getattr(parameter, "ds_tensor", parameter.to_local() if hasattr(parameter, "to_local") else parameter)

TIMES = ("seconds", "time", "grad_norm")  # the norm is a sum in another order
parameters = dict(trainer.accelerator.unwrap_model(trainer.model_wrapped).named_parameters())
result = {
    "kind": trainer.accelerator.distributed_type.value,
    "units": [sum(isinstance(module, FSDPModule) for module in model.modules())
              for model in (trainer.model_wrapped, trainer.ref_model)],
    "prompts": seen,
    "sampler": trainer.sampler.state_dict()["checksum"],
    "logs": [{key: value for key, value in row.items() if not any(time in key for time in TIMES)}
             for row in trainer.state.log_history if "loss" in row],
    "held": sum(own(parameter).numel() for parameter in parameters.values()),
    "weights": {name: whole(parameter).flatten().tolist() for name, parameter in parameters.items()},
}
(output / f"rank{trainer.accelerator.process_index}.json").write_text(json.dumps(result))
"""

COMMAND_LINE = """
import sys
from full_scale.__main__ import main
from full_scale.trl_adapter.presets.run import TrlRun

if "CUT" in os.environ:
    write = TrlRun._write_result
    TrlRun._write_result = lambda run, trainer: sys.exit(9) if run.arm.name == "vas" else write(run, trainer)
sys.exit(main(sys.argv[1:]))
"""


def settings(*changes: str) -> list[str]:
    return [part for change in changes for part in ("--set", change)]


def start(sharding: str, script: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "accelerate.commands.launch", "--config_file", str(accelerate_config(sharding))]
    command += ["--num_processes", "2", "--mixed_precision", "no", "--main_process_port", "0", str(script), *arguments]
    common = {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    # deepspeed looks for its compiler beside the interpreter
    found = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "DS_ACCELERATOR": "cpu"}
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **common, **found, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        out, err = process.communicate(timeout=600)
    finally:
        process.terminate()  # which ends the processes that it started
    return subprocess.CompletedProcess(command, process.returncode, out, err)


Run = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="module")
def run(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Train in two processes and return what each of them found; an undisturbed run is made once."""
    base = tmp_path_factory.mktemp("sharded")
    script = base / "train.py"
    script.write_text(ON_CPU + TRAIN, encoding="utf-8")
    known: dict[str, list[dict[str, Any]]] = {}

    def make(
        sharding: str, settings: dict[str, Any], output: Path | None = None, **options: Any
    ) -> list[dict[str, Any]]:
        key = f"{sharding}-{settings['optim']}"
        if output is None and key in known:
            return known[key]
        folder = output or base / key
        folder.mkdir(exist_ok=True)
        told = json.dumps({"settings": settings, **options})
        done = start(sharding, script, str(tiny_folder), str(folder), told)
        assert (done.returncode == 0) == ("dies" not in options), done.stderr[-4000:]
        found = [json.loads(path.read_text()) for path in sorted(folder.glob("rank*.json"))]
        if output is None:
            known[key] = found
        return found

    return make


def distance(one: dict[str, Any], other: dict[str, Any]) -> float:
    assert one["weights"].keys() == other["weights"].keys()
    return max(
        (torch.tensor(values) - torch.tensor(other["weights"][name])).abs().max().item()
        for name, values in one["weights"].items()
    )


SHARDINGS = [
    pytest.param("fsdp", id="fsdp"),
    pytest.param("zero2", id="zero2", marks=no_deepspeed),
    pytest.param("zero3", id="zero3", marks=no_deepspeed),
]
KINDS = {"fsdp": "FSDP", "zero2": "DEEPSPEED", "zero3": "DEEPSPEED"}
# nothing is rounded differently: the sum of two processes' gradients is the same in either order
EXACT = {"optim": "adamw_torch", "learning_rate": 1e-2, "max_grad_norm": 0.0}
# ZeRO adds the parts of a batch up in another order, and every norm is: plain descent does not magnify what is rounded,
# as Adam would, and leaves some units in the last place of weights of about 1
ROUNDED = {"optim": "sgd", "learning_rate": 1e-1, "max_grad_norm": 0.1}


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("sharding", SHARDINGS)
def test_sharded_run_equals_the_unsharded_one(sharding: str, run: Run) -> None:
    settings, tolerance = (EXACT, 0.0) if sharding == "fsdp" else (ROUNDED, 1e-6)
    plain, parts = run("none", settings), run(sharding, settings)
    assert [rank["kind"] for rank in (*plain, *parts)] == ["MULTI_CPU"] * 2 + [KINDS[sharding]] * 2
    assert len({rank["sampler"] for rank in (*plain, *parts)}) == 1
    assert [rank["prompts"] for rank in parts] == [rank["prompts"] for rank in plain]
    assert len(plain[0]["prompts"]) == 6
    assert [row["vas/lag"] for row in parts[0]["logs"]] == [0.0] * 6
    copies = 2 if sharding == "zero2" else 1  # ZeRO-2 divides gradients and optimiser states alone
    assert sum(rank["held"] for rank in parts) == copies * plain[0]["held"]
    trained, reference = parts[0]["units"]
    assert trained == reference
    assert (trained > 1) == (sharding == "fsdp")  # block by block: no process ever holds the whole reference model
    assert distance(parts[0], parts[1]) == 0
    assert distance(parts[0], plain[0]) <= tolerance
    ours, theirs = (torch.tensor([row["kl"] for row in ranks[0]["logs"]]) for ranks in (parts, plain))
    torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-7)  # of the reference model, which is sharded as well
    assert theirs[-1] > 1e-4  # the weights moved


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("sharding", SHARDINGS)
def test_run_killed_while_it_saved_goes_on_as_if_nothing_had_been(sharding: str, run: Run, tmp_path: Path) -> None:
    """A checkpoint that lacks one process's part is not taken for a whole one."""
    whole = run(sharding, EXACT)
    assert run(sharding, EXACT, tmp_path, dies=4) == []
    assert (tmp_path / "checkpoint-4" / "vas_sampler.npz").exists()
    assert not (tmp_path / "checkpoint-4" / "trainer_state.json").exists()
    for first_step in (3, 6):  # the second time there is no step left to make
        resumed = run(sharding, EXACT, tmp_path, resume=True)
        for before, after in zip(whole, resumed, strict=True):
            assert after["kind"] == KINDS[sharding]
            assert after["prompts"] == before["prompts"][first_step:]
            assert after["sampler"] == before["sampler"]
            assert after["logs"] == before["logs"]
            assert distance(after, before) == 0


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_preset_under_fsdp_leaves_the_weights_of_the_unsharded_run(tiny_folder: Path, tmp_path: Path) -> None:
    """The second arm is stopped between its last step and its result."""
    script = tmp_path / "command_line.py"
    script.write_text(ON_CPU + COMMAND_LINE, encoding="utf-8")
    plain = ("model.device=cpu", "hardware.sharding=none")
    fsdp = ("trl.arguments={accelerator_config = {use_configured_state = true}}",)
    outputs = {"none": tmp_path / "plain", "fsdp": tmp_path / "fsdp"}

    def finish(sharding: str, changes: tuple[str, ...], **environment: str) -> subprocess.CompletedProcess[str]:
        arguments = ["train", "--preset", "mmr1-7b", "--model", str(tiny_folder), *settings(*SMALL, *changes)]
        return start(sharding, script, *arguments, "--output", str(outputs[sharding]), **environment)

    done = finish("none", plain)
    assert done.returncode == 0, done.stderr[-4000:]
    assert finish("fsdp", fsdp, CUT="1").returncode != 0
    done = finish("fsdp", fsdp)
    assert done.returncode == 0, done.stderr[-4000:]
    assert "training uniform" not in done.stdout
    assert "step" not in done.stdout.partition("training vas, seed 0: 2 steps")[2]
    tables = [read_table(output / "training_steps.parquet") for output in outputs.values()]
    one, other = (table.drop(columns=["seconds", "sampler_seconds"]) for table in tables)
    pd.testing.assert_frame_equal(one, other, rtol=1e-5)
    assert (one.gradient_norm > 0).any()
    start_weights = load_pretrained(ModelConfig(name=str(tiny_folder))).model.state_dict()
    for arm in ("uniform", "vas"):
        folders = (output / "runs" / f"{arm}-seed0" / "weights" for output in outputs.values())
        plainly, parted = (load_pretrained(ModelConfig(name=str(folder))).model.state_dict() for folder in folders)
        assert all(torch.equal(value, plainly[name]) for name, value in parted.items())
        assert any(not torch.equal(value, start_weights[name]) for name, value in parted.items())


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_sharding_that_accelerate_ignores_is_refused(tiny_folder: Path, tmp_path: Path) -> None:
    """Without GPUs it drops the setting, and two processes that know nothing of each other would share a folder."""
    script = tmp_path / "command_line.py"
    script.write_text("import os\n" + COMMAND_LINE, encoding="utf-8")
    arguments = ["train", "--preset", "mmr1-7b", "--model", str(tiny_folder), *settings(*SMALL)]
    done = start("fsdp", script, *arguments, "--output", str(tmp_path / "out"))
    assert done.returncode != 0
    assert "2 processes with sharding 'fsdp', but accelerate started 1 with 'none', on device cpu" in done.stderr, (
        done.stderr[-4000:]
    )


def test_launch_in_less_precision_than_configured_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "8")
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "bf16")
    check_launch(load_config("mmr1-7b"))
    config = load_config("mmr1-7b", ["model.precision=float32"])
    with pytest.raises(VASError, match=r"float32, but .* precision 'bf16'; start it with: .* --mixed_precision no -m"):
        check_launch(config)
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "no")
    check_launch(config)


@pytest.mark.parametrize(
    ("processes", "fsdp", "stage", "sharding"),
    [(8, True, None, "fsdp"), (8, False, 2, "zero2"), (8, False, 3, "zero3"), (8, False, None, "none"),
     (1, True, None, "fsdp")],
)  # fmt: skip
def test_what_accelerate_made_is_held_against_the_plan(
    processes: int, fsdp: bool, stage: int | None, sharding: str
) -> None:
    plugin = SimpleNamespace(zero_stage=stage)
    accelerator = SimpleNamespace(
        num_processes=processes, device="cuda:0", state=SimpleNamespace(deepspeed_plugin=plugin)
    )
    trainer = SimpleNamespace(is_fsdp_enabled=fsdp, is_deepspeed_enabled=stage is not None, accelerator=accelerator)
    for planned in ("none", "fsdp", "zero2", "zero3"):
        config = load_config("mmr1-7b", [f"hardware.sharding={planned}"])
        if (processes, sharding) == (8, planned):
            check_trainer(trainer, config)
            continue
        with pytest.raises(VASError, match=f"started {processes} with '{sharding}'"):
            check_trainer(trainer, config)
