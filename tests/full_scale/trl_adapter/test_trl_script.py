"""A user's script: three changed lines, kills at any time, two processes."""

from __future__ import annotations

import difflib
import json
import os
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning:transformers.*", "ignore::UserWarning:transformers.*")

ROOT = Path(__file__).resolve().parents[3]
BUSY = pytest.mark.timeout(3600)
"""A start of Python with TRL takes seconds alone, but minutes where a machine is shared: limits catch what hangs."""

SCRIPT = """
from datasets import Dataset
from trl import GRPOConfig
from trl import GRPOTrainer

dataset = Dataset.from_list([{"prompt": f"{a}+{b}=", "answer": str(a + b)} for a in range(4) for b in range(3)])


def starts_low(completions, answer, **kwargs):
    return [float(text[:1] < right) for text, right in zip(completions, answer)]


trainer = GRPOTrainer(
    model=MODEL,
    reward_funcs=starts_low,
    args=GRPOConfig(
        output_dir=OUTPUT,
        max_steps=4,
        per_device_train_batch_size=8,
        num_generations=4,
        max_completion_length=2,
        learning_rate=1e-2,
        logging_steps=1,
        save_steps=2,
        use_cpu=True,
        bf16=False,
        report_to="none",
        disable_tqdm=True,
    ),
    train_dataset=dataset,
)
trainer.train()
"""

CHANGES = {
    "from trl import GRPOTrainer": "from full_scale import VASConfig, VASGRPOTrainer",
    "trainer = GRPOTrainer(": "trainer = VASGRPOTrainer(",
    "    train_dataset=dataset,": "    train_dataset=dataset, vas=VASConfig(mixture_ratio=0.5),",
}

LONG_RUN = """
import json, os, sys
import torch
from datasets import Dataset
from trl import GRPOConfig
from full_scale import VASConfig, VASGRPOTrainer

model, output, resume = sys.argv[1], sys.argv[2], sys.argv[3] == "resume"
rows = [{"prompt": f"{a}+{b}=", "answer": str(a + b)} for a in range(4) for b in range(3)]

def parity(prompts, completions, **kwargs):
    return [float((sum(map(ord, text)) + ord(prompt[0])) % 2) for text, prompt in zip(completions, prompts)]

args = GRPOConfig(
    output_dir=output, max_steps=40, per_device_train_batch_size=8, num_generations=4, max_completion_length=2,
    learning_rate=1e-2, logging_steps=1, save_steps=1, save_total_limit=2, use_cpu=True, bf16=False,
    report_to="none", disable_tqdm=True,
)
vas = VASConfig()
if len(sys.argv) > 4:  # 60 rollouts of each prompt every 3 steps: most kills fall among them
    from full_scale.trl_adapter.scoring import refreshes
    refreshes.SAVED_EVERY = 0.0
    vas = VASConfig(mode="paper", sampler={"scoring_rollouts": 60, "update_interval": 3})
    args.max_steps = 8
trainer = VASGRPOTrainer(model=model, reward_funcs=parity, args=args, train_dataset=Dataset.from_list(rows), vas=vas)
there = any(name.startswith(("checkpoint", "vas_scoring")) for name in os.listdir(output))
trainer.train(resume_from_checkpoint=resume and there)
TIMES = ("seconds", "step_time", "runtime", "per_second", "flos")
steps = [row for row in trainer.state.log_history if "loss" in row]
logs = [{k: v for k, v in row.items() if not any(t in k for t in TIMES)} for row in steps]
weights = [value.double().sum().item() for value in trainer.model.state_dict().values()]
with open(os.path.join(output, "result.json"), "w") as stream:
    json.dump({"logs": logs, "weights": weights, "sampler": trainer.sampler.state_dict()["checksum"]}, stream)
"""

TWO_PROCESSES = """
import json, os, sys
import torch
from datasets import Dataset
from trl import GRPOConfig
from full_scale import VASConfig, VASGRPOTrainer

model, output, local, steps_per_generation = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
rows = [{"prompt": f"{a}+{b}=", "answer": str(a + b)} for a in range(4) for b in range(3)]
seen = []

def graded(prompts, completions, **kwargs):
    seen.append(list(prompts))
    return [float(sum(map(ord, text)) % 2) for text in completions]

class Fixed(VASGRPOTrainer):
    '''Completions that depend on the prompt, its place and the step alone: the same whoever generates them.'''

    def _generate(self, prompts, *rest):
        ids = []
        for place, prompt in enumerate(prompts):
            row = self.accelerator.process_index * len(prompts) + place
            ids.append([2 + (7 * row + 3 * i + sum(map(ord, prompt)) + self.state.global_step) % 15 for i in range(3)])
        prompt_ids = [self.processing_class(prompt)["input_ids"] for prompt in prompts]
        texts = self.processing_class.batch_decode(ids)
        return self.returned(prompt_ids, ids, texts)

    def returned(self, prompt_ids, ids, texts):
        return prompt_ids, ids, None, texts, None, {}, None, []

args = GRPOConfig(
    output_dir=output, max_steps=6, per_device_train_batch_size=local, num_generations=4, max_completion_length=3,
    steps_per_generation=steps_per_generation, gradient_accumulation_steps=steps_per_generation, learning_rate=1e-2,
    logging_steps=1, save_steps=3, use_cpu=True, bf16=False, report_to="none", disable_tqdm=True,
    scale_rewards="group", max_grad_norm=0.0, optim="sgd",
)
vas = VASConfig(**json.loads(sys.argv[5]))
trainer = Fixed(model=model, reward_funcs=graded, args=args, train_dataset=Dataset.from_list(rows), vas=vas)
before = [value.flatten().tolist() for value in trainer.model.parameters()]
trainer.train()
result = {
    "before": before,
    "world": trainer.accelerator.num_processes,
    "prompts": seen,
    "sampler": trainer.sampler.state_dict()["checksum"],
    "vas": [{k: v for k, v in row.items() if k.startswith("vas/") and "seconds" not in k}
            for row in trainer.state.log_history if "loss" in row],
    "scoring": trainer.sampler.ledger["scoring"].rollouts,
    "weights": [value.flatten().tolist() for value in trainer.accelerator.unwrap_model(trainer.model).parameters()],
}
with open(os.path.join(output, f"rank{trainer.accelerator.process_index}.json"), "w") as stream:
    json.dump(result, stream)
"""


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": ""}


def test_three_changed_lines_are_enough(tiny_folder: Path, tmp_path: Path) -> None:
    changed = SCRIPT
    for before, after in CHANGES.items():
        assert changed.count(f"{before}\n") == 1
        changed = changed.replace(f"{before}\n", f"{after}\n")
    difference = list(difflib.ndiff(SCRIPT.splitlines(), changed.splitlines()))
    assert sum(line.startswith("+ ") for line in difference) == 3
    path = tmp_path / "script.py"
    path.write_text(changed, encoding="utf-8")
    found = runpy.run_path(str(path), init_globals={"MODEL": str(tiny_folder), "OUTPUT": str(tmp_path / "run")})
    trainer = found["trainer"]
    assert trainer.sampler.ledger.rollouts == 32
    assert [row["vas/lag"] for row in trainer.state.log_history if "vas/lag" in row] == [0.0] * 4
    assert (tmp_path / "run" / "checkpoint-4" / "vas_sampler.npz").exists()


def run_long(script: Path, tiny_folder: Path, output: Path, *how: str) -> subprocess.Popen[bytes]:
    output.mkdir(exist_ok=True)
    command = [sys.executable, str(script), str(tiny_folder), str(output), *how]
    return subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.slow
@BUSY
def test_killed_and_resumed_run_equals_the_uninterrupted_one(tiny_folder: Path, tmp_path: Path) -> None:
    script = tmp_path / "long.py"
    script.write_text(LONG_RUN, encoding="utf-8")
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert run_long(script, tiny_folder, whole, "fresh").wait() == 0
    kills = 0
    for attempt in range(12):
        process = run_long(script, tiny_folder, killed, "resume")
        before = {path.name for path in killed.glob("checkpoint-*")}
        delay = 0.05 + 0.17 * attempt  # after the first save of this attempt: somewhere in a step or in a save
        while process.poll() is None and {path.name for path in killed.glob("checkpoint-*")} <= before:
            time.sleep(0.01)
        time.sleep(delay)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
        else:
            break
    assert kills >= 2
    if not (killed / "result.json").exists():
        assert run_long(script, tiny_folder, killed, "resume").wait() == 0
    assert json.loads((killed / "result.json").read_text()) == json.loads((whole / "result.json").read_text())


@pytest.mark.slow
@BUSY
def test_killed_among_scoring_rollouts_and_resumed(tiny_folder: Path, tmp_path: Path) -> None:
    script = tmp_path / "long.py"
    script.write_text(LONG_RUN, encoding="utf-8")
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert run_long(script, tiny_folder, whole, "fresh", "paper").wait() == 0
    inside = 0
    for attempt in range(4):
        process = run_long(script, tiny_folder, killed, "resume", "paper")
        file, seen = killed / "vas_scoring.npz", None
        while process.poll() is None:  # until parts of a refresh were written in this attempt
            now = file.stat().st_mtime_ns if file.exists() else None
            if now is not None and seen is not None and now != seen:
                break
            seen = now if seen is None else seen
            time.sleep(0.01)
        time.sleep(0.07 * attempt)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
            inside += file.exists()
    assert inside >= 2
    assert run_long(script, tiny_folder, killed, "resume", "paper").wait() == 0
    assert json.loads((killed / "result.json").read_text()) == json.loads((whole / "result.json").read_text())


@pytest.mark.slow
@BUSY
@pytest.mark.parametrize(
    ("per_generation", "vas"),
    [
        (1, {}),
        (2, {}),
        (1, {"features": "hidden_states", "features_every": 2, "candidates": 9, "rest_steps": 0}),
        (1, {"mode": "paper", "sampler": {"scoring_rollouts": 8, "update_interval": 4}}),
        (2, {"rescored_share": 0.3, "sampler": {"scoring_rollouts": 4, "update_interval": 2}}),
    ],
)
def test_two_processes_equal_one(per_generation: int, vas: dict[str, Any], tiny_folder: Path, tmp_path: Path) -> None:
    """Completions are made equal, which TRL's own are not: it seeds each process differently on purpose."""
    script = tmp_path / "two.py"
    script.write_text(TWO_PROCESSES, encoding="utf-8")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    found: dict[str, dict[str, Any]] = {}
    for name, launcher, local in (("one", [sys.executable], 16), ("two", torchrun, 8)):
        output = tmp_path / name
        output.mkdir()
        arguments = [str(tiny_folder), str(output), str(local), str(per_generation), json.dumps(vas)]
        command = [*launcher, str(script), *arguments]
        subprocess.run(command, env=environment(), check=True, capture_output=True)
        for path in output.glob("rank*.json"):
            found[f"{name}/{path.stem}"] = json.loads(path.read_text())
    one, first, second = found["one/rank0"], found["two/rank0"], found["two/rank1"]
    assert (one["world"], first["world"]) == (1, 2)
    assert one["prompts"] == [
        [*mine, *theirs] for mine, theirs in zip(first["prompts"], second["prompts"], strict=True)
    ]
    assert first["sampler"] == second["sampler"]
    if "features" in vas:  # states differ in their last bits with what they are padded beside
        assert all(row["vas/features_renewed"] <= 9 for row in first["vas"])
    else:
        assert one["sampler"] == first["sampler"]
        assert one["vas"] == first["vas"]
    assert first["scoring"] == {"paper": 2 * 12 * 8}.get(
        vas.get("mode", ""), 2 * 4 * 4 if "rescored_share" in vas else 0
    )
    moved = max(
        abs(a - b)
        for ours, start in zip(one["weights"], one["before"], strict=True)
        for a, b in zip(ours, start, strict=True)
    )
    assert moved > 1e-3
    for mine, theirs, other in zip(one["weights"], first["weights"], second["weights"], strict=True):
        assert theirs == other
        assert theirs == pytest.approx(mine, rel=1e-4, abs=1e-5)  # float32 sums in another order
