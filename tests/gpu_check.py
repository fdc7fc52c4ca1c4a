"""What only a GPU can tell, in one command of at most eight minutes: ``make gpu-check``.

Each step is a process of its own with a share of the time that is left, so that one that fails or hangs takes nothing
from the others. The table has one row a step; a step that could not be done says why. With ``--device cpu`` and a tiny
model the same steps run without a GPU, which is how this file is tested.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 480.0
_RESERVE = 10.0
"""Seconds kept for writing the table."""
_FIRST_STEPS = 3
"""Steps of a run that are not timed: what is compiled or cached on first use."""
_ARMS = {
    "uniform": ['arms=[{name = "uniform", mixture_ratio = 0.0}]'],
    "predictor": ['arms=[{name = "predictor"}]', "knows={predictor = {states = true}}"],
}


@dataclass
class Row:
    """One step of the check.

    Attributes:
        step: its name.
        outcome: ``ok``, ``failed`` or ``skipped``.
        seconds: it took, start of the process included.
        step_seconds: median of a training step without the first three; NaN where none was trained.
        sampler_share: share of those steps' time that choosing prompts took.
        detail: what was measured besides, or why it failed.
    """

    step: str
    outcome: str
    seconds: float = 0.0
    step_seconds: float = float("nan")
    sampler_share: float = float("nan")
    detail: str = ""


@dataclass(frozen=True)
class Plan:
    """How the check runs; see the options of the command."""

    device: str
    model: str
    steps: int
    seconds: float
    work: Path
    vllm: bool
    changes: tuple[str, ...] = ()

    def limit(self, left: float, share: float) -> float:
        """Return the seconds that a process may take: what is left, and at most a share of the whole."""
        return min(left, share * self.seconds)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the check and return 0 if every step that could be tried went well."""
    parser = argparse.ArgumentParser(prog="python -m tests.gpu_check", description=__doc__)
    parser.add_argument("--device", default="cuda", help="cuda (default), or cpu to try the check itself")
    parser.add_argument("--model", default="smollm2-135m", help="trained through TRL")
    parser.add_argument("--steps", type=int, default=20, help="of each run (20)")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for everything (480)")
    parser.add_argument("--output", type=Path, default=ROOT / "full_scale" / "output" / "gpu_check.parquet")
    parser.add_argument("--no-vllm", action="store_true", help="do not try to install and use vLLM")
    parser.add_argument("--set", action="append", default=[], help="change one value of the preset")
    parser.add_argument("--network", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if arguments.network:
        print(json.dumps(network(arguments.device, arguments.steps)))
        return 0
    if arguments.steps <= _FIRST_STEPS:
        parser.error(f"--steps must be more than {_FIRST_STEPS}, which are not timed; received {arguments.steps}")
    if not arguments.seconds > 0:
        parser.error(
            f"--seconds must be positive, as the installation may have used them up; received {arguments.seconds}"
        )
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan(
            arguments.device, arguments.model, arguments.steps, arguments.seconds, Path(folder),
            not arguments.no_vllm, tuple(arguments.set),
        )  # fmt: skip
        rows = check(plan)
    write(rows, plan, arguments.output)
    return 1 if any(row.outcome == "failed" for row in rows) else 0


def check(plan: Plan, report: Callable[[str], None] = print) -> list[Row]:
    """Run every step that there is time for and return the table's rows."""
    end = time.monotonic() + plan.seconds - _RESERVE
    steps: list[tuple[str, Callable[[float], Row]]] = [
        ("device", lambda left: _device(plan, left)),
        ("gpu tests", lambda left: _tests(plan, left)),
        *((f"trl {arm}", lambda left, arm=arm: _train(plan, arm, left)) for arm in _ARMS),
        ("chain network", lambda left: _network(plan, left)),
    ]
    if plan.vllm:
        steps.append(("vllm installation", lambda left: _install_vllm(plan, left)))
        steps += [(f"trl {arm} with vllm", lambda left, arm=arm: _train(plan, arm, left, vllm=True)) for arm in _ARMS]
    rows: list[Row] = []
    for name, run in steps:
        left = end - time.monotonic()
        installed = next((row.outcome for row in rows if row.step == "vllm installation"), "ok")
        if left < 5:
            row = Row(name, "skipped", detail="no time was left")
        elif name.endswith("with vllm") and installed != "ok":
            row = Row(name, "skipped", detail="vLLM is not installed")
        else:
            started = time.monotonic()
            row = _tried(run, left)
            row.step, row.seconds = name, time.monotonic() - started
        rows.append(row)
        report(f"{row.step}: {row.outcome}, {row.seconds:.0f} s{', ' + row.detail if row.detail else ''}")
        if name == "device" and row.outcome != "ok":
            break
    return rows


def _tried(run: Callable[[float], Row], left: float) -> Row:
    try:
        return run(left)
    except Exception as error:  # a table of another form, say: the other steps go on
        return Row("", "failed", detail=f"{type(error).__name__}: {error}")


def _run(command: Sequence[str], seconds: float, **variables: str) -> tuple[int, str, str]:
    """Run a process to its end or the limit; return (status, output, why it failed)."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_WAIT_POLICY": "PASSIVE", **variables}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    ) as process:  # fmt: skip
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)  # its own children too
            process.communicate()
            return 1, "", f"stopped after {seconds:.0f} s"
    lines = [line for line in (err.strip() or out.strip()).splitlines() if line.strip()]
    return process.returncode, out, lines[-1][:300] if lines else f"status {process.returncode}"


def _device(plan: Plan, left: float) -> Row:
    code = (
        "import importlib.metadata as m, sys, torch; d = sys.argv[1]; torch.ones(8, device=d).sum().item();"
        "name = torch.cuda.get_device_name() if d.startswith('cuda') else 'CPU';"
        "v = [f'{p} {m.version(p)}' for p in ('torch', 'transformers', 'trl')]; print(name, *v, sep=', ')"
    )
    status, out, problem = _run([sys.executable, "-c", code, plan.device], plan.limit(left, 0.25))
    return Row("", "ok", detail=out.strip()) if status == 0 else Row("", "failed", detail=problem)


def _tests(plan: Plan, left: float) -> Row:
    mark = "pytest.mark.gpu"
    files = [
        str(path) for path in sorted((ROOT / "tests").rglob("test_*.py")) if mark in path.read_text(encoding="utf-8")
    ]
    command = [sys.executable, "-m", "pytest", "-q", "-m", "gpu", "-n", "0", "-p", "no:cacheprovider", *files]
    status, out, problem = _run(command, plan.limit(left, 0.4), GPU_TEST_DEVICE=plan.device)
    last = out.strip().splitlines()[-1] if out.strip() else problem
    return Row("", "ok" if status == 0 else "failed", detail=last)


def _train(plan: Plan, arm: str, left: float, *, vllm: bool = False) -> Row:
    import pandas as pd

    folder = plan.work / f"{arm}{'-vllm' if vllm else ''}"
    command = [sys.executable, "-m", "full_scale", "train", "--preset", "smollm2-gpu", "--model", plan.model]
    changes = [
        *(f"model.device={plan.device}", f"training.steps={plan.steps}", "training.seeds=[0]"),
        *(f"training.evaluate_every={plan.steps}", f"training.checkpoint_every={plan.steps}"),
        *_ARMS[arm], *plan.changes, *(["vllm.mode=colocate"] if vllm else []),
    ]  # fmt: skip
    latest = {change.partition("=")[0]: change for change in changes}
    for change in latest.values():
        command += ["--set", change]
    status, _, problem = _run([*command, "--output", str(folder)], plan.limit(left, 0.3))
    if status != 0:
        return Row("", "failed", detail=problem)
    table = pd.read_parquet(folder / "training_steps.parquet")
    timed = table[table["step"] > _FIRST_STEPS]
    mixed = float((table["mixed_groups"] / table["groups"])[table["step"] > 0].mean())
    return Row(
        "",
        "ok",
        step_seconds=float(timed["seconds"].median()),
        sampler_share=float(timed["sampler_seconds"].sum() / timed["seconds"].sum()),
        detail=f"{mixed:.2f} of the groups mixed, held out {table['held_out_accuracy'].dropna().iloc[-1]:.3f} at last",
    )


def _network(plan: Plan, left: float) -> Row:
    command = [
        sys.executable,
        "-m",
        "tests.gpu_check",
        "--network",
        "--device",
        plan.device,
        "--steps",
        str(plan.steps),
    ]
    status, out, problem = _run(command, plan.limit(left, 0.25), OMP_NUM_THREADS="1")
    if status != 0:
        return Row("", "failed", detail=problem)
    found = json.loads(out.strip().splitlines()[-1])
    return Row("", "ok", step_seconds=found.pop("step_seconds"), detail=json.dumps(found))


def network(device: str, steps: int) -> dict[str, Any]:
    """Train the chain network side by side under two arms, on a device, from a short supervised start."""
    from dataclasses import replace

    from simulations.networks.model.starts import train_start
    from simulations.networks.runs.training import Plan as RunPlan
    from simulations.networks.runs.training import train_together
    from simulations.networks.tournament.roster import get_arm
    from simulations.networks.worlds import get_world

    world = get_world("chains-short")
    run = replace(world.run, pool=300, held_out=60)
    run = replace(run, budget=steps * run.batch_size * run.group_size)
    world = replace(world, run=run, start=replace(world.start, steps=60))
    start = train_start(world, world.start)
    plans = [RunPlan(get_arm(arm), 3, 1e-3, 1) for arm in ("uniform", "predictor")]
    started = time.monotonic()
    curves = train_together(world, start, plans, device=device)
    seconds = time.monotonic() - started
    for curve in curves:
        assert curve["rollouts"].iloc[-1] == run.budget, "rollouts are missing"
        assert curve["gradient_norm"].iloc[1:].max() > 0, "nothing was trained"
    return {
        "step_seconds": seconds / steps,
        "networks": len(plans),
        "held_out": [round(float(curve["held_out_pass_rate"].iloc[-1]), 3) for curve in curves],
    }


def _install_vllm(plan: Plan, left: float) -> Row:
    """Install vLLM beside the pinned torch, if it is not there: where the two do not fit, that is the answer."""
    if importlib.util.find_spec("vllm") is None:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "-c", "constraints.txt", "vllm"]
        status, _, problem = _run(command, plan.limit(left, 0.5))
        if status != 0:
            return Row("", "skipped", detail=f"vLLM could not be installed: {problem}")
    status, out, problem = _run([sys.executable, "-c", "import vllm; print(vllm.__version__)"], plan.limit(left, 0.15))
    return Row("", "ok", detail=out.strip()) if status == 0 else Row("", "skipped", detail=problem)


def write(rows: Sequence[Row], plan: Plan, path: Path) -> None:
    """Write the table with its sidecar, and print it."""
    import pandas as pd

    from vas_theory.foundation.display import text_table
    from vas_theory.provenance.fingerprint import key_of
    from vas_theory.provenance.tables import write_table

    table = pd.DataFrame([asdict(row) for row in rows])
    config = {"device": plan.device, "model": plan.model, "steps": plan.steps, "changes": list(plan.changes)}
    entries = ("full_scale.trl_adapter.presets.run:train_arms", "simulations.networks.runs.training:train_together")
    write_table(table, path, config=config, seed=0, key=key_of(*entries))
    shown = table.assign(
        seconds=table["seconds"].map("{:.0f}".format),
        step_seconds=table["step_seconds"].map("{:.3g}".format),
        sampler_share=table["sampler_share"].map("{:.1%}".format),
    )
    print(f"\n{text_table(list(shown), shown.to_numpy().tolist())}\n\n{path}")


if __name__ == "__main__":
    sys.exit(main())
